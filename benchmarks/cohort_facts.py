"""A flat cohort file as facts in memory, read block by block and typed as an upload is."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl

from modeling.core.facts_frames import FactFrames
from students.importing import containers
from students.importing.batches import Options
from students.importing.cohort_format import CohortReader
from students.importing.cohort_schema import CohortSchema
from students.importing.typed_records import RowParser


def read(path: Path, schema: CohortSchema) -> FactFrames:
    """Return the facts of a cohort with integer ids, in the order of the file.

    Unlike the portal's own facts, the attributes hold the protected columns and the school too, where these are columns
    of the file: a figure may ask for them.

    Raises
    ------
    FileRefused
        If the file cannot be read by the schema.
    ValueError
        If a line of it would be left out.
    """
    rows = typed_rows(path, schema)
    attributes = [rows[kind] for kind in ("attributes", "protected") if kind in rows]
    if schema.columns_of("school"):
        school = [pl.lit("school").alias("name"), pl.col("school_id").alias("value")]
        attributes.append(rows["enrolments"].select("student_id", *school, "known_on"))
    rows["attributes"] = pl.concat(attributes, how="diagonal")
    numbers = {
        f"{kind}_id": {external: number for number, external in enumerate(rows[f"{kind}s"][f"{kind}_id"])}
        for kind in ("student", "school")
    }
    frames = {}
    for name in ("students", "enrolments", "attendance", "grades", "attributes", "outcomes"):
        if name in rows:
            frame = rows[name].to_pandas()
            frames[name] = frame.assign(**{of: frame[of].map(numbers[of]) for of in numbers if of in frame})
    if "attendance" in frames:
        # A cohort's totals say nothing of how many absences were excused.
        frames["attendance"]["n_excused"] = np.nan
    frames["outcomes"] = frames["outcomes"].assign(outcome_id=np.arange(len(frames["outcomes"])), corrects_id=np.nan)
    terms = pd.DataFrame(schema.term_features(), columns=["name", "term", "quantity"])
    return FactFrames(**frames, term_features=terms, kept=frozenset({"grades", "attendance"}))


def typed_rows(path: Path, schema: CohortSchema) -> dict[str, pl.DataFrame]:
    """Return the rows of each kind of record that the file holds, as they would be stored.

    :raises FileRefused: if the file cannot be read by the schema
    :raises ValueError: if a line of it would be left out
    """
    # By the day of the outcomes every fact of the file has happened.
    options = Options(today=schema.dates.outcome_on, schema=schema)
    reader = CohortReader(containers.opened(path, path.name), options)
    typing = RowParser(today=options.today, rules={}, report=reader.report)
    parts: dict[str, list[pl.DataFrame]] = defaultdict(list)
    for batch in reader.batches():
        typed = typing.typed(batch)
        if not typed.faults.is_empty():
            raise ValueError(f"{path.name} has bad lines; the first: {typed.faults.row(0, named=True)}.")
        parts[typed.kind].append(typed.rows)
    return {kind: pl.concat(of_kind) for kind, of_kind in parts.items()}
