"""Records come out of a JSON file whole, wherever the pieces end in which it is read."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from students.importing import edfi_json
from students.importing.containers import Member
from students.importing.file_errors import FileRefused

TEXTS = st.text(alphabet=st.sampled_from('ab"\\[]{},: \n\tü😀'), max_size=12)
VALUES = st.recursive(
    TEXTS | st.none() | st.booleans(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
)
RECORDS = st.lists(st.dictionaries(TEXTS, VALUES, max_size=4), max_size=6)


def member_of(text: str) -> Member:
    """Return a file with this text."""
    content = text.encode()
    return Member(name="students.json", size=len(content), kind="json", opens=lambda: io.BytesIO(content))


def records_of(text: str, layout: edfi_json.Layout, *, piece: int, key: str = "") -> list[dict[str, Any]]:
    """Return all records of a text that is read in pieces of so many bytes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(edfi_json, "_PORTION_BYTES", piece)
        return [record for portion, _n in edfi_json.records(member_of(text), layout, key=key) for record in portion]


@given(rows=RECORDS, piece=st.integers(3, 40), layout=st.sampled_from(["array", "lines"]), escapes=st.booleans())
def test_records_are_the_same_in_pieces_of_any_size(
    rows: list[dict[str, Any]], piece: int, layout: edfi_json.Layout, escapes: bool
) -> None:
    text = json.dumps(rows, ensure_ascii=escapes) if layout == "array" else "\n".join(json.dumps(row) for row in rows)

    assert records_of(text, layout, piece=piece) == rows


@given(rows=RECORDS, others=RECORDS, piece=st.integers(3, 40))
def test_each_list_of_an_object_is_found_by_its_key(
    rows: list[dict[str, Any]], others: list[dict[str, Any]], piece: int
) -> None:
    text = json.dumps({"staffs": others, "students": rows, "total": {"n": [1, 2]}}, indent=1)

    assert records_of(text, "object", piece=piece, key="students") == rows
    assert edfi_json.resources_of(member_of(text)) == ["staffs", "students"]


@pytest.mark.parametrize(
    ("text", "layout"),
    [
        ('[{"a": 1}]', "array"),
        ('  {"a": 1}\n{"b": 2}', "lines"),
        ('\ufeff{"Students": [{"a": 1}]}', "object"),
        ('{"staffs": [{"a": 1}]}', "lines"),
    ],
)
def test_the_layout_is_found_from_the_beginning(text: str, layout: str) -> None:
    assert edfi_json.layout_of(member_of(text), names=frozenset({"students"})) == layout


@pytest.mark.parametrize("rest", ["x", "]", '{"a": 2}'])
def test_what_stands_behind_the_list_is_no_record(rest: str) -> None:
    assert records_of('[{"a": "b"}] \n', "array", piece=4) == [{"a": "b"}]

    with pytest.raises(FileRefused):
        records_of(f'[{{"a": "b"}}]{rest}', "array", piece=4)
