"""What a reader has read and found but not handed on yet: every batch takes along what has gathered since the last."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import polars as pl

from students.importing.batches import FAULTS, Batch, no_faults


class BatchLedger:
    """Gathers bytes and faults of files that yield no rows of their own, so that none is lost."""

    def __init__(self) -> None:
        self._n_bytes = 0
        self._n_bytes_told = 0
        self._faults: list[pl.DataFrame] = []

    def note(self, *, n_bytes: int = 0, faults: pl.DataFrame | None = None) -> None:
        """Remember bytes read and faults found for the next batch."""
        self._n_bytes += n_bytes
        if faults is not None and len(faults):
            self._faults.append(faults)

    def batch(self, kind: str, rows: pl.DataFrame, *, headers: Mapping[str, str] | None = None) -> Batch:
        """Return the rows as a batch that carries everything gathered so far."""
        faults = pl.concat(self._faults) if self._faults else no_faults()
        batch = Batch(kind=kind, rows=rows, faults=faults, n_bytes=self._n_bytes, headers=headers or {})
        self._n_bytes_told += self._n_bytes
        self._n_bytes, self._faults = 0, []
        return batch

    def told(self, n_bytes: int) -> None:
        """Remember that a batch of somebody else carried bytes."""
        self._n_bytes_told += n_bytes

    def rest(self, kind: str, *, n_bytes_of_all: int) -> Iterator[Batch]:
        """Yield a batch without rows if anything is left that no batch has carried.

        Parameters
        ----------
        n_bytes_of_all : int
            The size of the upload: what was skipped is counted as read.
        """
        self._n_bytes = max(0, n_bytes_of_all - self._n_bytes_told)
        if self._n_bytes or self._faults:
            rows = pl.DataFrame(schema={"student_id": pl.String(), "file": pl.String(), "line": pl.Int64()})
            yield self.batch(kind, rows)


def faults_of(
    rows: pl.DataFrame, *, file: str, column: str, value: str | pl.Expr, problem: str, allowed: str = ""
) -> pl.DataFrame:
    """Return one fault per row.

    Parameters
    ----------
    rows : DataFrame
        With ``line`` (int64).
    file, column : str
        Where the fault is, as the file's owner knows it.
    value : str or Expr
        The column of `rows` that holds what was got, or an expression for it.
    problem : str
        A key of file_errors.SENTENCES.
    allowed : str
        What would be right.

    Returns
    -------
    DataFrame with the columns of FAULTS
    """
    got = pl.col(value) if isinstance(value, str) else value
    return rows.select(
        pl.lit(file, dtype=pl.String()).alias("file"),
        pl.col("line").cast(pl.Int64()),
        pl.lit(column, dtype=pl.String()).alias("column"),
        got.cast(pl.String()).fill_null("").alias("value"),
        pl.lit(problem, dtype=pl.String()).alias("problem"),
        pl.lit(allowed, dtype=pl.String()).alias("allowed"),
    ).cast(FAULTS)
