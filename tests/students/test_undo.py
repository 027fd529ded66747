"""Taking an upload back leaves the tables as they were before it, or says which later upload stands in the way."""

import datetime as dt
import hashlib
import threading

import pytest
from django.db import connection, transaction

from accounts import scope
from accounts.models import AuditEntry, School
from jobs.models import State
from predictions.models import RiskScore
from students.changes import records_lock, undo, undo_sql
from students.models import (
    AttendanceRecord,
    Caseload,
    Cohort,
    ColumnarPartition,
    DisciplineIncident,
    Enrolment,
    GradeRecord,
    Intervention,
    Outcome,
    PreviousStudent,
    ProtectedAttribute,
    SchoolDay,
    Student,
    StudentAttribute,
    Term,
)
from students.records import columnar
from tests import rows
from tests.students.written_by_hand import fact, replace, take_back, upload

MARCH, APRIL, MAY = dt.date(2025, 3, 3), dt.date(2025, 4, 1), dt.date(2025, 5, 2)
TABLES = (*undo_sql.FACTS.values(), Student, PreviousStudent, SchoolDay, Term, School, Cohort)


def fingerprint():
    """Return the hash of every table's sorted rows, the numbers of the rows aside."""
    found = {}
    for model in TABLES:
        names = [field.attname for field in model._meta.local_concrete_fields if field.attname != "id"]
        stored = sorted(map(repr, model._base_manager.values_list(*names)))
        found[model.__name__] = hashlib.sha256("\n".join(stored).encode()).hexdigest()
    return found


@pytest.fixture
def first(riverside, at_riverside):
    return upload(riverside, "first.csv")


@pytest.fixture
def second(riverside, first):
    return upload(riverside, "second.csv")


@pytest.fixture
def ana(northside, first):
    """A student of the first upload, with a fact of each kind."""
    student = rows.student(northside, upload=first, given_name="Ana")
    for model in undo_sql.FACTS.values():
        fact(model, student, MARCH, upload=first)
    return student


def change_everything(student, by, school):
    """Bring what an upload may bring: new versions, rows gone and new, a changed and a new student, days, a term."""
    for number, model in enumerate(undo_sql.FACTS.values()):
        old = model.objects.get(student=student, upload__filename="first.csv")
        changed = {"grade_level": "12"} if model is Enrolment else {"student_id": student.pk}
        replace(old, by, MAY, **(changed if number % 2 == 0 else {}))
    fact(AttendanceRecord, student, APRIL, upload=by)
    names = ("school", "cohort", "given_name", "family_name", "grade_level", "birth_on", "known_on", "upload")
    kept = {name: getattr(student, name) for name in names}
    PreviousStudent.objects.create(
        institution=student.institution, student=student, replaced_on=MAY, replaced_by=by, **kept
    )
    Student.objects.filter(pk=student.pk).update(given_name="Anna", school=school, upload=by, known_on=MAY)
    bea = rows.student(school, upload=by, given_name="Bea", cohort=by.cohort)
    for model in undo_sql.FACTS.values():
        fact(model, bea, APRIL, upload=by)
    SchoolDay.objects.create(institution=student.institution, held_on=MAY, upload=by)
    rows.sound(Term, institution=student.institution, upload=by)
    return bea


def test_the_tables_stand_as_before_it(riverside, ana, second, harbor):
    before = fingerprint()
    made = School.objects.create(institution=riverside, external_id="W", name="Westside")
    second.summary, second.cohort = {"made_schools": [made.pk]}, rows.sound(Cohort, institution=riverside)
    second.save()
    change_everything(ana, second, made)
    changed = fingerprint()

    undone = take_back(second)

    assert {name for name in before if changed[name] == before[name]} == set()
    assert fingerprint() == before
    assert (undone.stage, undone.undo_job.state) == ("undone", State.DONE)
    assert undone.undone_at is not None


def test_it_says_what_it_did(ana, second, harbor, ines):
    change_everything(ana, second, harbor)

    undone = take_back(second, by=ines)

    done = undone.summary["undone"]
    assert done["revived"] == dict.fromkeys(undo_sql.FACTS, 1)
    assert done["removed"] == {
        **{"enrolments": 2, "attendance": 2, "grades": 2, "discipline": 1},
        **{"interventions": 2, "attributes": 1, "protected": 2},
    }
    assert (done["students_restored"], done["students_removed"], done["students_kept"]) == (1, 1, 0)
    entry = AuditEntry.objects.get(action="upload_undone")
    assert (entry.user, undone.undone_by) == (ines, ines)


