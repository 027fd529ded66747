"""The record of who looked at, searched for or changed student data; rows are added, never changed."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable

from django.http import HttpRequest

from accounts import scope
from accounts.models import ApiClient, AuditEntry, User


def record(  # noqa: PLR0913
    *,
    action: str,
    by: User | ApiClient | None,
    now: dt.datetime,
    subjects: Iterable[uuid.UUID] = (),
    purpose: str = "",
    remote_address: str | None = None,
) -> None:
    """Add one entry for the institution in scope, in the transaction of the deed itself."""
    subjects = list(subjects)
    AuditEntry.objects.create(
        institution_id=scope.current().institution_id,
        at=now,
        user=by if isinstance(by, User) else None,
        api_client=by if isinstance(by, ApiClient) else None,
        action=action,
        purpose=purpose,
        subject_ids=subjects,
        subject_id=subjects[0] if len(subjects) == 1 else None,
        remote_address=remote_address,
    )


def record_each(*, action: str, by: User, now: dt.datetime, subjects: Iterable[uuid.UUID]) -> None:
    """Add one entry for each subject: the same deed, done to several at once."""
    institution_id = scope.current().institution_id
    AuditEntry.objects.bulk_create(
        AuditEntry(
            institution_id=institution_id, at=now, user=by, action=action, subject_ids=[subject], subject_id=subject
        )
        for subject in subjects
    )


def record_request(
    request: HttpRequest, action: str, *, now: dt.datetime, subjects: Iterable[uuid.UUID] = (), purpose: str = ""
) -> None:
    """Add the entry of a signed-in person's request."""
    record(
        action=action,
        by=request.user,  # type: ignore[arg-type]
        now=now,
        subjects=subjects,
        purpose=purpose,
        remote_address=request.META.get("REMOTE_ADDR") or None,
    )


def looks_at(subject: uuid.UUID, *, limit: int = 20) -> list[AuditEntry]:
    """Return the newest entries about one student, with who made them."""
    entries = AuditEntry.objects.filter(
        institution_id=scope.current().institution_id, subject_id=subject, action="student_page"
    )
    return list(entries.select_related("user", "api_client").order_by("-at")[:limit])


def last_of(user: User, action: str, *, before: dt.datetime) -> AuditEntry | None:
    """Return somebody's newest entry of an action before a moment."""
    own = AuditEntry.objects.filter(institution_id=scope.current().institution_id, user=user, action=action)
    return own.filter(at__lt=before).order_by("-at").first()
