"""The catalogue of help: the kinds of configs/help_kinds.yaml, with what is usual for each."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import yaml
from django.conf import settings
from django.utils.translation import gettext as _

from students.models import Intervention


@dataclass(frozen=True, kw_only=True)
class KindOfHelp:
    """One kind of help, as pages show it. Days are calendar days; None where nobody need look at it on the way."""

    code: str
    label: str
    tier: int
    usual_days: int
    check_every_days: int | None = None


def offered() -> list[KindOfHelp]:
    """Return the kinds that can be given, those for everybody first."""
    return sorted(_kinds(), key=lambda kind: (kind.tier, kind.label.casefold()))


def by_code() -> dict[str, KindOfHelp]:
    """Return every kind by its code."""
    return {kind.code: kind for kind in _kinds()}


def label(code: str, *, kinds: dict[str, KindOfHelp] | None = None) -> str:
    """Return a kind's name on screen; the code itself where a file brought one that nobody knows."""
    kind = (by_code() if kinds is None else kinds).get(code)
    return kind.label if kind else code.replace("_", " ").capitalize()


@functools.cache
def _written() -> tuple[KindOfHelp, ...]:
    listed = yaml.safe_load((settings.BASE_DIR / "configs" / "help_kinds.yaml").read_text(encoding="utf-8"))
    return tuple(KindOfHelp(**kind) for kind in listed)


def _kinds() -> list[KindOfHelp]:
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
