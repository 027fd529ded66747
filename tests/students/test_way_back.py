"""The way back: who left is found out about, planned for, brought back, followed for a year; every end has a reason."""

import datetime as dt

import pytest

from accounts import scope
from accounts.models import AuditEntry
from students.models import CaseState, CaseStep, ReengagementCase, WayBackDeadlines
from students.outcomes import exit_reasons, way_back, way_back_deadlines
from tests import rows
from tests.students.ways_back import LEFT, NOW, TODAY, back, case_of, do, end, found, kinds, left, look, planned


def days(n):
    return dt.timedelta(days=n)


@pytest.fixture
def case(sam, nora, at_riverside):
    left(nora, sam)
    return case_of(nora)


def standing(case):
    return ReengagementCase.objects.get(pk=case.pk)


def test_each_step_leads_to_the_next_one_with_a_day_of_its_own(case, amara):
    assert (case.state, case.due_on, case.owner) == (CaseState.FINDING_OUT, TODAY + days(14), None)
    found(case, amara)
    assert (standing(case).state, standing(case).due_on) == (CaseState.PLANNING, TODAY + days(30))
    planned(case, amara, days=5)
    assert (standing(case).state, standing(case).due_on) == (CaseState.RETURNING, TODAY + days(65))
    back(case, amara, days=20, done_on=TODAY + days(18))
    assert (standing(case).state, standing(case).due_on) == (CaseState.FOLLOWING, TODAY + days(48))
    assert kinds(case) == ["opened", "found_out", "planned", "returned"]
    told = AuditEntry.objects.filter(action__startswith="way_back").values_list("action", "user")
    assert set(told) == {(f"way_back_{kind}", amara.pk) for kind in ("found_out", "planned", "returned")}


@pytest.mark.parametrize(
    ("path", "ending"),
    [("school", "back_and_stayed"), ("elsewhere", "back_and_stayed"), ("work", "another_path")],
)
def test_four_looks_over_a_year_end_the_case(case, amara, path, ending):
    back(case, amara, path=path)
    due = []
    for after in (30, 90, 180, 365):
        due.append(standing(case).due_on)
        look(case, amara, days=after)

    assert due == [TODAY + days(n) for n in (30, 90, 180, 365)]
    assert (standing(case).state, standing(case).ending, standing(case).due_on) == ("ended", ending, None)
    assert standing(case).ended_on == TODAY + days(365)


def test_one_look_stands_for_all_that_were_due(case, amara):
    back(case, amara)
    look(case, amara, days=200)

    assert (standing(case).n_checks, standing(case).due_on) == (3, TODAY + days(365))


def test_who_is_not_there_any_more_gets_a_new_plan(case, amara):
    back(case, amara)
    look(case, amara, days=30)
    look(case, amara, days=90, is_there=False)
    now = standing(case)

    assert (now.state, now.path, now.returned_on, now.n_checks) == (CaseState.PLANNING, "", None, 0)
    assert now.due_on == TODAY + days(120)


@pytest.mark.parametrize("ending", ["not_found", "moved", "refused", "died"])
def test_every_ending_has_its_reason_in_words(case, amara, ending):
    with pytest.raises(way_back.Refused):
        end(case, amara, ending=ending, words=" ")
    end(case, amara, ending=ending)

    assert (standing(case).ending, standing(case).steps.first().words) == (ending, "A neighbour says so")


@pytest.mark.parametrize("ending", ["back_and_stayed", "another_path", "left_again", "record_corrected", ""])
def test_what_follows_from_the_record_is_said_by_nobody(case, amara, ending):
    with pytest.raises(way_back.Refused):
        end(case, amara, ending=ending)


@pytest.mark.parametrize(
    ("step", "given"),
    [
        (found, {"reason": "made_up"}),
        (found, {"talked_to": ""}),
        (found, {"done_on": TODAY + days(1)}),
        (found, {"done_on": LEFT - days(1)}),
        (back, {"path": ""}),
    ],
)
def test_a_step_without_what_belongs_to_it_is_refused(case, amara, step, given):
    with pytest.raises(way_back.Refused):
        step(case, amara, **given)

    assert (standing(case).state, kinds(case)) == (CaseState.FINDING_OUT, ["opened"])


def test_a_look_before_the_return_is_refused(case, amara):
    back(case, amara)
    with pytest.raises(way_back.Refused):
        look(case, amara, done_on=TODAY - days(1))


