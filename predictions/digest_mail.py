"""The day's e-mail of every person who wants one: at most one a day, and none that says nothing new.

A pull: asked again, it goes on where the last one ended, past whoever it ended at for a while. The claim of a person's
day is kept before their e-mail is written, and that it goes out before it does: whatever ends in between is either
written anew, or never sent twice.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import logging
import smtplib
import time
import zoneinfo
from collections.abc import Iterator

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from accounts import audit_log, scope
from accounts.models import Institution, Membership, User
from predictions import digest
from predictions.digest import Digest
from predictions.models import DigestMail
from students.models import SchoolDay

State = DigestMail.State
logger = logging.getLogger(__name__)

# By the institution's own clock.
FROM_HOUR, UNTIL_HOUR = 6, 18
SATURDAY = 5
# Nobody's two e-mails are closer, wherever they work and however late one was.
APART = dt.timedelta(hours=20)
# One that nobody goes on writing is written anew; one that the mail server did not take is tried again.
TAKEN_UP_AFTER = dt.timedelta(minutes=15)
# Other work waits for the same worker.
MOST_SECONDS = 60
FIRST_PERMANENT = 500


class ServerAway(Exception):
    """The mail server does not answer: everybody else's e-mail waits too."""


def is_set_up() -> bool:
    """Tell whether the portal can send e-mail: it knows a mail server, and its own address for the links."""
    return bool(settings.EMAIL_URL and settings.PORTAL_URL)


def send_due(*, now: dt.datetime) -> int:
    """Send what is due at every institution, for a minute at most, and return how many e-mails went out."""
    if not is_set_up():
        return 0
    ends, n = time.monotonic() + MOST_SECONDS, 0
    with contextlib.closing(get_connection()) as server:
        for user, day in _waiting(now):
            if time.monotonic() > ends:
                break
            try:
                n += _send_one(user, day=day, server=server, now=now)
            except ServerAway:
                logger.warning("The mail server does not answer; the daily e-mails wait.")
                break
    return n


def _waiting(now: dt.datetime) -> Iterator[tuple[User, dt.date]]:
    """Yield everybody whose e-mail of the day is due, with the day it is where they work."""
    for institution in Institution.objects.order_by("pk"):
        today = institution.day_of(now)
        hour = now.astimezone(zoneinfo.ZoneInfo(institution.time_zone)).hour
        if not FROM_HOUR <= hour < UNTIL_HOUR or _is_weekend(institution, today):
            continue
        mails = DigestMail.objects.filter(user=OuterRef("pk"))
        fresh = Q(state__in=[State.BEGUN, State.WAITING], claimed_at__gt=now - TAKEN_UP_AFTER)
        over = Q(state__in=[State.SENDING, State.SENT, State.NOTHING, State.REFUSED])
        held = Membership.objects.filter(
            Q(ends_on=None) | Q(ends_on__gte=today),
            Q(ended_at=None) | Q(ended_at__gt=now),
            user=OuterRef("pk"),
            institution=institution,
            awaits_link=False,
            starts_on__lte=today,
        )
        wanting = User.objects.filter(Exists(held), is_active=True, wants_digest=True).order_by("pk")
        wanting = wanting.exclude(Exists(mails.filter(fresh | over, day=today)))
        for user in list(wanting.exclude(Exists(mails.filter(sent_at__gt=now - APART)))):
            yield user, today


def _is_weekend(institution: Institution, today: dt.date) -> bool:
    """Tell whether a day is Saturday or Sunday, unless school is held on it."""
    if today.weekday() < SATURDAY:
        return False
    with scope.entered(scope.of_institution(institution)):
        return not SchoolDay.objects.filter(held_on=today).exists()


def _send_one(user: User, *, day: dt.date, server: BaseEmailBackend, now: dt.datetime) -> int:
    mail = _claim(user, day=day, now=now)
    if mail is None:
        return 0
    with translation.override(user.language or settings.LANGUAGE_CODE):
        told = _told(user, now=now)
        last = digest.last_sent(user, before=day)
        lines = [line.digest for each in told for line in each.lines]
        if not set(lines) - set(last.said if last else ()):
            _go_on(mail, since=State.BEGUN, state=State.NOTHING)
            return 0
        message = _message(user, told)
    _open(mail, server)
    # From here on nobody else sends it, whatever becomes of this process.
    if not _go_on(mail, since=State.BEGUN, state=State.SENDING, said=lines):
        return 0
    state = _sent(server, message)
    _go_on(mail, since=State.SENDING, state=state, sent_at=now if state == State.SENT else None)
    return int(state == State.SENT)


