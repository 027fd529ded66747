"""Student data cannot be reached without saying on whose behalf."""

import datetime as dt

import pytest
from django.apps import apps

from accounts import scope
from accounts.models import Membership
from students.models import ImportSettings, Student, WayBackDeadlines
from tests import rows
from tests.people import SINCE

# Models with an institution that a scope does not narrow, and why.
UNSCOPED = {
    "accounts.School": "a scope is made of schools",
    "accounts.Membership": "a scope is made from a membership",
    "accounts.ApiClient": "found by its key, before there is a scope",
    "accounts.AuditEntry": "told for the institution in scope by accounts.audit_log alone; walled by the database",
    "jobs.Job": "claimed and swept across institutions; holds no student data",
    "students.Term": "the calendar; walled by the database",
    "students.SchoolDay": "the calendar; walled by the database",
}
# A job sees none of what is its author's alone: tests/students/test_notes.py.
SEEN_BY_JOBS = [
    model
    for model in apps.get_models()
    if isinstance(model._default_manager, scope.ScopedManager) and model._meta.label not in rows.OF_THEIR_AUTHOR
]
SCOPED = [model for model in apps.get_models() if isinstance(model._default_manager, scope.ScopedManager)]
# An institution has one of each, whoever its students are.
ONE_EACH = (ImportSettings, WayBackDeadlines)


def noon(day):
    return dt.datetime.combine(day, dt.time(17), tzinfo=dt.UTC)


def seen_by(user):
    with scope.entered(scope.of_membership(user.memberships_at(noon(SINCE))[0])):
        return {student.given_name for student in Student.objects.visible_to(user)}


def test_every_model_of_an_institution_is_scoped_or_has_a_reason():
    of_institutions = [model for model in apps.get_models() if "institution" in {f.name for f in model._meta.fields}]

    assert {model._meta.label for model in of_institutions if model not in SCOPED} == set(UNSCOPED)


@pytest.mark.parametrize("model", SCOPED, ids=lambda model: model._meta.label)
@pytest.mark.parametrize("asking", ["all", "count", "first", "exists"])
def test_asking_without_a_scope_raises(model, asking):
    with pytest.raises(scope.ScopeMissing):
        getattr(model.objects, asking)()


@pytest.mark.parametrize("model", SEEN_BY_JOBS, ids=lambda model: model._meta.label)
def test_a_scope_shows_the_rows_of_its_institution_alone(model, riverside, elsewhere):
    with scope.entered(scope.of_institution(elsewhere)):
        rows.sound(model, institution=elsewhere)
    with scope.entered(scope.of_institution(riverside)):
        ours = rows.sound(model, institution=riverside)

        assert list(model.objects.all()) == [ours]


def test_a_counsellor_sees_the_students_of_her_own_schools(amara, bo, nora, hugo, ella):
    assert seen_by(amara) == {"Nora"}
    assert seen_by(bo) == {"Hugo"}


def test_a_membership_of_every_school_sees_its_whole_institution(ines, otto, nora, hugo, ella):
    assert seen_by(ines) == {"Nora", "Hugo"}
    assert seen_by(otto) == {"Ella"}


def test_a_counsellor_without_schools_sees_nobody(amara, nora):
    amara.memberships.get().schools.clear()

    assert seen_by(amara) == set()


def test_facts_are_seen_where_their_student_is(amara, nora, hugo, at_riverside):
    of_students = [model for model in SEEN_BY_JOBS if any(field.name == "student" for field in model._meta.fields)]
    facts = [model for model in of_students if model._default_manager.school_path]
    for model in set(facts) - {Student}:
        for student in (nora, hugo):
            rows.sound(model, institution=student.institution, student=student, **_school_of(model, student))

    with scope.entered(scope.of_membership(amara.memberships.get())):
        seen = {model: {row.student_id for row in model.objects.all()} for model in set(facts) - {Student}}

    assert len(seen) >= 11
    assert all(students == {nora.pk} for students in seen.values()), seen


