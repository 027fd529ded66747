"""What the day's e-mail says, and its page: what is due, new, raised, answered; on, off, and with whose names."""

import datetime as dt

import pytest
from django.utils import timezone

from accounts import scope
from accounts.models import AuditEntry, Institution, User
from predictions import digest
from predictions.digest import Kind
from predictions.models import DigestMail
from students.models import Caseload, Outcome, ReengagementCase
from tests import rows
from tests.people import SINCE, signed_in
from tests.predictions.pages import names, text_of
from tests.predictions.test_today import a_day_later

__all__ = ["a_day_later"]

DAY = dt.timedelta(days=1)


def told(person, now=None):
    """Return the sections of what is told to somebody, by their kind."""
    now = now or timezone.now()
    membership = person.memberships_at(now)[0]
    with timezone.override(membership.institution.time_zone), scope.entered(scope.of_membership(membership)):
        return {section.kind: section for section in digest.of(membership=membership, now=now).sections}


def page(person):
    answer = signed_in(person).get("/digest/")
    assert answer.status_code == 200
    return answer.content.decode()


def with_help(person, student, days_ago):
    """Let somebody carry help that began days ago, looked at every two weeks."""
    began = timezone.localdate() - dt.timedelta(days=days_ago)
    wanted = {"kind": "mentor", "started_on": str(began), "goal": "Every Tuesday"}
    assert signed_in(person).post(f"/students/{student.public_id}/help", wanted).status_code == 302


@pytest.fixture
def student(riverside, northside):
    with scope.entered(scope.of_institution(riverside)):
        return rows.student(northside, given_name="Nora", family_name="Quillfeather")


def test_before_the_first_look_the_list_is_told_and_afterwards_who_is_new_on_it(amara, northside, a_day_later):
    signed_in(amara).post("/lists/capacity", {"n": 2, "speaks_for": "me"})
    first = told(amara)[Kind.NEW]
    assert first.title == "2 students are on your list"
    shown = names(signed_in(amara).get("/").content.decode())
    assert [line.student_name for line in first.lines] == shown[:2]
    a_day_later()
    assert Kind.NEW not in told(amara)

    signed_in(amara).post("/lists/capacity", {"n": 3, "speaks_for": "me"})

    (line,) = told(amara)[Kind.NEW].lines
    assert told(amara)[Kind.NEW].title.startswith("1 student is new on your list since ")
    assert line.student_name not in shown[:2]


def test_help_is_due_with_its_day_and_told_anew_once_it_is_late(amara, student):
    with_help(amara, student, days_ago=10)
    (line,) = told(amara)[Kind.DUE].lines
    assert line.words.startswith("Mentor: look at it by ")
    assert "Nora" not in line.words

    (late,) = told(amara, now=timezone.now() + 30 * DAY)[Kind.DUE].lines

    assert late.words.endswith("(late)")
    assert late.digest != line.digest


def test_a_step_of_the_way_back_is_due(riverside, amara, student):
    today = timezone.localdate()
    with scope.entered(scope.of_institution(riverside)):
        left = {"kind": "dropped_out", "happened_on": today - 20 * DAY, "known_on": today - 20 * DAY}
        outcome = rows.sound(Outcome, institution=riverside, student=student, **left)
        ReengagementCase.objects.create(
            institution=riverside, student=student, outcome=outcome, owner=amara, opened_at=timezone.now(), due_on=today
        )

    (line,) = told(amara)[Kind.DUE].lines

    assert line.words.startswith("Way back, Find out why: by ")


def test_a_concern_is_told_to_who_looks_after_the_student_and_its_answer_to_who_raised_it(
    riverside, amara, sam, student
):
    with scope.entered(scope.of_institution(riverside)):
        Caseload.objects.create(
            institution=riverside,
            student=student,
            counsellor=amara,
            starts_on=SINCE,
            recorded_by=sam,
            recorded_at=timezone.now(),
        )
    said = {"concern-kind": "concern", "concern-words": "Sleeps in class"}
    assert signed_in(sam).post(f"/students/{student.public_id}/concern", said).status_code == 302
    (line,) = told(amara)[Kind.RAISED].lines
    assert (line.words, line.student_name) == (f"Concern from {sam.display_name}", "Nora Quillfeather")
    assert Kind.ANSWERED not in told(sam)

    key = line.key.split()[1]
    assert signed_in(amara).post(f"/concerns/{key}/close", {f"{key}-words": "We talked"}).status_code == 302

    assert Kind.RAISED not in told(amara)
    (answer,) = told(sam)[Kind.ANSWERED].lines
    assert answer.words == "A concern of yours"


