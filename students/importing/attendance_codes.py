"""Codes of attendance that are documented in public, to be proposed where a file uses them."""

from __future__ import annotations

import functools
from collections.abc import Collection, Mapping
from pathlib import Path

import yaml

_DESCRIBED_IN = Path(__file__).resolve().parents[2] / "configs" / "attendance_codes.yaml"
COMMON = "common"


@functools.cache
def lists() -> Mapping[str, Mapping[str, str]]:
    """Return by the name of each list what its codes mean; codes are in lower case."""
    described = yaml.safe_load(_DESCRIBED_IN.read_text(encoding="utf-8"))
    return {
        name: {str(code): meaning for meaning, codes in about["codes"].items() for code in codes}
        for name, about in described.items()
    }


def proposed(codes: Collection[str]) -> dict[str, str]:
    """Return what codes probably mean, by the documented list that knows most of them; unknown ones are left out."""
    plain = {code: " ".join(code.lower().replace("_", " ").split()) for code in codes}
    best = max(lists().values(), key=lambda known: sum(code in known for code in plain.values()))
    return {code: best[word] for code, word in plain.items() if word in best}
