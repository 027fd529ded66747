"""The catalogue of help: an institution's own kinds, or those of configs/help_kinds.yaml until it edits one."""

from __future__ import annotations

import functools
from dataclasses import dataclass, fields, replace

import yaml
from django.conf import settings
from django.utils.translation import gettext as _

from students.models import HelpKind, Intervention


@dataclass(frozen=True, kw_only=True)
class KindOfHelp:
    """One kind of help, as pages show it. Days are calendar days; None where nobody need look at it on the way."""

    code: str
    label: str
    tier: int
    usual_days: int
    check_every_days: int | None = None
    what_for: str = ""
    evidence_note: str = ""
    is_retired: bool = False
    version: int = 1

    @classmethod
    def of(cls, row: HelpKind) -> KindOfHelp:
        """Return a kind as its institution wrote it down."""
        given = {field.name: getattr(row, field.name) for field in fields(cls) if field.name != "is_retired"}
        return cls(**given, is_retired=row.retired_at is not None)


def offered() -> list[KindOfHelp]:
    """Return the kinds that can be given, those for everybody first."""
    return sorted(
        (kind for kind in by_code().values() if not kind.is_retired),
        key=lambda kind: (kind.tier, kind.label.casefold()),
    )


def by_code() -> dict[str, KindOfHelp]:
    """Return every kind of the institution in scope by its code, retired ones too, in one statement."""
    kinds = [KindOfHelp.of(row) for row in HelpKind.objects.all()] or written()
    return {kind.code: replace(kind, label=_shown(kind)) for kind in kinds}


def label(code: str, *, kinds: dict[str, KindOfHelp] | None = None) -> str:
    """Return a kind's name on screen; the code itself where a file brought one that nobody knows."""
    kind = (by_code() if kinds is None else kinds).get(code)
    return kind.label if kind else code.replace("_", " ").capitalize()


@functools.cache
def written() -> tuple[KindOfHelp, ...]:
    """Return the kinds of the file, in its own words."""
    listed = yaml.safe_load((settings.BASE_DIR / "configs" / "help_kinds.yaml").read_text(encoding="utf-8"))
    return tuple(KindOfHelp(**kind) for kind in listed)


def _shown(kind: KindOfHelp) -> str:
    """Return a kind's name in the language of the page; what an institution calls it stays in its own words."""
    if (kind.code, kind.label) not in {(known.code, known.label) for known in written()}:
        return kind.label
    return str(Intervention.Kind(kind.code).label) if kind.code in Intervention.Kind.values else _(kind.label)
