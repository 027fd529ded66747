"""Whose students are whose: given to a counsellor, handed over, and the list that begins with one's own."""

import datetime as dt

import pytest
from django.utils import timezone

from accounts import scope
from accounts.models import AuditEntry
from predictions import caseloads, current_list, runs
from predictions.models import CurrentRisk
from students.help import interventions
from students.models import Caseload, HelpPlan
from students.people import caseloads as kept
from tests.people import signed_in
from tests.predictions.pages import names, text_of

NOW = dt.datetime(2026, 11, 30, 15, tzinfo=dt.UTC)
TODAY = dt.date(2026, 11, 30)


def of_school(school, n=6):
    """Return students of a school from the middle of its list, so that a whole list and theirs differ."""
    with scope.entered(scope.of_institution(school.institution)):
        listed = CurrentRisk.objects.filter(school=school, rank__gt=0).order_by("rank").select_related("student")
        return [row.student for row in listed[3 : 3 + n]]


def give(students, counsellor, by, now=NOW):
    with scope.entered(scope.of_institution(students[0].institution)):
        return caseloads.assign(students=students, counsellor=counsellor, by=by, now=now)


def theirs(person, on=TODAY):
    institution = person.memberships.get().institution
    with scope.entered(scope.of_institution(institution)):
        return set(Caseload.objects.filter(kept.held_on(on), counsellor=person).values_list("student_id", flat=True))


def read(person, query=""):
    return signed_in(person).get(f"/students/{query}").content.decode()


def test_the_list_begins_with_ones_own_students_and_everybodys_is_one_link_away(amara, ines, northside):
    everybody = names(read(amara))
    mine = of_school(northside)

    give(mine, amara, ines)

    page = read(amara)
    assert names(page) == [student.name for student in mine]
    assert "6 students are yours" in text_of(page)
    assert names(read(amara, "?whose=all")) == everybody
    assert 'href="/students/?whose=all"' in page
    assert "whose=nobody" not in page


def test_whoever_has_no_students_reads_the_whole_list(amara, ines, northside):
    before = names(read(ines))

    give(of_school(northside), amara, ines)

    page = read(ines)
    assert names(page) == before
    assert 'href="/students/?whose=nobody"' in page
    assert "No students are yours yet." in read(ines, "?whose=mine")
    assert of_school(northside)[0].name not in read(ines, "?whose=nobody")


def test_the_line_is_drawn_among_ones_own(amara, ines, northside):
    mine = of_school(northside)
    give(mine, amara, ines)
    signed_in(amara).post("/lists/capacity", {"n": 2, "speaks_for": "me"})

    page = read(amara)

    assert names(page[: page.index('<li class="capacity-line">')]) == [student.name for student in mine[:2]]


def test_a_student_given_on_is_somebody_elses_from_that_day(amara, sam, ines, northside):
    mine = of_school(northside)
    give(mine, amara, ines)
    later = NOW + dt.timedelta(days=3)

    assert set(give(mine[:2], sam, ines, now=later)) == {student.pk for student in mine[:2]}

    assert theirs(amara, later.date()) == {student.pk for student in mine[2:]}
    assert theirs(amara, TODAY) == {student.pk for student in mine}
    assert theirs(sam, later.date()) == {student.pk for student in mine[:2]}
    assert names(read(amara)) == [student.name for student in mine[2:]]


def test_given_twice_they_are_theirs_once(amara, ines, northside):
    mine = of_school(northside)
    first = give(mine, amara, ines)

    assert (len(first), give(mine, amara, ines)) == (6, ())
    assert theirs(amara) == set(first)
    with scope.entered(scope.of_institution(ines.memberships.get().institution)):
        assert Caseload.objects.count() == 6
        assert AuditEntry.objects.filter(action="caseload_given").count() == 1


def test_nobody_gets_students_of_a_school_they_do_not_see(amara, ines, northside, harbor):
    mixed = [*of_school(northside, 2), *of_school(harbor, 2)]

    with pytest.raises(kept.Refused, match="Amara does not help students of Harbor"):
        give(mixed, amara, ines)

    assert theirs(amara) == set()


