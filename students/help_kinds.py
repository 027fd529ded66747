"""The catalogue of help: an institution's own kinds before those every institution starts with."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import yaml
from django.conf import settings
from django.utils.translation import gettext as _

from students.models import HelpKind, Intervention


@dataclass(frozen=True, kw_only=True)
class KindOfHelp:
    """One kind of help, as pages show it. Days are calendar days; `places` None where there is no limit."""

    code: str
    label: str
    tier: int
    usual_days: int
    check_every_days: int | None = None
    places: int | None = None
    evidence_note: str = ""


def offered() -> list[KindOfHelp]:
    """Return the kinds the institution in scope gives, those for everybody first."""
    own = {kind.code: kind for kind in HelpKind.objects.all()}
    kept = [_of_row(kind) for kind in own.values() if kind.is_active]
    return sorted(
        kept + [kind for kind in _usual() if kind.code not in own], key=lambda kind: (kind.tier, kind.label.casefold())
    )


def by_code() -> dict[str, KindOfHelp]:
    """Return every kind by its code, those no longer given too: what was given keeps its name."""
    return {kind.code: kind for kind in _usual()} | {kind.code: _of_row(kind) for kind in HelpKind.objects.all()}


def label(code: str, *, kinds: dict[str, KindOfHelp] | None = None) -> str:
    """Return a kind's name on screen; the code itself where a file brought one that nobody knows."""
    kind = (by_code() if kinds is None else kinds).get(code)
    return kind.label if kind else code.replace("_", " ").capitalize()


def _of_row(kind: HelpKind) -> KindOfHelp:
    return KindOfHelp(
        code=kind.code,
        label=kind.label,
        tier=kind.tier,
        usual_days=kind.usual_days,
        check_every_days=kind.check_every_days,
        places=kind.places,
        evidence_note=kind.evidence_note,
    )


@functools.cache
def _written() -> tuple[KindOfHelp, ...]:
    listed = yaml.safe_load((settings.BASE_DIR / "configs" / "help_kinds.yaml").read_text(encoding="utf-8"))
    return tuple(KindOfHelp(**kind) for kind in listed)


def _usual() -> list[KindOfHelp]:
    """Return the kinds of the file in the language of the page; what the file adds keeps its own words."""
    return [
        KindOfHelp(
            **vars(kind)
            | {
                "label": str(Intervention.Kind(kind.code).label)
                if kind.code in Intervention.Kind.values
                else _(kind.label)
            }
        )
        for kind in _written()
    ]
