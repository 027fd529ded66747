"""What a day's e-mail tells one person: what is due, new on their list, raised with them, and answered."""

from __future__ import annotations

import datetime as dt
import enum
import hashlib
import uuid
from dataclasses import dataclass, field, replace

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts import audit_log
from accounts.models import Institution, Membership, User
from accounts.permissions import can
from predictions import today as mornings
from predictions.models import DigestMail
from students.help import help_kinds
from students.help.help_kinds import KindOfHelp
from students.models import HelpPlan, ReengagementCase, Student


@dataclass(frozen=True, kw_only=True)
class Line:
    """One thing to tell.

    :param words: what it is, without a name
    :param key: what tells it from all others, and from itself once it is late
    """

    words: str
    student_name: str
    student_id: uuid.UUID
    url: str
    key: str

    @property
    def digest(self) -> str:
        """Return by what it is known again, without saying of whom it is."""
        return hashlib.sha256(self.key.encode()).hexdigest()[:16]


class Kind(enum.Enum):
    """What lines have in common."""

    DUE = "due"
    NEW = "new"
    RAISED = "raised"
    ANSWERED = "answered"


@dataclass(frozen=True, kw_only=True)
class Section:
    """Lines of one kind.

    :param since: for who is new: the look at the list that it is compared with; None where there was none yet
    """

    kind: Kind
    lines: tuple[Line, ...]
    since: dt.datetime | None = None

    @property
    def title(self) -> str:
        """Return what counts the lines; it stands in the subject of the e-mail too, and names nobody."""
        n = len(self.lines)
        if self.kind == Kind.DUE:
            words = ngettext("%(n)s thing is due", "%(n)s things are due", n)
        elif self.kind == Kind.NEW and self.since is None:
            words = ngettext("%(n)s student is on your list", "%(n)s students are on your list", n)
        elif self.kind == Kind.NEW:
            words = ngettext(
                "%(n)s student is new on your list since %(day)s",
                "%(n)s students are new on your list since %(day)s",
                n,
            )
        elif self.kind == Kind.RAISED:
            words = ngettext("%(n)s thing was raised with you", "%(n)s things were raised with you", n)
        else:
            words = ngettext("%(n)s answer came", "%(n)s answers came", n)
        return words % {"n": n, "day": date_format(timezone.localtime(self.since), "l j F") if self.since else ""}


@dataclass(frozen=True, kw_only=True)
class Digest:
    """What is told of one institution to one person in one role."""

    institution: Institution
    sections: tuple[Section, ...] = field(default=())

    @property
    def lines(self) -> list[Line]:
        """Return every line."""
        return [line for section in self.sections for line in section.lines]

    def without(self, keys: set[str]) -> Digest:
        """Return the same without the lines of these keys, and without what is empty then."""
        left = [
            replace(each, lines=tuple(line for line in each.lines if line.key not in keys)) for each in self.sections
        ]
        return replace(self, sections=tuple(section for section in left if section.lines))

    @property
    def students(self) -> list[uuid.UUID]:
        """Return the public ids of whom it names."""
        return sorted({line.student_id for line in self.lines})


def of(*, membership: Membership, now: dt.datetime) -> Digest:
    """Return what stands in a person's e-mail of the day, within the scope of their membership.

    It says what came since their last look at Today, or their last e-mail, of a day before.
    """
    today = membership.institution.day_of(now)
    waiting = mornings.waiting_for(membership=membership, since=_since(membership, today=today, now=now), now=now)
    sections = (
        _due(waiting.due, waiting.cases, today=today),
        _new(membership, now=now),
        _raised(membership, waiting),
        _answered(waiting),
    )
    return Digest(
        institution=membership.institution,
        sections=tuple(section for section in sections if section and section.lines),
    )


def last_sent(user: User, *, before: dt.date) -> DigestMail | None:
    """Return a person's newest e-mail that went out on a day before."""
    return _sent(user).filter(day__lt=before).first()


