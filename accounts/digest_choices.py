"""The daily e-mail: whether a person wants it, in which language, and whether an institution lets it name students."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from accounts import audit_log, scope
from accounts.models import Institution, User


@transaction.atomic
def choose(*, wants_digest: bool, language: str, by: User, now: dt.datetime) -> None:
    """Keep what a person wants of their own e-mail, at every institution where they work.

    :param language: one of the settings' `LANGUAGES`; empty for the portal's own
    """
    if (by.wants_digest, by.language) == (wants_digest, language):
        return
    by.wants_digest, by.language = wants_digest, language
    by.save(update_fields=["wants_digest", "language"])
    audit_log.record(action="digest_chosen", by=by, now=now, purpose="on" if wants_digest else "off")


@transaction.atomic
def allow_names(*, allowed: bool, by: User, now: dt.datetime) -> None:
    """Let the e-mails of the institution in scope name students, or name none."""
    institution = Institution.objects.select_for_update().get(pk=scope.current().institution_id)
    if institution.names_in_digest == allowed:
        return
    institution.names_in_digest = allowed
    institution.save(update_fields=["names_in_digest"])
    audit_log.record(action="digest_names_allowed" if allowed else "digest_names_refused", by=by, now=now)
