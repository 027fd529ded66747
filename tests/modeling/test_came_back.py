"""Who left and came back: the label stays for its time, and a new enrolment is on the roll anew."""

import datetime as dt
import math

import pandas as pd
import pytest

from modeling import facts
from modeling.core import catalogue, eligibility, features
from modeling.core.labels import labels, term_labels
from modeling.core.snapshot_day import SnapshotDay
from students.models import AttendanceRecord, Enrolment, Outcome, SchoolDay
from students.outcomes.came_back import last_return
from tests import rows

ENTERED, LEFT, BACK, YEAR_END = (dt.date(2024, 9, 3), dt.date(2025, 1, 15), dt.date(2025, 4, 1), dt.date(2025, 6, 20))
BEFORE, AWAY, AFTER = dt.date(2024, 12, 2), dt.date(2025, 2, 3), dt.date(2025, 5, 5)
KNOWN_BY = dt.date(2026, 7, 1)


@pytest.fixture
def came_back(nora, at_riverside):
    """A student who left in January and came back in April, as files tell it."""
    of = {"institution": nora.institution, "student": nora}
    ended = {"exited_on": LEFT, "exit_known_on": LEFT}
    rows.sound(Enrolment, **of, school=nora.school, entered_on=ENTERED, known_on=ENTERED, **ended)
    rows.sound(Enrolment, **of, school=nora.school, entered_on=BACK, known_on=BACK)
    for kind, day in (("dropped_out", LEFT), ("continued", YEAR_END)):
        rows.sound(Outcome, **of, kind=kind, happened_on=day, known_on=day)
    return nora


def is_eligible(student, as_of):
    return student.pk in eligibility.eligible_students(facts.frames().known_by(as_of), as_of=as_of)


def labelled(student, as_of, *, horizon_days=365):
    outcomes = facts.frames().outcomes
    found = labels(outcomes, student_ids=[student.pk], as_of=as_of, horizon_days=horizon_days, known_by=KNOWN_BY)
    return found.y.tolist(), found.censored


def test_who_came_back_is_on_the_roll_before_and_after_and_not_between(came_back):
    assert [is_eligible(came_back, day) for day in (BEFORE, AWAY, AFTER)] == [True, False, True]


def test_the_label_of_the_time_before_stays_though_they_came_back(came_back):
    # Both fall into the year that was looked ahead: leaving counts first.
    assert labelled(came_back, BEFORE) == ([1.0], {})
    term = {"term_ends_on": dt.date(2025, 1, 31), "known_by": KNOWN_BY}
    found = term_labels(facts.frames().outcomes, student_ids=[came_back.pk], as_of=BEFORE, **term)
    assert found.y.tolist() == [1.0]


def test_the_time_after_the_return_has_a_label_of_its_own(came_back):
    assert labelled(came_back, AFTER) == ([0.0], {})


def test_until_something_is_known_of_the_new_enrolment_its_label_is_censored(came_back):
    after_the_year = YEAR_END + dt.timedelta(days=3)

    y, censored = labelled(came_back, after_the_year)
    assert (math.isnan(y[0]), censored) == (True, {"no_outcome": 1})
    assert labelled(came_back, BEFORE) == ([1.0], {})


def test_leaving_again_is_a_label_of_the_time_after_alone(came_back):
    again = dt.date(2026, 2, 2)
    of = {"institution": came_back.institution, "student": came_back}
    rows.sound(Outcome, **of, kind="dropped_out", happened_on=again, known_on=again)

    assert labelled(came_back, AFTER) == ([1.0], {})
    assert labelled(came_back, BEFORE, horizon_days=60) == ([1.0], {})
    assert labelled(came_back, dt.date(2025, 2, 3), horizon_days=200) == ([0.0], {})


def test_the_days_between_are_nobodys_absence(came_back):
    held = SchoolDay.objects.filter(held_on__range=(ENTERED, AFTER))
    between = held.filter(held_on__gt=LEFT, held_on__lt=BACK)

    found = eligibility.n_sessions(facts.frames(), as_of=AFTER, student_ids=[came_back.pk])

    assert between.count() > 20
    assert found.tolist() == [held.count() - between.count()]


def test_page_and_features_begin_the_history_on_the_same_day(came_back):
    def by_both(as_of):
        day = SnapshotDay.of(facts.frames(), as_of=as_of)
        by_features = None if day.came_back is None else day.came_back[day.at(pd.Series([came_back.pk]))[0]].item()
        entries, outcomes = Enrolment.objects.filter(student=came_back), Outcome.objects.filter(student=came_back)
        return by_features, last_return(outcomes=outcomes, enrolments=entries, today=as_of)

    again, back_again = dt.date(2025, 5, 12), dt.date(2025, 5, 20)

    assert by_both(AFTER) == (BACK, BACK)
    assert by_both(BEFORE) == (None, None)
    of = {"institution": came_back.institution, "student": came_back}
    Enrolment.objects.filter(entered_on=BACK).update(exited_on=again, exit_known_on=again)
    rows.sound(Outcome, **of, kind="dropped_out", happened_on=again, known_on=again)
    rows.sound(Enrolment, **of, school=came_back.school, entered_on=back_again, known_on=back_again)
    assert by_both(dt.date(2025, 5, 30)) == (back_again, back_again)
    # The last leaving turns out to have been a move: the history is that since the first return.
    rows.sound(Outcome, **of, kind="transferred", happened_on=again, known_on=again)
    assert by_both(dt.date(2025, 5, 30)) == (BACK, BACK)


@pytest.mark.parametrize(("kind", "missed"), [("dropped_out", 1), ("transferred", 3)])
def test_the_features_of_the_list_and_of_a_dataset_count_since_the_return(came_back, kind, missed):
    of = {"institution": came_back.institution, "student": came_back, "school": came_back.school}
    for day in (BEFORE, dt.date(2025, 1, 14), dt.date(2025, 4, 2)):
        rows.sound(AttendanceRecord, **of, held_on=day, known_on=day, category="absent", n_sessions=1)
    said = Outcome.objects.get(student=came_back, happened_on=LEFT)
    of = {"institution": came_back.institution, "student": came_back}
    rows.sound(Outcome, **of, corrects=said, kind=kind, happened_on=LEFT, known_on=LEFT)
    wanted = [catalogue.BY_NAME["absence_rate_year"], catalogue.BY_NAME["days_enrolled"]]

    whole = features.snapshot(facts.frames(), as_of=AFTER, features=wanted)
    some = features.snapshot(facts.frames(student_ids=[came_back.pk]), as_of=AFTER, features=wanted)
    [portion] = [features.snapshot(known, as_of=AFTER, features=wanted) for known in facts.portions(n_students=10_000)]

    held = SchoolDay.objects.filter(held_on__range=(BACK, AFTER)).count()
    stayed = SchoolDay.objects.filter(held_on__range=(ENTERED, LEFT)).count()
    n_days = held if kind == "dropped_out" else held + stayed
    assert whole.loc[came_back.pk].tolist() == [pytest.approx(missed / n_days), n_days]
    for other in (some, portion):
        pd.testing.assert_series_equal(other.loc[came_back.pk], whole.loc[came_back.pk], check_exact=True)
