"""Why students left, in the codes of configs/exit_reasons.yaml."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from django.utils.translation import gettext as _

REASONS_FILE = Path(__file__).resolve().parents[2] / "configs" / "exit_reasons.yaml"

_CODE = re.compile(r"[a-z][a-z0-9_]{0,39}")


class ExitReasonsRefused(Exception):
    """configs/exit_reasons.yaml cannot be used; the sentence says why."""


@dataclass(frozen=True, kw_only=True)
class Group:
    """Reasons that belong together: code -> label, in the order of the file."""

    code: str
    label: str
    reasons: dict[str, str]


def read_reasons(text: str) -> tuple[Group, ...]:
    """Return the groups from the text of the configuration.

    :raises ExitReasonsRefused: if a group or a reason lacks its code or its words, or a code stands twice
    """
    listed = yaml.safe_load(text)
    if not isinstance(listed, list) or not listed:
        raise ExitReasonsRefused("exit_reasons.yaml must be a list of groups.")
    groups = tuple(_group(given) for given in listed)
    for codes in ([group.code for group in groups], [code for group in groups for code in _codes(group)]):
        for code in codes:
            if codes.count(code) > 1:
                raise ExitReasonsRefused(f'"{code}" stands twice in exit_reasons.yaml. Keep one.')
    return groups


def groups() -> tuple[Group, ...]:
    """Return every group of reasons as the configuration has them."""
    return _written()


def is_known(code: str) -> bool:
    """Tell whether a code stands in the configuration."""
    return any(code in group.reasons for group in _written())


def label(code: str) -> str:
    """Return a reason in words; of a code that stands there no longer, the code itself."""
    words = next((group.reasons[code] for group in _written() if code in group.reasons), None)
    return _(words) if words else code.replace("_", " ").capitalize()


def choices() -> list[tuple[str, list[tuple[str, str]]]]:
    """Return the reasons under their groups, as a form offers them."""
    return [(_(group.label), [(code, _(words)) for code, words in group.reasons.items()]) for group in _written()]


def _group(given: Any) -> Group:
    if not isinstance(given, dict) or set(given) != {"group", "label", "reasons"}:
        raise ExitReasonsRefused("Each group in exit_reasons.yaml must hold exactly: group, label, reasons.")
    code, reasons = _code(given["group"]), given["reasons"]
    if not isinstance(reasons, list) or not reasons:
        raise ExitReasonsRefused(f'The group "{code}" in exit_reasons.yaml holds no reason.')
    found: dict[str, str] = {}
    for reason in reasons:
        if not isinstance(reason, dict) or set(reason) != {"code", "label"}:
            raise ExitReasonsRefused(f'Each reason of "{code}" in exit_reasons.yaml must hold exactly: code, label.')
        of = _code(reason["code"])
        if of in found:
            raise ExitReasonsRefused(f'"{of}" stands twice in exit_reasons.yaml. Keep one.')
        found[of] = _words(of, reason["label"])
    return Group(code=code, label=_words(code, given["label"]), reasons=found)


def _code(given: Any) -> str:
    if not isinstance(given, str) or not _CODE.fullmatch(given):
        raise ExitReasonsRefused(f'"{given}" in exit_reasons.yaml is no code: use a-z, 0-9 and "_", 40 at most.')
    return given


def _words(code: str, given: Any) -> str:
    if not isinstance(given, str) or not given.strip():
        raise ExitReasonsRefused(f'"{code}" in exit_reasons.yaml needs a label in words.')
    return given


def _codes(group: Group) -> list[str]:
    return list(group.reasons)


@functools.cache
def _written() -> tuple[Group, ...]:
    return read_reasons(REASONS_FILE.read_text(encoding="utf-8"))
