"""A goal of help that can be measured: set beside the one in words, and how it stands told in school days."""

import datetime as dt

import pytest

from accounts import scope
from accounts.models import AuditEntry
from students.help import help_goals, interventions
from students.models import AttendanceRecord, HelpPlan, SchoolDay
from tests import rows
from tests.people import signed_in

NOW = dt.datetime(2025, 3, 31, 17, tzinfo=dt.UTC)
TODAY, BEGAN, LAST = NOW.date(), dt.date(2025, 3, 3), dt.date(2025, 6, 1)
DAYS = [BEGAN + dt.timedelta(days=day) for day in range(20)]
GOAL = {"goal-percent": "90", "goal-by_day": "2025-06-01", "goal-version": "1"}


@pytest.fixture
def plan(amara, nora, riverside):
    said = {"kind": "mentor", "started_on": BEGAN, "goal": "", "by": amara, "now": NOW}
    with scope.entered(scope.of_institution(riverside)):
        SchoolDay.objects.bulk_create(SchoolDay(institution=riverside, held_on=day) for day in DAYS)
        return interventions.begin(student=nora, **said).plan


def missed(student, *days, **given):
    with scope.entered(scope.of_institution(student.institution)):
        for day in days:
            said = {"student": student, "school": student.school, "held_on": day, "known_on": day} | given
            rows.sound(AttendanceRecord, institution=student.institution, **said)


def standing(plan, by=LAST, today=TODAY, percent=90):
    with scope.entered(scope.of_institution(plan.institution)):
        plan.attendance_goal, plan.attendance_goal_by = percent, by
        return help_goals.standing(plan, today=today)


def stored(plan):
    with scope.entered(scope.of_institution(plan.institution)):
        return HelpPlan.objects.get(pk=plan.pk)


def send(person, plan, **said):
    return signed_in(person).post(
        f"/help/{plan.public_id}/goal", GOAL | {f"goal-{key}": value for key, value in said.items()}
    )


def test_it_stands_as_the_school_days_attended_since_the_help_began(plan, nora):
    missed(nora, BEGAN - dt.timedelta(days=1), DAYS[3], DAYS[4], DAYS[5])
    missed(nora, DAYS[6], category="tardy")

    found = standing(plan)

    assert (found.percent, found.n_days, found.until, found.is_met) == (85, 20, DAYS[-1], False)
    assert standing(plan, percent=85).is_met


def test_what_was_missed_after_the_goals_day_does_not_count(plan, nora):
    missed(nora, DAYS[12])

    found = standing(plan, by=DAYS[9])

    assert (found.percent, found.n_days, found.until) == (100, 10, DAYS[9])


def test_of_a_few_school_days_nothing_is_said(plan):
    assert standing(plan, today=DAYS[3]).percent is None
    assert standing(plan, today=DAYS[4]).percent == 100


def test_it_is_rounded_down(plan, nora):
    missed(nora, DAYS[0], n_sessions=2.1)

    assert standing(plan).percent == 89


def test_the_page_keeps_the_goal_once_and_says_how_it_stands(amara, plan, nora):
    missed(nora, DAYS[0])
    assert [send(amara, plan).status_code for _ in range(2)] == [302, 302]

    page = " ".join(signed_in(amara).get(f"/help/{plan.public_id}/").content.decode().split())
    kept = stored(plan)
    assert (kept.attendance_goal, kept.attendance_goal_by, kept.version) == (90, dt.date(2025, 6, 1), 2)
    assert "Goal: at least 90 % of school days attended by" in page
    assert "So far 95 % of 20 school days, as of" in page
    with scope.entered(scope.of_institution(plan.institution)):
        assert AuditEntry.objects.filter(action="help_goal_set").count() == 1


def test_the_second_of_two_editors_sees_what_stands_and_may_send_hers_again(amara, sam, plan):
    assert send(sam, plan, percent="80").status_code == 302

    refused = send(amara, plan)

    page = refused.content.decode()
    assert refused.status_code == 409
    assert "Goal: at least 80 %" in page
    assert 'name="goal-percent" value="90"' in page
    assert stored(plan).attendance_goal == 80
    assert send(amara, plan, version="2").status_code == 302


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"percent": "101"}, "less than or equal to 100"),
        ({"percent": ""}, "Say both"),
        ({"by_day": ""}, "Say both"),
        ({"by_day": "2020-01-01"}, "before the help began"),
    ],
)
def test_what_is_not_understood_is_said_and_kept_out(amara, plan, said, message):
    response = send(amara, plan, **said)

    assert response.status_code == 422
    assert message in response.content.decode()
    assert stored(plan).attendance_goal is None


def test_a_goal_is_taken_away(amara, plan):
    send(amara, plan)

    assert send(amara, plan, percent="", by_day="", version="2").status_code == 302

    assert stored(plan).attendance_goal is None
    assert "goal-stands" not in signed_in(amara).get(f"/help/{plan.public_id}/").content.decode()


@pytest.mark.parametrize(("person", "status"), [("bo", 404), ("otto", 404), ("mika", 403), ("sam", 302)])
def test_only_those_who_help_here_set_it(request, plan, person, status):
    assert send(request.getfixturevalue(person), plan).status_code == status
    assert (stored(plan).attendance_goal is not None) == (status == 302)
