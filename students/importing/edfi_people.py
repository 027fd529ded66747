"""Students of an Ed-Fi export, and the attributes of theirs that only the fairness audit reads."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

import polars as pl

from students.importing.batch_ledger import BatchLedger
from students.importing.batches import Batch
from students.importing.edfi_descriptors import code, entries
from students.importing.edfi_resources import SEPARATOR, Resources

_HEADERS = {
    "student_id": "studentUniqueId",
    "given_name": "firstName",
    "family_name": "lastSurname",
    "birth_on": "birthDate",
}
_SEVERAL_RACES = "Two or more races"
_LONGEST_NAME = 80
_UNSAID = ["not selected", "unspecified", "unknown", "choose not to respond", "not reported"]


def students(resources: Resources, *, ledger: BatchLedger) -> Iterator[Batch]:
    """Yield the students, by the names they prefer."""
    for rows in resources.parts("students"):
        yield ledger.batch(
            "students",
            rows.select(
                pl.col("student").alias("student_id"),
                pl.coalesce("preferred_first", "first").alias("given_name"),
                pl.coalesce("preferred_last", "last").alias("family_name"),
                pl.col("birth").alias("birth_on"),
                "file",
                "line",
            ),
            headers=_HEADERS,
        )


def protected(resources: Resources, *, today: date, ledger: BatchLedger) -> Iterator[Batch]:
    """Yield sex, race, ethnicity, English, whether disabled, and characteristics like homelessness.

    Which disability it is stays in the school's system. A student known to several organisations (a school and its
    district) is read once, at the first.
    """
    seen = pl.Series("student", [], dtype=pl.UInt64())
    name = "studentEducationOrganizationAssociations"
    for rows in resources.parts(name):
        # A number per student instead of the text of all ids: this list is as long as the file.
        rows = rows.with_columns(pl.col("student").hash().alias("hash"))
        rows = rows.unique("hash", keep="first", maintain_order=True).filter(~pl.col("hash").is_in(seen.implode()))
        seen = pl.concat([seen, rows["hash"].rename("student")])
        found = pl.concat([_one_value_each(rows), _characteristics(rows)]).sort("line", maintain_order=True)
        yield ledger.batch("protected", found.with_columns(pl.lit(today).alias("known_on")))


def _one_value_each(rows: pl.DataFrame) -> pl.DataFrame:
    hispanic = (
        pl.col("hispanic")
        .str.to_lowercase()
        .replace_strict({"true": "yes", "1": "yes", "false": "no", "0": "no"}, default=None, return_dtype=pl.String())
    )
    race = code(pl.col("races"))
    wide = rows.select(
        pl.col("student").alias("student_id"),
        code(pl.col("sex")).str.to_lowercase().alias("sex"),
        pl.when(race.str.contains(SEPARATOR, literal=True)).then(pl.lit(_SEVERAL_RACES)).otherwise(race).alias("race"),
        hispanic.alias("hispanic_or_latino"),
        pl.when(pl.col("disabilities").is_not_null()).then(pl.lit("yes")).alias("disability"),
        code(pl.col("english")).alias("english_proficiency"),
        "file",
        "line",
    )
    names = ["sex", "race", "hispanic_or_latino", "disability", "english_proficiency"]
    long = wide.unpivot(names, index=["student_id", "file", "line"], variable_name="name")
    return long.filter(~pl.col("value").str.to_lowercase().is_in(_UNSAID)).select(
        "student_id", "name", "value", "file", "line"
    )


def _characteristics(rows: pl.DataFrame) -> pl.DataFrame:
    listed = rows.filter(pl.col("characteristics").is_not_null()).select(
        pl.col("student").alias("student_id"), entries(code(pl.col("characteristics"))).alias("name"), "file", "line"
    )
    each = listed.explode("name").with_columns(pl.col("name").cast(pl.String()))
    names = {name: _snake_case(name) for name in each["name"].drop_nulls().unique().to_list()}
    named = each.with_columns(pl.col("name").replace_strict(names, default=None, return_dtype=pl.String()))
    return (
        named.filter(pl.col("name") != "")
        .unique(["student_id", "name"], keep="first", maintain_order=True)
        .with_columns(pl.lit("yes").alias("value"))
        .select("student_id", "name", "value", "file", "line")
    )


def _snake_case(name: str) -> str:
    return re.sub(r"\W+", "_", name.casefold()).strip("_")[:_LONGEST_NAME]
