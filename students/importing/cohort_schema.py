"""What each column of a flat cohort file is: the schema that types it, dates it and says who may look at it."""

from __future__ import annotations

import functools
import json
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from students.importing import schema_checks
from students.importing.schema_text import SchemaRefused, plain_fields, sentences_of
from students.outcomes.outcome_codes import OutcomeKind

__all__ = ["CohortSchema", "Column", "SchemaRefused"]

ColumnKind = Literal[
    "identifier",
    "given_name",
    "family_name",
    "birth_on",
    "school",
    "grade_level",
    "attribute",
    "protected",
    "grade",
    "credits_attempted",
    "credits_earned",
    "attendance_total",
    "outcome",
    "ignored",
]
ColumnType = Literal["integer", "number", "category", "boolean", "text", "date"]

# What a column of one term measures, in the words that modeling asks for.
TERM_QUANTITIES: dict[str, str] = {
    "grade": "value",
    "credits_attempted": "credits_attempted",
    "credits_earned": "credits_earned",
    "attendance_total": "absences",
}
_FEATURE_KINDS: dict[str, str] = {"integer": "number", "number": "number", "boolean": "flag", "category": "category"}
_OWN_TYPES: dict[str, str] = {
    "identifier": "text",
    "given_name": "text",
    "family_name": "text",
    "school": "text",
    "grade_level": "text",
    "ignored": "text",
    "birth_on": "date",
}

Words = Annotated[str, Field(min_length=1, max_length=2000)]
ShortWords = Annotated[str, Field(min_length=1, max_length=200)]
Code = Annotated[str, Field(min_length=1, max_length=100)]
Header = Annotated[str, Field(min_length=1, max_length=200)]
SnakeCase = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class CohortDates(_Part):
    """The conventional dates of a file that carries none: entry, the day of the list, the day of the outcome."""

    enrolled_on: date
    snapshot_on: date
    outcome_on: date


class OutcomeMeaning(_Part):
    """What one outcome is: its kind and the exit code it is stored with."""

    kind: OutcomeKind
    exit_code: Annotated[str, Field(min_length=1, max_length=60)]


class OutcomeReading(_Part):
    """How the outcome column is read: by its words (`values`), or by a limit (`below`, then `otherwise`)."""

    values: dict[Code, OutcomeMeaning] | None = None
    below: float | None = None
    kind: OutcomeKind | None = None
    exit_code: Annotated[str, Field(min_length=1, max_length=60)] | None = None
    otherwise: OutcomeMeaning | None = None


class Identifier(_Part):
    """Where student ids come from: a column of the file, or the place of the line (`from: line`, with a prefix)."""

    model_config = ConfigDict(populate_by_name=True, serialize_by_alias=True)

    column: SnakeCase | None = None
    source: Literal["line"] | None = Field(default=None, alias="from")
    prefix: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,40}$")] | None = None


class RuleStep(_Part):
    """One step of the cohort's own rule: points for a student whose feature is so."""

    feature: SnakeCase
    op: Literal["at_least", "at_most", "above", "below", "equals"]
    value: float | str
    points: Annotated[float, Field(gt=0)]
    words: Words


class Column(_Part):
    """One column of the file: what it is, what it may hold, when it is known."""

    header: Header
    kind: ColumnKind
    name: SnakeCase | None = None
    type: ColumnType
    minimum: float | None = None
    maximum: float | None = None
    levels: dict[Code, ShortWords] = {}
    required: bool = True
    label: Annotated[str, Field(max_length=200)] = ""
    unit: Annotated[str, Field(max_length=40)] = ""
    changeable: bool = False
    term: Annotated[str, Field(pattern=r"^[1-9][0-9]?$")] | None = None
    scale_max: Annotated[float, Field(gt=0)] | None = None
    known_on: date | None = None
    risk_direction: Literal[-1, 0, 1] = 0
    outcome: OutcomeReading | None = None

    @model_validator(mode="after")
    def _check(self) -> Self:
        schema_checks.check_column(self)
        return self

    @property
    def is_feature(self) -> bool:
        """Whether the model may look at it."""
        return self.kind == "attribute" or self.kind in TERM_QUANTITIES

    def description(self) -> dict[str, Any]:
        """Return the column as the keyword arguments of a model's feature, plain JSON."""
        flag = self.type == "boolean"
        return {
            "name": self.name,
            "kind": _FEATURE_KINDS[self.type],
            "label": self.label,
            "unit": self.unit,
            "changeable": self.changeable,
            "low": 0.0 if flag else self.minimum,
            "high": 1.0 if flag else self.maximum,
            "levels": dict(self.levels),
            "risk_direction": self.risk_direction,
        }