def test_a_new_list_knows_whose_students_are_whose(amara, ines, riverside, northside):
    mine = of_school(northside)
    give(mine, amara, ines)

    with scope.entered(scope.of_institution(riverside)):
        current_list.replace(runs.latest_run())

    assert names(read(amara)) == [student.name for student in mine]


def test_all_open_work_goes_to_somebody_else_with_a_note(amara, sam, ines, riverside, northside):
    mine = of_school(northside)
    give(mine, amara, ines)
    with scope.entered(scope.of_institution(riverside)):
        for student, days in ((mine[0], 10), (mine[1], 20)):
            begun = TODAY - dt.timedelta(days=days)
            interventions.begin(student=student, kind="mentor", started_on=begun, goal="", by=amara, now=NOW)
        handed = caseloads.hand_over(of=amara, to=sam, note="Call the aunt, not the father", by=ines, now=NOW)

        assert (len(handed.students), handed.n_plans) == (6, 2)
        assert set(HelpPlan.objects.values_list("owner__display_name", flat=True)) == {"Sam"}
        assert set(Caseload.objects.filter(counsellor=sam).values_list("note", flat=True)) == {
            "Call the aunt, not the father"
        }
        with pytest.raises(kept.Refused, match="Amara has no open work here"):
            caseloads.hand_over(of=amara, to=sam, note="", by=ines, now=NOW)
    assert names(read(amara)) == names(read(amara, "?whose=all"))


def test_a_lead_ticks_students_and_gives_them_on_a_page(amara, bo, ines, northside):
    browser = signed_in(ines)
    page = browser.get(f"/caseloads/?school={northside.pk}").content.decode()
    students = of_school(northside, 3)
    ticked = [str(student.public_id) for student in students]
    assert "have no counsellor" in text_of(page)
    assert all(f'value="{key}"' in page for key in ticked) or "Next" in page
    address = f"/caseloads/?school={northside.pk}&whose=nobody"

    wrong = browser.post(address, {"student": ticked, "counsellor": str(bo.public_id)})
    done = browser.post(address, {"student": ticked, "counsellor": str(amara.public_id)}, follow=True)

    assert wrong.status_code == 422
    assert "3 students are now Amara&#x27;s." in done.content.decode()
    assert theirs(amara, timezone.localdate()) == {student.pk for student in students}
    listed = browser.get(f"/caseloads/?school={northside.pk}&whose={amara.public_id}").content.decode()
    assert [student.name in listed for student in students] == [True] * 3


@pytest.mark.parametrize(("person", "status"), [("ines", 200), ("amara", 403), ("mika", 403), ("otto", 200)])
@pytest.mark.parametrize("address", ["/caseloads/", "/caseloads/hand-over/"])
def test_only_who_gives_students_may_open_these_pages(request, address, person, status):
    assert signed_in(request.getfixturevalue(person)).get(address).status_code == status


def test_another_institutions_student_is_not_given(ines, amara, ella, northside):
    address = f"/caseloads/?school={northside.pk}"

    answer = signed_in(ines).post(address, {"student": [str(ella.public_id)], "counsellor": str(amara.public_id)})

    assert answer.status_code == 422
    assert "Tick the students to give." in answer.content.decode()


def test_who_left_is_still_there_to_hand_over(amara, sam, ines, northside):
    give(of_school(northside), amara, ines)
    amara.memberships.update(ends_on=dt.date(2026, 1, 1))
    browser = signed_in(ines)

    assert f'value="{amara.public_id}"' in browser.get("/caseloads/hand-over/").content.decode()
    said = {"of": str(amara.public_id), "to": str(sam.public_id), "note": ""}
    assert browser.post("/caseloads/hand-over/", said)["Location"] == "/caseloads/"

    assert len(theirs(sam, timezone.localdate())) == 6


def test_the_pages_ask_the_same_of_the_database_however_many_there_are(
    ines, amara, northside, django_assert_max_num_queries
):
    browser = signed_in(ines)
    for n in (1, 6):
        give(of_school(northside, n), amara, ines)
        with django_assert_max_num_queries(24):
            browser.get(f"/caseloads/?school={northside.pk}&whose=")