def test_the_first_upload_of_all_leaves_nothing(ana, first):
    take_back(first)

    assert not Student.objects.exists()
    assert not any(model.every_version.exists() for model in undo_sql.FACTS.values())


@pytest.mark.parametrize("model", [Caseload, RiskScore, Intervention, Outcome])
def test_a_student_that_anything_else_refers_to_stays_without_records(riverside, ana, first, model):
    rows.sound(model, institution=riverside, student=ana)

    undone = take_back(first)

    stays = Student.objects.get()
    assert (stays.pk, stays.cohort) == (ana.pk, None)
    assert undone.summary["undone"]["students_kept"] == 1
    assert not AttendanceRecord.every_version.exists()
    assert model._base_manager.filter(student=ana).exists()


def test_no_table_that_points_at_students_is_forgotten(ana, first):
    """Another app's table needs no word here: who is pointed at by it would not be deleted."""
    pointing = {
        relation.related_model
        for relation in Student._meta.get_fields(include_hidden=True)
        if relation.auto_created and not relation.concrete
    }

    assert {RiskScore, Caseload, Outcome, PreviousStudent, Enrolment} < pointing


def outcome(student, kind, by, **given):
    return rows.sound(Outcome, institution=student.institution, student=student, kind=kind, upload=by, **given)


def test_an_outcome_is_corrected_to_what_it_had_corrected(ana, first, second):
    before = outcome(ana, "graduated", first, exit_code="Graduated", source="registry")
    brought = outcome(ana, "dropped_out", second, corrects=before, source="second.csv")

    take_back(second)

    standing = Outcome.objects.get(corrected_by=None)
    assert (standing.corrects, standing.kind, standing.exit_code) == (brought, "graduated", "Graduated")
    assert (standing.source, standing.happened_on) == ("registry", before.happened_on)
    assert standing.known_on >= brought.known_on
    assert Outcome.objects.count() == 3


def test_an_outcome_that_was_new_is_no_longer_known(ana, second, ines):
    brought = outcome(ana, "dropped_out", second, exit_code="Dropout")

    take_back(second, by=ines)

    standing = Outcome.objects.get(corrected_by=None)
    assert (standing.corrects, standing.kind, standing.exit_code) == (brought, "unknown", "taken back")
    assert standing.recorded_by == ines


def test_outcomes_are_taken_back_one_upload_after_the_other(riverside, ana, first, second):
    third = upload(riverside, "third.csv")
    one = outcome(ana, "continued", first)
    two = outcome(ana, "dropped_out", second, corrects=one)
    outcome(ana, "transferred", third, corrects=two)
    standing = []

    for brought in (third, second):
        take_back(brought)
        standing.append(Outcome.objects.get(corrected_by=None).kind)

    assert standing == ["dropped_out", "continued"]


def test_what_a_person_said_of_an_outcome_since_stands(ana, second, sam):
    brought = outcome(ana, "dropped_out", second)
    said = outcome(ana, "transferred", None, corrects=brought, recorded_by=sam)

    undone = take_back(second)

    assert Outcome.objects.get(corrected_by=None) == said
    assert undone.summary["undone"]["outcomes_corrected"] == 0


def later_version(student, by):
    replace(AttendanceRecord.objects.get(student=student), by, MAY)


def later_fact(student, by):
    fact(AttendanceRecord, student, APRIL, upload=by)


def later_outcome(student, by):
    outcome(student, "continued", by)


def later_name(student, by):
    rows.sound(PreviousStudent, institution=student.institution, student=student, upload=student.upload, replaced_by=by)
    Student.objects.filter(pk=student.pk).update(upload=by)


@pytest.mark.parametrize("touch", [later_version, later_fact, later_outcome, later_name])
def test_a_later_upload_that_touched_the_same_rows_is_named(ana, first, second, touch):
    touch(ana, second)

    with pytest.raises(undo.TouchedSince, match=r"Take back first: second\.csv\.") as told:
        undo.check_undo(first)

    assert told.value.uploads == [second]
    take_back(second)
    if touch is not later_outcome:
        undo.check_undo(first)


