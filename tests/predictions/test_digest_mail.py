"""The day's e-mail on its way: one a day, nothing twice, whatever the mail server or the worker does."""

import datetime as dt
import email
import email.policy
import socket
import uuid

import pytest
from aiosmtpd.controller import Controller
from django.utils import timezone, translation

from accounts import scope
from accounts.models import AuditEntry, Membership, Role, School, User
from predictions import digest_mail, tasks
from predictions.models import DigestMail
from students.models import Caseload, SchoolDay
from students.people import concerns
from tests import rows
from tests.people import PASSWORD, SINCE

# Riverside's morning: Monday, ten past nine in New York.
NOW = dt.datetime(2026, 11, 30, 14, 10, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
State = DigestMail.State


class Mailbox:
    """A mail server's letters, and what it answers."""

    def __init__(self):
        self.letters, self.answer_to, self.answer = [], {}, "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802
        if address in self.answer_to:
            return self.answer_to[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        if self.answer.startswith("250"):
            self.letters.append(email.message_from_bytes(envelope.content, policy=email.policy.default))
        return self.answer

    @property
    def receivers(self):
        return [letter["To"] for letter in self.letters]


@pytest.fixture
def mailbox(settings):
    box = Mailbox()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    box.start = lambda: _started(box, port)
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_URL, settings.PORTAL_URL = f"smtp://127.0.0.1:{port}", "https://portal.example/"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
    box.start()
    yield box
    box.server.stop()


def _started(box, port):
    box.server = Controller(box, hostname="127.0.0.1", port=port)
    box.server.start()


@pytest.fixture(autouse=True)
def nobody_else(riverside):
    """Let those alone who a test names get e-mail."""
    User.objects.update(wants_digest=False)


@pytest.fixture
def sam_(riverside):
    return _person("Samir", riverside, Role.OUTCOME_STAFF)


@pytest.fixture
def student(riverside, northside):
    with scope.entered(scope.of_institution(riverside)):
        return rows.student(northside, given_name="Nora", family_name="Quillfeather")


def _person(name, institution, role, *schools):
    user = User.objects.create_user(f"{name.lower()}@{institution.slug}.example", PASSWORD, display_name=name)
    held = Membership.objects.create(
        user=user, institution=institution, role=role, every_school=not schools, starts_on=SINCE
    )
    held.schools.set(schools)
    return user


def raised(student, *, to, by, at=NOW):
    """Let somebody raise a concern with who looks after the student."""
    with scope.entered(scope.of_institution(student.institution)):
        Caseload.objects.get_or_create(
            institution_id=student.institution_id,
            student=student,
            counsellor=to,
            defaults={"starts_on": SINCE, "recorded_by": by, "recorded_at": at},
        )
        concern = concerns.raise_concern(
            student=student, kind="concern", words="Sleeps in class", by=by, now=at, request_key=uuid.uuid4()
        )
        assert concern.to == to
    return concern


@pytest.fixture
def counsellor(riverside, northside):
    return _person("Amina", riverside, Role.OUTCOME_STAFF, northside)


@pytest.fixture
def waiting(student, counsellor, sam_):
    """A concern that waits for the counsellor, of somebody who gets no e-mail."""
    User.objects.filter(pk=sam_.pk).update(wants_digest=False)
    return raised(student, to=counsellor, by=sam_)


def states(user):
    return list(DigestMail.objects.filter(user=user).order_by("day").values_list("state", flat=True))


def on_record(user):
    """Return whom the e-mails to somebody named."""
    with scope.entered(scope.of_institution(user.memberships.get().institution)):
        return list(AuditEntry.objects.filter(action="digest", user=user).values_list("subject_id", flat=True))


def test_what_was_raised_is_told_in_the_morning_without_a_name(mailbox, counsellor, waiting):
    assert digest_mail.send_due(now=NOW) == 1

    (letter,) = mailbox.letters
    assert letter["To"] == counsellor.email
    assert letter["Subject"] == "Dropout Portal: 1 thing was raised with you"
    body = letter.get_content()
    assert "Good morning, Amina." in body
    assert "Concern from Samir" in body
    assert "https://portal.example/concerns/" in body
    assert "https://portal.example/digest/" in body
    # As text: on its way a letter may be base64, in which nobody would find a name.
    assert "Nora" not in body
    assert "Quillfeather" not in body
    assert letter["Auto-Submitted"] == "auto-generated"
    assert not on_record(counsellor)


def test_names_stand_in_the_body_where_the_institution_allows_them_and_on_record(
    mailbox, riverside, counsellor, waiting, student
):
    riverside.names_in_digest = True
    riverside.save()

    digest_mail.send_due(now=NOW)

    (letter,) = mailbox.letters
    assert "Concern from Samir · Nora Quillfeather" in letter.get_content()
    assert "Quillfeather" not in letter["Subject"]
    assert on_record(counsellor) == [student.public_id]


def test_there_is_one_a_day_at_most_and_none_that_says_nothing_new(mailbox, counsellor, waiting, student, sam_):
    for now in (NOW, NOW + dt.timedelta(hours=2), NOW + DAY):
        digest_mail.send_due(now=now)
    assert len(mailbox.letters) == 1
    raised(student, to=counsellor, by=sam_, at=NOW + DAY)
    digest_mail.send_due(now=NOW + DAY + dt.timedelta(hours=1))
    assert len(mailbox.letters) == 1

    digest_mail.send_due(now=NOW + 2 * DAY)

    assert len(mailbox.letters) == 2
    assert "2 things were raised with you" in mailbox.letters[1]["Subject"]
    assert states(counsellor) == [State.SENT, State.NOTHING, State.SENT]


@pytest.mark.parametrize(
    ("now", "n"),
    [
        (dt.datetime(2026, 11, 30, 10, 59, tzinfo=dt.UTC), 0),
        (dt.datetime(2026, 11, 30, 11, 0, tzinfo=dt.UTC), 1),
        (dt.datetime(2026, 11, 30, 23, 0, tzinfo=dt.UTC), 0),
        (dt.datetime(2026, 11, 28, 14, 0, tzinfo=dt.UTC), 0),
    ],
    ids=["before six", "six", "evening", "Saturday"],
)
def test_it_is_sent_in_the_morning_of_a_weekday_by_the_institutions_clock(mailbox, counsellor, waiting, now, n):
    assert digest_mail.send_due(now=now) == n


def test_a_saturday_with_school_is_a_day_like_others(mailbox, riverside, counsellor, waiting):
    saturday = NOW - 2 * DAY
    with scope.entered(scope.of_institution(riverside)):
        SchoolDay.objects.get_or_create(institution=riverside, held_on=saturday.date())

    assert digest_mail.send_due(now=saturday) == 1


@pytest.mark.parametrize(
    "change",
    [
        lambda user: User.objects.filter(pk=user.pk).update(wants_digest=False),
        lambda user: User.objects.filter(pk=user.pk).update(is_active=False),
        lambda user: user.memberships.update(ended_at=NOW),
        lambda user: user.memberships.update(ends_on=(NOW - DAY).date()),
        lambda user: user.memberships.update(starts_on=(NOW + DAY).date()),
        lambda user: user.memberships.update(awaits_link=True),
    ],
    ids=["off", "inactive", "ended", "over", "not begun", "not joined"],
)
def test_who_switched_it_off_or_works_here_no_more_gets_none(mailbox, counsellor, waiting, change):
    change(counsellor)

    assert digest_mail.send_due(now=NOW) == 0
    assert not DigestMail.objects.exists()


@pytest.mark.parametrize("missing", ["EMAIL_URL", "PORTAL_URL"])
def test_without_a_mail_server_or_an_address_for_links_nothing_is_begun(
    mailbox, settings, counsellor, waiting, missing
):
    setattr(settings, missing, "")

    assert digest_mail.send_due(now=NOW) == 0
    assert not DigestMail.objects.exists()


def test_while_the_server_is_away_it_waits_and_then_goes_out_once(mailbox, counsellor, waiting):
    mailbox.server.stop()
    assert digest_mail.send_due(now=NOW) == 0
    assert states(counsellor) == [State.WAITING]
    assert digest_mail.send_due(now=NOW + dt.timedelta(minutes=5)) == 0
    mailbox.start()

    assert digest_mail.send_due(now=NOW + dt.timedelta(minutes=16)) == 1
    assert digest_mail.send_due(now=NOW + dt.timedelta(minutes=40)) == 0
    assert mailbox.receivers == [counsellor.email]


def test_a_refused_address_stops_nobody_else(mailbox, counsellor, waiting, riverside, northside):
    lena = _person("Lena", riverside, Role.SCHOOL_LEAD, northside)
    mailbox.answer_to[counsellor.email] = "550 no such mailbox"

    assert digest_mail.send_due(now=NOW) == 1

    assert states(counsellor) == [State.REFUSED]
    assert mailbox.receivers == [lena.email]


def test_not_now_of_the_server_is_tried_again_the_same_day(mailbox, counsellor, waiting):
    mailbox.answer = "451 try again later"
    assert digest_mail.send_due(now=NOW) == 0
    mailbox.answer = "250 OK"

    assert digest_mail.send_due(now=NOW + dt.timedelta(minutes=16)) == 1
    assert states(counsellor) == [State.SENT]


class Killed(BaseException):
    """The worker ends here."""


def test_a_worker_killed_before_it_sends_loses_nothing(mailbox, counsellor, waiting, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(digest_mail, "_message", _killed)
        with pytest.raises(Killed):
            digest_mail.send_due(now=NOW)
    assert digest_mail.send_due(now=NOW + dt.timedelta(minutes=2)) == 0

    assert digest_mail.send_due(now=NOW + dt.timedelta(minutes=16)) == 1


def test_a_worker_killed_after_it_sent_sends_nothing_twice(mailbox, counsellor, waiting, monkeypatch):
    sent = digest_mail._sent

    def killed(server, message):
        sent(server, message)
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(digest_mail, "_sent", killed)
        with pytest.raises(Killed):
            digest_mail.send_due(now=NOW)

    assert digest_mail.send_due(now=NOW + dt.timedelta(hours=1)) == 0
    assert states(counsellor) == [State.SENDING]
    assert len(mailbox.letters) == 1


def _killed(*_args):
    raise Killed


def test_a_second_worker_at_the_same_moment_sends_nothing(mailbox, counsellor, waiting, monkeypatch):
    message = digest_mail._message

    def meanwhile(user, told):
        assert digest_mail.send_due(now=NOW) == 0
        return message(user, told)

    monkeypatch.setattr(digest_mail, "_message", meanwhile)

    assert digest_mail.send_due(now=NOW) == 1
    assert len(mailbox.letters) == 1


def test_who_took_so_long_that_another_took_over_sends_nothing(mailbox, counsellor, waiting, monkeypatch):
    message, later = digest_mail._message, NOW + dt.timedelta(minutes=20)

    def slow(user, told):
        monkeypatch.setattr(digest_mail, "_message", message)
        assert digest_mail.send_due(now=later) == 1
        return message(user, told)

    monkeypatch.setattr(digest_mail, "_message", slow)

    assert digest_mail.send_due(now=NOW) == 0
    assert len(mailbox.letters) == 1


def test_trouble_with_one_person_is_nobody_elses(mailbox, counsellor, waiting, riverside, northside, monkeypatch):
    lena = _person("Lena", riverside, Role.SCHOOL_LEAD, northside)
    of = digest_mail.digest.of

    def broken(*, membership, now):
        if membership.user == counsellor:
            raise Killed
        return of(membership=membership, now=now)

    monkeypatch.setattr(digest_mail.digest, "of", broken)

    with pytest.raises(Killed):
        digest_mail.send_due(now=NOW)

    assert digest_mail.send_due(now=NOW + dt.timedelta(minutes=2)) == 1
    assert mailbox.receivers == [lena.email]


def test_two_roles_make_one_letter_and_say_the_same_thing_once(
    mailbox, counsellor, waiting, riverside, northside, elsewhere, student
):
    for institution, role in ((riverside, Role.COUNSELLOR), (elsewhere, Role.OUTCOME_STAFF)):
        held = Membership.objects.create(
            user=counsellor, institution=institution, role=role, starts_on=SINCE + DAY, every_school=False
        )
        if institution == riverside:
            held.schools.set([northside])
    campus = School.objects.create(institution=elsewhere, external_id="C", name="Campus")
    counsellor.memberships.get(institution=elsewhere).schools.set([campus])
    other = _person("Otis", elsewhere, Role.OUTCOME_STAFF)
    User.objects.filter(pk=other.pk).update(wants_digest=False)
    with scope.entered(scope.of_institution(elsewhere)):
        ella = rows.student(campus, given_name="Ella", family_name="Fernsby")
    raised(ella, to=counsellor, by=other)
    elsewhere.names_in_digest = True
    elsewhere.save()

    digest_mail.send_due(now=NOW)
    digest_mail.send_due(now=NOW + dt.timedelta(hours=3))

    (letter,) = mailbox.letters
    body = letter.get_content()
    assert body.count("Concern from Samir") == 1
    assert "Ella Fernsby" in body
    assert "Quillfeather" not in body
    assert "Riverside" in body
    assert "Elsewhere College" in body


def test_it_speaks_the_persons_language(mailbox, settings, counsellor, waiting, monkeypatch):
    settings.LANGUAGES = [("en", "English"), ("de", "Deutsch")]
    User.objects.filter(pk=counsellor.pk).update(language="de")
    said = []
    message = digest_mail._message

    def listening(user, told):
        said.append(translation.get_language())
        return message(user, told)

    monkeypatch.setattr(digest_mail, "_message", listening)
    digest_mail.send_due(now=NOW)

    assert said == ["de"]


def test_the_periodic_task_sends_them(mailbox, counsellor, waiting, monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: NOW)

    tasks.send_digests()

    assert mailbox.receivers == [counsellor.email]
