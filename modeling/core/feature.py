"""What the model may look at: one description per feature, carried inside every model version."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Kind = Literal["number", "flag", "category"]
Role = Literal["changeable", "context", "protected"]

# An attribute of a cohort's schema says by the end of its name which term or window it is of.
_TERM = re.compile(r"_(\d+d|(last_)?(year|term)|\d+(st|nd|rd|th))$")


def subject_of(name: str) -> str:
    """Return what an attribute is about, by its name alone: "grade" of "grade_1st" as of "grade_2nd"."""
    return _TERM.sub("", name)


@dataclass(frozen=True, kw_only=True)
class Feature:
    """One input of the model: what it means, what it may hold, and what can be done about it.

    Attributes
    ----------
    name : str
        Snake-case name; the key in API bodies, frames and configuration.
    kind : "number", "flag" or "category"
        A flag is 0 or 1. A category holds codes (str) that stand in `levels`.
    label : str
        Words for the screen, an English message id.
    meaning : str
        How the value comes about, in one sentence: from what, over which window. For those who check it, not for the
        screen; "" where only the label is known, as for an attribute of a cohort's schema.
    source : str
        What it is about. Of the features of one source one is told: a counsellor would have one conversation about
        them, not two. Left out, it is the subject of the name.
    window_sessions : int or None
        At how many of the last sessions it looks; None where it looks at others, or at no sessions.
    said_in_days : bool
        Whether a share is one of all sessions of its window, so that 0.3 of 30 is said as 9 days.
    unit : str
        Unit of the value ("share", "days", "points", "credits", "count"), or "".
    role : "changeable", "context" or "protected"
        Whether a school can do something about it; if not, whether it describes the situation or belongs to a
        protected group and is for the audit alone. Left out, it follows from `changeable`.
    changeable : bool
        Whether `role` is "changeable". Either may be given; models of older versions know only this one.
    low, high : float or None
        Bounds of a plausible value, inclusive.
    levels : dict of str to str
        Code to words, for categories; empty where every code is allowed.
    risk_direction : -1, 0 or 1
        1 where more of it can only mean more risk, -1 the reverse, 0 where either may hold.

    Raises
    ------
    ValueError
        If `role` and `changeable` contradict each other, or it is said in days and has no window.
    """

    name: str
    kind: Kind
    label: str
    meaning: str = ""
    source: str = ""
    window_sessions: int | None = None
    said_in_days: bool = False
    unit: str = ""
    role: Role | Literal[""] = ""
    changeable: bool = False
    low: float | None = None
    high: float | None = None
    levels: dict[str, str] = field(default_factory=dict)
    risk_direction: Literal[-1, 0, 1] = 0

    def __post_init__(self) -> None:
        """Fill in role or changeable from the other, and the source from the name."""
        role = self.role or ("changeable" if self.changeable else "context")
        if self.changeable and role != "changeable":
            raise ValueError(f"{self.name} cannot be changeable and have the role {role}.")
        if self.said_in_days and not self.window_sessions:
            raise ValueError(f"{self.name} cannot be said in days: it has no window of sessions.")
        # A frozen dataclass sets its own fields so.
        object.__setattr__(self, "source", self.source or subject_of(self.name))
        object.__setattr__(self, "role", role)
        object.__setattr__(self, "changeable", role == "changeable")

    def as_json(self) -> dict[str, Any]:
        """Return the feature as plain JSON types."""
        return asdict(self)
