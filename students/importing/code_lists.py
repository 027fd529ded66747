"""Codes that are documented in public, to be proposed where a file uses them."""

from __future__ import annotations

import functools
from collections.abc import Collection, Mapping
from pathlib import Path

import yaml

from students.importing import cells

ATTENDANCE, EXITS = "attendance_codes", "exit_codes"
_CONFIGS = Path(__file__).resolve().parents[2] / "configs"


@functools.cache
def lists(name: str) -> Mapping[str, Mapping[str, str]]:
    """Return by the name of each list of a file in configs/ what its codes mean; codes are in lower case."""
    described = yaml.safe_load((_CONFIGS / f"{name}.yaml").read_text(encoding="utf-8"))
    return {
        title: {str(code): meaning for meaning, codes in about["codes"].items() for code in codes}
        for title, about in described.items()
    }


def proposed(name: str, codes: Collection[str]) -> dict[str, str]:
    """Return what codes probably mean, by the documented list that knows most of them; unknown ones are left out."""
    plain = {code: cells.plain_word(code) for code in codes}
    best = max(lists(name).values(), key=lambda known: sum(code in known for code in plain.values()))
    return {code: best[word] for code, word in plain.items() if word in best}