def test_what_came_again_after_it_was_gone_is_in_the_way(riverside, ana, second):
    third = upload(riverside, "third.csv")
    absence = AttendanceRecord.objects.get(student=ana)
    replace(absence, second, APRIL)
    fact(AttendanceRecord, ana, absence.held_on, upload=third, category=absence.category)

    with pytest.raises(undo.TouchedSince) as told:
        undo.check_undo(second)

    assert told.value.uploads == [third]


def test_a_stay_begun_elsewhere_after_one_was_ended_is_in_the_way(riverside, ana, second, harbor):
    third = upload(riverside, "third.csv")
    stay = Enrolment.objects.get(student=ana)
    replace(stay, second, APRIL, exited_on=APRIL, exit_known_on=APRIL)
    fact(Enrolment, ana, MAY, upload=third, school=harbor)

    with pytest.raises(undo.TouchedSince) as told:
        undo.check_undo(second)

    assert told.value.uploads == [third]


def test_several_are_named_the_newest_first(riverside, ana, first, second):
    third = upload(riverside, "third.csv")
    for by, day in ((second, APRIL), (third, MAY)):
        fact(AttendanceRecord, ana, day, upload=by)

    with pytest.raises(undo.TouchedSince) as told:
        undo.check_undo(first)

    assert told.value.uploads == [third, second]


def test_a_later_upload_of_other_rows_is_not_in_the_way(ana, first, second, harbor):
    bea = rows.student(harbor, upload=second)
    fact(AttendanceRecord, bea, MARCH, upload=second)

    undo.check_undo(first)
    take_back(first)

    assert list(AttendanceRecord.every_version.values_list("student", flat=True)) == [bea.pk]


def test_facts_of_students_that_were_there_before_are_not_in_the_way(riverside, ana, first, second):
    later_name(ana, second)
    third = upload(riverside, "third.csv")
    fact(AttendanceRecord, ana, MAY, upload=third)

    undo.check_undo(second)


def test_what_was_touched_after_it_was_asked_for_is_refused_and_stays(ana, first, second):
    later_fact(ana, second)
    before = fingerprint()

    refused = take_back(first)

    assert (refused.stage, refused.undo_job.state) == ("done", State.FAILED)
    assert refused.undo_job.error == "Take back first: second.csv."
    assert refused.undone_at is None
    assert fingerprint() == before


def test_the_months_it_touched_are_marked_for_the_columnar_copy(riverside, ana, second):
    replace(AttendanceRecord.objects.get(student=ana), second, MAY)
    fact(DisciplineIncident, ana, APRIL, upload=second)
    columnar.refresh(riverside)

    take_back(second)

    stale = ColumnarPartition.objects.filter(is_stale=True).values_list("kind", "month")
    assert set(stale) == {("attendance", MARCH.replace(day=1)), ("discipline", APRIL.replace(day=1))}


def test_an_upload_that_brought_nothing_yet_has_nothing_in_its_way(riverside, first, ana):
    waiting = rows.sound(type(first), institution=riverside, stage="review")

    undo.check_undo(waiting)


def test_other_institutions_are_not_touched(riverside, ana, first, elsewhere, ella):
    with scope.entered(scope.of_institution(elsewhere)):
        theirs = upload(elsewhere, "theirs.csv")
        fact(GradeRecord, ella, MARCH, upload=theirs)
        fact(StudentAttribute, ella, MARCH, upload=theirs)
        fact(ProtectedAttribute, ella, MARCH, upload=theirs)

    take_back(first)

    with scope.entered(scope.of_institution(elsewhere)):
        assert [model.objects.count() for model in (GradeRecord, StudentAttribute, ProtectedAttribute)] == [1, 1, 1]


@pytest.mark.django_db(transaction=True)
def test_two_cannot_work_on_the_records_of_an_institution_at_once(riverside):
    taken = threading.Event()

    def take_too():
        with transaction.atomic():
            records_lock.hold(riverside)
            taken.set()
        connection.close()

    other = threading.Thread(target=take_too)
    with transaction.atomic():
        records_lock.hold(riverside)
        other.start()
        was_free = taken.wait(0.5)
    other.join()

    assert not was_free
    assert taken.is_set()
