"""A small schema with one column of every kind, a file that fits it, and the reader of flat cohorts on a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from students.importing.batches import Options
from students.importing.cohort_format import CohortReader
from students.importing.cohort_schema import CohortSchema
from tests.students.importing.small_batches import TODAY
from tests.students.importing.small_files import container_of

YAML = """
name: small
title: A small cohort
description: Two students for the tests.
source: made up
licence: none
synthetic: true
missing_values: ["NA"]
school_name: Hill School
dates: {enrolled_on: 2023-09-01, snapshot_on: 2024-02-01, outcome_on: 2024-07-01}
horizon_days: 365
rule:
  - {feature: absences, op: at_least, value: 10, points: 1, words: Absent on 10 days or more}
columns:
  - {header: Id, name: student, kind: identifier}
  - {header: First name, name: given_name, kind: given_name, required: false}
  - {header: Surname, name: family_name, kind: family_name, required: false}
  - {header: Born, name: birth_on, kind: birth_on, required: false}
  - {header: School, name: school, kind: school, required: false}
  - {header: Year, name: year, kind: grade_level, required: false}
  - {header: Score, name: score, kind: attribute, type: number, minimum: 0, maximum: 200, label: Entry score,
     unit: points}
  - {header: Siblings, name: siblings, kind: attribute, type: integer, minimum: 0, label: Siblings, required: false}
  - {header: Track, name: track, kind: attribute, type: category, label: Track, levels: {A: Arts, S: Sciences}}
  - {header: Bus, name: bus, kind: attribute, type: boolean, label: Comes by bus, required: false}
  - {header: Sex, name: sex, kind: protected, type: category, label: Sex, required: false}
  - {header: Mark, name: mark, kind: grade, term: "1", scale_max: 20, type: number, minimum: 0, maximum: 20,
     known_on: 2024-01-31, label: Mark, required: false}
  - {header: Passed, name: passed, kind: credits_earned, term: "1", type: integer, minimum: 0, maximum: 9,
     known_on: 2024-01-31, label: Passed, required: false}
  - {header: Absent, name: absences, kind: attendance_total, term: "1", type: integer, minimum: 0,
     known_on: 2024-01-31, label: Absences, required: false, risk_direction: 1}
  - {header: Counselor, kind: ignored}
  - header: End
    name: outcome
    kind: outcome
    type: category
    required: false
    outcome: {values: {left: {kind: dropped_out, exit_code: Dropout}, done: {kind: graduated, exit_code: Graduated}}}
"""
HEADER = "Id,First name,Surname,Born,School,Year,Score,Siblings,Track,Bus,Sex,Mark,Passed,Absent,Counselor,End"
ANA = "a1,Ana,Núñez,2008-03-01,Hill School,9,127.3,2,A,yes,F,12.5,3,0,Mr B,done"
BEN = "b2,Ben,,,,,99,NA,S,no,,,,4,,"


def small_schema(**changes: Any) -> CohortSchema:
    """Return the small schema, with top-level keys changed."""
    return CohortSchema.from_json({**CohortSchema.from_yaml(YAML).as_json(), **changes})


def csv_bytes(*lines: str, header: str = HEADER, encoding: str = "utf-8") -> bytes:
    """Return a file of the header and these lines."""
    return ("\n".join([header, *lines]) + "\n").encode(encoding)


def reader_of(folder: Path, content: bytes, schema: CohortSchema | None = None) -> CohortReader:
    """Return the reader of a file, by the small schema unless another is given."""
    return CohortReader(
        container_of(folder, {"cohort.csv": content}), Options(today=TODAY, schema=schema or small_schema())
    )
