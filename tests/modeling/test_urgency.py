"""Until when help still fits into the term: from the calendar, and from how long help has taken so far."""

import datetime as dt

import pytest

from accounts import scope
from accounts.models import Institution, School
from modeling import urgency
from students.models import Intervention, Term, Upload
from tests import rows

OCTOBER = dt.date(2026, 10, 1)
TERM_END = dt.date(2027, 1, 15)
SEPTEMBER = dt.date(2026, 9, 30)


@pytest.fixture
def student(db):
    """A student of an institution without any help on record."""
    brookfield = Institution.objects.create(slug="brookfield", name="Brookfield")
    with scope.entered(scope.of_institution(brookfield)):
        yield rows.student(School.objects.create(institution=brookfield, external_id="B", name="Brookfield"))


@pytest.fixture
def term(student):
    return Term.objects.create(
        institution=student.institution, school_year=2027, term="1", starts_on=dt.date(2026, 9, 1), ends_on=TERM_END
    )


def helped(student, *, n, days, ended_on=SEPTEMBER, **more):
    """Record help that lasted some days."""
    started_on = ended_on - dt.timedelta(days=days)
    given = {"started_on": started_on, "known_on": started_on, "ended_on": ended_on} | more
    for number in range(n):
        rows.sound(
            Intervention,
            institution=student.institution,
            student=student,
            kind="mentor",
            goal=f"{days} {number}",
            **given,
        )


def deadline(as_of=OCTOBER):
    return urgency.deadline(as_of=as_of, default_help_days=28)


def test_without_help_on_record_the_configured_length_counts(term):
    assert deadline() == urgency.Deadline(term_ends_on=TERM_END, act_by=dt.date(2026, 12, 18), usual_help_days=28)


def test_the_usual_length_of_help_moves_the_last_day_to_act(term, student):
    helped(student, n=15, days=42)
    helped(student, n=10, days=14)

    assert (deadline().usual_help_days, deadline().act_by) == (42, dt.date(2026, 12, 4))


def test_help_that_runs_ended_later_or_became_known_later_says_nothing_yet(term, student):
    helped(student, n=19, days=42)
    helped(student, n=30, days=1, ended_on=OCTOBER + dt.timedelta(days=1))
    helped(student, n=30, days=2, known_on=OCTOBER + dt.timedelta(days=1))
    for number in range(30):
        student.intervention_set.create(
            institution=student.institution, goal=f"{number}", started_on=SEPTEMBER, known_on=SEPTEMBER
        )

    assert deadline().usual_help_days == 28


def test_help_that_a_later_file_took_back_counts_on_the_days_it_was_believed(term, student):
    undone = rows.sound(Upload, institution=student.institution)
    helped(student, n=20, days=42, replaced_on=dt.date(2026, 10, 5), replaced_by=undone)

    assert deadline(OCTOBER).usual_help_days == 42
    assert deadline(dt.date(2026, 10, 5)).usual_help_days == 28


def test_the_last_day_to_act_may_have_passed(term):
    late = deadline(dt.date(2027, 1, 10))

    assert late.act_by < dt.date(2027, 1, 10) < late.term_ends_on


def test_in_the_holidays_the_next_term_counts(term):
    assert deadline(dt.date(2026, 7, 15)).term_ends_on == TERM_END


@pytest.mark.parametrize("as_of", [dt.date(2027, 1, 16), dt.date(2026, 1, 10)])
def test_far_from_any_term_there_is_no_deadline(term, as_of):
    assert deadline(as_of) is None


def test_without_a_calendar_there_is_no_deadline(student):
    assert deadline() is None


def test_the_terms_of_another_institution_do_not_count(student):
    elsewhere = Institution.objects.create(slug="elsewhere", name="Elsewhere")
    with scope.entered(scope.of_institution(elsewhere)):
        rows.sound(
            Term,
            institution=elsewhere,
            school_year=2027,
            starts_on=dt.date(2026, 9, 1),
            ends_on=TERM_END,
        )

    assert deadline() is None
