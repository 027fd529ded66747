"""A case of wrong data that is answered: who was left off the list because of it comes back."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from accounts.models import User
from predictions import list_states
from students.models import DataCase, DataCaseStep
from students.records import data_cases


@transaction.atomic
def answer(*, case: DataCase, state: str, words: str, by: User, now: dt.datetime) -> DataCaseStep:
    """Answer a case: see `students.records.data_cases.answer`."""
    step = data_cases.answer(case=case, state=state, words=words, by=by, now=now)
    list_states.verdicts_changed([case.student_id])
    return step
