"""The sentences of a model card on its use and on who decides: fixed where they say what ought to be, else computed.

What ought to be is the same on every card, and each card marks it so. What *is*, of this version or this institution,
follows from a `State` and stands nowhere as fixed words: on another card it would be false.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from django.utils.translation import gettext as _

# "all": too few students to tell which reasons hold, so none is left out. "unknown": an older version, not measured.
Reasons = Literal["held", "all", "none", "unknown"]
Standing = Literal["champion", "waiting", "retired", "never"]


@dataclass(frozen=True, kw_only=True)
class State:
    """What the sentences on a version and its institution rest on.

    Attributes
    ----------
    standing : str
        Whether the version decides or may decide, waits, decided once, or never did.
    came : tuple of str
        How it was let decide, the oldest first: "first", "promoted" or "rolled_back"; empty where it never was.
    has_champion, has_rule, is_on : bool
        Whether any version decides here, whether the records answer the school's own rule, how the off switch stands.
    needs_person : bool
        Whether the institution's settings ask for a named person before a version replaces another.
    reasons : str
        Which reasons come with a place.
    learned_here : bool
        Whether the data it learned from are this institution's.
    """

    standing: Standing
    came: Sequence[str]
    has_champion: bool
    has_rule: bool
    is_on: bool
    needs_person: bool
    reasons: Reasons
    learned_here: bool


def intended() -> list[str]:
    """Return what the estimate may be used for."""
    return [
        _("To choose whom a counsellor or a support team talks to first."),
        _("To see early, from records a school keeps anyway, where help may still fit in time."),
        _("To check, for the whole institution, whether help reaches those who need it."),
    ]


def refused() -> list[str]:
    """Return what it must not be used for."""
    return [
        _("To punish, exclude, hold back or move a student, or to refuse them anything."),
        _("To decide about a student without a person who knows them, or instead of one."),
        _("To grade, rank or pay teachers, schools or support staff."),
        _("To tell a student or their family a risk, or to send it anywhere with their name."),
        _("For students of another institution."),
    ]


def oversight() -> list[str]:
    """Return how people are to stay in charge."""
    return [
        _("A person is to decide what happens. The list only says whom to look at first."),
        _("Staff may overrule any place on it."),
    ]


def not_cause() -> str:
    """Return a limit that lies in what a reason is."""
    return _("A reason is what was seen and how it compares. It is not the cause.")


def in_charge(state: State) -> list[str]:
    """Say how the version came to decide, what the next one needs, what the switch does and which reasons are told."""
    return [_how_it_came(state), *_the_next(state), _switch(state), *_reasons(state)]


def monitoring(state: State) -> str:
    """Say whether the records are compared with those the version learned from."""
    if state.standing == "champion" and state.is_on:
        return _(
            "After every new list the records are compared with those the model learned from. Those who answer for the "
            "model see what moved."
        )
    return _("The records of today are not compared with those that this version learned from.")


def only_here(state: State) -> list[str]:
    """Say whose past the version knows; nothing where it is not this institution's alone."""
    if not state.learned_here:
        return []
    return [
        _("It learned from this institution alone. An estimate says what happened to past students with such records.")
    ]


def _how_it_came(state: State) -> str:
    if state.standing == "waiting":
        return _("It has not decided yet: it waits until a named person lets it.")
    if not state.came:
        return _("How it came to decide is not on record.") if state.standing == "champion" else _("It never decided.")
    if state.standing != "champion":
        return _("It was this institution's model for a time, and is not any more.")
    return {
        "first": _("It became this institution's model by itself: none decided here at that time."),
        "promoted": _("It became this institution's model when it was let decide."),
        "rolled_back": _("It is this institution's model again: it was gone back to."),
    }[state.came[-1]]


def _the_next(state: State) -> list[str]:
    if not state.has_champion:
        return [_("A first model decides by itself where every check passes. Otherwise it waits for a named person.")]
    if state.needs_person:
        return [_("Another version decides here only once a named person has let it.")]
    return [_("By the institution's settings another version may be let decide without a named person.")]


def _switch(state: State) -> str:
    if not state.is_on:
        return _("The model is switched off, and no estimate is shown.")
    if state.has_rule:
        return _("The model can be switched off at once. Then the school's own rule makes the list.")
    return _("The model can be switched off at once. Then there is no list: the records answer no rule.")


def _reasons(state: State) -> list[str]:
    return {
        "held": [_("A place on its list comes with those of its reasons that hold, in words.")],
        "all": [_("A place on its list comes with its reasons in words. Which of them hold could not be told.")],
        "none": [_("A place on its list comes without reasons: none holds often enough to be told.")],
        "unknown": [],
    }[state.reasons]