def _school_of(model, student):
    return {"school": student.school} if model._default_manager.school_path == "school" else {}


def test_another_persons_scope_is_refused(amara, bo, nora):
    with scope.entered(scope.of_membership(bo.memberships.get())), pytest.raises(scope.ScopeMissing):
        Student.objects.visible_to(amara)


def test_the_scope_of_a_job_is_nobodys(amara, at_riverside):
    with pytest.raises(scope.ScopeMissing):
        Student.objects.visible_to(amara)


def test_leaving_an_inner_scope_restores_the_outer_one(riverside, elsewhere, nora, ella):
    with scope.entered(scope.of_institution(riverside)) as outer:
        with scope.entered(scope.of_institution(elsewhere)):
            inside = [student.given_name for student in Student.objects.all()]

        assert inside == ["Ella"]
        assert scope.current() == outer
        assert [student.given_name for student in Student._base_manager.all()] == ["Nora"]


def test_an_exception_restores_the_outer_scope_too(riverside, elsewhere, nora, ella):
    with scope.entered(scope.of_institution(riverside)):
        with pytest.raises(RuntimeError), scope.entered(scope.of_institution(elsewhere)):
            raise RuntimeError

        assert [student.given_name for student in Student._base_manager.all()] == ["Nora"]


def test_after_an_exception_nothing_can_be_asked(riverside, nora):
    with pytest.raises(RuntimeError), scope.entered(scope.of_institution(riverside)):
        raise RuntimeError

    with pytest.raises(scope.ScopeMissing):
        Student.objects.all()
    assert not Student._base_manager.exists()


def test_what_was_written_before_an_exception_is_undone(riverside, northside):
    def written_in_vain():
        rows.student(northside)
        raise RuntimeError

    with pytest.raises(RuntimeError), scope.entered(scope.of_institution(riverside)):
        written_in_vain()

    with scope.entered(scope.of_institution(riverside)):
        assert not Student.objects.exists()


def test_a_membership_counts_on_its_days_alone(amara):
    Membership.objects.update(ends_on=SINCE.replace(day=31))

    assert amara.memberships_at(noon(SINCE.replace(day=31)))
    assert not amara.memberships_at(noon(SINCE.replace(month=2)))
    assert not amara.memberships_at(noon(SINCE.replace(year=2019)))


def test_a_membership_begins_with_the_day_at_the_institution_not_in_greenwich(amara):
    Membership.objects.update(starts_on=SINCE)

    still_new_years_eve_in_new_york = dt.datetime.combine(SINCE, dt.time(3), tzinfo=dt.UTC)

    assert not amara.memberships_at(still_new_years_eve_in_new_york)


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_the_manager_narrows_by_itself_even_where_no_wall_stands_behind_it(amara, nora, hugo, ella):
    for student in (nora, hugo, ella):
        with scope.entered(scope.of_institution(student.institution)):
            for model in sorted(set(SCOPED) - {Student, *ONE_EACH}, key=lambda model: model._meta.label):
                rows.sound(model, institution=student.institution, **_of(model, student))

    for institution in (nora.institution, ella.institution):
        with scope.entered(scope.of_institution(institution)):
            for model in ONE_EACH:
                rows.sound(model, institution=institution)

    with scope.entered(scope.of_membership(amara.memberships.get())):
        # The owner of the tables stands above row-level security.
        seen = {model: list(model.objects.using("owner")) for model in SCOPED}

    institutions = {row.institution_id for found in seen.values() for row in found}
    students = {row.student_id for found in seen.values() for row in found if hasattr(row, "student_id")}
    assert institutions == {nora.institution_id}
    assert students == {nora.pk}
    assert seen[Student] == [nora]


def _of(model, student):
    named = {field.name for field in model._meta.local_fields}
    return {name: value for name, value in {"student": student, "school": student.school}.items() if name in named}
