"""Read one flat cohort file by its schema: all of it as frames of facts, or a refusal that names every bad cell."""

from __future__ import annotations

import difflib
import io
from pathlib import Path

import numpy as np
import pandas as pd

from students.importing.cohort_checks import cell_errors, cell_faults, typed_columns
from students.importing.cohort_frames import CohortFrames, cohort_frames
from students.importing.cohort_schema import CohortSchema
from students.importing.csv_text import MAX_BYTES, CsvText, read_csv_text
from students.importing.file_errors import CellError, FileRefused

# Each guess compares one name with all that are absent; a file with none of the right names needs no hundreds.
_MOST_GUESSES = 20

__all__ = ["CellError", "CohortFrames", "FileRefused", "read_cohort"]


def read_cohort(source: str | Path | bytes, schema: CohortSchema, *, max_bytes: int = MAX_BYTES) -> CohortFrames:
    """Return the facts of a flat cohort file, one row per student.

    Parameters
    ----------
    source : str, Path or bytes
        The path of the file, or its content.
    schema : CohortSchema
        What each column is.
    max_bytes : int
        The largest file that is read.

    Returns
    -------
    CohortFrames
        Frames with external ids (str), and the wide table.

    Raises
    ------
    FileRefused
        If anything is wrong; the first 500 faults in the order of the file, and how many there are.
    """
    text = read_csv_text(
        Path(source) if isinstance(source, str) else source,
        headers=schema.headers,
        delimiter=schema.separator,
        max_bytes=max_bytes,
    )
    raw, lines, repeated = _without_repeated_headers(_raw_cells(text), text)
    line_errors = sorted([*text.errors, *repeated], key=lambda error: error.line or 0)
    in_header = column_errors(text.header, schema)
    typed = typed_columns(raw, schema)
    faults, n_faults = cell_faults(typed)
    n_errors = len(in_header) + len(line_errors) + n_faults
    if n_errors:
        # Sorting is stable: within a line the cells keep the order of the columns.
        in_lines = sorted([*line_errors, *cell_errors(faults, typed, raw, lines)], key=lambda error: error.line or 0)
        raise FileRefused([*in_header, *in_lines], n_errors)
    return cohort_frames(typed, schema, n_rows=len(raw), encoding=text.encoding, delimiter=text.delimiter)


def _raw_cells(text: CsvText) -> pd.DataFrame:
    """Return every cell as text. The structure was checked before, so rows and lines must agree."""
    if not text.body:
        return pd.DataFrame({name: pd.Series([], dtype="str") for name in text.header})
    raw = pd.read_csv(
        io.BytesIO(text.body),
        sep=text.delimiter,
        header=None,
        names=list(text.header),
        index_col=False,
        dtype="str",
        na_filter=False,
        skip_blank_lines=False,
        encoding="utf-8",
    )
    if len(raw) != len(text.lines):
        raise RuntimeError(f"The parser read {len(raw)} rows where the file has {len(text.lines)} records.")
    return raw


def _without_repeated_headers(
    raw: pd.DataFrame, text: CsvText
) -> tuple[pd.DataFrame, np.ndarray[tuple[int], np.dtype[np.int64]], list[CellError]]:
    """Return the students, their lines, and an error for each line that is the header again."""
    repeated = np.ones(len(raw), dtype=np.bool_)
    for name in text.header:
        repeated &= (raw[name].str.strip() == name).to_numpy(dtype=np.bool_)
        if not repeated.any():
            return raw, text.lines, []
    errors = [CellError(int(line), "", "", "header_again", "") for line in text.lines[repeated]]
    return raw[~repeated].reset_index(drop=True), text.lines[~repeated], errors


def column_errors(header: tuple[str, ...], schema: CohortSchema) -> list[CellError]:
    """Return the columns that are missing and those that the schema does not know, with a guess at misspellings."""
    absent = {column.header: column for column in schema.columns if column.header not in header}
    errors: list[CellError] = []
    for name in (name for name in header if name not in schema.headers):
        may_guess = len(errors) < _MOST_GUESSES
        near = difflib.get_close_matches(name[:200], absent, n=1, cutoff=0.8) if may_guess else []
        if near:
            # A misspelt column is one fault: it is not reported again as missing.
            absent.pop(near[0])
        problem = "misspelt_column" if near else "unknown_column"
        errors.append(CellError(None, name[:200], "", problem, near[0] if near else ""))
    errors += [
        CellError(None, column.header, "", "missing_column", "")
        for column in absent.values()
        if column.required and column.kind != "ignored"
    ]
    return errors
