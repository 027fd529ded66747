"""Names of terms as people write them: "Semester 1", "1st semester" and "S1" are one term, and it comes before "S2"."""

from __future__ import annotations

import functools
import re

_YEARS = re.compile(r"\b(?:19|20)\d\d\s*[-–/]\s*(?:(?:19|20)?\d\d)\b|\b(?:19|20)\d\d\b")
_WORDS = re.compile(r"\d+|[^\W\d_]+")
_KINDS = {
    **dict.fromkeys(("s", "sem", "semester", "semestre", "h", "hs", "hj", "half", "halbjahr", "halbjahres"), "s"),
    **dict.fromkeys(("q", "qtr", "quarter", "quartal"), "q"),
    **dict.fromkeys(("t", "tri", "trim", "trimester", "trimestre", "term"), "t"),
}
_SEASONS = {
    **dict.fromkeys(("fall", "autumn", "michaelmas", "herbst"), "fall"),
    "winter": "winter",
    **dict.fromkeys(("spring", "lent", "hilary", "frühling"), "spring"),
    **dict.fromkeys(("summer", "trinity", "sommer"), "summer"),
}
# Within a school year that begins in late summer. The day of a grade of the summer may lie before or after that.
_ORDER = {"fall": 1, "winter": 2, "spring": 3}
_NUMBERS = {
    **{"i": 1, "ii": 2, "iii": 3, "iv": 4, "first": 1, "second": 2, "third": 3, "fourth": 4},
    **{str(number): number for number in range(1, 7)},
}
_FILLERS = {"the", "of", "st", "nd", "rd", "th"}


@functools.lru_cache(maxsize=4096)
def short_name(name: str) -> str:
    """Return what a term is called whoever writes it: "s1", "q2", "t3" or "fall"; another name in lower case.

    The year is left out: "Fall 2025" and "Fall 2026" are the same term of two years. A semester is never taken for a
    season, nor a bare number for one of either: which of them a school means, only the school knows.
    """
    plain = " ".join(_YEARS.sub(" ", name).casefold().split()) or name.casefold().strip()
    words = [word for word in _WORDS.findall(plain) if word not in _FILLERS]
    kinds = [_KINDS[word] for word in words if word in _KINDS]
    seasons = [_SEASONS[word] for word in words if word in _SEASONS]
    numbers = [_NUMBERS[word] for word in words if word in _NUMBERS]
    if len(kinds) + len(seasons) + len(numbers) < len(words) or len(kinds) > 1:
        return plain
    if len(seasons) == 1 and not numbers and kinds in ([], ["s"], ["t"]):
        return seasons[0]
    return f"{kinds[0]}{numbers[0]}" if kinds and len(numbers) == 1 and not seasons else plain


def has_year(name: str) -> bool:
    """Return whether a term's name says of which year it is."""
    return bool(_YEARS.search(name))


def place(name: str) -> int:
    """Return which term of its year a name says it is, 0 where it says nothing."""
    short = short_name(name)
    if short in _ORDER:
        return _ORDER[short]
    return int(short[1:]) if re.fullmatch(r"[sqt][1-6]", short) else 0
