"""What every synthetic district must hold, whatever its seed: the same story twice, and no fact out of its place."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest

from simulation import district as simulation
from simulation.csv_files import write_csv, write_csv_areas
from simulation.district import District, simulate_areas, simulate_district
from simulation.exits import KIND_OF_REASON, KINDS, REASONS
from simulation.frames import COLUMNS

ENDS_ON = date(2025, 11, 14)
OWN_DAY = {
    "enrolments": "entered_on",
    "attendance": "held_on",
    "grades": "awarded_on",
    "discipline": "happened_on",
    "interventions": "started_on",
    "outcomes": "happened_on",
}
HAPPENS_AT_SCHOOL = {"attendance": "held_on", "grades": "awarded_on", "discipline": "happened_on"}
TERMINAL = ["dropped_out", "graduated", "transferred", "died"]


@pytest.fixture(scope="module")
def district() -> District:
    return simulate_district(n_students=1_500, n_years=3, seed=7, ends_on=ENDS_ON)


def file_bytes(folder):
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def test_same_seed_and_end_date_give_the_same_bytes(tmp_path):
    first = simulate_district(n_students=300, n_years=2, seed=3, ends_on=ENDS_ON)
    second = simulate_district(n_students=300, n_years=2, seed=3, ends_on=ENDS_ON)

    write_csv(first, tmp_path / "first")
    write_csv(second, tmp_path / "second")

    assert file_bytes(tmp_path / "first") == file_bytes(tmp_path / "second")


def test_another_seed_gives_other_bytes(tmp_path):
    write_csv(simulate_district(n_students=300, n_years=2, seed=3, ends_on=ENDS_ON), tmp_path / "first")

    write_csv(simulate_district(n_students=300, n_years=2, seed=4, ends_on=ENDS_ON), tmp_path / "second")

    first, second = file_bytes(tmp_path / "first"), file_bytes(tmp_path / "second")
    same = {name for name in first if first[name] == second[name]}
    assert same == {"schools.csv", "terms.csv", "school_days.csv", "attributes.csv"}


def test_a_later_end_date_reveals_more_of_the_same_story(district):
    earlier = simulate_district(n_students=1_500, n_years=3, seed=7, ends_on=date(2025, 10, 1))

    known_then = district.attendance[district.attendance.known_on <= "2025-10-01"].reset_index(drop=True)
    pd.testing.assert_frame_equal(earlier.attendance, known_then)
    assert len(earlier.outcomes) < len(district.outcomes)


@pytest.mark.parametrize("name", list(COLUMNS))
def test_every_frame_has_the_columns_of_the_contract(district, name):
    frame = district.frames()[name]

    assert tuple(frame.columns) == COLUMNS[name]
    for column in frame.columns[frame.columns.str.endswith("_on")]:
        assert frame[column].dtype == "datetime64[us]"
    assert name == "attributes" or len(frame)


@pytest.mark.parametrize(("name", "own_day"), OWN_DAY.items())
def test_no_fact_is_known_before_its_own_day_nor_after_the_end(district, name, own_day):
    frame = district.frames()[name]

    assert (frame.known_on >= frame[own_day]).all()
    assert frame.known_on.max() <= pd.Timestamp(ENDS_ON)


def test_exits_are_known_on_or_after_their_day_and_open_enrolments_say_nothing(district):
    enrolments = district.enrolments
    closed = enrolments[enrolments.exited_on.notna()]
    still_open = enrolments[enrolments.exited_on.isna()]

    assert (closed.exit_known_on >= closed.exited_on).all()
    assert (closed.exited_on > closed.entered_on).all()
    assert (closed.exit_reason != "").all()
    assert (still_open.exit_reason == "").all()
    assert still_open.exit_known_on.isna().all()


@pytest.mark.parametrize(("name", "own_day"), HAPPENS_AT_SCHOOL.items())
def test_what_happens_at_school_lies_within_an_enrolment_there(district, name, own_day):
    frame = district.frames()[name].reset_index(names="row")
    stays = district.enrolments[["student_id", "school_id", "entered_on", "exited_on"]]

    pairs = frame.merge(stays, on=["student_id", "school_id"])
    inside = pairs[(pairs.entered_on <= pairs[own_day]) & ~(pairs.exited_on <= pairs[own_day])]

    assert inside.row.is_unique
    assert len(inside) == len(frame)


@pytest.mark.parametrize("name", ["attendance", "grades", "discipline", "interventions"])
def test_everything_at_school_happens_on_a_school_day(district, name):
    days = district.frames()[name][OWN_DAY[name]]

    assert days.isin(district.school_days.held_on).all()


@pytest.mark.parametrize("name", ["attendance", "grades", "discipline", "interventions"])
def test_nothing_is_recorded_after_the_last_exit(district, name):
    exits = district.enrolments.groupby("student_id").exited_on.agg(lambda days: days.max(skipna=False))
    frame = district.frames()[name]

    left_on = frame.student_id.map(exits)

    assert not (frame[OWN_DAY[name]] >= left_on).any()


def test_nobody_has_two_enrolments_at_once(district):
    stays = district.enrolments.sort_values(["student_id", "entered_on"])
    next_entry = stays.groupby("student_id").entered_on.shift(-1)

    followed = next_entry.notna()

    assert stays.exited_on[followed].notna().all()
    assert (stays.exited_on[followed] <= next_entry[followed]).all()


def test_every_fact_belongs_to_a_student_of_the_district(district):
    students = district.students.student_id

    assert students.is_unique
    for name, frame in district.frames().items():
        if "student_id" in frame:
            assert frame.student_id.isin(students).all(), name


def test_corrections_point_at_earlier_outcomes_of_the_same_student(district):
    outcomes = district.outcomes.set_index("outcome_id")
    corrections = outcomes[outcomes.corrects_id.notna()]

    corrected = outcomes.loc[corrections.corrects_id.astype("int64")]

    assert len(corrections) > 0
    assert outcomes.index.is_unique
    assert (corrected.index.to_numpy() < corrections.index.to_numpy()).all()
    assert (corrected.student_id.to_numpy() == corrections.student_id.to_numpy()).all()
    assert (corrected.known_on.to_numpy() < corrections.known_on.to_numpy()).all()
    assert (corrected.kind.to_numpy() != corrections.kind.to_numpy()).all()


def test_a_student_leaves_once(district):
    first_records = district.outcomes[district.outcomes.corrects_id.isna()]

    leaving = first_records[first_records.kind.isin([*TERMINAL, "unknown"])]

    assert leaving.student_id.is_unique


def test_whoever_is_there_at_the_end_of_a_year_continues_or_graduates(district):
    last_day = district.terms.ends_on[district.terms.school_year == 2025].max()
    stays = district.enrolments
    there = stays[(stays.entered_on <= last_day) & ~(stays.exited_on <= last_day)].student_id
    after = district.outcomes[district.outcomes.happened_on >= last_day]

    labelled = after[after.exit_code.isin(["End of school year", "Graduated"])].student_id

    assert set(there) == set(labelled)


def test_outcomes_follow_the_default_mapping_of_exit_codes(district):
    expected = {reason: KINDS[kind] for reason, kind in zip(REASONS, KIND_OF_REASON, strict=True)}

    assert (district.outcomes.exit_code.map(expected) == district.outcomes.kind).all()
    assert expected["Withdrawn"] == expected["Expelled"] == "dropped_out"
    assert expected["No show"] == "unknown"


def test_the_year_under_way_is_in_progress(district):
    open_now = district.enrolments[district.enrolments.exited_on.isna()]

    assert 1_350 < open_now.student_id.nunique() < 1_650
    assert open_now.entered_on.min() >= pd.Timestamp(2025, 8, 1)
    assert district.attendance.held_on.max() == pd.Timestamp(ENDS_ON)


@pytest.mark.parametrize("ends_on", [date(2025, 7, 20), date(2025, 8, 25), date(2026, 1, 1), date(2026, 6, 30)])
def test_a_district_has_students_at_any_time_of_the_year(ends_on):
    found = simulate_district(n_students=400, n_years=2, seed=1, ends_on=ends_on)

    n_open = found.enrolments.exited_on.isna().sum()

    assert 280 < n_open < 440
    assert found.enrolments[found.enrolments.exited_on.isna()].student_id.is_unique


@pytest.mark.parametrize("n_students", [1, 12])
def test_a_tiny_district_is_still_a_district(n_students):
    found = simulate_district(n_students=n_students, n_years=1, seed=1, ends_on=date(2025, 8, 26))

    assert len(found.students) >= n_students
    assert {name: tuple(frame.columns) for name, frame in found.frames().items()} == COLUMNS


@pytest.mark.parametrize("wrong", [{"n_students": 0}, {"n_years": 0}, {"seed": -1}])
def test_a_size_or_seed_that_makes_no_sense_is_refused(wrong):
    with pytest.raises(ValueError, match="must be at least"):
        simulate_district(**{"n_students": 10, "n_years": 1, "seed": 1, "ends_on": ENDS_ON} | wrong)


def test_areas_written_one_after_the_other_make_the_same_files(tmp_path, monkeypatch):
    monkeypatch.setattr(simulation, "STUDENTS_PER_AREA", 200)
    asked = {"n_students": 500, "n_years": 2, "seed": 5, "ends_on": ENDS_ON}

    write_csv(simulate_district(**asked), tmp_path / "whole")
    write_csv_areas(simulate_areas(**asked), tmp_path / "areas")

    assert file_bytes(tmp_path / "whole") == file_bytes(tmp_path / "areas")
    outcomes = simulate_district(**asked).outcomes
    assert outcomes.outcome_id.is_unique


def test_csv_files_read_back_as_the_frames(district, tmp_path):
    write_csv(district, tmp_path)

    for name, frame in district.frames().items():
        on = [column for column in frame if column.endswith("_on")]
        read = pd.read_csv(tmp_path / f"{name}.csv", parse_dates=on, dtype=frame.dtypes.drop(on).to_dict())
        # An empty word and a missing one are the same empty cell.
        words = read.select_dtypes("str").columns
        read[words] = read[words].fillna("")
        pd.testing.assert_frame_equal(read, frame, check_dtype=bool(len(frame)))
