"""Two students who are one child: put together by a person, counted once, and parted again exactly."""

import datetime as dt
import functools

import pytest
from django.utils import timezone

from accounts import scope
from accounts.models import AuditEntry
from modeling import facts
from students.changes import undo
from students.models import (
    AttendanceRecord,
    Caseload,
    ColumnarPartition,
    DataCase,
    DataCaseStep,
    DisciplineIncident,
    Enrolment,
    GradeRecord,
    HelpEnd,
    HelpPlan,
    Intervention,
    Outcome,
    ProgressCheck,
    Student,
    StudentAttribute,
    StudentMerge,
    Upload,
)
from students.people import moved_rows, student_merges
from tests import rows
from tests.students.import_by_command import bring_in
from tests.students.two_schools import here, two_empty_schools

__all__ = ["here", "two_empty_schools"]

# Rows of a student that stay with whom they were made for; outcomes are copied.
STAYS = {"students.PreviousStudent", "students.StudentMerge", "students.Outcome"}
STAYS |= {"students.ProgressCheck", "students.HelpEnd", "students.DataCaseStep", "students.ConcernStep"}
STAYS |= {"predictions.RiskScore", "predictions.CurrentRisk", "predictions.Verdict"}
ROSTER = (
    "student_id,given_name,family_name,birth_on,school_id,grade_level,entered_on\n"
    "A1,Ada,Berg,2010-01-11,10,9,2026-09-01\nB1,Ben,Coe,2010-02-11,10,9,2026-09-01\n"
)
OTHER = ROSTER.splitlines()[0] + "\nA2,Ada,Berg,2010-01-11,20,9,2026-11-02\n"
ABSENT = "student_id,held_on,category\n"
LIST_DAY = dt.date(2026, 11, 25)


@pytest.fixture
def told(two_empty_schools, tmp_path):
    """Bring in a file of some rows."""

    def of(kind, text, **said):
        path = tmp_path / f"{kind}.csv"
        path.write_text(text)
        upload = bring_in(two_empty_schools, path, **said)
        assert upload.stage == Upload.Stage.DONE, (upload.questions, upload.errors)
        return upload

    return of


@pytest.fixture
def two(two_empty_schools, told):
    """Ada twice, as she stood on record before anybody was asked: under A1 at one school, under A2 at another."""
    told("students", ROSTER)
    told("students", OTHER, answers={"students.numbers": {"A2": "other"}})
    told("attendance", ABSENT + "A1,2026-11-03,absent\nA2,2026-11-03,absent\nA2,2026-11-04,absent\n")
    return two_empty_schools


@pytest.fixture
def within(two):
    with scope.entered(scope.of_institution(two)):
        yield two


def student(number):
    return Student.objects.get(external_id=number)


def merged(ines, keep="A1", other="A2", now=None):
    given = {"keep": student(keep), "other": student(other), "reason": "The office says so.", "by": ines}
    return student_merges.merge(**given, now=now or timezone.now())


def taken_back(merge, ines):
    return student_merges.take_back(merge=merge, by=ines, now=timezone.now())


def everything():
    """Return every row that a merge may change, as it stands."""
    models = [*(table.model for table in moved_rows.FACTS), Student, HelpPlan, DataCase, Caseload]
    return {model: sorted(model._base_manager.values_list(), key=lambda row: row[0]) for model in models}


def outcomes_of(number):
    return sorted(Outcome.objects.filter(student=student(number), corrected_by=None).values_list("kind", flat=True))


def days_of(number):
    absent = AttendanceRecord.objects.filter(student=student(number))
    return sorted(day.isoformat() for day in absent.values_list("held_on", flat=True))


def test_every_table_that_points_at_a_student_moves_or_stays():
    pointing = {
        relation.related_model._meta.label
        for relation in Student._meta.get_fields(include_hidden=True)
        if relation.auto_created and not relation.concrete
    }
    moves = {"students.HelpPlan", "students.DataCase", "students.Concern", "students.Caseload"}
    moves |= {"students.ReengagementCase", "students.CaseStep"}
    moves |= set(moved_rows.GIVEN_BY_OWNER)
    moves |= {table.model._meta.label for table in moved_rows.FACTS}
    assert pointing == moves | STAYS


