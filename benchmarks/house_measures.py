"""Count what the house is made of and print one JSON line: `python -m benchmarks.house_measures`.

Source lines are those of the product's Python that hold code: no blank line, comment or docstring; without migrations,
tests and the simulation. Modules that lie flat in a folder are counted without `__init__.py`.
"""

from __future__ import annotations

import argparse
import ast
import io
import json
import tokenize
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
PRODUCT = ("accounts", "jobs", "students", "modeling", "predictions", "monitoring", "dropout_portal")
LEFT_OUT = ("migrations", "simulation", "__pycache__")
_NO_CODE = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}


def main() -> None:
    """Count and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--of", type=Path, default=ROOT, help="another checkout to count")
    print(json.dumps(measured(parser.parse_args().of.resolve())))


def measured(root: Path) -> dict[str, Any]:
    """Return the counts of a checkout."""
    files = {path: path.read_text(encoding="utf-8") for package in PRODUCT for path in _sources(root / package)}
    return {
        "source_lines": sum(lines_of_code(text) for text in files.values()),
        "all_lines": sum(text.count("\n") for text in files.values()),
        "modules": len(files),
        "flat": {
            name: sum(path.name != "__init__.py" for path in (root / name).glob("*.py"))
            for name in ("modeling", "students", "predictions")
        },
    }


def _sources(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.rglob("*.py")) if not set(LEFT_OUT) & set(path.parts)]


def lines_of_code(text: str) -> int:
    """Return how many lines of a module hold code."""
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    held = {line for token in tokens if token.type not in _NO_CODE for line in range(token.start[0], token.end[0] + 1)}
    return len(held - _docstrings(ast.parse(text)))


def _docstrings(tree: ast.Module) -> set[int]:
    lines: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and ast.get_docstring(
            node, clean=False
        ):
            said = node.body[0]
            lines |= set(range(said.lineno, (said.end_lineno or said.lineno) + 1))
    return lines


if __name__ == "__main__":
    main()
