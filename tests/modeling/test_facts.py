"""The one door from the model to the students: what the database has, as the frames' contract, nothing protected."""

import datetime as dt

import pandas as pd
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts import scope
from modeling import facts, registry, scoring
from modeling.core import catalogue, facts_frames, features
from modeling.training.training_config import ConfigRefused
from students.models import (
    AttendanceRecord,
    DisciplineIncident,
    Enrolment,
    GradeRecord,
    Intervention,
    Outcome,
    ProtectedAttribute,
    SchoolDay,
    Student,
    StudentAttribute,
    Upload,
)
from students.records import columnar
from tests import rows
from tests.district_in_database import LIST_ON, SNAPSHOT_ON
from tests.students.written_by_hand import replace

COUNTED = {
    "students": Student,
    "enrolments": Enrolment,
    "attendance": AttendanceRecord,
    "grades": GradeRecord,
    "outcomes": Outcome,
}


@pytest.fixture
def at_lakeside(lakeside):
    with scope.entered(scope.of_institution(lakeside)) as entered:
        yield entered


def terms_of(rule_name="abc"):
    return facts.terms(default_horizon_days=365, rule_name=rule_name)


def test_frames_keep_the_contract(at_riverside):
    known = facts.frames()

    for name, contract in facts_frames.COLUMNS.items():
        frame = getattr(known, name)
        assert list(frame.columns) == list(contract), name
        typed = {column: dtype for column, dtype in contract.items() if dtype != "str"}
        assert {column: str(frame[column].dtype) for column in typed} == typed, name


def test_frames_hold_every_row_of_the_institution(at_riverside):
    known = facts.frames()

    assert {name: len(getattr(known, name)) for name in COUNTED} == {
        name: model.objects.count() for name, model in COUNTED.items()
    }
    assert len(known.school_days) == SchoolDay.objects.filter(institution_id=at_riverside.institution_id).count()
    assert known.kept == {"attendance", "grades", "discipline", "interventions"}


def test_a_row_reads_as_it_was_stored(at_riverside):
    stored = GradeRecord.objects.exclude(value=None).order_by("pk").first()

    read = facts.frames(student_ids=[stored.student_id]).grades.iloc[0]

    assert read["student_id"] == stored.student_id
    assert (read["awarded_on"].date(), read["known_on"].date()) == (stored.awarded_on, stored.known_on)
    assert (read["term"], read["value"], read["credits_earned"]) == (stored.term, stored.value, stored.credits_earned)


@pytest.mark.parametrize("kind", [Enrolment, AttendanceRecord, GradeRecord, DisciplineIncident, Intervention])
def test_every_version_of_a_fact_is_read_by_either_way(riverside, at_riverside, kind):
    old = kind.objects.order_by("pk").first()
    replace(old, rows.sound(Upload, institution=riverside), LIST_ON, student_id=old.student_id)
    name = next(name for name, (model, _renamed) in facts._SOURCES.items() if model is kind)

    of_all, of_one = getattr(facts.frames(), name), getattr(facts.frames(student_ids=[old.student_id]), name)

    of_all = of_all[of_all["student_id"] == old.student_id].astype(of_one.dtypes.to_dict())
    columns = list(of_one.columns)
    assert of_one["replaced_on"].dropna().dt.date.tolist() == [LIST_ON]
    pd.testing.assert_frame_equal(
        of_all.sort_values(columns).reset_index(drop=True), of_one.sort_values(columns).reset_index(drop=True)
    )


def test_records_too_many_for_memory_are_read_in_parts_and_say_the_same(at_riverside, monkeypatch):
    champion = registry.champion()
    whole, newest = scoring.snapshot(champion, as_of=LIST_ON), facts.newest_day(facts.frames())
    monkeypatch.setattr(facts, "MOST_IN_MEMORY", 0)
    monkeypatch.setattr(columnar.Copy.frames, "__kwdefaults__", {"n_rows": 300})

    known = facts.frames()

    n_parts = {name: len(list(known.parts(name))) for name in facts_frames.RECORDS}
    assert all(n > 2 for n in n_parts.values()), n_parts
    assert known.kept == {"attendance", "grades", "discipline", "interventions"}
    assert facts.newest_day(known) == newest
    pd.testing.assert_frame_equal(scoring.snapshot(champion, as_of=LIST_ON), whole, check_exact=True)