def test_the_child_has_the_records_of_both_and_is_counted_once(within, ines, here):
    assert here(LIST_DAY) == ["A1", "A2", "B1"]
    merged(ines)
    assert (days_of("A1"), days_of("A2")) == (["2026-11-03", "2026-11-04"], ["2026-11-03"])
    assert here(LIST_DAY) == ["A1", "B1"]
    stays = Enrolment.objects.filter(student=student("A1")).order_by("entered_on")
    assert [(row.school.external_id, row.exited_on) for row in stays] == [("10", dt.date(2026, 11, 2)), ("20", None)]
    assert student("A1").school.external_id == "20"
    assert set(AuditEntry.objects.filter(action="merge_students").values_list("user", flat=True)) == {ines.pk}


def test_months_of_moved_records_are_read_anew(within, ines):
    facts.frames()
    assert not ColumnarPartition.objects.filter(is_stale=True).exists()
    merged(ines)
    assert ColumnarPartition.objects.filter(is_stale=True, kind="attendance", month="2026-11-01").exists()


@pytest.mark.parametrize(("keep", "other"), [("A1", "A2"), ("A2", "A1")])
def test_taken_back_everything_stands_as_before(within, ines, keep, other):
    before = everything()
    merge = merged(ines, keep, other)
    assert everything() != before
    taken_back(merge, ines)
    assert everything() == before


@pytest.fixture
def cared_for(within, amara):
    """Help, a contested fact, marks, outcomes and a counsellor, of Ada under both of her numbers."""
    first, second = student("A1"), student("A2")
    made = functools.partial(rows.sound, institution=within)
    for each in (first, second):
        made(DisciplineIncident, student=each, school=each.school, code="late", source_id="same")
        made(GradeRecord, student=each, school=each.school, course="Art" if each == first else "Maths", term="1")
        made(Outcome, student=each, kind="continued", happened_on=rows.DAY)
        made(Caseload, student=each, counsellor=amara)
        made(StudentAttribute, student=each, name="bus", value="yes")
    help_given = made(Intervention, student=second, kind="mentor")
    for model in (HelpPlan, ProgressCheck, HelpEnd):
        made(model, student=second, intervention=help_given)
    made(DataCaseStep, student=second, case=made(DataCase, student=second))
    left = made(Outcome, student=second, kind="transferred", happened_on=rows.DAY)
    made(Outcome, student=second, kind="graduated", happened_on=rows.DAY, corrects=left)
    return within


def test_what_both_have_counts_once_and_all_else_goes(cared_for, ines):
    before = everything()
    merge = merged(ines)
    went = {label.partition(".")[2]: len(ids) for label, ids in merge.moved.items()}
    once = ("GradeRecord", "Intervention", "HelpPlan", "DataCase", "Enrolment", "AttendanceRecord")
    assert went == dict.fromkeys(once, 1)
    assert outcomes_of("A1") == ["continued", "graduated"]
    assert Intervention.objects.get(student=student("A1")).ends.count() == 1
    taken_back(merge, ines)
    assert everything() == before
    assert (outcomes_of("A1"), outcomes_of("A2")) == (["continued", "unknown"], ["continued", "graduated"])


def test_the_same_stay_under_two_numbers_counts_once_and_comes_back(within, told, ines, here):
    again = OTHER.replace("A2,", "A3,").replace("20,9,2026-11-02", "10,9,2026-09-01")
    upload = told("students", again, answers={"students.numbers": {"A3": "other"}})
    before = everything()
    merge = merged(ines, "A1", "A3")
    assert (here(LIST_DAY), len(merge.set_aside)) == (["A1", "A2", "B1"], 1)
    with pytest.raises(undo.TouchedSince):
        undo.check_undo(upload)
    taken_back(merge, ines)
    assert everything() == before