def test_what_an_e_mail_told_yesterday_is_no_news(riverside, amara, sam, student):
    test_a_concern_is_told_to_who_looks_after_the_student_and_its_answer_to_who_raised_it(
        riverside, amara, sam, student
    )
    tomorrow = timezone.now() + DAY
    DigestMail.objects.create(
        user=sam, day=riverside.day_of(timezone.now()), state="sent", claimed_at=tomorrow, sent_at=timezone.now()
    )

    assert Kind.ANSWERED in told(sam)
    assert Kind.ANSWERED not in told(sam, now=tomorrow)


def test_the_page_says_the_same_with_names_and_keeps_who_looked(riverside, amara, student):
    with_help(amara, student, days_ago=10)

    shown = text_of(page(amara))

    assert "Nora Quillfeather" in shown
    for section in told(amara).values():
        assert section.title in shown
        assert all(line.words in shown for line in section.lines)
    with scope.entered(scope.of_institution(riverside)):
        entry = AuditEntry.objects.filter(action="digest_page", user=amara).latest("pk")
        assert student.public_id in entry.subject_ids


def test_nobody_is_told_of_students_they_do_not_see(bo, amara, student):
    with_help(amara, student, days_ago=10)

    assert "Quillfeather" not in page(bo)


def test_a_person_turns_it_off_and_on_for_themselves_alone(riverside, amara, bo):
    assert signed_in(amara).post("/digest/", {}).status_code == 302
    assert list(
        User.objects.filter(pk__in=[amara.pk, bo.pk]).order_by("pk").values_list("wants_digest", flat=True)
    ) == [
        False,
        True,
    ]
    assert "You get none." in text_of(page(amara)) or "sends no e-mail here" in text_of(page(amara))

    signed_in(amara).post("/digest/", {"wants_digest": "on"})

    amara.refresh_from_db()
    assert amara.wants_digest
    with scope.entered(scope.of_institution(riverside)):
        kept = AuditEntry.objects.filter(action="digest_chosen", user=amara).order_by("pk")
        assert list(kept.values_list("purpose", flat=True)) == ["off", "on"]


def test_a_language_is_offered_where_there_are_several_and_no_other_is_kept(amara, settings):
    assert 'name="language"' not in page(amara)
    settings.LANGUAGES = [("en", "English"), ("de", "Deutsch")]
    assert 'name="language"' in page(amara)

    refused = signed_in(amara).post("/digest/", {"wants_digest": "on", "language": "tlh"})
    kept = signed_in(amara).post("/digest/", {"wants_digest": "on", "language": "de"})

    assert (refused.status_code, kept.status_code) == (422, 302)
    amara.refresh_from_db()
    assert amara.language == "de"


def test_an_administrator_of_every_school_lets_e_mails_name_students(riverside, ines, amara):
    assert 'action="/digest/names"' in page(ines)
    assert 'action="/digest/names"' not in page(amara)

    signed_in(ines).post("/digest/names", {"names_in_digest": "on"})

    assert Institution.objects.get(pk=riverside.pk).names_in_digest
    assert signed_in(amara).post("/digest/names", {}).status_code == 403
    assert Institution.objects.get(pk=riverside.pk).names_in_digest
    signed_in(ines).post("/digest/names", {})
    assert not Institution.objects.get(pk=riverside.pk).names_in_digest


def test_the_page_asks_as_much_for_one_line_as_for_many(riverside, northside, amara, django_assert_max_num_queries):
    with scope.entered(scope.of_institution(riverside)):
        students = [rows.student(northside, given_name=f"N{n}", family_name="Quill") for n in range(6)]
    for each in students:
        with_help(amara, each, days_ago=10)
    client = signed_in(amara)
    client.get("/digest/")

    with django_assert_max_num_queries(38):
        client.get("/digest/")
