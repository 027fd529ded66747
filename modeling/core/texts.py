"""Columns of texts, of which few are different: as codes, and as the numbers they say."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd


def codes(texts: pd.Series) -> tuple[npt.NDArray[np.int64], list[str]]:
    """Return the texts of a column as codes, and what each code stands for; -1 where there is none."""
    if isinstance(texts.dtype, pd.CategoricalDtype):
        numbers, known = texts.cat.codes.to_numpy(), list(texts.cat.categories)
    else:
        numbers, levels = pd.factorize(texts)
        known = list(levels)
    found: npt.NDArray[np.int64] = numbers.astype(np.int64)
    return found, known


def numbers(texts: Sequence[str]) -> npt.NDArray[np.float64]:
    """Return what texts say as numbers, NaN where one says none."""
    if all(text.isascii() and text.isdecimal() for text in texts):
        return np.array([int(text) for text in texts], dtype=np.float64)
    said = pd.to_numeric(pd.Series(list(texts), dtype=object), errors="coerce")
    return said.to_numpy(dtype=np.float64)
