"""Staff say what became of students, correct it, and are asked where nobody has said it."""

import datetime as dt

import pytest

from accounts import scope
from accounts.models import AuditEntry
from students.changes.undo_sql import TAKEN_BACK
from students.models import Enrolment, Outcome, SchoolDay
from students.outcomes import outcomes_recorded
from tests import rows
from tests.people import signed_in

LEFT = dt.date(2025, 3, 3)
TODAY = dt.date(2025, 7, 1)
NOW = dt.datetime(2025, 7, 1, 17, tzinfo=dt.UTC)


def record(student, by, **given):
    said = {"exit_code": "Dropout", "happened_on": LEFT, "evidence": "A letter", "by": by, "now": NOW}
    return outcomes_recorded.record(student=student, **said | given)


def enrolled(student, entered_on=dt.date(2024, 9, 3), exited_on=None):
    days = {"entered_on": entered_on, "known_on": entered_on, "exited_on": exited_on, "exit_known_on": exited_on}
    given = {"student": student, "school": student.school} | days
    return rows.sound(Enrolment, institution=student.institution, **given)


def held(institution, *days):
    for day in days:
        rows.sound(SchoolDay, institution=institution, held_on=day)


def missing(user):
    with scope.entered(scope.of_membership(user.memberships.get())):
        return [last.student for last in outcomes_recorded.missing(user, today=TODAY, most=50)]


def address(student):
    return f"/students/{student.public_id}/outcomes"


def post(person, student, **given):
    said = {"exit_code": "Dropout", "happened_on": "2025-03-03", "evidence": "A letter", "corrects": ""}
    return signed_in(person).post(address(student), said | given)


def test_an_outcome_says_who_goes_by_what_and_since_when_it_was_known(sam, nora, at_riverside):
    outcome = record(nora, sam)

    assert (outcome.kind, outcome.exit_code, outcome.evidence) == ("dropped_out", "Dropout", "A letter")
    assert (outcome.recorded_by, outcome.source, outcome.known_on) == (sam, "staff", TODAY)
    assert [entry.action for entry in AuditEntry.objects.all()] == ["outcome_recorded"]


def test_an_outcome_sent_twice_stands_once(sam, nora, at_riverside):
    assert record(nora, sam) == record(nora, sam)

    assert Outcome.objects.count() == 1


def test_a_correction_points_at_what_it_corrects_and_both_stay(sam, nora, at_riverside):
    first = record(nora, sam)

    second = record(nora, sam, exit_code="Transferred", corrects=first)

    assert second == record(nora, sam, exit_code="Transferred", corrects=first)
    assert (second.corrects, second.kind) == (first, "transferred")
    assert outcomes_recorded.told(nora) == [second, first]


def test_the_second_of_two_who_correct_the_same_is_told_what_now_stands(sam, ines, nora, at_riverside):
    first = record(nora, sam)
    standing = record(nora, ines, exit_code="Transferred", corrects=first)

    with pytest.raises(outcomes_recorded.Overtaken) as overtaken:
        record(nora, sam, exit_code="Graduated", corrects=first)

    assert overtaken.value.standing == standing


@pytest.mark.parametrize("again", [False, True])
def test_what_stands_already_is_not_recorded_by_somebody_else_again(sam, ines, nora, at_riverside, again):
    first = record(nora, sam)

    with pytest.raises(outcomes_recorded.Refused, match="on record already"):
        record(nora, ines, corrects=first if again else None)


def test_a_day_ahead_is_refused(sam, nora, at_riverside):
    with pytest.raises(outcomes_recorded.Refused, match="lies ahead"):
        record(nora, sam, happened_on=dt.date(2025, 7, 2))


def test_a_day_before_the_student_came_is_refused(sam, nora, at_riverside):
    enrolled(nora, exited_on=LEFT)

    with pytest.raises(outcomes_recorded.Refused, match="before the student's first day here, 3 September 2024"):
        record(nora, sam, happened_on=dt.date(2024, 9, 2))

    assert record(nora, sam, happened_on=dt.date(2024, 9, 3)).pk


def test_whoever_left_without_an_outcome_is_asked_for_until_it_is_said(sam, nora, at_riverside):
    enrolled(nora, exited_on=LEFT)
    held(nora.institution, TODAY)
    before = missing(sam)

    record(nora, sam)

    assert (before, missing(sam)) == ([nora], [])


