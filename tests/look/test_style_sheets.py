"""The style sheets stay one small system: colours only as tokens, nothing from elsewhere."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SHEETS = sorted((ROOT / "static" / "css").glob("*.css"))
RULES = "\n".join(sheet.read_text() for sheet in SHEETS)


def test_all_style_sheets_together_stay_under_900_lines():
    assert sum(len(sheet.read_text().splitlines()) for sheet in SHEETS) < 900


@pytest.mark.parametrize("sheet", [s for s in SHEETS if s.stem not in ("tokens", "print")], ids=lambda s: s.name)
def test_colours_are_written_in_the_tokens_only(sheet):
    without_shadow = re.sub(r"box-shadow:[^;]+;", "", sheet.read_text())

    assert re.findall(r"#[0-9a-fA-F]{3,8}\b|rgba?\(|hsla?\(", without_shadow) == []


def test_every_variable_that_is_used_is_defined():
    used = set(re.findall(r"var\((--[\w-]+)", RULES))
    defined = set(re.findall(r"(--[\w-]+):", RULES))

    assert used - defined == set()


def test_style_sheets_load_nothing_from_elsewhere():
    assert re.findall(r"url\(|@import", RULES) == []


def test_motion_stands_under_the_readers_consent():
    outside = re.sub(r"@media \(prefers-reduced-motion: no-preference\) \{.*?\n\}", "", RULES, flags=re.DOTALL)

    assert re.findall(r"\b(?:transition|animation)\s*:", outside) == []
