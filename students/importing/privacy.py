"""Keep national ids, medical notes, passwords and card numbers out: know their columns and store files without them."""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from students.importing.column_removal import rewritten, stripped

__all__ = ["Reason", "reasons", "rewritten", "stripped", "withheld_columns"]

_DESCRIBED_IN = Path(__file__).resolve().parents[2] / "configs" / "private_columns.yaml"
_WHOSE = ("student", "pupil", "child", "parent", "mother", "father", "guardian", "user", "learner", "stu", "my")

_FEWEST_VALUES = 3
_MOST_VALUES_SHARE = 0.8
_SENTENCE_SHARE = 0.3
_ILLNESS_SHARE = 0.3
_SSN = re.compile(r"(?!000|666)\d{3}-(?!00)\d{2}-(?!0000)\d{4}")
_OTHER_IDS = re.compile(
    r"\d{3}\.\d{3}\.\d{3}-\d{2}"  # Brazil, CPF
    r"|[A-Z]{4}\d{6}[HMX][A-Z]{5}[A-Z\d]\d"  # Mexico, CURP
    r"|[A-Z]{6}\d{2}[A-Z]\d{2}[A-Z]\d{3}[A-Z]"  # Italy, codice fiscale
    r"|[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D]"  # United Kingdom, national insurance
)
_CARD = re.compile(r"[3-6]\d{3}[ -]?\d{4,6}[ -]?\d{4,5}[ -]?\d{0,4}")
_IBAN = re.compile(r"[A-Z]{2}\d{2}[A-Z\d]{11,30}")
_STORED_PASSWORD = re.compile(r"\$(2[aby]|argon2id?|[156y]|scrypt)\$.+|(pbkdf2_\w+|argon2|bcrypt\w*)\$.+")
_ILLNESS = re.compile(
    r"\b(asthma|diabet|epilep|seizure|adhd|autis|allerg|inhaler|insulin|epipen|medication|depressi|bipolar|cancer|celiac"
    r"|coeliac|hiv\b|asma\b|astma\b|epilepsia|diab[eèé]t|alergi)",
    re.IGNORECASE,
)


@dataclass(frozen=True, kw_only=True)
class Reason:
    """Why a column is not stored, and the headers it is known by."""

    label: str
    words: frozenset[str] = frozenset()
    phrases: tuple[str, ...] = ()
    whole: frozenset[str] = frozenset()
    text: frozenset[str] = frozenset()


@functools.cache
def reasons() -> Mapping[str, Reason]:
    """Return the reasons for which a column is withheld, as configs/private_columns.yaml describes them."""
    described = yaml.safe_load(_DESCRIBED_IN.read_text(encoding="utf-8"))
    return {
        name: Reason(
            label=about["label"],
            words=frozenset(about.get("words", ())),
            phrases=tuple(about.get("phrases", ())),
            whole=frozenset(about.get("whole", ())),
            text=frozenset(about.get("text", ())),
        )
        for name, about in described.items()
    }


def withheld_columns(header: Sequence[str], sample: Sequence[Sequence[str]]) -> dict[str, str]:
    """Return the columns that must not be stored, each with the reason's name in `reasons()`.

    Parameters
    ----------
    header : sequence of str
        The names of the columns.
    sample : sequence of rows, each as long as `header`
        Some rows of the file; may be empty, then only the names are looked at.

    Returns
    -------
    dict of column to reason
        In the order of the header.
    """
    found = {}
    for place, name in enumerate(header):
        values = [value for row in sample if (value := row[place].strip())]
        reason = _reason_of_name(name, values) or _reason_of_values(values)
        if reason:
            found[name] = reason
    return found


def _words_of(header: str) -> list[str]:
    """Return the words of a header in lower case without accents ("studentSSN" is student, ssn)."""
    plain = "".join(mark for mark in unicodedata.normalize("NFKD", header) if not unicodedata.combining(mark))
    parted = re.sub(r"(?<=[a-z\d])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", plain)
    return re.findall(r"[a-z]+|\d+", parted.lower())


def _reason_of_name(header: str, values: list[str]) -> str | None:
    words = _words_of(header)
    # "socialsecurity" is one word and "S.S.N." three, so the whole header counts as a word as well.
    candidates = {*words, "".join(words)}
    candidates |= {word.removeprefix(whose) for word in set(candidates) for whose in _WHOSE}
    spaced = f" {' '.join(words)} "
    for name, reason in reasons().items():
        joined = {phrase.replace(" ", "") for phrase in reason.phrases}
        if candidates & (reason.words | joined) or spaced.strip() in reason.whole:
            return name
        if any(f" {phrase} " in spaced for phrase in reason.phrases):
            return name
        if candidates & reason.text and _are_sentences(values):
            return name
    return None


def _are_sentences(values: list[str]) -> bool:
    n_sentences = sum(1 for value in values if len(re.findall(r"[^\W\d_]{2,}", value)) > 1)
    return len(values) >= _FEWEST_VALUES and n_sentences >= _SENTENCE_SHARE * len(values)


def _reason_of_values(values: list[str]) -> str | None:
    if len(values) < _FEWEST_VALUES:
        return None
    tests: dict[str, Callable[[str], bool]] = {
        "national_id": lambda value: bool(_SSN.fullmatch(value) or _OTHER_IDS.fullmatch(value)),
        "payment": lambda value: _is_card(value) or _is_iban(value),
        "password": lambda value: bool(_STORED_PASSWORD.fullmatch(value)),
    }
    for name, test in tests.items():
        if sum(map(test, values)) >= _MOST_VALUES_SHARE * len(values):
            return name
    n_ill = sum(1 for value in values if _ILLNESS.search(value))
    return "medical" if n_ill >= max(_FEWEST_VALUES, _ILLNESS_SHARE * len(values)) else None


def _is_card(value: str) -> bool:
    """Return whether a number is a payment card's: its length, its first digit and Luhn's check digit."""
    if not _CARD.fullmatch(value):
        return False
    digits = [int(digit) for digit in reversed(value) if digit.isdigit()]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[1::2]]
    return 14 <= len(digits) <= 19 and (sum(digits[::2]) + sum(doubled)) % 10 == 0


def _is_iban(value: str) -> bool:
    """Return whether a text is an IBAN: ISO 13616, its two check digits by ISO 7064 (97)."""
    plain = value.replace(" ", "").upper()
    if not _IBAN.fullmatch(plain):
        return False
    return int("".join(str(int(mark, 36)) for mark in plain[4:] + plain[:4])) % 97 == 1
