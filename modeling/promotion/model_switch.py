"""Switches an institution's model off and on: off, its own rule makes the list and no estimate is shown anywhere."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from accounts import audit_log
from accounts.models import Institution, User
from modeling.models import ModelSwitch

LONGEST_REASON = ModelSwitch._meta.get_field("reason").max_length or 500


class SwitchRefused(Exception):
    """The model cannot be switched; the sentence says why."""


def is_on() -> bool:
    """Tell whether the model of the institution in scope may speak; asked anew for every page and every answer."""
    newest = newest_switch()
    return newest is None or newest.is_on


def newest_switch() -> ModelSwitch | None:
    """Return the last turn of the switch, with who turned it; None where nobody ever did."""
    return ModelSwitch.objects.select_related("by").first()


@transaction.atomic
def turn_off(*, institution: Institution, reason: str, by: User | None, now: dt.datetime) -> ModelSwitch:
    """Silence the model from this moment on.

    :raises SwitchRefused: if it is off already, or no reason is given
    """
    return _turn(institution, is_on_after=False, reason=reason, by=by, now=now)


@transaction.atomic
def turn_on(*, institution: Institution, reason: str, by: User | None, now: dt.datetime) -> ModelSwitch:
    """Let the model speak again, where it is good enough to.

    :raises SwitchRefused: if it is on already, or no reason is given
    """
    return _turn(institution, is_on_after=True, reason=reason, by=by, now=now)


def _turn(
    institution: Institution, *, is_on_after: bool, reason: str, by: User | None, now: dt.datetime
) -> ModelSwitch:
    reason = " ".join(reason.split())
    if not reason:
        raise SwitchRefused("Say why. Whoever opens the list reads it there.")
    if len(reason) > LONGEST_REASON:
        raise SwitchRefused(f"The reason has {len(reason)} letters. Use at most {LONGEST_REASON}.")
    # The institution's row is locked, so that of two people who switch together the second sees what the first did,
    # and no list is published by a decision that this one overtakes.
    Institution.objects.select_for_update(no_key=True).get(pk=institution.pk)
    if is_on() is is_on_after:
        raise SwitchRefused(f"The model is switched {'on' if is_on_after else 'off'} already.")
    audit_log.record(action=f"model_switched_{'on' if is_on_after else 'off'}", by=by, now=now, purpose=reason[:200])
    return ModelSwitch.objects.create(institution=institution, is_on=is_on_after, reason=reason, at=now, by=by)
