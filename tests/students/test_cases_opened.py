"""Cases open, move on and end by themselves: by what people and files say became of students."""

import datetime as dt

import pytest
from django.utils import timezone

from accounts import scope
from students import tasks
from students.changes.undo_sql import TAKEN_BACK
from students.models import Caseload, CaseState, Enrolment, Outcome, ReengagementCase
from students.outcomes import cases_opened, outcomes_recorded, way_back
from students.people import student_merges
from tests import rows
from tests.students.ways_back import (
    LEFT,
    NOW,
    TODAY,
    back,
    case_of,
    end,
    enrolled,
    found,
    kinds,
    left,
    look,
    told_by_file,
)


def pull(now=NOW):
    return cases_opened.open_cases(now=now)


def corrected(outcome, by, exit_code, **given):
    said = {"exit_code": exit_code, "happened_on": outcome.happened_on, "evidence": "A call", "by": by, "now": NOW}
    return outcomes_recorded.record(student=outcome.student, corrects=outcome, **said | given)


def days(n):
    return dt.timedelta(days=n)


def ending_of(student):
    return case_of(student).ending


def test_an_outcome_said_by_a_person_opens_a_case_at_once(sam, nora, hugo, at_riverside):
    outcome = left(nora, sam)
    left(hugo, sam, exit_code="Transferred")
    case = case_of(nora)

    assert ReengagementCase.objects.count() == 1
    assert (case.outcome, case.state, case.opened_at, kinds(case)) == (outcome, "finding_out", NOW, ["opened"])
    assert case.steps.get().by is None


def test_outcomes_of_many_and_of_files_open_cases_and_asked_again_none(sam, nora, hugo, at_riverside):
    said = outcomes_recorded.Said(student=nora, exit_code="Dropout", happened_on=LEFT, evidence="")
    outcomes_recorded.record_many(said=[said], by=sam, now=NOW)
    told_by_file(hugo)

    assert [pull(), pull()] == [1, 0]
    assert ReengagementCase.objects.count() == 2


def test_each_institution_has_its_own_opened(nora, ella, riverside, elsewhere):
    for student in (nora, ella):
        with scope.entered(scope.of_institution(student.institution)):
            told_by_file(student)

    assert cases_opened.open_everywhere(now=NOW) == 2
    with scope.entered(scope.of_institution(elsewhere)):
        assert [case.student for case in ReengagementCase.objects.all()] == [ella]


@pytest.mark.parametrize("happened_on", [TODAY - days(365), TODAY + days(1)])
def test_who_left_longer_ago_or_has_not_left_yet_has_none(nora, at_riverside, happened_on):
    told_by_file(nora, happened_on=happened_on)

    assert pull() == 0


def test_a_case_goes_to_who_looks_after_the_student(sam, amara, nora, at_riverside):
    of = {"institution": nora.institution, "student": nora, "counsellor": amara}
    rows.sound(Caseload, **of, starts_on=LEFT, ends_on=None)
    left(nora, sam)

    assert case_of(nora).owner == amara


@pytest.mark.parametrize("exit_code", ["Transferred", "Graduated", "Died", "Other"])
def test_a_correction_to_another_kind_ends_an_open_case_and_says_so(sam, nora, at_riverside, exit_code):
    newest = corrected(left(nora, sam), sam, exit_code)
    case = case_of(nora)

    assert (case.state, case.ending, case.outcome, case.due_on) == ("ended", "record_corrected", newest, None)
    assert kinds(case) == ["opened", "ended"]
    assert newest.get_kind_display() in case.steps.first().words


def test_a_correction_of_the_day_alone_leaves_the_case_and_opens_no_other(sam, amara, nora, at_riverside):
    outcome = left(nora, sam)
    found(case_of(nora), amara)
    newest = corrected(outcome, sam, "Dropout", happened_on=LEFT + days(3))

    assert (case_of(nora).outcome, case_of(nora).state) == (newest, CaseState.PLANNING)
    end(case_of(nora), amara)
    corrected(newest, sam, "Withdrawn")
    assert (pull(), ReengagementCase.objects.count(), ending_of(nora)) == (0, 1, "moved")


def test_corrected_back_another_case_opens(sam, nora, at_riverside):
    wrong = corrected(left(nora, sam), sam, "Transferred")
    corrected(wrong, sam, "Dropout")

    states = list(ReengagementCase.objects.order_by("pk").values_list("state", "ending"))
    assert states == [("ended", "record_corrected"), ("finding_out", "")]


def test_a_file_taken_back_ends_the_case_it_opened(nora, at_riverside):
    outcome = told_by_file(nora)
    pull()
    told_by_file(nora, kind="unknown", exit_code=TAKEN_BACK, corrects=outcome)

    assert (pull(), ending_of(nora), pull()) == (0, "record_corrected", 0)


@pytest.mark.parametrize("kind", ["transferred", "died", "graduated"])
def test_who_is_said_to_have_gone_on_since_is_not_asked_for(nora, hugo, at_riverside, kind):
    for student in (nora, hugo):
        told_by_file(student)
    told_by_file(nora, kind=kind, happened_on=LEFT + days(2))
    assert pull() == 1
    told_by_file(hugo, kind=kind, happened_on=LEFT + days(2))

    assert (pull(), ending_of(hugo)) == (0, "record_corrected")
    assert case_of(nora) is None