def test_whoever_is_enrolled_is_asked_for_only_once_the_year_is_over(sam, nora, at_riverside):
    enrolled(nora, entered_on=dt.date(2022, 9, 5))
    held(nora.institution, TODAY)
    during = missing(sam)
    SchoolDay.objects.update(held_on=dt.date(2025, 6, 20))
    record(nora, sam, exit_code="End of school year", happened_on=dt.date(2024, 6, 21))
    after = missing(sam)

    record(nora, sam, exit_code="End of school year", happened_on=dt.date(2025, 6, 20))

    assert (during, after, missing(sam)) == ([], [nora], [])


def test_an_outcome_before_coming_back_says_nothing_of_leaving_again(sam, nora, at_riverside):
    enrolled(nora, entered_on=dt.date(2023, 9, 4), exited_on=dt.date(2024, 3, 1))
    enrolled(nora, exited_on=LEFT)
    record(nora, sam, happened_on=dt.date(2024, 3, 1))

    assert missing(sam) == [nora]


def test_an_outcome_whose_upload_was_taken_back_says_nothing(sam, nora, at_riverside):
    enrolled(nora, exited_on=LEFT)
    rows.sound(Outcome, institution=nora.institution, student=nora, happened_on=LEFT, exit_code=TAKEN_BACK)

    assert outcomes_recorded.told(nora) == []
    assert missing(sam) == [nora]


def works_at(person, school):
    membership = person.memberships.get()
    membership.every_school = False
    membership.save(update_fields=["every_school"])
    membership.schools.set([school])


def test_the_work_list_holds_the_own_schools_only_and_says_so_when_done(sam, nora, harbor):
    with scope.entered(scope.of_institution(nora.institution)):
        enrolled(nora, exited_on=LEFT)
    here = signed_in(sam).get("/outcomes/").content.decode()
    works_at(sam, harbor)

    assert "Nora Quillfeather" in here
    assert "1 student has no outcome yet." in here
    assert "No outcome is missing." in signed_in(sam).get("/outcomes/").content.decode()


def test_the_outcome_of_a_student_of_another_school_is_nobodys(sam, nora, harbor):
    works_at(sam, harbor)

    assert (post(sam, nora).status_code, signed_in(sam).get(address(nora)).status_code) == (404, 404)


def test_a_students_page_leads_to_its_outcomes_for_who_records_them(sam, amara, nora):
    pages = [signed_in(person).get(f"/students/{nora.public_id}/").content.decode() for person in (sam, amara)]

    assert [f'href="{address(nora)}"' in page for page in pages] == [True, False]


@pytest.mark.parametrize(("person", "status"), [("amara", 403), ("mika", 403), ("otto", 404), ("sam", 302)])
def test_only_who_records_outcomes_of_the_school_may(request, nora, person, status):
    who = request.getfixturevalue(person)

    assert [post(who, nora).status_code for _ in range(2)] == [status] * 2
    assert signed_in(who).get(address(nora)).status_code == (200 if status == 302 else status)
    with scope.entered(scope.of_institution(nora.institution)):
        assert Outcome.objects.count() == (status == 302)


def test_the_page_shows_what_was_said_and_what_it_was_corrected_to(sam, nora):
    post(sam, nora)
    with scope.entered(scope.of_institution(nora.institution)):
        first = Outcome.objects.get()
    offered = signed_in(sam).get(address(nora) + f"?correct={first.pk}").content.decode()
    post(sam, nora, exit_code="Transferred", corrects=str(first.pk))

    refused = post(sam, nora, exit_code="Graduated", corrects=str(first.pk))

    assert f'name="corrects" value="{first.pk}"' in offered
    assert refused.status_code == 409
    assert "Sam corrected this meanwhile" in refused.content.decode()
    assert f'name="corrects" value="{first.pk}"' not in refused.content.decode()
    page = signed_in(sam).get(address(nora)).content.decode()
    assert "Nora Quillfeather: Moved to another school" in page
    assert page.count("Counts as: moved elsewhere; not counted as leaving.") == 1
    assert "Counts as: left before finishing." not in page
    assert "Corrected since" in page


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"exit_code": "Vanished"}, "Select a valid choice"),
        ({"happened_on": "2999-01-01"}, "This day lies ahead."),
        ({"happened_on": ""}, "This field is required."),
    ],
)
def test_what_is_not_understood_is_said_and_kept_out(sam, nora, given, message):
    response = post(sam, nora, **given)

    assert response.status_code == 422
    assert message in response.content.decode()
    with scope.entered(scope.of_institution(nora.institution)):
        assert not Outcome.objects.exists()


@pytest.mark.parametrize("number", ["0", "x", "-1", "9" * 30])
def test_an_outcome_of_nobody_is_not_found(sam, nora, number):
    assert signed_in(sam).get(address(nora) + f"?correct={number}").status_code == 404
