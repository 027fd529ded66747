"""What must hold inside and between the columns of a cohort schema; each fault is a sentence that names its key."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from students.importing.cohort_schema import CohortSchema, Column, RuleStep

_TERM_KINDS = ("grade", "credits_attempted", "credits_earned", "attendance_total")
_NUMERIC = ("integer", "number")
_TYPES_OF_KIND: dict[str, tuple[str, ...]] = {
    "identifier": ("text", "integer"),
    "given_name": ("text",),
    "family_name": ("text",),
    "birth_on": ("date",),
    "school": ("text", "category"),
    "grade_level": ("text", "category", "integer"),
    "attribute": ("integer", "number", "category", "boolean"),
    "protected": ("integer", "number", "category", "boolean"),
    "outcome": ("category", "integer", "number"),
    **dict.fromkeys(_TERM_KINDS, _NUMERIC),
}
_ONCE = ("identifier", "given_name", "family_name", "birth_on", "school", "grade_level", "outcome")


def check_column(column: Column) -> None:
    """Refuse a column whose keys contradict each other.

    :raises ValueError: with one sentence a line
    """
    _raise_all(_column_faults(column))


def check_schema(schema: CohortSchema) -> None:
    """Refuse a schema whose parts contradict each other.

    :raises ValueError: with one sentence a line
    """
    faults = [*_name_faults(schema), *_identifier_faults(schema), *_date_faults(schema), *_term_faults(schema)]
    for number, step in enumerate(schema.rule, 1):
        faults += [f'Rule step {number} ("{step.feature}"): {fault}' for fault in _rule_faults(schema, step)]
    if not any(column.is_feature for column in schema.columns):
        faults.append('"columns" holds nothing that a model may look at: no attribute, grade, credits or attendance.')
    _raise_all(faults)


def _raise_all(faults: list[str] | Iterator[str]) -> None:
    found = list(faults)
    if found:
        raise ValueError("\n".join(found))


def _column_faults(column: Column) -> Iterator[str]:
    allowed = _TYPES_OF_KIND.get(column.kind)
    if allowed and column.type not in allowed:
        yield f'"type" is {column.type}; kind {column.kind} takes {" or ".join(allowed)}.'
    if column.header != column.header.strip():
        yield '"header" begins or ends with white space. Leave it out; it is ignored in the file too.'
    if column.kind != "ignored" and column.name is None:
        yield '"name" is missing. Add it: lower-case words joined by underscores.'
    if (column.is_feature or column.kind == "protected") and not column.label.strip():
        yield '"label" is missing. Add the words that people read on screen.'
    yield from _range_faults(column)
    yield from _meaning_faults(column)
    yield from _outcome_faults(column)


def _range_faults(column: Column) -> Iterator[str]:
    for key in ("minimum", "maximum"):
        if getattr(column, key) is not None and column.type not in _NUMERIC:
            yield f'"{key}" is for type integer or number only; this column is {column.type}.'
    if column.minimum is not None and column.maximum is not None and column.minimum > column.maximum:
        yield f'"minimum" ({column.minimum:g}) is above "maximum" ({column.maximum:g}).'
    if column.levels and column.type != "category":
        yield f'"levels" is for type category only; this column is {column.type}.'
    if any(not code or code != code.strip() for code in column.levels):
        yield '"levels" holds an empty code, or one that begins or ends with a space.'


def _meaning_faults(column: Column) -> Iterator[str]:
    if column.kind in _TERM_KINDS:
        for key in ("term", "known_on"):
            if getattr(column, key) is None:
                yield f'"{key}" is missing. Kind {column.kind} belongs to a term and is known from a date on.'
    elif column.term is not None:
        yield f'"term" is for kinds {", ".join(_TERM_KINDS)} only; this column is {column.kind}.'
    if (column.kind == "grade") != (column.scale_max is not None):
        yield '"scale_max", the best possible grade, goes with kind grade and only with it.'
    if column.kind == "grade" and not _within(column, 0, column.scale_max):
        yield '"minimum" and "maximum" of a grade must be given and lie between 0 and "scale_max".'
    if column.kind == "attendance_total" and not (column.minimum is not None and column.minimum >= 0):
        yield '"minimum" of an attendance total must be given and be 0 or more.'
    if column.changeable and not column.is_feature:
        yield f'"changeable" is for what the model looks at; this column is {column.kind}.'
    if column.risk_direction and (column.type == "category" or not column.is_feature):
        yield '"risk_direction" is for numbers and yes-no columns that the model looks at.'


def _within(column: Column, low: float, high: float | None) -> bool:
    if column.minimum is None or column.maximum is None or high is None:
        return False
    return low <= column.minimum and column.maximum <= high


def _outcome_faults(column: Column) -> Iterator[str]:
    reading = column.outcome
    if (column.kind == "outcome") != (reading is not None):
        yield '"outcome" says how a column of kind outcome is read, and stands only there.'
    if reading is None:
        return
    by_limit = (reading.below, reading.kind, reading.exit_code, reading.otherwise)
    if column.type == "category":
        if not reading.values or any(part is not None for part in by_limit):
            yield '"outcome" of a category needs "values" (word: kind and exit_code) and nothing else.'
    elif reading.values is not None or any(part is None for part in by_limit):
        yield '"outcome" of a number needs "below", "kind", "exit_code" and "otherwise", and no "values".'
    if column.levels and reading.values and set(column.levels) != set(reading.values):
        yield '"levels" and "outcome.values" must hold the same words. Leave "levels" out.'


def _name_faults(schema: CohortSchema) -> Iterator[str]:
    for key, values in (
        ("header", schema.headers),
        ("name", [column.name for column in schema.columns if column.name]),
    ):
        for value, count in Counter(values).items():
            if count > 1:
                yield f'"columns" holds the {key} "{value}" {count} times. Keep one.'
    for kind in _ONCE:
        if len(schema.columns_of(kind)) > 1:
            yield f'"columns" holds more than one column of kind {kind}. Keep one.'
    if schema.grade_level and schema.column_of("grade_level"):
        yield '"grade_level" is given for all students and by a column. Keep one.'


def _identifier_faults(schema: CohortSchema) -> Iterator[str]:
    column, identifier = schema.column_of("identifier"), schema.identifier
    by_line = identifier is not None and identifier.source == "line"
    if column is None and not by_line:
        yield '"identifier" is missing. Add a column of kind identifier, or "identifier: {from: line, prefix: …}".'
    if column is not None and by_line:
        yield '"identifier" takes ids from the line, but there is a column of kind identifier too. Keep one.'
    if by_line and identifier is not None and not identifier.prefix:
        yield '"identifier.prefix" is missing. Ids are made of it and the place of the line, like 697-00001.'
    if identifier is not None and identifier.column and (column is None or column.name != identifier.column):
        yield f'"identifier.column" names "{identifier.column}", which is no column of kind identifier.'
    if column is not None and not column.required:
        yield f'Column "{column.header}": "required" cannot be false for the identifier.'


def _date_faults(schema: CohortSchema) -> Iterator[str]:
    dates = schema.dates
    if not dates.enrolled_on <= dates.snapshot_on < dates.outcome_on:
        yield '"dates" must follow each other: enrolled_on, then snapshot_on, then outcome_on.'
    elif dates.outcome_on > dates.snapshot_on + timedelta(days=schema.horizon_days):
        yield '"horizon_days" is too short: outcome_on lies beyond it, so no student would have a label.'


def _term_faults(schema: CohortSchema) -> Iterator[str]:
    columns = schema.columns_of(*_TERM_KINDS)
    for (term, kind), count in Counter((column.term, column.kind) for column in columns).items():
        if count > 1:
            yield f'"columns" holds {count} columns of kind {kind} for term {term}. Keep one.'
    totals = [column.known_on for column in columns if column.kind == "attendance_total"]
    if len(totals) != len(set(totals)):
        yield '"known_on" is the same for two columns of kind attendance_total; a day has one total.'
    grades = [column for column in columns if column.kind != "attendance_total"]
    for term in dict.fromkeys(column.term for column in grades):
        if len({column.known_on for column in grades if column.term == term}) > 1:
            yield f'"known_on" differs between the grade and credit columns of term {term}; they make one record.'


def _rule_faults(schema: CohortSchema, step: RuleStep) -> Iterator[str]:
    column = next((column for column in schema.columns if column.name == step.feature and column.is_feature), None)
    if column is None:
        yield '"feature" is no column that a rule may use. Name an attribute, grade, credits or attendance column.'
        return
    if schema.known_on(column) > schema.dates.snapshot_on:
        yield '"feature" becomes known only after snapshot_on, so the rule could not be computed.'
    if column.type == "category":
        if step.op != "equals" or not isinstance(step.value, str):
            yield '"op" must be equals, with a code in quotation marks, because the feature is a category.'
        elif column.levels and step.value not in column.levels:
            yield f'"value" is "{step.value}", which is no level of the feature.'
    elif isinstance(step.value, str):
        yield f'"value" is "{step.value}"; the feature needs a number (yes is 1, no is 0).'
