"""Read a cohort schema's YAML without YAML's surprises, and say in sentences what pydantic refused."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import yaml
from pydantic import ValidationError

MAX_SCHEMA_CHARACTERS = 1_000_000


class SchemaRefused(Exception):
    """The schema of a cohort cannot be used; `sentences` says why, naming each key."""

    def __init__(self, sentences: Sequence[str]) -> None:
        self.sentences = list(sentences)
        super().__init__("\n".join(self.sentences))


class _PlainLoader(yaml.SafeLoader):
    """YAML in which a key is the text that stands there.

    A level `no:` or `1:` is a code, not False or a number; a date stays text until the schema types it. A key given
    twice is refused instead of silently losing the first, and so are aliases, which can blow a small file up.
    """

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError('Aliases ("*name") are not read in a schema; use level_sets for shared levels.')
        return super().compose_node(parent, index)

    def construct_plain_mapping(self, node: yaml.MappingNode) -> dict[str, Any]:
        fields: dict[str, Any] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise yaml.YAMLError(f"Line {key.start_mark.line + 1}: a key must be plain text.")
            if key.value in fields:
                raise yaml.YAMLError(f'Line {key.start_mark.line + 1}: the key "{key.value}" stands twice.')
            fields[key.value] = self.construct_object(value, deep=True)
        return fields


def _construct_mapping(loader: _PlainLoader, node: yaml.MappingNode) -> dict[str, Any]:
    return loader.construct_plain_mapping(node)


def _construct_text(loader: _PlainLoader, node: yaml.ScalarNode) -> str:
    return str(loader.construct_scalar(node))


def _construct_flag(loader: _PlainLoader, node: yaml.ScalarNode) -> bool | str:
    # YAML 1.1 also reads yes, no, on and off as booleans; here they are words, as in YAML 1.2.
    word = str(node.value)
    return word.lower() == "true" if word.lower() in ("true", "false") else word


_PlainLoader.add_constructor("tag:yaml.org,2002:map", _construct_mapping)
_PlainLoader.add_constructor("tag:yaml.org,2002:timestamp", _construct_text)
_PlainLoader.add_constructor("tag:yaml.org,2002:bool", _construct_flag)


def plain_fields(text: str) -> dict[str, Any]:
    """Return the keys of a schema's YAML as JSON types, named level sets filled in.

    :raises SchemaRefused: if the text is no YAML mapping, holds a key twice, or names an unknown level set
    """
    if len(text) > MAX_SCHEMA_CHARACTERS:
        raise SchemaRefused([f"The schema has {len(text):,} characters; at most {MAX_SCHEMA_CHARACTERS:,} are read."])
    try:
        fields = yaml.load(text, Loader=_PlainLoader)  # noqa: S506 -- derived from SafeLoader
    except yaml.YAMLError as error:
        raise SchemaRefused([f"The schema is not valid YAML. {' '.join(str(error).split())}"]) from None
    except RecursionError:
        raise SchemaRefused(["The schema is nested too deeply to be read."]) from None
    if not isinstance(fields, dict):
        raise SchemaRefused(["The schema must be a YAML mapping with keys such as name, title, dates and columns."])
    return _with_level_sets(fields)


def _with_level_sets(fields: dict[str, Any]) -> dict[str, Any]:
    """Replace `levels: qualification` by the set of that name, so that long code lists are written once."""
    level_sets = fields.pop("level_sets", {})
    if not isinstance(level_sets, dict):
        raise SchemaRefused(['"level_sets" must hold named lists of levels (code: words).'])
    columns = fields.get("columns")
    for column in columns if isinstance(columns, list) else []:
        wanted = column.get("levels") if isinstance(column, dict) else None
        if not isinstance(wanted, str):
            continue
        if wanted not in level_sets:
            known = ", ".join(level_sets) or "none"
            raise SchemaRefused(
                [f'Column "{column.get("header")}": "levels" names the set "{wanted}"; level_sets has: {known}.']
            )
        column["levels"] = level_sets[wanted]
    return fields


def sentences_of(error: ValidationError, fields: dict[str, Any]) -> list[str]:
    """Return one sentence per fault that pydantic found, each naming the key and its place."""
    return [sentence for fault in error.errors() for sentence in _sentences_of_fault(dict(fault), fields)]


def _sentences_of_fault(fault: dict[str, Any], fields: dict[str, Any]) -> list[str]:
    place, key = _place_and_key(fault["loc"], fields)
    got = fault["input"]
    kind = fault["type"]
    if kind == "value_error":
        # Our own checks: each line is a sentence that already names its key.
        return [place + line for line in str(fault["ctx"]["error"]).split("\n")]
    if kind == "extra_forbidden":
        return [f'{place}"{key}" is not a key of a schema. Remove it or correct its spelling.']
    if kind == "missing":
        return [f'{place}"{key}" is missing. Add it.']
    if kind == "literal_error":
        return [f'{place}"{key}" is "{got}"; it must be {fault["ctx"]["expected"]}.']
    shown = f'"{got}"' if isinstance(got, str | int | float) else type(got).__name__
    return [f'{place}"{key}" is {shown}, which cannot be used: {fault["msg"][0].lower()}{fault["msg"][1:]}.']


def _place_and_key(loc: tuple[int | str, ...], fields: dict[str, Any]) -> tuple[str, str]:
    """Return words for where a fault lies ('Column 4 ("Course"): ') and the key that it lies in."""
    if len(loc) >= 2 and loc[0] in ("columns", "rule") and isinstance(loc[1], int):
        listed = fields[str(loc[0])][loc[1]]
        name_key, word = ("header", "Column") if loc[0] == "columns" else ("feature", "Rule step")
        name = listed.get(name_key) if isinstance(listed, dict) else None
        place = f"{word} {loc[1] + 1}" + (f' ("{name}"): ' if name else ": ")
        return place, ".".join(str(part) for part in loc[2:])
    return "", ".".join(str(part) for part in loc)
