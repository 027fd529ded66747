"""What a file changes is stored in versions that keep the days on which they were believed; nothing else is."""

import datetime as dt

import pytest

from students.models import (
    AttendanceRecord,
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
from tests import rows
from tests.students.staged import NOW, TODAY, absent, at, bring, enrolled, roster, student, typed

MONDAY, TUESDAY = dt.date(2025, 3, 3), dt.date(2025, 3, 4)
SEPTEMBER, JANUARY = dt.date(2024, 9, 2), dt.date(2025, 1, 13)


@pytest.fixture
def known(riverside, northside, harbor, at_riverside):
    """Two students of Northside."""
    bring(riverside, *roster("s1", "s2"))


def believed_on(model, day):
    """Return the versions that were believed on a day."""
    versions = model.every_version.filter(known_on__lte=day)
    return [version for version in versions if version.replaced_on is None or version.replaced_on > day]


def test_new_students_and_facts_keep_where_they_come_from(riverside, northside, at_riverside):
    brought = bring(riverside, *roster("s1"), typed("attendance", absent("s1", MONDAY)))

    ana = Student.objects.get()
    assert (ana.name, ana.school, ana.grade_level, ana.known_on) == ("Ana Ruiz", northside, "9", SEPTEMBER)
    assert ana.public_id.version == 7
    record = AttendanceRecord.objects.get()
    assert (record.student, record.school, record.known_on) == (ana, northside, MONDAY)
    assert record.upload == ana.upload is not None
    assert brought.merged.counts == {"students": 1, "enrolments": 1, "attendance": 1}


def test_a_fact_is_known_on_the_day_the_file_says_and_never_before_it_happened(known, riverside):
    late, early = absent("s1", MONDAY, known_on=dt.date(2025, 3, 10)), absent("s1", TUESDAY, known_on=MONDAY)

    bring(riverside, typed("attendance", late, early))

    assert dict(AttendanceRecord.objects.values_list("held_on", "known_on")) == {
        MONDAY: dt.date(2025, 3, 10),
        TUESDAY: TUESDAY,
    }


def test_a_change_is_believed_from_the_day_of_the_merge(known, riverside):
    bring(riverside, typed("attendance", absent("s1", MONDAY)))

    bring(riverside, typed("attendance", absent("s1", MONDAY, excused=True)))

    assert [version.excused for version in believed_on(AttendanceRecord, dt.date(2025, 3, 19))] == [False]
    assert [version.excused for version in believed_on(AttendanceRecord, TODAY)] == [True]
    assert AttendanceRecord.objects.count() == 1


def test_a_change_is_believed_from_the_files_own_day_where_that_is_news(known, riverside):
    bring(riverside, typed("attendance", absent("s1", MONDAY)))

    bring(riverside, typed("attendance", absent("s1", MONDAY, excused=True, known_on=dt.date(2025, 3, 12))))

    assert [version.excused for version in believed_on(AttendanceRecord, dt.date(2025, 3, 11))] == [False]
    assert [version.excused for version in believed_on(AttendanceRecord, dt.date(2025, 3, 12))] == [True]


def test_present_takes_absences_of_that_day_back_and_leaves_totals(known, riverside):
    total = absent("s1", MONDAY, category="tardy", n_sessions=4.0)
    bring(riverside, typed("attendance", absent("s1", MONDAY), total, absent("s1", TUESDAY)))

    brought = bring(riverside, typed("attendance", absent("s1", MONDAY, category="present")))

    assert brought["attendance"] == {"unchanged": 1, "gone": 1}
    assert brought.difference.gone_share == 0
    left = AttendanceRecord.objects.order_by("held_on").values_list("held_on", "category")
    assert list(left) == [(MONDAY, "tardy"), (TUESDAY, "absent")]
    assert AttendanceRecord.every_version.get(replaced_on=TODAY).category == "absent"


def test_absent_in_one_lesson_and_present_in_another_is_absent(known, riverside):
    file = typed("attendance", absent("s1", MONDAY), absent("s1", MONDAY, category="present"))

    first, second = bring(riverside, file), bring(riverside, file)

    assert first["attendance"] == {"new": 1, "unchanged": 1}
    assert second.difference.is_empty


def test_an_empty_cell_says_nothing(known, riverside):
    graded = {"student_id": "s1", "awarded_on": MONDAY, "course": "Maths"}
    bring(riverside, typed("grades", {**graded, "value": 80.0, "credits_earned": 3.0}))

    again = bring(riverside, typed("grades", graded), typed("students", {"student_id": "s1"}))

    assert again.difference.is_empty
    assert GradeRecord.objects.get().credits_earned == 3.0


def test_a_record_with_a_number_of_its_own_is_found_again_by_it(known, riverside):
    graded = {"student_id": "s1", "awarded_on": MONDAY, "course": "Maths", "value": 80.0, "source_id": "r1"}
    bring(riverside, typed("grades", graded))

    brought = bring(riverside, typed("grades", {**graded, "awarded_on": TUESDAY, "course": "Maths", "value": 82.0}))

    assert brought["grades"] == {"changed": 1}
    assert GradeRecord.objects.values_list("awarded_on", "value", "source_id").get() == (TUESDAY, 82.0, "r1")
    months = ColumnarPartition.objects.filter(kind="grades").values_list("month", "is_stale")
    assert list(months) == [(dt.date(2025, 3, 1), True)]


def test_two_incidents_of_a_day_with_numbers_are_two(known, riverside):
    incident = {"student_id": "s1", "happened_on": MONDAY, "code": "fight"}
    bring(riverside, typed("discipline", incident))

    numbered = typed("discipline", {**incident, "source_id": "i1"}, {**incident, "source_id": "i2"})
    brought, again = bring(riverside, numbered), bring(riverside, numbered)

    assert brought["discipline"] == {"new": 1, "unchanged": 1}
    assert again.difference.is_empty
    assert DisciplineIncident.objects.count() == 2


def test_a_fact_without_a_school_is_at_the_school_of_that_day(known, riverside, northside, harbor):
    bring(riverside, typed("enrolments", enrolled("s1", "H", JANUARY)))

    bring(riverside, typed("attendance", absent("s1", dt.date(2024, 10, 1)), absent("s1", MONDAY)))

    assert dict(AttendanceRecord.objects.values_list("held_on", "school")) == {
        dt.date(2024, 10, 1): northside.pk,
        MONDAY: harbor.pk,
    }


def test_a_move_ends_the_enrolment_before(known, riverside, harbor):
    brought = bring(riverside, typed("enrolments", enrolled("s1", "H", JANUARY, grade_level="10")))

    assert brought["enrolments"] == {"new": 1, "changed": 1}
    left, here = Enrolment.objects.filter(student__external_id="s1").order_by("entered_on")
    assert (left.exited_on, left.exit_reason, here.exited_on) == (JANUARY, "moved on", None)
    ana = Student.objects.get(external_id="s1")
    assert (ana.school, ana.grade_level) == (harbor, "10")
    before = PreviousStudent.objects.get()
    assert (before.student, before.school.name, before.grade_level, before.replaced_by) == (
        ana,
        "Northside",
        "9",
        ana.upload,
    )
    assert len(believed_on(Enrolment, dt.date(2025, 1, 12))) == 2


def test_a_roster_without_days_fills_in_the_open_enrolment_or_today(known, riverside, harbor):
    daily = typed("enrolments", enrolled("s1", "H", None), enrolled("s2", "N", None))

    first, second = bring(riverside, daily), bring(riverside, daily, now=NOW + dt.timedelta(days=1))

    assert first["enrolments"] == {"new": 1, "changed": 1, "unchanged": 1}
    assert first.difference.moved_school == 1
    assert second.difference.is_empty
    assert Enrolment.objects.get(school=harbor).entered_on == TODAY


def test_an_end_told_later_is_known_from_its_own_day(known, riverside):
    left = enrolled("s1", "N", SEPTEMBER, exited_on=JANUARY, exit_known_on=dt.date(2025, 1, 20), exit_reason="Dropout")

    brought, again = bring(riverside, typed("enrolments", left)), bring(riverside, typed("enrolments", left))

    assert brought["enrolments"] == {"changed": 1}
    assert again.difference.is_empty
    [before] = [one for one in believed_on(Enrolment, dt.date(2025, 1, 19)) if one.student.external_id == "s1"]
    [after] = [one for one in believed_on(Enrolment, dt.date(2025, 1, 20)) if one.student.external_id == "s1"]
    assert (before.exited_on, after.exited_on, after.exit_reason) == (None, JANUARY, "Dropout")


def test_a_corrected_first_day_replaces_the_enrolment(known, riverside):
    earlier = dt.date(2024, 8, 20)

    brought = bring(riverside, typed("enrolments", enrolled("s1", "N", earlier)))

    assert brought["enrolments"] == {"changed": 1}
    assert Enrolment.objects.get(student__external_id="s1").entered_on == earlier


def test_a_changed_name_keeps_what_the_row_said(known, riverside):
    brought = bring(riverside, typed("students", student("s1", family_name="Sol")))

    assert brought["students"] == {"changed": 1}
    assert brought.difference.examples["students"]["changed"][0]["after"] == {"family_name": "Sol"}
    assert PreviousStudent.objects.values_list("family_name", "replaced_on").get() == ("Ruiz", TODAY)
    ana = Student.objects.get(external_id="s1")
    assert (ana.family_name, ana.known_on) == ("Sol", SEPTEMBER)


def test_an_outcome_is_corrected_and_never_changed(known, riverside, sam):
    told = {"student_id": "s1", "happened_on": MONDAY}
    bring(riverside, typed("outcomes", {**told, "exit_code": "No show"}))

    brought = bring(riverside, typed("outcomes", {**told, "kind": "transferred", "exit_code": "Transferred"}), by=sam)
    again = bring(riverside, typed("outcomes", {**told, "kind": "transferred", "exit_code": "Transferred"}))

    first, second = Outcome.objects.order_by("pk")
    assert brought["outcomes"] == {"changed": 1}
    assert again.difference.is_empty
    assert (first.kind, second.kind, second.corrects) == ("unknown", "transferred", first)
    assert (second.known_on, second.recorded_by, second.source) == (TODAY, sam, "records.zip")


def test_corrections_within_a_file_point_at_what_they_correct(known, riverside):
    told = {"student_id": "s1", "happened_on": MONDAY}
    file = typed(
        "outcomes",
        {**told, "outcome_id": "7", "source_id": "7", "kind": "unknown"},
        {**told, "outcome_id": "9", "source_id": "9", "corrects_id": "7", "kind": "transferred"},
    )

    brought, again = bring(riverside, file), bring(riverside, file)

    first, second = Outcome.objects.order_by("source_id")
    assert brought["outcomes"] == {"new": 2}
    assert (first.corrects, second.corrects) == (None, first)
    assert again.difference.is_empty


def test_two_that_correct_each_other_make_no_circle(known, riverside):
    told = {"student_id": "s1", "happened_on": MONDAY, "kind": "unknown"}
    seven, nine = {"source_id": "7", "corrects_id": "9"}, {"source_id": "9", "corrects_id": "7"}

    bring(riverside, typed("outcomes", told | seven, told | nine))

    first, second = Outcome.objects.order_by("source_id")
    assert (first.corrects, second.corrects) == (None, first)


def test_what_a_person_corrected_stays_corrected(known, riverside, sam):
    told = typed("outcomes", {"student_id": "s1", "happened_on": MONDAY, "kind": "dropped_out"})
    bring(riverside, told)
    wrong = Outcome.objects.get()
    fields = {"kind": "transferred", "happened_on": MONDAY, "known_on": TODAY, "exit_code": "", "source": "Sam"}
    rows.sound(
        Outcome, institution=riverside, student=wrong.student, corrects=wrong, upload=None, recorded_by=sam, **fields
    )

    again = bring(riverside, told)

    assert again.difference.is_empty
    assert Outcome.objects.count() == 2


def test_help_that_staff_recorded_stays_theirs(known, riverside, amara):
    nora = Student.objects.get(external_id="s1")
    rows.sound(
        Intervention, institution=riverside, student=nora, kind="mentor", started_on=MONDAY, goal="Maths", upload=None
    )

    brought = bring(
        riverside,
        typed("interventions", {"student_id": "s1", "kind": "mentor", "started_on": MONDAY, "goal": "Something else"}),
    )

    assert brought["interventions"] == {"unchanged": 1}
    assert Intervention.objects.get().goal == "Maths"


def test_a_later_word_on_an_attribute_stands_beside_the_earlier(known, riverside):
    income = {"student_id": "s1", "name": "fees_paid", "known_on": SEPTEMBER}
    file = typed("attributes", {**income, "value": "yes"}, {**income, "value": "no", "known_on": JANUARY})

    bring(riverside, file)
    again = bring(riverside, file)
    corrected = bring(riverside, typed("attributes", {**income, "value": "late", "known_on": JANUARY}))
    same_again = bring(riverside, typed("attributes", {**income, "value": "late", "known_on": JANUARY}))

    assert again.difference.is_empty
    assert corrected["attributes"] == {"changed": 1}
    assert same_again.difference.is_empty
    assert set(StudentAttribute.objects.values_list("value", "known_on")) == {("yes", SEPTEMBER), ("late", TODAY)}


def test_attributes_without_a_day_are_compared_with_the_newest(known, riverside):
    told = {"student_id": "s1", "name": "gender"}
    bring(riverside, typed("protected", {**told, "value": "f"}))

    tomorrow = NOW + dt.timedelta(days=1)
    again = bring(riverside, typed("protected", {**told, "value": "f"}), now=tomorrow)
    changed = bring(riverside, typed("protected", {**told, "value": "d"}), now=tomorrow)

    assert again.difference.is_empty
    assert changed["protected"] == {"changed": 1}
    assert "protected" not in changed.difference.examples or not changed.difference.examples["protected"]
    assert ProtectedAttribute.objects.get().value == "d"


def test_schools_terms_and_days_are_stored_once(riverside, at_riverside):
    files = (
        typed("schools", {"school_id": "W", "name": "Westend"}),
        typed("terms", {"school_year": 2025.0, "term": "1", "starts_on": SEPTEMBER, "ends_on": JANUARY}),
        typed("school_days", {"held_on": MONDAY}, {"held_on": TUESDAY}),
    )

    brought, again = bring(riverside, *files), bring(riverside, *files)

    assert brought.merged.counts == {"schools": 1, "terms": 1, "school_days": 2}
    assert brought.merged.made_schools == [riverside.schools.get().pk]
    assert again.difference.is_empty
    assert (Term.objects.count(), SchoolDay.objects.count(), riverside.schools.get().name) == (1, 2, "Westend")


def test_a_school_that_an_enrolment_brings_gets_its_name_later(riverside, northside, at_riverside):
    first = bring(riverside, *roster("s1", school="W"))
    bring(riverside, typed("schools", {"school_id": "W", "name": "Westend"}))

    assert first["schools"] == {"new": 1}
    assert riverside.schools.get(external_id="W").name == "Westend"
    assert bring(riverside, *roster("s2", school="westend"))["students"] == {"new": 1}
    assert riverside.schools.count() == 2


def test_a_cohort_keeps_the_students_it_has(known, riverside):
    cohorts = [rows.sound(Student._meta.get_field("cohort").related_model, institution=riverside) for _ in range(2)]
    bring(riverside, typed("students", student("s1")), cohort=cohorts[0])

    brought = bring(riverside, typed("students", student("s1"), student("s2")), cohort=cohorts[1])

    assert dict(Student.objects.values_list("external_id", "cohort")) == {"s1": cohorts[0].pk, "s2": cohorts[1].pk}
    assert brought.difference.notes == ["1 students belong to another cohort already. They stay in it."]


def test_students_elsewhere_with_the_same_number_are_untouched(known, riverside, elsewhere, ella):
    with at(elsewhere):
        Student.objects.filter(pk=ella.pk).update(external_id="s1")

    bring(riverside, typed("students", student("s1", family_name="Sol")), typed("attendance", absent("s1", MONDAY)))

    with at(elsewhere):
        assert Student.objects.get().family_name == ella.family_name
        assert not AttendanceRecord.objects.exists()