@pytest.mark.parametrize(("n_students", "in_parts"), [(7, False), (40, True), (10**6, False)])
def test_a_portion_after_the_other_gives_the_features_of_all_at_once(at_riverside, monkeypatch, n_students, in_parts):
    champion = registry.champion()
    whole, n_all = scoring.snapshot(champion, as_of=LIST_ON), Student.objects.count()
    monkeypatch.setattr(facts, "MOST_IN_MEMORY", 0 if in_parts else 10**9)

    wanted = scoring.looked_at(champion, None)
    read = [
        (len(known.students), features.snapshot(known, as_of=LIST_ON, features=wanted))
        for known in facts.portions(n_students=n_students)
    ]

    assert sum(n for n, _frame in read) == n_all
    assert len(read) == -(-n_all // n_students)
    pd.testing.assert_frame_equal(pd.concat([frame for _n, frame in read]), whole, check_exact=True)


def test_a_correction_moves_no_list_of_the_past(riverside, at_riverside):
    champion = registry.champion()
    absence = AttendanceRecord.objects.filter(held_on__lt=LIST_ON, category="absent").order_by("-held_on").first()
    upload = rows.sound(Upload, institution=riverside)
    before = scoring.snapshot(champion, as_of=LIST_ON)

    replace(absence, upload, LIST_ON + dt.timedelta(days=1))
    after = scoring.snapshot(champion, as_of=LIST_ON)
    next_day = scoring.snapshot(champion, as_of=LIST_ON + dt.timedelta(days=1))

    pd.testing.assert_frame_equal(after, before, check_exact=True)
    assert next_day.loc[absence.student_id, "absence_rate_year"] < before.loc[absence.student_id, "absence_rate_year"]


def test_who_sees_one_school_reads_the_tables_and_no_other_school(riverside, northside):
    with scope.entered(scope.Scope(institution_id=riverside.pk, school_ids=(northside.pk,))):
        known = facts.frames()
        here = set(Student.objects.values_list("pk", flat=True))

    assert set(known.attendance["student_id"]) <= here
    assert set(known.students["student_id"]) == here


def test_two_institutions_never_mix(at_riverside, lakeside):
    here = facts.frames()
    with scope.entered(scope.of_institution(lakeside)):
        there = facts.frames()

    assert not set(here.students["student_id"]) & set(there.students["student_id"])
    assert there.school_days.empty
    assert there.terms.empty


def test_an_institution_that_keeps_no_incidents_says_so(at_lakeside):
    assert facts.frames().kept == {"grades"}


def test_one_student_has_the_features_they_have_among_all(at_riverside):
    champion = registry.champion()
    everyone = scoring.snapshot(champion, as_of=LIST_ON)
    some = everyone.index[[0, 7, 100]].tolist()

    alone = scoring.snapshot(champion, as_of=LIST_ON, student_ids=some)

    pd.testing.assert_frame_equal(alone, everyone.loc[some])


@pytest.mark.parametrize(("known_on", "is_seen"), [(LIST_ON, True), (LIST_ON + dt.timedelta(days=1), False)])
def test_a_fact_counts_from_the_day_it_became_known(at_riverside, known_on, is_seen):
    champion = registry.champion()
    before = scoring.snapshot(champion, as_of=LIST_ON)
    student = Student.objects.get(pk=before.index[before["absence_rate_10d"] == 0][0])
    held_on = LIST_ON - dt.timedelta(days=2)

    AttendanceRecord.objects.create(
        institution=student.institution,
        student=student,
        school=student.school,
        held_on=held_on,
        category="absent",
        known_on=known_on,
    )
    after = scoring.snapshot(champion, as_of=LIST_ON)

    assert bool(after.loc[student.pk, "absence_rate_10d"] > 0) is is_seen
    assert before.drop(student.pk).equals(after.drop(student.pk))
    assert before.equals(after) is not is_seen


def test_a_dated_institution_is_looked_at_through_the_catalogue(at_riverside):
    offered = terms_of()

    assert [feature.name for feature in offered.features] == [feature.name for feature in catalogue.CATALOGUE]
    assert (offered.has_calendar, offered.horizon_days, offered.cohort_snapshots) == (True, 365, [])
    assert {rule.domain for rule in offered.rules} == {"attendance", "behaviour", "course performance"}


def test_a_flat_cohort_brings_its_own_features_rule_day_and_horizon(at_lakeside):
    offered = terms_of()

    names = {feature.name for feature in offered.features}
    assert {"tuition_up_to_date", "grade_1st", "units_approved_1st"} <= names
    assert not [name for name in names if name.startswith(("absence", "tardies", "incidents", "days_"))]
    assert (offered.has_calendar, offered.horizon_days, offered.cohort_snapshots) == (False, 1096, [SNAPSHOT_ON])
    assert {rule.feature for rule in offered.rules} <= names


def test_an_unknown_rule_is_named(at_riverside):
    with pytest.raises(ConfigRefused, match='"rule" is "gut feeling".* Known: abc'):
        terms_of(rule_name="gut feeling")


def test_protected_attributes_are_never_asked_for(at_lakeside):
    assert ProtectedAttribute.objects.exists()
    protected = set(ProtectedAttribute.objects.values_list("name", flat=True))

    with CaptureQueriesContext(connection) as asked:
        offered = terms_of()
        snapshot = scoring.snapshot(registry.champion(), as_of=SNAPSHOT_ON)

    assert any(StudentAttribute._meta.db_table in query["sql"] for query in asked)
    assert not [query["sql"] for query in asked if ProtectedAttribute._meta.db_table in query["sql"]]
    assert not protected & ({feature.name for feature in offered.features} | set(snapshot.columns))
