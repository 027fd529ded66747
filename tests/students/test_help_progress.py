"""Help is looked at on its way, its plan changes, and its end says whether it really happened."""

import datetime as dt

import pytest

from accounts import scope
from accounts.models import AuditEntry
from students.help import help_due, help_progress, interventions
from students.models import HelpEnd, HelpPlan, Intervention, ProgressCheck

NOW = dt.datetime(2025, 3, 20, 17, tzinfo=dt.UTC)
TODAY = NOW.date()
BEGAN = dt.date(2025, 3, 3)


@pytest.fixture
def plan(amara, nora, at_riverside):
    return begun(nora, amara)


def begun(student, by, **given):
    said = {"student": student, "kind": "mentor", "started_on": BEGAN, "goal": "Talk", "by": by, "now": NOW}
    return interventions.begin(**said | given).plan


def look(plan, by, **given):
    said = {"plan": plan, "checked_on": TODAY, "on_track": "partly", "words": "Came twice", "by": by, "now": NOW}
    return help_progress.check(**said | given)


def end(plan, by, **given):
    said = {"plan": plan, "ended_on": TODAY, "happened": "yes", "result": "Back in class", "by": by, "now": NOW}
    return help_progress.end(**said | given)


def change(plan, by, **given):
    said = {"plan": plan, "owner": by, "due_on": None, "check_every_days": 7, "version": 1, "by": by, "now": NOW}
    return help_progress.change_plan(**said | given)


def done():
    return [entry.action for entry in AuditEntry.objects.order_by("at", "pk")]


def test_help_begins_with_the_days_that_are_usual_for_its_kind(plan, amara):
    assert (plan.owner, plan.due_on, plan.check_every_days) == (amara, dt.date(2025, 7, 1), 14)


def test_help_begun_twice_has_one_plan(plan, amara, nora):
    assert begun(nora, amara) == plan
    assert HelpPlan.objects.count() == 1


def test_a_look_is_kept_once_however_often_it_is_sent(plan, amara):
    assert look(plan, amara) == look(plan, amara)

    assert ProgressCheck.objects.count() == 1
    assert done() == ["intervention_begun", "help_checked"]


@pytest.mark.parametrize("deed", [look, end])
@pytest.mark.parametrize("day", [BEGAN - dt.timedelta(days=1), TODAY + dt.timedelta(days=1)])
def test_a_day_outside_of_the_help_is_refused(plan, amara, deed, day):
    with pytest.raises(help_progress.Refused):
        deed(plan, amara, **{"checked_on" if deed is look else "ended_on": day})

    assert (ProgressCheck.objects.count(), HelpEnd.objects.count()) == (0, 0)


def test_help_that_ended_is_not_looked_at_again(plan, amara):
    end(plan, amara)

    with pytest.raises(help_progress.Refused):
        look(plan, amara)

    assert ProgressCheck.objects.count() == 0


def test_the_newest_word_on_the_end_holds_and_the_older_one_stays(plan, amara, sam):
    end(plan, amara)
    end(plan, amara)
    end(plan, sam, happened="no", result="The mentor never came", now=NOW + dt.timedelta(hours=1))

    assert [(ended.happened, ended.by) for ended in HelpEnd.objects.all()] == [("no", sam), ("yes", amara)]
    assert help_progress.ended(plan).result == "The mentor never came"
    shown = interventions.with_ends(Intervention.objects.all()).get()
    assert (shown.last_day, shown.last_result, shown.plan) == (TODAY, "The mentor never came", plan)


def test_the_fact_that_help_began_is_left_as_it_was(plan, amara):
    end(plan, amara)

    assert Intervention.objects.get().ended_on is None


def test_the_second_of_two_editors_is_told_and_changes_nothing(plan, amara, sam):
    change(plan, sam, due_on=dt.date(2025, 5, 1))

    with pytest.raises(help_progress.Overtaken) as caught:
        change(plan, amara, due_on=dt.date(2025, 6, 1))

    assert (caught.value.standing.owner, caught.value.standing.due_on) == (sam, dt.date(2025, 5, 1))
    assert HelpPlan.objects.get().due_on == dt.date(2025, 5, 1)


def test_the_same_change_sent_twice_is_made_once(plan, amara):
    change(plan, amara)
    change(plan, amara)

    assert HelpPlan.objects.get().version == 2
    assert done().count("help_plan_changed") == 1


def test_a_plan_does_not_end_before_the_help_began(plan, amara):
    with pytest.raises(help_progress.Refused):
        change(plan, amara, due_on=BEGAN - dt.timedelta(days=1))


def due(user, today):
    with scope.entered(scope.of_membership(user.memberships.get())):
        return [(found.student.given_name, found.next_due) for found in help_due.due_soon(user, today=today)]


def test_the_next_look_counts_from_the_last_one(plan, amara):
    late = BEGAN + dt.timedelta(days=14)
    assert due(amara, TODAY) == [("Nora", late)]

    look(plan, amara)

    assert due(amara, TODAY) == []
    assert due(amara, TODAY + dt.timedelta(days=7)) == [("Nora", TODAY + dt.timedelta(days=14))]


def test_the_planned_end_is_due_where_it_comes_before_the_next_look(plan, amara):
    change(plan, amara, due_on=dt.date(2025, 3, 12))

    assert due(amara, TODAY) == [("Nora", dt.date(2025, 3, 10))]
    look(plan, amara)
    assert due(amara, TODAY) == [("Nora", dt.date(2025, 3, 12))]


def test_help_that_ended_is_due_no_more(plan, amara):
    end(plan, amara)

    assert due(amara, TODAY) == []


def test_help_at_another_school_is_not_hers_to_look_at(plan, bo):
    assert due(bo, TODAY) == []
