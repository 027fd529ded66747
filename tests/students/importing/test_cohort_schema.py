"""A cohort's schema says what each column is, and refuses what it cannot mean, naming the key."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from modeling.core.feature import Feature
from students.importing.cohort_schema import CohortSchema, SchemaRefused
from students.outcomes import outcome_codes
from tests.students.importing.real_data import COHORTS
from tests.students.importing.small_cohort import YAML, small_schema

SHIPPED = sorted(COHORTS.glob("*.yaml"))


def refusal_of(fields: dict[str, Any]) -> list[str]:
    with pytest.raises(SchemaRefused) as refusal:
        CohortSchema.from_json(fields)
    return refusal.value.sentences


def with_column(header: str, **changes: Any) -> dict[str, Any]:
    """Return the small schema as JSON with the keys of one column changed."""
    fields = small_schema().as_json()
    columns = [column | changes if column["header"] == header else column for column in fields["columns"]]
    return {**fields, "columns": columns}


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_shipped_schema_survives_storage_as_json(path: Path) -> None:
    schema = CohortSchema.from_yaml(path)

    stored = json.loads(json.dumps(schema.as_json()))

    assert CohortSchema.from_json(stored) == schema
    assert schema.name == path.stem


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_shipped_schema_uses_exit_codes_of_the_same_kind(path: Path) -> None:
    (column,) = CohortSchema.from_yaml(path).columns_of("outcome")
    reading = column.outcome
    assert reading is not None

    meanings = [*(reading.values or {}).values(), *([reading.otherwise] if reading.otherwise else [])]
    pairs = [(meaning.exit_code, meaning.kind) for meaning in meanings]
    pairs += [(reading.exit_code, reading.kind)] if reading.exit_code else []

    assert [outcome_codes.written().kind_of(code) for code, _kind in pairs] == [kind for _code, kind in pairs]


def test_the_pass_or_fail_cohorts_say_that_they_are_not_dropout() -> None:
    for name in ("uci_320_por", "uci_320_mat"):
        schema = CohortSchema.from_yaml(COHORTS / f"{name}.yaml")

        assert "not dropout" in schema.title
        assert "NOT dropout" in schema.description


def test_protected_columns_are_described_apart_from_features() -> None:
    schema = CohortSchema.from_yaml(COHORTS / "uci_697.yaml")

    protected = [description["name"] for description in schema.protected_descriptions()]
    features = [description["name"] for description in schema.feature_descriptions()]

    assert protected == [
        "marital_status",
        "nationality",
        "mother_qualification",
        "father_qualification",
        "mother_occupation",
        "father_occupation",
        "displaced",
        "special_needs",
        "gender",
        "age_at_enrolment",
        "international",
    ]
    assert len(features) == 25
    assert not set(protected) & set(features)


def test_a_feature_description_holds_what_a_model_needs_to_know() -> None:
    described = {description["name"]: description for description in small_schema().feature_descriptions()}

    assert list(described) == ["score", "siblings", "track", "bus", "mark", "passed", "absences"]
    assert described["score"] == {
        "name": "score",
        "kind": "number",
        "label": "Entry score",
        "unit": "points",
        "changeable": False,
        "low": 0.0,
        "high": 200.0,
        "levels": {},
        "risk_direction": 0,
    }
    assert described["track"]["levels"] == {"A": "Arts", "S": "Sciences"}
    assert (described["bus"]["kind"], described["bus"]["low"], described["bus"]["high"]) == ("flag", 0.0, 1.0)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_feature_is_what_its_description_says(path: Path) -> None:
    schema = CohortSchema.from_yaml(path)

    described = [*schema.feature_descriptions(), *schema.protected_descriptions()]

    features = [Feature(**description).as_json() for description in described]
    assert [
        {name: feature[name] for name in said} for feature, said in zip(features, described, strict=True)
    ] == described
    assert json.loads(json.dumps(described)) == described


def test_term_features_say_which_quantity_of_which_term_they_are() -> None:
    assert small_schema().term_features() == [
        {"name": "mark", "term": "1", "quantity": "value"},
        {"name": "passed", "term": "1", "quantity": "credits_earned"},
        {"name": "absences", "term": "1", "quantity": "absences"},
    ]


def test_yaml_keys_and_words_stay_as_written() -> None:
    levels = "{no: Never, 1: Once, 2019-01-01: On a day}"
    text = YAML.replace("{A: Arts, S: Sciences}", levels).replace("label: Comes by bus", "label: yes")

    schema = CohortSchema.from_yaml(text)

    assert next(column.levels for column in schema.columns if column.name == "track") == {
        "no": "Never",
        "1": "Once",
        "2019-01-01": "On a day",
    }
    assert next(column.label for column in schema.columns if column.name == "bus") == "yes"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("name: [", "The schema is not valid YAML."),
        ("just words", "The schema must be a YAML mapping"),
        (YAML + "\ntitle: Again\n", 'the key "title" stands twice'),
        ("a: &x 1\nb: *x", "Aliases"),
        ("a: !!python/object/apply:os.getcwd []", "The schema is not valid YAML."),
        ("[" * 5000, "The schema is nested too deeply"),
        ("x" * 1_000_001, "at most 1,000,000 are read"),
        (YAML.replace("{A: Arts, S: Sciences}", "tracks"), 'names the set "tracks"; level_sets has: none.'),
        ("/etc/hostname.yaml", "The schema must be a YAML mapping"),
        (YAML.replace("title: A small cohort", 'title: "A\\0"'), "zero character"),
    ],
)
def test_text_that_is_no_schema_is_refused(text: str, words: str) -> None:
    with pytest.raises(SchemaRefused, match=words.replace(".", r"\.")):
        CohortSchema.from_yaml(text)


@pytest.mark.parametrize(
    ("header", "changes", "sentence"),
    [
        ("Score", {"colour": "red"}, 'COLUMN: "colour" is not a key of a schema. Remove it or correct its spelling.'),
        (
            "Score",
            {"minimum": "low"},
            'COLUMN: "minimum" is "low", which cannot be used: input should be a valid number.',
        ),
        (
            "Score",
            {"type": "money"},
            "COLUMN: \"type\" is \"money\"; it must be 'integer', 'number', 'category', 'boolean', 'text' or 'date'.",
        ),
        ("Score", {"minimum": 300}, 'COLUMN: "minimum" (300) is above "maximum" (200).'),
        ("Score", {"label": ""}, 'COLUMN: "label" is missing. Add the words that people read on screen.'),
        ("Score", {"name": None}, 'COLUMN: "name" is missing. Add it: lower-case words joined by underscores.'),
        ("Score", {"levels": {"1": "One"}}, 'COLUMN: "levels" is for type category only; this column is number.'),
        (
            "Score",
            {"term": "1"},
            'COLUMN: "term" is for kinds grade, credits_attempted, credits_earned, attendance_total only; '
            "this column is attribute.",
        ),
        (
            "Score",
            {"scale_max": 20},
            'COLUMN: "scale_max", the best possible grade, goes with kind grade and only with it.',
        ),
        ("Score", {"name": "siblings"}, '"columns" holds the name "siblings" 2 times. Keep one.'),
        (
            "Track",
            {"risk_direction": 1},
            'COLUMN: "risk_direction" is for numbers and yes-no columns that the model looks at.',
        ),
        (
            "Track",
            {"type": "text", "levels": {}},
            'COLUMN: "type" is text; kind attribute takes integer or number or category or boolean.',
        ),
        ("Sex", {"changeable": True}, 'COLUMN: "changeable" is for what the model looks at; this column is protected.'),
        (
            "Mark",
            {"known_on": None},
            'COLUMN: "known_on" is missing. Kind grade belongs to a term and is known from a date on.',
        ),
        (
            "Mark",
            {"maximum": 100},
            'COLUMN: "minimum" and "maximum" of a grade must be given and lie between 0 and "scale_max".',
        ),
        (
            "Mark",
            {"known_on": "2024-01-30"},
            '"known_on" differs between the grade and credit columns of term 1; they make one record.',
        ),
        ("Absent", {"minimum": None}, 'COLUMN: "minimum" of an attendance total must be given and be 0 or more.'),
        (
            "Absent",
            {"known_on": "2024-03-01"},
            'Rule step 1 ("absences"): "feature" becomes known only after snapshot_on, '
            "so the rule could not be computed.",
        ),
        (
            "Id",
            {"kind": "ignored", "name": None},
            '"identifier" is missing. Add a column of kind identifier, or "identifier: {from: line, prefix: …}".',
        ),
        (
            "End",
            {"outcome": None},
            'COLUMN: "outcome" says how a column of kind outcome is read, and stands only there.',
        ),
        (
            "End",
            {"type": "number"},
            'COLUMN: "outcome" of a number needs "below", "kind", "exit_code" and "otherwise", and no "values".',
        ),
    ],
)
def test_a_column_that_contradicts_itself_is_refused_by_its_key(
    header: str, changes: dict[str, Any], sentence: str
) -> None:
    place = small_schema().headers.index(header) + 1

    found = refusal_of(with_column(header, **changes))

    assert found == [sentence.replace("COLUMN", f'Column {place} ("{header}")')]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"horizon_days": 10},
            '"horizon_days" is too short: outcome_on lies beyond it, so no student would have a label.',
        ),
        (
            {"horizon_days": "a year"},
            '"horizon_days" is "a year", which cannot be used: input should be a valid integer.',
        ),
        ({"grade_level": "9"}, '"grade_level" is given for all students and by a column. Keep one.'),
        (
            {"identifier": {"from": "line", "prefix": "x"}},
            '"identifier" takes ids from the line, but there is a column of kind identifier too. Keep one.',
        ),
        (
            {"identifier": {"column": "score"}},
            '"identifier.column" names "score", which is no column of kind identifier.',
        ),
        (
            {"rule": [{"feature": "sex", "op": "equals", "value": "F", "points": 1, "words": "x"}]},
            'Rule step 1 ("sex"): "feature" is no column that a rule may use. '
            "Name an attribute, grade, credits or attendance column.",
        ),
        (
            {"rule": [{"feature": "track", "op": "equals", "value": "Z", "points": 1, "words": "x"}]},
            'Rule step 1 ("track"): "value" is "Z", which is no level of the feature.',
        ),
        (
            {"rule": [{"feature": "score", "op": "near", "value": 1, "points": 1, "words": "x"}]},
            'Rule step 1 ("score"): "op" is "near"; '
            "it must be 'at_least', 'at_most', 'above', 'below' or 'equals'.",
        ),
        (
            {"dates": {"enrolled_on": "2023-09-01", "snapshot_on": "2023-08-01", "outcome_on": "2024-07-01"}},
            '"dates" must follow each other: enrolled_on, then snapshot_on, then outcome_on.',
        ),
        ({"licence": ""}, '"licence" is "", which cannot be used: string should have at least 1 character.'),
    ],
)
def test_a_schema_that_contradicts_itself_is_refused_by_its_key(changes: dict[str, Any], sentence: str) -> None:
    assert sentence in refusal_of({**small_schema().as_json(), **changes})


def test_all_faults_of_a_schema_are_told_at_once() -> None:
    fields = with_column("Score", minimum="low", colour="red")
    del fields["title"]

    sentences = refusal_of(fields)

    assert len(sentences) == 3
    assert '"title" is missing. Add it.' in sentences


def test_importing_the_schema_brings_in_no_heavy_library() -> None:
    heavy = "[name for name in ('pandas', 'numpy', 'django') if name in sys.modules]"
    code = f"import sys, students.importing.cohort_schema; print({heavy})"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert found.stdout.strip() == "[]"