def test_a_stay_that_ended_under_the_kept_number_alone_goes_on(within, told, ines, here):
    a1, a2 = student("A1"), student("A2")
    Enrolment.objects.filter(student=a2).update(entered_on="2026-09-01", school=a1.school)
    ended = {"exited_on": "2026-10-30", "exit_reason": "not in the file", "exit_known_on": "2026-10-30"}
    Enrolment.objects.filter(student=a1).update(**ended)
    before = everything()
    merge = merged(ines)
    assert here(LIST_DAY) == ["A1", "B1"]
    taken_back(merge, ines)
    assert everything() == before


def test_later_files_of_the_other_number_reach_the_kept_student(within, told, ines):
    merge = merged(ines)
    told("attendance", ABSENT + "A2,2026-11-05,absent\n")
    assert days_of("A1") == ["2026-11-03", "2026-11-04", "2026-11-05"]
    told_of_both = ROSTER + OTHER.splitlines()[1].replace("Ada", "Adah") + "\n"
    upload = told("students", told_of_both, answers={"students.two_schools": {"is": "moved"}})
    assert (upload.questions, student("A1").given_name, student("A2").given_name) == ([], "Ada", "Ada")
    taken_back(merge, ines)
    # What was told since was told of the child who was kept.
    assert (days_of("A1"), days_of("A2")) == (["2026-11-03", "2026-11-05"], ["2026-11-03", "2026-11-04"])
    told("attendance", ABSENT + "A2,2026-11-06,absent\n")
    assert "2026-11-06" in days_of("A2")


def test_what_opened_since_stays_open_and_what_it_ended_stays_ended(within, told, ines, here):
    merge = merged(ines)
    told("students", OTHER.replace("A2", "A1").replace("20,9,2026-11-02", "10,9,2026-11-16"))
    taken_back(merge, ines)
    stays = Enrolment.objects.filter(student=student("A1")).order_by("entered_on")
    assert [(str(row.entered_on), row.exited_on is None) for row in stays][-1] == ("2026-11-16", True)
    assert stays.filter(exited_on=None).count() == 1


def test_a_third_number_is_asked_about_once(within, tmp_path, ines):
    merged(ines)
    path = tmp_path / "students.csv"
    path.write_text(OTHER.replace("A2", "A9"))
    (question,) = bring_in(within, path).questions
    assert [(value["value"], value["known"]) for value in question["values"]] == [("A9", "A1")]


def test_one_student_no_stranger_and_none_twice(within, elsewhere, ines):
    with pytest.raises(student_merges.CannotMerge):
        merged(ines, "A1", "A1")
    merge = merged(ines)
    for keep, other in (("A1", "A2"), ("A2", "B1"), ("B1", "A1")):
        with pytest.raises(student_merges.CannotMerge):
            merged(ines, keep, other)
    later = merged(ines, "A1", "B1")
    with pytest.raises(student_merges.CannotTakeBack):
        taken_back(merge, ines)
    taken_back(later, ines)
    taken_back(merge, ines)
    with pytest.raises(student_merges.CannotTakeBack):
        taken_back(merge, ines)
    merged(ines)
    assert StudentMerge.objects.count() == 3


def test_students_of_two_institutions_are_never_one(within, elsewhere, ines):
    stranger = Student(pk=0, institution=elsewhere, external_id="A1")
    with pytest.raises(student_merges.CannotMerge, match="not of one institution"):
        student_merges.merge(keep=student("A1"), other=stranger, reason="", by=ines, now=timezone.now())


def test_a_file_that_brought_merged_stays_waits_for_the_merge(within, ines):
    upload = Upload.objects.get(pk=student("A2").upload_id)
    undo.check_undo(Upload.objects.exclude(pk=upload.pk).earliest("merged_at"))
    merge = merged(ines)
    with pytest.raises(undo.TouchedSince) as refused:
        undo.check_undo(upload)
    assert refused.value.merges == [merge]


def test_pairs_on_record_are_proposed_until_they_are_one(within, ines):
    pairs = [(first.external_id, second.external_id) for first, second in student_merges.alike(within.pk)]
    assert pairs == [("A1", "A2")]
    merged(ines)
    assert student_merges.alike(within.pk) == []
    assert student_merges.kept_for(student("A2")) == student("A1")
