"""The synthetic district against public figures: near them, in bands (docs/synthetic_district.md gives the sources)."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from simulation.district import District, simulate_district
from simulation.interventions import KINDS


@pytest.fixture(scope="module")
def district() -> District:
    return simulate_district(n_students=6_000, n_years=6, seed=11, ends_on=date(2026, 2, 1))


@pytest.fixture(scope="module")
def years(district) -> pd.DataFrame:
    """First and last day of each finished school year."""
    years = district.terms.groupby("school_year").agg(starts_on=("starts_on", "min"), ends_on=("ends_on", "max"))
    return years[years.ends_on < pd.Timestamp(2026, 1, 1)]


@pytest.fixture(scope="module")
def newest_outcomes(district) -> pd.DataFrame:
    outcomes = district.outcomes
    return outcomes[~outcomes.outcome_id.isin(outcomes.corrects_id)]


def enrolled_on(district, day):
    stays = district.enrolments
    return stays[(stays.entered_on <= day) & ~(stays.exited_on <= day)].set_index("student_id")


def days_of_year(district, year):
    """Return, per student, the days enrolled and the days absent in a school year."""
    stays = district.enrolments
    stays = stays[(stays.entered_on >= year.starts_on) & (stays.entered_on <= year.ends_on)]
    held = district.school_days.held_on.to_numpy()
    until = stays.exited_on.fillna(pd.Timestamp.max.as_unit("us")).clip(upper=year.ends_on + pd.Timedelta(days=1))
    n_days = np.searchsorted(held, until.to_numpy()) - np.searchsorted(held, stays.entered_on.to_numpy())
    enrolled = pd.Series(n_days, index=stays.student_id).groupby(level=0).sum()
    absences = within(district.attendance[district.attendance.category == "absent"], "held_on", year)
    return enrolled, absences.groupby("student_id").size().reindex(enrolled.index, fill_value=0)


def within(frame, day, year):
    return frame[(frame[day] >= year.starts_on) & (frame[day] <= year.ends_on)]


def test_a_school_year_has_180_days_from_late_august_to_mid_june(district, years):
    held = district.school_days.held_on

    per_year = [held.between(year.starts_on, year.ends_on).sum() for year in years.itertuples()]

    assert per_year == [180] * len(years)
    assert set(years.starts_on.dt.month) == {8}
    assert set(years.ends_on.dt.month) == {6}
    assert (held.dt.day_of_week < 5).all()


def test_chronic_absence_is_near_the_national_share(district, years):
    shares = []

    for year in years.itertuples():
        enrolled, absent = days_of_year(district, year)
        there = enrolled >= 10
        shares.append((absent[there] / enrolled[there] >= 0.1).mean())

    assert 0.21 < np.mean(shares) < 0.33
    assert max(shares) - min(shares) < 0.08


def test_yearly_dropout_lies_between_the_two_national_measures(district, years, newest_outcomes):
    shares = []

    for start in years.starts_on:
        first, second = pd.Timestamp(start.year, 10, 1), pd.Timestamp(start.year + 1, 10, 1)
        there = enrolled_on(district, first).index
        in_year = newest_outcomes[newest_outcomes.happened_on.between(first, second, inclusive="right")]
        dropped = in_year[in_year.kind == "dropped_out"].student_id
        shares.append(there.isin(dropped).mean())

    assert 0.03 < np.mean(shares) < 0.05


def test_graduation_in_four_years_is_within_the_range_of_the_states(district, years, newest_outcomes):
    first_year, second_year = years.iloc[0], years.iloc[1]
    before = within(district.enrolments, "entered_on", first_year).student_id
    ninth = enrolled_on(district, second_year.starts_on).query("grade_level == '9'").index.difference(before)

    last = newest_outcomes[newest_outcomes.happened_on <= pd.Timestamp(second_year.starts_on.year + 4, 7, 1)]
    kind = last[last.kind != "continued"].groupby("student_id").kind.last().reindex(ninth)
    cohort = kind[~kind.isin(["transferred", "died"])]

    assert 0.76 < (cohort == "graduated").mean() < 0.91


def test_suspensions_are_near_the_national_share(district, years):
    year = years.iloc[-1]
    enrolled, _ = days_of_year(district, year)

    incidents = within(district.discipline, "happened_on", year)
    suspended = incidents[incidents.days_removed > 0].student_id.nunique()

    assert 0.04 < suspended / len(enrolled) < 0.08


def test_about_a_tenth_of_students_come_leave_or_move_within_a_year(district, years):
    year = years.iloc[-1]
    stays = within(district.enrolments, "entered_on", year)

    came = stays[stays.entered_on > year.starts_on].student_id
    left = stays[stays.exited_on <= year.ends_on].student_id
    mobile = pd.concat([came, left]).nunique() / stays.student_id.nunique()

    assert 0.08 < mobile < 0.14


def test_some_students_repeat_a_grade(district, years):
    one, other = years.starts_on.iloc[-2], years.starts_on.iloc[-1]
    before = enrolled_on(district, one).grade_level
    after = enrolled_on(district, other).grade_level

    both = before.index.intersection(after.index)
    repeated = before[both] == after[both]

    assert 0.01 < repeated.mean() < 0.07


def test_marks_look_like_marks(district):
    grades = district.grades

    failed = grades.credits_earned == 0

    assert 76 < grades.value.mean() < 84
    assert grades.value.dropna().between(0, 100).all()
    assert 0.02 < failed.mean() < 0.06
    assert failed[grades.core].mean() > failed[~grades.core].mean()
    assert 0.001 < grades.value.isna().mean() < 0.01


def test_facts_arrive_late(district):
    attendance_lag = (district.attendance.known_on - district.attendance.held_on).dt.days
    dropouts = district.enrolments[district.enrolments.exit_reason == "Dropout"]
    exit_lag = (dropouts.exit_known_on - dropouts.exited_on).dt.days

    assert 0.6 < (attendance_lag == 0).mean() < 0.8
    assert 0.01 < (attendance_lag > 5).mean() < 0.05
    assert 14 < exit_lag.median() < 35


def test_one_school_a_year_leaves_whole_days_unreported(district, years):
    reported = [
        within(district.attendance, "held_on", year).groupby("school_id").held_on.nunique().sort_values()
        for year in years.itertuples()
    ]

    for days in reported:
        assert days.iloc[0] <= 175
        assert (days.iloc[1:] >= 178).all()


def test_more_are_absent_on_fridays_and_in_winter_than_on_tuesdays_in_autumn(district):
    absent = district.attendance[district.attendance.category == "absent"]
    per_day = absent.groupby("held_on").size()

    by_weekday = per_day.groupby(per_day.index.day_of_week).mean()
    by_month = per_day.groupby(per_day.index.month).mean()

    assert by_weekday[4] > 1.1 * by_weekday[1]
    assert by_month[1] > by_month[10]


def test_help_goes_to_those_in_trouble(district, newest_outcomes):
    first_help = district.interventions.groupby("student_id").started_on.min()
    dropped = set(newest_outcomes[newest_outcomes.kind == "dropped_out"].student_id)

    helped = district.students.student_id.isin(first_help.index)
    leaves = district.students.student_id.isin(dropped)

    assert set(district.interventions.kind) == set(KINDS)
    assert leaves[helped].mean() > 1.3 * leaves[~helped].mean()


def test_groups_differ_mildly(district, newest_outcomes):
    dropped = set(newest_outcomes[newest_outcomes.kind == "dropped_out"].student_id)
    protected = district.protected.assign(left=district.protected.student_id.isin(dropped))

    by_group = protected.groupby(["name", "value"]).left.mean()

    assert by_group["income_status", "free lunch"] > by_group["income_status", "paid lunch"]
    assert by_group["income_status", "free lunch"] < 3 * by_group["income_status", "paid lunch"]
    assert abs(by_group["gender", "female"] - by_group["gender", "male"]) < 0.02


@pytest.mark.parametrize("month", [11, 3])
def test_one_absence_feature_ranks_next_years_dropouts_well_but_not_too_well(district, years, newest_outcomes, month):
    # A guard against both failures of a simulation: a label without signal, and a toy that one column gives away.
    start = years.starts_on.iloc[2]
    as_of = pd.Timestamp(start.year + (month < 8), month, 15)
    absent = district.attendance.query("category == 'absent' and known_on <= @as_of")
    recent = absent[absent.held_on > as_of - pd.Timedelta(days=365)].groupby("student_id").size()
    later = newest_outcomes[newest_outcomes.happened_on.between(as_of, as_of + pd.Timedelta(days=365))]
    students = enrolled_on(district, as_of).index

    count = recent.reindex(students, fill_value=0)
    leaves = students.isin(later[later.kind == "dropped_out"].student_id)
    ranks = count.rank().to_numpy()
    n_leave = leaves.sum()
    area = (ranks[leaves].sum() - n_leave * (n_leave + 1) / 2) / (n_leave * (~leaves).sum())

    assert 0.65 < area < 0.87