def test_who_came_back_and_finished_stayed(sam, amara, nora, at_riverside):
    left(nora, sam)
    back(case_of(nora), amara)
    told_by_file(nora, kind="graduated", happened_on=TODAY + days(90))
    pull(NOW + days(91))

    assert ending_of(nora) == "back_and_stayed"


def test_a_new_enrolment_by_a_file_closes_the_step(sam, nora, at_riverside):
    left(nora, sam)
    enrolled(nora, LEFT - days(100))
    pull()
    assert case_of(nora).state == CaseState.FINDING_OUT
    Enrolment.objects.update(exited_on=LEFT, exit_known_on=LEFT)
    enrolled(nora, LEFT + days(5))
    pull()
    case = case_of(nora)

    assert (case.state, case.path, case.returned_on) == (CaseState.FOLLOWING, "school", LEFT + days(5))
    assert case.due_on == LEFT + days(35)
    assert (kinds(case), case.steps.first().by) == (["opened", "returned"], None)


@pytest.mark.parametrize(
    ("entered_on", "ended"), [(LEFT, {}), (TODAY + days(1), {}), (LEFT + days(2), {"exited_on": LEFT + days(3)})]
)
def test_an_enrolment_that_is_none_since_closes_nothing(sam, nora, at_riverside, entered_on, ended):
    left(nora, sam)
    enrolled(nora, entered_on, **ended, **({"exit_known_on": LEFT + days(3)} if ended else {}))
    pull()

    assert case_of(nora).state == CaseState.FINDING_OUT


def test_who_was_back_before_anybody_looked_is_followed_at_once(nora, at_riverside):
    told_by_file(nora)
    enrolled(nora, LEFT + days(5))

    assert (pull(), case_of(nora).state) == (1, CaseState.FOLLOWING)


def test_leaving_again_after_an_ending_opens_another_case(sam, amara, nora, at_riverside):
    left(nora, sam)
    end(case_of(nora), amara, ending="refused")
    told_by_file(nora, happened_on=LEFT + days(1))
    assert pull() == 0
    told_by_file(nora, happened_on=TODAY + days(60))

    assert pull(NOW + days(61)) == 1
    endings = ReengagementCase.objects.order_by("pk").values_list("ending", flat=True)
    assert list(endings) == ["refused", ""]


def test_leaving_again_while_followed_ends_the_case_and_opens_another(sam, amara, nora, at_riverside):
    left(nora, sam)
    first = case_of(nora)
    back(first, amara)
    look(first, amara, days=30)
    left(nora, sam, happened_on=TODAY + days(40), now=NOW + days(41))

    endings = ReengagementCase.objects.order_by("pk").values_list("ending", "state")
    assert list(endings) == [("left_again", "ended"), ("", "finding_out")]
    assert kinds(first)[-1] == "ended"


def test_whoever_had_the_page_open_sees_what_the_record_did(sam, amara, nora, at_riverside):
    corrected(left(nora, sam), sam, "Transferred")
    with pytest.raises(way_back.Overtaken):
        found(case_of(nora), amara, version=1)


def test_a_case_goes_with_the_student_and_comes_back_with_them(sam, ines, amara, nora, riverside, at_riverside):
    twin = rows.student(nora.school)
    left(twin, sam)
    found(case_of(twin), amara)
    merged = student_merges.merge(keep=nora, other=twin, reason="One child", by=ines, now=NOW)
    case = case_of(nora)
    assert (pull(), case_of(nora).outcome.student, case_of(twin)) == (0, nora, None)
    assert set(case.steps.values_list("student", flat=True)) == {nora.pk}
    # The kept student's own record counts from then on.
    corrected_copy = Outcome.objects.get(student=nora, corrected_by=None)
    assert case_of(nora).outcome == corrected_copy

    student_merges.take_back(merge=merged, by=ines, now=NOW)
    assert (pull(), case_of(twin).outcome.student, case_of(twin).state) == (0, twin, CaseState.PLANNING)
    assert case_of(nora) is None


def test_of_two_cases_of_one_child_the_kept_students_goes_on(sam, ines, nora, at_riverside):
    twin = rows.student(nora.school)
    for student in (nora, twin):
        left(student, sam)
    merged = student_merges.merge(keep=nora, other=twin, reason="One child", by=ines, now=NOW)
    assert (pull(), case_of(nora).state, ending_of(twin)) == (0, CaseState.FINDING_OUT, "record_corrected")

    student_merges.take_back(merge=merged, by=ines, now=NOW)
    assert (pull(), case_of(twin).state) == (1, CaseState.FINDING_OUT)


def test_the_periodic_task_opens_them(riverside, nora):
    with scope.entered(scope.of_institution(riverside)):
        told_by_file(nora, happened_on=timezone.localdate() - days(3))
    tasks.open_cases()

    with scope.entered(scope.of_institution(riverside)):
        assert case_of(nora).state == CaseState.FINDING_OUT
