"""The fixed sentences of every model card: what the model is for, what it is refused for, and who decides.

They are the only words of a card that are written and not computed, and each card marks them so.
"""

from __future__ import annotations

from django.utils.translation import gettext as _


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
        _("For students of another institution, whose records it has never seen."),
    ]


def oversight() -> list[str]:
    """Return how people stay in charge."""
    return [
        _("A person decides what happens. The list only says whom to look at first."),
        _("Every place on the list comes with its reasons in words. Staff may overrule any of them."),
        _("The model can be switched off at once. Then the school's own rule makes the list."),
        _("No version decides before a named person has let it, unless the institution's settings say otherwise."),
    ]


def monitoring() -> str:
    """Return how the model is watched."""
    return _(
        "After every new list the records are compared with those the model learned from. Those who answer for the "
        "model see what moved."
    )


def only_here() -> str:
    """Return a limit that every model has."""
    return _(
        "It learned from this institution alone. An estimate says what happened to past students with such records."
    )


def not_cause() -> str:
    """Return another one."""
    return _("A reason is what was seen and how it compares. It is not the cause.")
