"""The one place that says which kind of outcome an Ed-Fi exit code counts as."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Literal, cast, get_args

import yaml

OutcomeKind = Literal["dropped_out", "graduated", "continued", "transferred", "died", "unknown"]

KINDS: tuple[OutcomeKind, ...] = get_args(OutcomeKind)

# After one of these nobody is at risk any more, so the student is on no list.
TERMINAL_KINDS: tuple[OutcomeKind, ...] = ("dropped_out", "graduated", "transferred", "died")

OUTCOMES_FILE = Path(__file__).resolve().parent.parent / "configs" / "outcomes.yaml"


class OutcomeCodesRefused(Exception):
    """configs/outcomes.yaml cannot be used; the sentence says why."""


class UnknownExitCode(Exception):
    """An exit code stands in no list of configs/outcomes.yaml."""


def kind_of(exit_code: str) -> OutcomeKind:
    """Return the kind of outcome an exit code counts as.

    Accepts the plain word ("Dropout", in any case) and Ed-Fi's descriptor ("uri://ed-fi.org/…#Dropout").

    :raises UnknownExitCode: if the code stands in no list
    """
    return _known(exit_code)[0]


def as_listed(exit_code: str) -> str:
    """Return an exit code as the configuration writes it, however it was typed.

    :raises UnknownExitCode: if the code stands in no list
    """
    return _known(exit_code)[1]


def as_written(exit_code: str) -> str:
    """Return an exit code as it is written in the configuration, whatever its case or its descriptor's address.

    :raises UnknownExitCode: if the code stands in no list
    """
    kind_of(exit_code)
    return _kinds_by_code()[_plain(exit_code)][1]


def exit_codes() -> list[str]:
    """Return every known exit code as it is written in the configuration."""
    return [code for _kind, code in _kinds_by_code().values()]


def read_codes(text: str) -> dict[str, tuple[OutcomeKind, str]]:
    """Return plain exit code -> (kind, code as written) from the text of the configuration.

    :raises OutcomeCodesRefused: if a kind is unknown or missing, or a code stands twice
    """
    lists = yaml.safe_load(text)
    if not isinstance(lists, dict) or set(lists) != set(KINDS):
        raise OutcomeCodesRefused(f"outcomes.yaml must hold exactly these lists: {', '.join(KINDS)}.")
    codes: dict[str, tuple[OutcomeKind, str]] = {}
    for kind, words in lists.items():
        if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
            raise OutcomeCodesRefused(f'"{kind}" in outcomes.yaml must be a list of exit codes.')
        for word in words:
            if _plain(word) in codes:
                raise OutcomeCodesRefused(f'"{word}" stands twice in outcomes.yaml. Keep it in one list.')
            codes[_plain(word)] = (cast(OutcomeKind, kind), word)
    return codes


@functools.cache
def _kinds_by_code() -> dict[str, tuple[OutcomeKind, str]]:
    return read_codes(OUTCOMES_FILE.read_text(encoding="utf-8"))


def _known(exit_code: str) -> tuple[OutcomeKind, str]:
    try:
        return _kinds_by_code()[_plain(exit_code)]
    except KeyError:
        known = ", ".join(exit_codes())
        raise UnknownExitCode(f'"{exit_code}" is not a known exit code. Use one of: {known}.') from None


def _plain(exit_code: str) -> str:
    return exit_code.rpartition("#")[2].strip().casefold()
