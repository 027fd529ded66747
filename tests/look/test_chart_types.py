"""Every figure is of a type that the bundle can draw: it is a small one, and leaves others empty."""

import ast
from pathlib import Path

import pytest

from dropout_portal.plotly_files import TRACE_TYPES

ROOT = Path(__file__).resolve().parents[2]
MODULES = sorted(
    path for name in ("monitoring", "predictions", "students", "modeling") for path in (ROOT / name).rglob("*.py")
)
FIGURES = [path for path in MODULES if '"hovertemplate"' in path.read_text()]
# The types of axes, of shapes and of error bars.
OTHER_TYPES = {"category", "date", "line", "rect", "data"}


def types_in(path):
    """Return every literal that stands behind "type" in a dictionary, or in a dict() or an item that is set."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Dict):
            pairs = zip(node.keys, node.values, strict=True)
            found |= {ast.unparse(value) for key, value in pairs if getattr(key, "value", None) == "type"}
        elif isinstance(node, ast.keyword) and node.arg == "type":
            found.add(ast.unparse(node.value))
    return {ast.literal_eval(written) for written in found}


@pytest.mark.parametrize("path", FIGURES, ids=lambda path: path.stem)
def test_a_figure_is_of_a_type_that_the_bundle_draws(path):
    assert types_in(path) - OTHER_TYPES
    assert types_in(path) <= TRACE_TYPES | OTHER_TYPES


def test_every_module_of_figures_is_looked_at():
    drawing = {path for path in MODULES if '"figure": {' in path.read_text() or '"figure": _' in path.read_text()}

    assert len(FIGURES) >= 7
    assert drawing <= set(FIGURES)
