"""What the model may look at: one description per feature, carried inside every model version."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Kind = Literal["number", "flag", "category"]


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
    unit : str
        Unit of the value ("share", "days", "points", "credits", "count"), or "".
    changeable : bool
        Whether a school can do something about it. The rest is context.
    low, high : float or None
        Bounds of a plausible value, inclusive.
    levels : dict of str to str
        Code to words, for categories; empty where every code is allowed.
    risk_direction : -1, 0 or 1
        1 where more of it can only mean more risk, -1 the reverse, 0 where either may hold.
    """

    name: str
    kind: Kind
    label: str
    unit: str = ""
    changeable: bool = False
    low: float | None = None
    high: float | None = None
    levels: dict[str, str] = field(default_factory=dict)
    risk_direction: Literal[-1, 0, 1] = 0

    def as_json(self) -> dict[str, Any]:
        """Return the feature as plain JSON types."""
        return asdict(self)

    @classmethod
    def from_json(cls, fields: dict[str, Any]) -> Feature:
        """Rebuild a feature from `as_json`."""
        return cls(**fields)