def test_a_step_sent_twice_stands_once(case, amara):
    assert found(case, amara, version=1) == found(case, amara, version=1)
    assert end(case, amara, version=2) == end(case, amara, version=2)

    assert kinds(case) == ["opened", "found_out", "ended"]
    assert AuditEntry.objects.filter(action__startswith="way_back").count() == 2


def test_of_two_people_the_second_sees_what_the_first_did(case, amara, sam):
    found(case, amara, version=1)
    with pytest.raises(way_back.Overtaken) as overtaken:
        end(case, sam, version=1)

    assert overtaken.value.standing.state == CaseState.PLANNING
    assert kinds(case) == ["opened", "found_out"]


@pytest.mark.parametrize("step", [found, planned, look])
def test_a_step_of_another_state_is_not_taken(case, amara, step):
    back(case, amara)
    look(case, amara, days=400)
    with pytest.raises(way_back.Overtaken):
        step(case, amara, days=401)


def test_a_note_leaves_the_case_where_it_stands(case, amara):
    do(case, amara, CaseStep.Kind.NOTED, words="Called twice, nobody answered")

    assert (standing(case).state, standing(case).due_on) == (case.state, case.due_on)
    assert kinds(case) == ["opened", "noted"]


def test_a_case_is_given_once_and_the_second_giver_sees_the_first(case, amara, sam, ines):
    for _twice in range(2):
        way_back.give(case=case, owner=amara, version=1, by=ines, now=NOW)
    with pytest.raises(way_back.Overtaken):
        way_back.give(case=case, owner=sam, version=1, by=ines, now=NOW)

    assert (standing(case).owner, kinds(case)) == (amara, ["opened", "given"])


def test_due_are_ones_own_and_nobodys_the_longest_late_first(case, amara, sam, nora, harbor, riverside):
    other, third, fourth = (left_elsewhere(riverside, case.student.school, sam) for _ in range(3))
    way_back.give(case=other, owner=amara, version=1, by=sam, now=NOW)
    way_back.give(case=third, owner=sam, version=1, by=sam, now=NOW)
    ReengagementCase.objects.filter(pk=other.pk).update(due_on=TODAY - days(9))
    ReengagementCase.objects.filter(pk=fourth.pk).update(due_on=TODAY + days(8))
    ReengagementCase.objects.filter(pk=case.pk).update(due_on=TODAY + days(7))

    with scope.entered(scope.of_membership(amara.memberships.get())):
        assert list(way_back.due(amara, TODAY)) == [other, case]


def left_elsewhere(institution, school, by):
    student = rows.student(school)
    left(student, by)
    return case_of(student)


def test_an_institution_sets_the_days_of_the_steps_that_begin_from_then_on(case, amara, ines, elsewhere):
    given = {"find_out_days": 7, "plan_days": 10, "return_days": 20, "first_check_days": 5}
    for _twice in range(2):
        way_back_deadlines.change(days=given, version=1, by=ines, now=NOW)
    with pytest.raises(way_back_deadlines.Overtaken):
        way_back_deadlines.change(days=given | {"plan_days": 3}, version=1, by=ines, now=NOW)
    assert standing(case).due_on == case.due_on
    found(case, amara)

    assert standing(case).due_on == TODAY + days(10)
    assert WayBackDeadlines.objects.get().version == 2
    with scope.entered(scope.of_institution(elsewhere)):
        assert way_back_deadlines.standing().plan_days == 30


def test_reasons_stand_in_six_groups_each_code_once():
    groups = exit_reasons.groups()
    codes = [code for group in groups for code in group.reasons]

    assert len(groups) == 6
    assert 18 <= len(codes) == len(set(codes))
    assert exit_reasons.label("works") == "Works, or has to earn"
    assert exit_reasons.label("no_longer_there") == "No longer there"


GROUP = "- {group: a, label: A, reasons: [{code: x, label: X}]}\n"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a: b",
        GROUP + GROUP,
        GROUP + GROUP.replace("group: a", "group: b"),
        GROUP.replace("{code: x, label: X}", "{code: x, label: X}, {code: x, label: Y}"),
        GROUP.replace("code: x", "code: X y"),
        GROUP.replace("label: X", "label: ''"),
        GROUP.replace(", label: X", ""),
        GROUP.replace("[{code: x, label: X}]", "[]"),
        GROUP.replace("label: A, ", ""),
    ],
)
def test_a_file_of_reasons_that_cannot_be_used_is_refused(text):
    with pytest.raises(exit_reasons.ExitReasonsRefused):
        exit_reasons.read_reasons(text)