class CohortSchema(_Part):
    """The schema of one flat cohort: read from `configs/cohorts/*.yaml`, stored with the cohort as JSON."""

    name: SnakeCase
    title: ShortWords
    description: Words
    source: Words
    licence: Words
    synthetic: bool = False
    delimiter: Literal["auto", ",", ";", "\t", "tab", "|"] = "auto"
    missing_values: list[Code] = []
    dates: CohortDates
    horizon_days: Annotated[int, Field(ge=1, le=3660)]
    school_name: Code
    grade_level: Annotated[str, Field(max_length=20)] = ""
    identifier: Identifier | None = None
    columns: Annotated[list[Column], Field(min_length=1, max_length=500)]
    rule: list[RuleStep] = []

    @model_validator(mode="after")
    def _check(self) -> Self:
        schema_checks.check_schema(self)
        return self

    @classmethod
    def from_yaml(cls, text_or_path: str | Path) -> Self:
        """Return the schema that stands in a YAML text, or in the file of a Path.

        A str is always the text itself: it may come from an upload, which must not name files of the server.

        :raises SchemaRefused: with a sentence per fault, each naming its key
        """
        if isinstance(text_or_path, Path):
            return cls.from_yaml(text_or_path.read_text(encoding="utf-8"))
        return cls._from_text(text_or_path)

    @classmethod
    @functools.lru_cache(maxsize=16)
    def _from_text(cls, text: str) -> Self:
        # Reading the schemas that come with the portal is a quarter of the work on a small file. None ever changes.
        return cls.from_json(plain_fields(text))

    @classmethod
    def from_json(cls, fields: dict[str, Any]) -> Self:
        """Return the schema that `as_json` wrote.

        :raises SchemaRefused: with a sentence per fault, each naming its key
        """
        text = json.dumps(_with_own_types(fields), default=str)
        if "\\u0000" in text:
            raise SchemaRefused(["The schema holds a zero character, which no database text can. Remove it."])
        try:
            return cls.model_validate_json(text)
        except ValidationError as error:
            raise SchemaRefused(sentences_of(error, fields)) from None

    def as_json(self) -> dict[str, Any]:
        """Return the schema as plain JSON types."""
        return self.model_dump(mode="json", by_alias=True, exclude_defaults=True)

    @property
    def separator(self) -> str | None:
        """The character between values, or None to take the one found."""
        return {"auto": None, "tab": "\t"}.get(self.delimiter, self.delimiter)

    @property
    def headers(self) -> list[str]:
        """Every column name of the file, in its order."""
        return [column.header for column in self.columns]

    def columns_of(self, *kinds: str) -> list[Column]:
        """Return the columns of these kinds, in the order of the file."""
        return [column for column in self.columns if column.kind in kinds]

    def column_of(self, kind: str) -> Column | None:
        """Return the one column of a kind that stands at most once, or None."""
        return next(iter(self.columns_of(kind)), None)

    def known_on(self, column: Column) -> date:
        """Return the day a column's values became known: its own, else that of entry or of the outcome."""
        if column.known_on is not None:
            return column.known_on
        return self.dates.outcome_on if column.kind == "outcome" else self.dates.enrolled_on

    def feature_descriptions(self) -> list[dict[str, Any]]:
        """Return the columns the model may look at as keyword arguments of its features, in the order of the file."""
        return [column.description() for column in self.columns if column.is_feature]

    def protected_descriptions(self) -> list[dict[str, Any]]:
        """Return the protected columns as keyword arguments of features, for the fairness audit only."""
        return [column.description() for column in self.columns_of("protected")]

    def term_features(self) -> list[dict[str, str]]:
        """Return which feature is which quantity of which term: value, credits_attempted, credits_earned, absences."""
        return [
            {"name": str(column.name), "term": str(column.term), "quantity": TERM_QUANTITIES[column.kind]}
            for column in self.columns_of(*TERM_QUANTITIES)
        ]


def _with_own_types(fields: dict[str, Any]) -> dict[str, Any]:
    """Fill in the type of each column whose kind leaves no choice.

    Done before validation, not in a validator: behind one, pydantic forgets that its input was JSON and refuses dates.
    """
    columns = fields.get("columns")
    if not isinstance(columns, list):
        return fields
    typed = [
        {"type": _OWN_TYPES[column["kind"]], **column}
        if isinstance(column, dict) and column.get("kind") in _OWN_TYPES
        else column
        for column in columns
    ]
    return {**fields, "columns": typed}
