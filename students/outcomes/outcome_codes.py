"""Which kind of outcome an exit code counts as: the list every institution begins with, and how a code is told."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast, get_args

import yaml

OutcomeKind = Literal["dropped_out", "graduated", "continued", "transferred", "died", "unknown"]

KINDS: tuple[OutcomeKind, ...] = get_args(OutcomeKind)

# After one of these nobody is at risk any more, so the student is on no list.
TERMINAL_KINDS: tuple[OutcomeKind, ...] = ("dropped_out", "graduated", "transferred", "died")

OUTCOMES_FILE = Path(__file__).resolve().parents[2] / "configs" / "outcomes.yaml"


class OutcomeCodesRefused(Exception):
    """configs/outcomes.yaml cannot be used; the sentence says why."""


class UnknownExitCode(Exception):
    """Nobody said what an exit code counts as."""


@dataclass(frozen=True)
class ExitCodes:
    """Which kind of outcome each exit code counts as, for one institution.

    A code is known in any case and spacing, as the plain word ("Dropout") and as Ed-Fi's descriptor
    ("uri://ed-fi.org/…#Dropout").

    Attributes
    ----------
    by_plain : mapping of str to (kind, code as it is written)
        By `plain` of the code.
    """

    by_plain: Mapping[str, tuple[OutcomeKind, str]]

    def kind_of(self, exit_code: str) -> OutcomeKind:
        """Return the kind of outcome an exit code counts as.

        :raises UnknownExitCode: if nobody said so
        """
        return self._known(exit_code)[0]

    def as_listed(self, exit_code: str) -> str:
        """Return an exit code as the list writes it, however it was typed.

        :raises UnknownExitCode: if it is not in the list
        """
        return self._known(exit_code)[1]

    def knows(self, exit_code: str) -> bool:
        """Tell whether somebody said what an exit code counts as."""
        return plain(exit_code) in self.by_plain

    def listed(self) -> list[str]:
        """Return every known exit code as the list writes it."""
        return [code for _kind, code in self.by_plain.values()]

    def overlaid(self, own: Mapping[str, tuple[OutcomeKind, str]]) -> ExitCodes:
        """Return these codes with an institution's own on top: known ones changed, others added behind."""
        return ExitCodes({**self.by_plain, **own})

    def _known(self, exit_code: str) -> tuple[OutcomeKind, str]:
        try:
            return self.by_plain[plain(exit_code)]
        except KeyError:
            known = ", ".join(self.listed())
            raise UnknownExitCode(f'"{exit_code}" is not a known exit code. Use one of: {known}.') from None


@functools.cache
def written() -> ExitCodes:
    """Return the codes of configs/outcomes.yaml, which hold where an institution says nothing else."""
    return ExitCodes(read_codes(OUTCOMES_FILE.read_text(encoding="utf-8")))


def plain(exit_code: str) -> str:
    """Return what two spellings of one exit code share: without address, case and odd spaces; "" where nothing stays.

    A zero character, which no database text holds, is a space.
    """
    return " ".join(word_of(exit_code).split()).casefold()


def word_of(exit_code: str) -> str:
    """Return an exit code without its descriptor's address, as it is written; a code may hold a "#" of its own."""
    address, _mark, word = exit_code.rpartition("#")
    return (word if "://" in address else exit_code).replace("\0", " ").strip()


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
            if plain(word) in codes:
                raise OutcomeCodesRefused(f'"{word}" stands twice in outcomes.yaml. Keep it in one list.')
            codes[plain(word)] = (cast(OutcomeKind, kind), word)
    return codes
