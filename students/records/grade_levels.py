"""The short words of grade levels, whatever a system calls them: the same for files and for the API."""

from __future__ import annotations

LONGEST_LEVEL = 20
_ORDINALS = (
    *("first", "second", "third", "fourth", "fifth", "sixth"),
    *("seventh", "eighth", "ninth", "tenth", "eleventh", "twelfth"),
)
# By what systems write, in small letters.
LEVELS = {
    **{f"{word} grade": str(number) for number, word in enumerate(_ORDINALS, start=1)},
    **{f"grade {number}": str(number) for number in range(1, 14)},
    **{f"{number:02d}": str(number) for number in range(1, 14)},
    **dict.fromkeys(("kg", "k", "kindergarten"), "K"),
    **dict.fromkeys(("pk", "pr", "prekindergarten", "preschool/prekindergarten", "preschool"), "PK"),
    **dict.fromkeys(("ug", "ungraded"), "UG"),
    **dict.fromkeys(("ps", "postsecondary"), "PS"),
}


def short_level(level: str) -> str:
    """Return a grade level as "9", "K" or "PK"; an unknown one stays, cut to 20 letters."""
    plain = level.strip()
    return LEVELS.get(plain.lower(), plain[:LONGEST_LEVEL])
