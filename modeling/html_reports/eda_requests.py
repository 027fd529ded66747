"""Ask for a report on the data that models learn from, and find the newest."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from accounts import audit_log
from accounts.models import Institution, User
from jobs import queue
from jobs.models import State
from modeling.models import Dataset, EdaReport

EDA_TASK = "modeling.make_eda_report"
STEPS = ("records", "snapshots", "freeze", "explore", "draw")


@transaction.atomic
def request(
    *,
    institution: Institution,
    by: User | None,
    now: dt.datetime,
    dataset: Dataset | None = None,
    wakes: bool = True,
) -> EdaReport:
    """Queue a report on the records as they are, or on a frozen dataset.

    While one waits or runs, asking again leads to that one.
    """
    # The institution's row is locked, so that two people who press the button together meet in one report.
    Institution.objects.select_for_update(no_key=True).get(pk=institution.pk)
    unfinished = unfinished_report()
    if unfinished:
        return unfinished
    job, _is_new = queue.enqueue(
        institution=institution,
        task=EDA_TASK,
        idempotency_key=now.isoformat(),
        by=by,
        now=now,
        retry_policy=queue.RetryPolicy(queue="heavy"),
        wakes=wakes,
    )
    audit_log.record(action="eda_report_asked_for", by=by, now=now)
    return EdaReport.objects.create(institution=institution, job=job, dataset=dataset, created_at=now, created_by=by)


def unfinished_report() -> EdaReport | None:
    """Return the report that is being made at the institution in scope, if any."""
    return EdaReport.objects.defer("html").filter(job__state__in=[State.QUEUED, State.RUNNING]).first()


def newest_report() -> EdaReport | None:
    """Return the newest finished report of the institution in scope, if any, without its file."""
    done = EdaReport.objects.defer("html").select_related("dataset", "job", "created_by")
    return done.filter(job__state=State.DONE).first()
