"""External ids become rows of one institution; every fact keeps when it became known."""

import datetime as dt

import pandas as pd
import pytest
from django.utils import timezone

from accounts import scope
from accounts.models import School
from students import district_records
from students.models import Enrolment, Intervention, Outcome, SchoolDay, Student, Term

SEPTEMBER, MARCH, APRIL = (pd.Timestamp(day) for day in ("2024-09-02", "2025-03-03", "2025-04-01"))


def enrolment(student_id, school_id, entered_on, exited_on=pd.NaT, exit_known_on=pd.NaT, grade_level="9"):
    return {
        "student_id": student_id,
        "school_id": school_id,
        "grade_level": grade_level,
        "entered_on": entered_on,
        "exited_on": exited_on,
        "exit_reason": "" if pd.isna(exited_on) else "Transferred",
        "known_on": entered_on,
        "exit_known_on": exit_known_on,
    }


def outcome(outcome_id, kind, known_on, corrects_id=float("nan")):
    return {
        "outcome_id": outcome_id,
        "corrects_id": corrects_id,
        "student_id": "s1",
        "kind": kind,
        "exit_code": "",
        "happened_on": MARCH,
        "known_on": known_on,
    }


def frames(**given):
    """Return two students, one of whom moved from Northside to Harbor."""
    students = pd.DataFrame({"student_id": ["s1", "s2"], "given_name": ["Ana", None], "family_name": ["Ruiz", None]})
    return {
        "schools": pd.DataFrame({"school_id": ["N", "H"], "name": ["Northside", "Harbor"]}),
        "students": students.assign(birth_on=pd.to_datetime(["2010-05-06", None]), known_on=SEPTEMBER),
        "enrolments": pd.DataFrame(
            [
                enrolment("s1", "H", MARCH, grade_level="10"),
                enrolment("s1", "N", SEPTEMBER, exited_on=MARCH, exit_known_on=APRIL),
                enrolment("s2", "N", SEPTEMBER),
            ]
        ),
        "outcomes": pd.DataFrame(columns=list(outcome(0, "", None))),
    } | given


def store(institution, facts, **given):
    provenance = district_records.Provenance(
        institution=institution, upload=None, cohort=None, source="records", by=None, now=timezone.now()
    )
    return district_records.store(frames=facts, provenance=provenance, **given)


def test_a_student_is_where_their_newest_enrolment_is(riverside, at_riverside):
    counts = store(riverside, frames())

    ana, nameless = Student.objects.order_by("external_id")
    assert counts == {"students": 2, "enrolments": 3}
    assert (ana.name, ana.school.name, ana.grade_level) == ("Ana Ruiz", "Harbor", "10")
    assert ana.birth_on == dt.date(2010, 5, 6)
    assert (nameless.name, nameless.school.name, nameless.birth_on) == ("s2", "Northside", None)
    assert ana.public_id != nameless.public_id
    assert ana.public_id.version == 7


def test_an_end_keeps_the_day_it_became_known(riverside, at_riverside):
    store(riverside, frames())

    left = Enrolment.objects.get(exited_on__isnull=False)
    assert (left.school.name, left.exited_on, left.exit_known_on) == ("Northside", MARCH.date(), APRIL.date())
    assert set(Enrolment.objects.exclude(pk=left.pk).values_list("exit_reason", "exit_known_on")) == {("", None)}


def test_schools_that_are_known_are_not_made_again(riverside, harbor, at_riverside):
    store(riverside, frames())

    assert sorted(School.objects.values_list("external_id", "name")) == [("H", "Harbor"), ("N", "Northside")]
    assert Student.objects.get(external_id="s1").school == harbor


def test_a_correction_points_at_the_row_it_corrects(riverside, at_riverside):
    told = [outcome(7, "unknown", MARCH), outcome(9, "transferred", APRIL, corrects_id=7)]

    counts = store(riverside, frames(outcomes=pd.DataFrame(told)))

    first, second = Outcome.objects.order_by("known_on")
    assert counts["outcomes"] == 2
    assert (second.corrects, first.corrects) == (first, None)
    assert (second.kind, second.source, second.recorded_by) == ("transferred", "records", None)


def test_the_calendar_is_stored_once(riverside, at_riverside):
    calendar = {
        "school_days": pd.DataFrame({"held_on": pd.to_datetime(["2025-03-03", "2025-03-04"])}),
        "terms": pd.DataFrame([{"school_year": 2025, "term": "1", "starts_on": SEPTEMBER, "ends_on": MARCH}]),
    }

    store(riverside, frames(**calendar))
    district_records._calendar(calendar, riverside)

    assert (SchoolDay.objects.count(), Term.objects.count()) == (2, 1)


def test_columns_a_format_does_not_bring_are_empty_words(riverside, at_riverside):
    helped = {"student_id": "s1", "kind": "mentor", "started_on": MARCH, "ended_on": pd.NaT, "known_on": MARCH}

    store(riverside, frames(interventions=pd.DataFrame([helped | {"owner": None}])))

    assert Intervention.objects.values_list("owner", "goal", "result", "ended_on").get() == ("", "", "", None)


def test_progress_is_told_and_ends_at_the_total(riverside, at_riverside):
    told = []

    store(riverside, frames(), on_progress=lambda done, total, note: told.append((done, total, note)))

    assert told == [(2, 7, "enrolments"), (7, 7, "")]


def test_facts_go_to_no_other_institution_than_the_work_in_hand(riverside, elsewhere):
    with scope.entered(scope.of_institution(elsewhere)), pytest.raises(scope.ScopeMissing):
        store(riverside, frames())


def test_students_out_of_a_persons_sight_count_as_here_already(riverside, amara, harbor):
    with scope.entered(scope.of_institution(riverside)):
        store(riverside, frames())
        facts = frames()

        with pytest.raises(district_records.AlreadyStored, match=r"2 of the 2 .* \(for example s1, s2\)"):
            store(riverside, facts)
