"""What a file looks like, as one hash: the next file of the same system has the same, so it is known again."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Protocol

from students.importing.headers import plain


class HasHeader(Protocol):
    """A CSV file whose header was read."""

    header: tuple[str, ...]


def shape_of(csvs: Mapping[str, HasHeader], *, others: tuple[str, ...] = ()) -> str:
    """Return the shape of an upload: what its files and their columns are called, in any order and spelling.

    Parameters
    ----------
    csvs : mapping of file name to CSV
    others : tuple of str
        Names of files that have no header.

    Returns
    -------
    str
        64 hexadecimal digits.
    """
    is_one = len(csvs) + len(others) == 1
    # Exports carry the day in their names; of a single file only the columns count.
    files = [("" if is_one else _lasting(name), sorted(map(plain, csv.header))) for name, csv in csvs.items()]
    files += [(_lasting(name), []) for name in others]
    return hashlib.sha256(json.dumps(sorted(files)).encode()).hexdigest()


def _lasting(name: str) -> str:
    return plain(re.sub(r"\d+", "", PurePosixPath(name).stem))