@transaction.atomic
def _claim(user: User, *, day: dt.date, now: dt.datetime) -> DigestMail | None:
    """Take a person's day; None where somebody else did meanwhile."""
    held = DigestMail.objects.select_for_update(no_key=True)
    mail, is_new = held.get_or_create(user=user, day=day, defaults={"claimed_at": now})
    if is_new:
        return mail
    if mail.state not in (State.BEGUN, State.WAITING) or mail.claimed_at > now - TAKEN_UP_AFTER:
        return None
    mail.state, mail.claimed_at = State.BEGUN, now
    mail.save(update_fields=["state", "claimed_at"])
    return mail


def _go_on(mail: DigestMail, *, since: State, **fields: object) -> bool:
    """Write down what became of an e-mail, unless somebody else took it up."""
    own = DigestMail.objects.filter(pk=mail.pk, state=since, claimed_at=mail.claimed_at)
    return own.update(**fields) == 1


def _told(user: User, *, now: dt.datetime) -> list[Digest]:
    """Return what is told of each of a person's roles; the same of two roles of one institution once."""
    told: list[Digest] = []
    known: set[str] = set()
    for membership in user.memberships_at(now):
        institution = membership.institution
        with timezone.override(institution.time_zone), scope.entered(scope.of_membership(membership)):
            found = digest.of(membership=membership, now=now).without(known)
            known |= {line.key for line in found.lines}
            if institution.names_in_digest and found.lines:
                audit_log.record(action="digest", by=user, now=now, subjects=found.students)
        if found.lines:
            told.append(found)
    return told


def _message(user: User, told: list[Digest]) -> EmailMessage:
    """Return the e-mail: counts in its subject, and names only where the institution allows them."""
    titles = [section.title for each in told for section in each.sections]
    choices = _address(reverse("digest"))
    context = {
        "user": user,
        "told": [
            {"name": each.institution.name, "sections": [_section(section, each) for section in each.sections]}
            for each in told
        ],
        "says_institution": len({each.institution.pk for each in told}) > 1,
        "today_url": _address(reverse("front")),
        "choices_url": choices,
    }
    return EmailMessage(
        subject=_("Dropout Portal: %(titles)s") % {"titles": ", ".join(titles)},
        body=render_to_string("mail/digest.txt", context),
        to=[user.email],
        headers={"Auto-Submitted": "auto-generated", "List-Unsubscribe": f"<{choices}>"},
    )


def _section(section: digest.Section, told: Digest) -> dict[str, object]:
    names = told.institution.names_in_digest
    # Of who is new a name is all there is to say; without it the count says it.
    lines = section.lines if names or section.kind != digest.Kind.NEW else ()
    return {
        "title": section.title,
        "lines": [
            {
                "words": " · ".join(part for part in (line.words, line.student_name if names else "") if part),
                "url": _address(line.url),
            }
            for line in lines
        ],
    }


def _address(path: str) -> str:
    return settings.PORTAL_URL.rstrip("/") + path


def _open(mail: DigestMail, server: BaseEmailBackend) -> None:
    try:
        server.open()
    except (OSError, smtplib.SMTPException) as error:
        _go_on(mail, since=State.BEGUN, state=State.WAITING)
        raise ServerAway from error


def _sent(server: BaseEmailBackend, message: EmailMessage) -> State:
    """Hand an e-mail to the server, and return what became of it.

    :raises ServerAway: where the line broke meanwhile: nobody knows whether it arrived
    """
    try:
        server.send_messages([message])
    except (smtplib.SMTPRecipientsRefused, smtplib.SMTPResponseException) as refusal:
        codes = (
            [code for code, _words in refusal.recipients.values()]
            if isinstance(refusal, smtplib.SMTPRecipientsRefused)
            else [refusal.smtp_code]
        )
        return State.REFUSED if max(codes, default=FIRST_PERMANENT) >= FIRST_PERMANENT else State.WAITING
    except (OSError, smtplib.SMTPException) as error:
        raise ServerAway from error
    return State.SENT