def _sent(user: User) -> QuerySet[DigestMail]:
    return DigestMail.objects.filter(user=user, state=DigestMail.State.SENT).order_by("-day")


def _since(membership: Membership, *, today: dt.date, now: dt.datetime) -> dt.datetime:
    start = membership.institution.start_of(today)
    look = audit_log.last_of(membership.user, mornings.ACTION, before=start)
    mail = last_sent(membership.user, before=today)
    moments = [look.at if look else None, mail.sent_at if mail else None]
    return max((moment for moment in moments if moment), default=now - mornings.A_FORTNIGHT)


def _line(student: Student, *, words: str, url: str, key: str) -> Line:
    return Line(words=words, student_name=student.name, student_id=student.public_id, url=url, key=key)


def _due(plans: list[HelpPlan], cases: list[ReengagementCase], *, today: dt.date) -> Section:
    kinds = help_kinds.by_code() if plans else {}
    lines = [_of_help(plan, today, kinds) for plan in plans] + [_of_case(case, today) for case in cases]
    return Section(kind=Kind.DUE, lines=tuple(lines))


def _of_help(plan: HelpPlan, today: dt.date, kinds: dict[str, KindOfHelp]) -> Line:
    due = mornings.due_words(plan, today, kinds)
    told = {"kind": due["kind_label"], "day": date_format(due["due"], "l j F")}
    words = _("%(kind)s: planned end %(day)s") if due["is_end"] else _("%(kind)s: look at it by %(day)s")
    key = f"help {plan.public_id} {due['due']} {due['is_late']}"
    return _line(plan.student, words=_with_late(words % told, is_late=due["is_late"]), url=due["url"], key=key)


def _of_case(case: ReengagementCase, today: dt.date) -> Line:
    assert case.due_on is not None  # noqa: S101
    late = mornings.is_late(case, today)
    told = {"step": case.get_state_display(), "day": date_format(case.due_on, "l j F")}
    words = _with_late(_("Way back, %(step)s: by %(day)s") % told, is_late=late)
    key = f"case {case.public_id} {case.due_on} {late}"
    return _line(case.student, words=words, url=reverse("way_back_case", args=[case.public_id]), key=key)


def _with_late(words: str, *, is_late: bool) -> str:
    return _("%(words)s (late)") % {"words": words} if is_late else words


def _new(membership: Membership, *, now: dt.datetime) -> Section | None:
    if not can(membership, "give_verdicts"):
        return None
    listed = mornings.short_list(membership=membership, now=now)
    changes = listed.changes
    came = [row for row in listed.shown if changes is None or row["public_id"] in changes.came]
    since = changes.since if changes else None
    lines = [
        Line(
            words="",
            student_name=row["name"],
            student_id=row["public_id"],
            url=reverse("student_page", args=[row["public_id"]]),
            key=f"new {row['public_id']} {since}",
        )
        for row in came
    ]
    return Section(kind=Kind.NEW, lines=tuple(lines), since=since)


def _raised(membership: Membership, waiting: mornings.Waiting) -> Section:
    raised = waiting.concerns.waiting
    lines = [
        _line(
            each.student,
            words=_("%(kind)s from %(name)s") % {"kind": each.get_kind_display(), "name": each.raised_by.display_name},
            url=reverse("concerns"),
            key=f"raised {each.public_id}",
        )
        for each in raised
    ]
    return Section(kind=Kind.RAISED, lines=tuple(lines))


def _answered(waiting: mornings.Waiting) -> Section:
    lines = [
        _line(
            each.student,
            words=_("A concern of yours"),
            url=reverse("student_page", args=[each.student.public_id]),
            key=f"answered {each.public_id}",
        )
        for each in waiting.concerns.answered
    ] + [
        _line(
            case.student,
            words=_("What you said is wrong on record: %(state)s") % {"state": case.get_state_display()},
            url=reverse("student_page", args=[case.student.public_id]),
            key=f"answered {case.public_id} {case.state}",
        )
        for case in waiting.answered
    ]
    return Section(kind=Kind.ANSWERED, lines=tuple(lines))
