"""Holds the snapshot of any number of students on disk, column by column, while a list is made of it.

The file has no name: it is gone with the process, however that ends, and nobody else can open it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

_MISSING = -1


class KeptSnapshot:
    """Frames of features with the same columns, given one after the other; `len` is how many students they hold.

    Only the students' keys and each distinct code of a category stay in memory.
    """

    def __init__(self, folder: Path) -> None:
        self._file = tempfile.TemporaryFile(dir=folder, buffering=0)  # noqa: SIM115, closed by __exit__
        self._students: list[pd.Index] = []
        # Where the column of each frame begins in the file.
        self._places: list[dict[str, int]] = []
        self._codes: dict[str, dict[Any, int]] = {}

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_failure: object) -> None:
        """Let go of the file, and with it of what it holds."""
        self._file.close()

    def __len__(self) -> int:
        return sum(map(len, self._students))

    def add(self, frame: pd.DataFrame) -> None:
        """Hold more students: numbers as float64, codes of categories as object with NaN where missing."""
        places = {}
        for name in frame.columns:
            values = self._numbers(name, frame[name]) if frame[name].dtype == object else frame[name].to_numpy(float)
            places[str(name)] = self._file.seek(0, 2)
            self._file.write(np.ascontiguousarray(values).data)
        self._students.append(frame.index)
        self._places.append(places)

    def columns(self, names: Iterable[str]) -> pd.DataFrame:
        """Return some columns of all students; names that no frame had are left out."""
        asked = [name for name in names if self._places and name in self._places[0]]
        found = {
            name: np.concatenate([self._read(n, name, slice(0, len(ids))) for n, ids in enumerate(self._students)])
            for name in asked
        }
        return self._frame(found, self._students[0].append(self._students[1:]))

    def parts(self, n_rows: int) -> Iterator[pd.DataFrame]:
        """Yield all columns of so many students at a time, as they were given."""
        for n, students in enumerate(self._students):
            for start in range(0, len(students), n_rows):
                rows = slice(start, min(start + n_rows, len(students)))
                found = {name: self._read(n, name, rows) for name in self._places[n]}
                yield self._frame(found, students[rows])

    def _numbers(self, name: str, column: pd.Series) -> NDArray[np.float64]:
        """Return codes as numbers, each in the order in which it first came."""
        codes = self._codes.setdefault(name, {})
        positions, distinct = pd.factorize(column)
        numbers = [float(codes.setdefault(code, len(codes))) for code in distinct]
        return np.array([*numbers, _MISSING], dtype=np.float64)[positions]

    def _read(self, n: int, name: str, rows: slice) -> NDArray[Any]:
        self._file.seek(self._places[n][name] + rows.start * 8)
        values = np.frombuffer(bytearray(self._file.read((rows.stop - rows.start) * 8)), dtype=np.float64)
        if name not in self._codes:
            return values
        codes = np.array([*self._codes[name], np.nan], dtype=object)
        return codes[values.astype(np.int64)]

    def _frame(self, columns: dict[str, NDArray[Any]], students: pd.Index) -> pd.DataFrame:
        # A frame made from a bare array of codes would take pandas' own string type.
        typed = {name: pd.Series(values, index=students, dtype=values.dtype) for name, values in columns.items()}
        return pd.DataFrame(typed, index=students)


def of_frames(frames: Iterable[pd.DataFrame], *, folder: Path) -> KeptSnapshot:
    """Hold frames as they come; none stays in memory."""
    kept = KeptSnapshot(folder)
    try:
        for frame in frames:
            kept.add(frame)
    except BaseException:
        kept.__exit__()
        raise
    return kept
