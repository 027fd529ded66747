"""A made-up flat cohort in exactly the layout of uci_697.yaml, so that no test or journey needs the real file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

SEMESTER = ("credited", "enrolled", "evaluations", "approved", "grade", "without evaluations")
HEADERS: tuple[str, ...] = (
    *("Marital status", "Application mode", "Application order", "Course", "Daytime/evening attendance\t"),
    *("Previous qualification", "Previous qualification (grade)", "Nacionality"),
    *("Mother's qualification", "Father's qualification", "Mother's occupation", "Father's occupation"),
    *("Admission grade", "Displaced", "Educational special needs", "Debtor", "Tuition fees up to date"),
    *("Gender", "Scholarship holder", "Age at enrollment", "International"),
    *(f"Curricular units 1st sem ({what})" for what in SEMESTER),
    *(f"Curricular units 2nd sem ({what})" for what in SEMESTER),
    *("Unemployment rate", "Inflation rate", "GDP", "Target"),
)
ECONOMY = ((10.8, 1.4, 1.74), (13.9, -0.3, 0.79), (9.4, -0.8, -3.12), (16.2, 0.3, -0.92), (15.5, 2.8, -4.06))

# Each cell mistake: the column it is planted in, the cell, and the problem that must be reported.
CELL_MISTAKES: dict[str, tuple[str, str, str]] = {
    "bad_type": ("Admission grade", "abc", "not_a_number"),
    "decimal_comma": ("Previous qualification (grade)", "133,1", "decimal_comma"),
    "not_whole": ("Application order", "1.5", "not_whole"),
    "out_of_range": ("Age at enrollment", "230", "out_of_range"),
    "not_allowed": ("Course", "4711", "not_allowed"),
    "not_yes_no": ("Debtor", "maybe", "not_yes_no"),
    "missing": ("Curricular units 1st sem (approved)", "", "missing"),
}
FILE_MISTAKES = ("unknown_column", "missing_column", "duplicate_header", "header_again", "ragged", "latin_1", "comma")


@dataclass(frozen=True)
class PlantedFault:
    """A fault the reader must find: its line (None for a column), its column and the problem."""

    line: int | None
    column: str
    problem: str


def write_flat_cohort(path: Path, *, n: int, seed: int, mistakes: Sequence[str] = ()) -> list[PlantedFault]:
    """Write `n` made-up students as CSV and return the faults planted in it.

    The same arguments give the same bytes. Who struggles passes fewer units, falls behind with fees and leaves more
    often, so a model finds a signal about as strong as in the real file. `mistakes` names faults of CELL_MISTAKES (each
    mention spoils another student's cell) and of FILE_MISTAKES.
    """
    random = np.random.default_rng(seed)
    rows = [list(HEADERS), *_students(random, n)]
    faults = _spoil_cells(rows, [mistake for mistake in mistakes if mistake in CELL_MISTAKES], random)
    encoding, delimiter = "utf-8-sig", ";"
    for mistake in (mistake for mistake in mistakes if mistake not in CELL_MISTAKES):
        if mistake == "latin_1":
            encoding = "latin-1"
            rows[1][-1] = "Graduát"
            faults.append(PlantedFault(2, "Target", "not_allowed"))
        elif mistake == "comma":
            delimiter = ","
            faults.append(PlantedFault(None, "", "wrong_delimiter"))
        else:
            faults.append(_spoil_lines(rows, mistake))
    lines = (delimiter.join(f'"{cell}"' if "\t" in cell or delimiter in cell else cell for cell in row) for row in rows)
    path.write_bytes("".join(f"{line}\r\n" for line in lines).encode(encoding))
    return faults


def _students(random: np.random.Generator, n: int) -> list[list[str]]:
    """Draw students: a hidden engagement moves the units passed, the fees and the outcome."""
    engagement = random.normal(size=n)
    overdue = random.random(n) < _share(-2.3 - 0.8 * engagement)
    adult = random.random(n) < 0.22
    columns = _family(random, n) | _admission(random, engagement, adult) | _person(random, engagement, adult, overdue)
    first = _semester(columns, "1st", random, engagement)
    later = engagement + random.normal(scale=0.45, size=n)
    second = _semester(columns, "2nd", random, later)
    years = random.integers(len(ECONOMY), size=n)
    for place, name in enumerate(("Unemployment rate", "Inflation rate", "GDP")):
        columns[name] = [str(ECONOMY[year][place]) for year in years]
    columns["Target"] = _outcomes(random, later, 0.6 * first + 0.4 * second, overdue)
    return [list(row) for row in zip(*(columns[name] for name in HEADERS), strict=True)]


def _family(random: np.random.Generator, n: int) -> dict[str, list[str]]:
    return {
        "Nacionality": _picked(random, n, {1: 0.975, 41: 0.012, 26: 0.007, 22: 0.006}),
        "Mother's qualification": _picked(random, n, {1: 0.27, 37: 0.27, 19: 0.24, 38: 0.14, 3: 0.08}),
        "Father's qualification": _picked(random, n, {37: 0.3, 19: 0.25, 1: 0.22, 38: 0.16, 3: 0.07}),
        "Mother's occupation": _picked(random, n, {9: 0.4, 4: 0.2, 5: 0.14, 3: 0.1, 2: 0.08, 7: 0.08}),
        "Father's occupation": _picked(random, n, {9: 0.3, 7: 0.22, 5: 0.16, 4: 0.12, 3: 0.1, 8: 0.1}),
    }


def _admission(random: np.random.Generator, engagement: Numbers, adult: Flags) -> dict[str, list[str]]:
    n = len(engagement)
    courses = {171: 0.08, 9085: 0.11, 9147: 0.13, 9238: 0.12, 9254: 0.09, 9500: 0.2, 9670: 0.1, 9773: 0.1, 9991: 0.07}
    modes = _picked(random, n, {1: 0.5, 17: 0.3, 18: 0.06, 43: 0.09, 44: 0.05})
    return {
        "Application mode": ["39" if is_adult else mode for is_adult, mode in zip(adult, modes, strict=True)],
        "Application order": _whole(random.poisson(0.7, n).clip(0, 9)),
        "Course": _picked(random, n, courses),
        "Daytime/evening attendance\t": _whole(~adult | (random.random(n) < 0.6)),
        "Previous qualification": _picked(random, n, {1: 0.84, 19: 0.05, 39: 0.07, 3: 0.04}),
        "Previous qualification (grade)": _tenths(random.normal(132 + 3 * engagement, 12).clip(95, 190)),
        "Admission grade": _tenths(random.normal(127 + 4 * engagement, 13).clip(95, 190)),
    }


def _person(random: np.random.Generator, engagement: Numbers, adult: Flags, overdue: Flags) -> dict[str, list[str]]:
    n = len(engagement)
    ages = np.where(adult, 24 + random.gamma(2.0, 5.0, n), 18 + random.poisson(1.0, n))
    return {
        "Marital status": _picked(random, n, {1: 0.89, 2: 0.09, 4: 0.02}),
        "Displaced": _whole(~adult & (random.random(n) < 0.65)),
        "Educational special needs": _whole(random.random(n) < 0.012),
        "Debtor": _whole(random.random(n) < np.where(overdue, 0.45, 0.08)),
        "Tuition fees up to date": _whole(~overdue),
        "Gender": _whole(random.random(n) < 0.36),
        "Scholarship holder": _whole(~adult & (random.random(n) < _share(-0.9 + 0.5 * engagement))),
        "Age at enrollment": _whole(ages.clip(17, 70)),
        "International": _whole(random.random(n) < 0.024),
    }


def _semester(columns: dict[str, list[str]], which: str, random: np.random.Generator, engagement: Numbers) -> Numbers:
    """Add a semester's six columns and return the share of units passed."""
    n = len(engagement)
    enrolled = random.choice([5, 6, 6, 6, 7, 8], size=n)
    approved = random.binomial(enrolled, _share(1.1 + 1.5 * engagement))
    grade = np.where(approved > 0, random.normal(12.2 + 0.9 * engagement, 1.0).clip(10, 18.5), 0.0)
    values = (
        _whole(random.binomial(8, 0.04, n)),
        _whole(enrolled),
        _whole(approved + random.poisson(1.8, n)),
        _whole(approved),
        [repr(float(value)) for value in np.round(grade, 6)],
        _whole(random.binomial(enrolled - approved, 0.12)),
    )
    columns.update(
        {f"Curricular units {which} sem ({what})": cells for what, cells in zip(SEMESTER, values, strict=True)}
    )
    share: Numbers = approved / enrolled
    return share


def _outcomes(random: np.random.Generator, engagement: Numbers, passed: Numbers, overdue: Flags) -> list[str]:
    """Draw who leaves; of the rest, who struggles is more often still enrolled than graduated."""
    leaves = random.random(len(passed)) < _share(2.3 - 6.0 * passed - 0.7 * engagement + 2.3 * overdue)
    stays = random.random(len(passed)) < _share(1.2 - 3.6 * passed)
    return [str(kind) for kind in np.where(leaves, "Dropout", np.where(stays, "Enrolled", "Graduate"))]


def _share(log_odds: Numbers) -> Numbers:
    share: Numbers = 1 / (1 + np.exp(-log_odds))
    return share


def _picked(random: np.random.Generator, n: int, shares: dict[int, float]) -> list[str]:
    return _whole(random.choice(list(shares), size=n, p=list(shares.values())))


def _whole(values: npt.NDArray[np.generic]) -> list[str]:
    return [str(int(value)) for value in values]


def _tenths(values: Numbers) -> list[str]:
    return [f"{value:.1f}" for value in values]


def _spoil_cells(rows: list[list[str]], mistakes: list[str], random: np.random.Generator) -> list[PlantedFault]:
    """Put each mistake into the line of another student."""
    lines = random.choice(np.arange(2, len(rows) + 1), size=len(mistakes), replace=False)
    faults = []
    for line, mistake in zip(lines, mistakes, strict=True):
        column, cell, problem = CELL_MISTAKES[mistake]
        rows[int(line) - 1][HEADERS.index(column)] = cell
        faults.append(PlantedFault(int(line), column, problem))
    return faults


def _spoil_lines(rows: list[list[str]], mistake: str) -> PlantedFault:
    """Spoil the header, or the shape of a line."""
    if mistake == "unknown_column":
        for line, row in enumerate(rows):
            row.append("Counsellor" if line == 0 else "B.")
        return PlantedFault(None, "Counsellor", "unknown_column")
    if mistake == "missing_column":
        place = HEADERS.index("Admission grade")
        for row in rows:
            del row[place]
        return PlantedFault(None, "Admission grade", "missing_column")
    if mistake == "duplicate_header":
        rows[0][HEADERS.index("Gender")] = "Displaced"
        return PlantedFault(None, "Displaced", "column_twice")
    if mistake == "header_again":
        rows.insert(len(rows) // 2, list(rows[0]))
        return PlantedFault(len(rows) // 2, "", "header_again")
    if mistake == "ragged":
        rows[-1].append("")
        return PlantedFault(len(rows), "", "ragged")
    raise ValueError(f"No such mistake: {mistake}. Choose from {', '.join([*CELL_MISTAKES, *FILE_MISTAKES])}.")
