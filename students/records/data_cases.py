"""What staff say is wrong on record: opened by one of them, answered by who keeps the data."""

from __future__ import annotations

import datetime as dt
import uuid

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import audit_log
from accounts.models import ApiClient, User
from students.models import DataCase, DataCaseStep, Student

# The same time as for a family that asks to see what is on record (34 CFR 99.10).
ANSWERED_WITHIN = dt.timedelta(days=45)


class Refused(Exception):
    """The case cannot be answered so; the sentence is fit for the person who asked."""


@transaction.atomic
def open_case(
    *, student: Student, what: str, by: User | ApiClient, now: dt.datetime, request_key: uuid.UUID
) -> DataCase:
    """Open a case: a task for who keeps the data. Opened twice by one form, it is one."""
    user, client = (by, None) if isinstance(by, User) else (None, by)
    case, is_new = DataCase.objects.get_or_create(
        opened_by=user,
        api_client=client,
        request_key=request_key,
        defaults={
            "institution_id": student.institution_id,
            "student": student,
            "what": what,
            "opened_at": now,
            "due_on": student.institution.day_of(now) + ANSWERED_WITHIN,
        },
    )
    if is_new:
        audit_log.record(action="data_case_opened", by=by, now=now, subjects=[student.public_id])
    return case


@transaction.atomic
def answer(*, case: DataCase, state: str, words: str, by: User, now: dt.datetime) -> DataCaseStep:
    """Say what was found: corrected, or that the record stands, and in words why.

    :raises Refused: without words, or once somebody else answered
    """
    case = DataCase.objects.select_for_update(no_key=True, of=("self",)).select_related("student").get(pk=case.pk)
    newest = case.steps.last()
    if newest and (newest.state, newest.words, newest.by_id) == (state, words, by.pk):
        return newest
    if case.state != DataCase.State.OPEN:
        raise Refused(_("Somebody answered this meanwhile. Their words stand below."))
    if not words.strip():
        raise Refused(_("Say what was found. Whoever asked reads it."))
    case.state = state
    case.save(update_fields=["state"])
    audit_log.record(action="data_case_answered", by=by, now=now, subjects=[case.student.public_id])
    return DataCaseStep.objects.create(
        institution_id=case.institution_id, student=case.student, case=case, state=state, words=words, by=by, at=now
    )
