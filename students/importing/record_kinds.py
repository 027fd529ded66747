"""The kinds of record the portal keeps, and every column a file may bring for them: one table for all formats."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import yaml

_DESCRIBED_IN = Path(__file__).resolve().parents[2] / "configs" / "record_kinds.yaml"

Type = Literal["text", "word", "number", "date", "boolean"]


@dataclass(frozen=True, kw_only=True)
class Field:
    """One column of a kind of record.

    Attributes
    ----------
    name : str
        The column in our own CSV files and in every frame.
    type : str
        "word" is a text of a closed list, `allowed`, after `aliases` were replaced.
    required : bool
        Whether a row without it is refused.
    default : str
        What an empty cell means, as text; "" leaves it missing.
    longest : int
        Characters of a text.
    low, high : float
        Bounds of a number, both included.
    also_called : tuple of str
        Headers that other systems use, in lower case without spaces, hyphens, underscores and points.
    words : str
        What the column is, for the pages.
    """

    name: str
    type: Type = "text"
    required: bool = False
    default: str = ""
    longest: int = 200
    low: float | None = None
    high: float | None = None
    allowed: tuple[str, ...] = ()
    aliases: tuple[tuple[str, str], ...] = ()
    also_called: tuple[str, ...] = ()
    words: str = ""


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One kind of record.

    Attributes
    ----------
    name : str
        As the file is called: "attendance" for attendance.csv.
    fields : tuple of Field
        What a row may hold.
    key : tuple of str, default empty
        The columns by which a row is found again in a later file. A row with a ``source_id`` is found by that and
        its student.
    compared : tuple of str
        The columns whose change makes a new version of the row.
    happened : str
        The column that says when the fact happened; "" for kinds without a day of their own.
    also_called : tuple of str
        Other names of the file, in lower case.
    words : str
        What the kind is called on pages, in the plural.
    """

    name: str
    fields: tuple[Field, ...]
    key: tuple[str, ...] = ()
    compared: tuple[str, ...] = ()
    happened: str = ""
    also_called: tuple[str, ...] = ()
    words: str = ""

    def field(self, name: str) -> Field:
        """Return a column by its name.

        :raises KeyError: if the kind has no such column
        """
        return {field.name: field for field in self.fields}[name]

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the names of the columns."""
        return tuple(field.name for field in self.fields)

    @property
    def required(self) -> tuple[str, ...]:
        """Return the names of the columns that every row needs."""
        return tuple(field.name for field in self.fields if field.required)


def _field(name: str, described: dict[str, Any]) -> Field:
    aliases = tuple((alias, word) for word, names in described.pop("aliases", {}).items() for alias in names)
    lists: dict[str, Any] = {key: tuple(described.pop(key)) for key in ("allowed", "also_called") if key in described}
    return Field(name=name, aliases=aliases, **lists, **described)


def _kind(name: str, described: dict[str, Any]) -> Kind:
    fields = tuple(_field(field, dict(about or {})) for field, about in described.pop("fields").items())
    listed = [key for key in ("key", "compared", "also_called") if key in described]
    lists: dict[str, Any] = {key: tuple(described.pop(key)) for key in listed}
    return Kind(name=name, fields=fields, **lists, **described)


@functools.cache
def kinds() -> Mapping[str, Kind]:
    """Return every kind of record by name, as configs/record_kinds.yaml describes them."""
    described = yaml.safe_load(_DESCRIBED_IN.read_text(encoding="utf-8"))
    return {name: _kind(name, about) for name, about in described.items()}


# Facts about one student, in the order in which they are stored; the other kinds say who and where there is.
FACTS = ("enrolments", "attendance", "grades", "discipline", "interventions", "attributes", "protected", "outcomes")
