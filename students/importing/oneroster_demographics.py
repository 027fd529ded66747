"""What demographics.csv of a OneRoster bundle tells: birth dates, and attributes for the fairness audit alone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import polars as pl

from students.importing.batch_ledger import BatchLedger, faults_of
from students.importing.batches import Batch, Report
from students.importing.oneroster_bundle import Bundle, Part, who

_RACES = {
    "americanIndianOrAlaskaNative": "American Indian or Alaska Native",
    "asian": "Asian",
    "blackOrAfricanAmerican": "Black or African American",
    "nativeHawaiianOrOtherPacificIslander": "Native Hawaiian or Other Pacific Islander",
    "white": "White",
}
SEVERAL_RACES = "Two or more races"
_MIXED = "demographicRaceTwoOrMoreRaces"
_HISPANIC = "hispanicOrLatinoEthnicity"
_FLAGS = (*_RACES, _MIXED, _HISPANIC)
_TRUE, _FALSE = ["true", "1", "yes"], ["false", "0", "no"]
_SEXES = {"male": "male", "m": "male", "female": "female", "f": "female", "other": "other"}
_UNSAID = "unspecified"


def births(bundle: Bundle) -> pl.DataFrame:
    """Return the birth dates of the bundle.

    Returns
    -------
    DataFrame
        ``who`` and ``birth_on`` (String), one row per student.
    """
    found = [pl.DataFrame(schema={"who": pl.UInt64(), "birth_on": pl.String()})]
    for part in bundle.parts("demographics"):
        found.append(_of_users(part.rows).select(who("student_id"), pl.col("birthDate").alias("birth_on")).drop_nulls())
    return pl.concat(found).unique("who", keep="last")


def protected(
    bundle: Bundle, *, students: pl.DataFrame | None, today: date, ledger: BatchLedger, report: Report
) -> Iterator[Batch]:
    """Yield protected attributes: sex, race, and whether Hispanic or Latino.

    Parameters
    ----------
    students : DataFrame or None
        ``who`` of all students, if the bundle holds all: others' attributes are no business of the portal.
    today : date
        They have no day of their own: they are known from now on.
    """
    for part in bundle.parts("demographics"):
        rows = _of_users(part.rows)
        if students is not None:
            rows = rows.with_columns(who("student_id")).join(students, on="who", how="semi", maintain_order="left")
        if gone := _of_users(part.gone)["student_id"].drop_nulls().to_list():
            report.removed.setdefault("protected", []).extend(gone)
        rows = _flags(rows, part, ledger)
        rows = _sexes(rows, part, ledger)
        known_on = pl.lit(today).alias("known_on")
        yield ledger.batch("protected", _long(rows, part.file).with_columns(known_on))


def _of_users(rows: pl.DataFrame) -> pl.DataFrame:
    # The two versions call the same column differently, and exports mix them.
    return rows.with_columns(pl.coalesce("userSourcedId", "sourcedId").alias("student_id"))


def _flags(rows: pl.DataFrame, part: Part, ledger: BatchLedger) -> pl.DataFrame:
    for column in _FLAGS:
        said = pl.col(column).str.to_lowercase()
        wrong = rows.filter(~said.is_in([*_TRUE, *_FALSE]))
        ledger.note(
            faults=faults_of(
                wrong, file=part.file, column=column, value=column, problem="not_allowed", allowed="true, false"
            )
        )
        is_true = pl.when(said.is_in(_TRUE)).then(statement=True).when(said.is_in(_FALSE)).then(statement=False)
        rows = rows.with_columns(is_true.alias(column))
    return rows


def _sexes(rows: pl.DataFrame, part: Part, ledger: BatchLedger) -> pl.DataFrame:
    said = pl.col("sex").str.to_lowercase()
    known = said.is_in([*_SEXES, _UNSAID]) | said.str.starts_with("ext:")
    allowed = "male, female, other, unspecified"
    ledger.note(
        faults=faults_of(
            rows.filter(~known), file=part.file, column="sex", value="sex", problem="not_allowed", allowed=allowed
        )
    )
    return rows.with_columns(said.replace_strict(_SEXES, default=None, return_dtype=pl.String()).alias("sex"))


def _long(rows: pl.DataFrame, file: str) -> pl.DataFrame:
    n_races = pl.sum_horizontal(pl.col(list(_RACES)).fill_null(value=False).cast(pl.UInt8()))
    several = pl.when(pl.col(_MIXED).fill_null(value=False) | (n_races > 1)).then(pl.lit(SEVERAL_RACES))
    race = pl.coalesce(several, *(pl.when(pl.col(column)).then(pl.lit(name)) for column, name in _RACES.items()))
    hispanic = pl.when(pl.col(_HISPANIC)).then(pl.lit("yes")).when(~pl.col(_HISPANIC)).then(pl.lit("no"))
    wide = rows.select("student_id", "sex", race.alias("race"), hispanic.alias("hispanic_or_latino"), "line")
    return (
        wide.unpivot(["sex", "race", "hispanic_or_latino"], index=["student_id", "line"], variable_name="name")
        .filter(pl.col("value").is_not_null())
        .sort("line", maintain_order=True)
        .with_columns(pl.lit(file).alias("file"))
    )
