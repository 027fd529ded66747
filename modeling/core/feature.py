"""What the model may look at: one description per feature, carried inside every model version."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Kind = Literal["number", "flag", "category"]
Role = Literal["changeable", "context", "protected"]


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
        If `role` and `changeable` contradict each other.
    """

    name: str
    kind: Kind
    label: str
    meaning: str = ""
    unit: str = ""
    role: Role | Literal[""] = ""
    changeable: bool = False
    low: float | None = None
    high: float | None = None
    levels: dict[str, str] = field(default_factory=dict)
    risk_direction: Literal[-1, 0, 1] = 0

    def __post_init__(self) -> None:
        """Fill in role or changeable from the other."""
        role = self.role or ("changeable" if self.changeable else "context")
        if self.changeable and role != "changeable":
            raise ValueError(f"{self.name} cannot be changeable and have the role {role}.")
        # Frozen for everybody else.
        object.__setattr__(self, "role", role)
        object.__setattr__(self, "changeable", role == "changeable")

    def as_json(self) -> dict[str, Any]:
        """Return the feature as plain JSON types."""
        return asdict(self)

    @classmethod
    def from_json(cls, fields: dict[str, Any]) -> Feature:
        """Rebuild a feature from `as_json`, of this version or an older one."""
        return cls(**fields)
