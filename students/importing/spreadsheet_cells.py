"""Cells of a file that goes back to people: shown by a spreadsheet, never run."""

from __future__ import annotations

import re

# What makes a spreadsheet run a cell, in the width of Latin and of Chinese or Japanese text.
_RUNS = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
_NUMBER = re.compile(r"[+-]?(\d+([.,]\d+)*|[.,]\d+)([eE][+-]?\d{1,3})?%?")


def safe(cell: str) -> str:
    """Return a cell that a spreadsheet shows instead of running it."""
    return f"'{cell}" if cell.startswith(_RUNS) and not _NUMBER.fullmatch(cell) else cell


def as_written(cell: str) -> str:
    """Return a cell as it stood before `safe`: what was given back can be sent again."""
    return cell[1:] if cell.startswith("'") and safe(cell[1:]) == cell else cell
