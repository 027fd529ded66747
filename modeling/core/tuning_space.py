"""Which settings of the trees a search may try: stable models by default, and a small grid."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Value = int | float | str
Parameters = dict[str, Value]

# The settings that a search changes; everything else of the trees stays as configured.
TUNED = ("num_leaves", "learning_rate", "min_data_in_leaf", "lambda_l2", "bagging_fraction", "feature_fraction")


@dataclass(frozen=True, kw_only=True)
class Dimension:
    """One setting and the values it may take.

    Attributes
    ----------
    name : str
        LightGBM's own, or "imbalance".
    kind : "int", "float" or "choice"
    low, high : float
        Inclusive; for numbers.
    log : bool
        Whether the search moves in factors rather than steps.
    choices : sequence of str
    """

    name: str
    kind: Literal["int", "float", "choice"]
    low: float = 0.0
    high: float = 0.0
    log: bool = False
    choices: Sequence[str] = ()

    def holds(self, value: Value) -> bool:
        """Tell whether the search could come upon a value."""
        if self.kind == "choice":
            return value in self.choices
        return not isinstance(value, str) and self.low <= value <= self.high


def search_space(*, n_training: int, imbalance: Sequence[str]) -> list[Dimension]:
    """Return the ranges of the search.

    They leave out what changes the list with every resample: many leaves, leaves of a handful of rows, no
    regularisation, every tree on every row and feature. On UCI 697 8 leaves kept .73 of the top 5 % of a list on a
    resample (mean Jaccard), LightGBM's own 31 kept .50, at no gain in AUC.

    Parameters
    ----------
    n_training : int
        Rows of the training part: no leaf may ask for so many that there are no leaves.
    imbalance : sequence of str
        Methods to choose from.
    """
    most_in_leaf = float(max(11, min(200, n_training // 20)))
    space = [
        Dimension(name="num_leaves", kind="int", low=4, high=24, log=True),
        # Slower gave the same AUC at more trees (UCI 697: .03 at 1.6 times the cost of .05).
        Dimension(name="learning_rate", kind="float", low=0.05, high=0.3, log=True),
        Dimension(name="min_data_in_leaf", kind="int", low=10, high=most_in_leaf, log=True),
        Dimension(name="lambda_l2", kind="float", low=1.0, high=50.0, log=True),
        Dimension(name="bagging_fraction", kind="float", low=0.5, high=0.9),
        Dimension(name="feature_fraction", kind="float", low=0.2, high=0.8),
    ]
    if len(imbalance) > 1:
        space.append(Dimension(name="imbalance", kind="choice", choices=tuple(imbalance)))
    return space


def grid(*, current: Parameters, imbalance: Sequence[str]) -> list[Parameters]:
    """Return every combination of a small space: how large a tree may grow, and how much its leaves are shrunk.

    Parameters
    ----------
    current : dict
        As configured; what the grid does not vary stays.
    imbalance : sequence of str
    """
    axes: Mapping[str, Sequence[Value]] = {
        "num_leaves": (4, 8, 16),
        "min_data_in_leaf": (15, 30, 60),
        "lambda_l2": (1.0, 5.0, 20.0),
        "imbalance": tuple(imbalance),
    }
    return [current | dict(zip(axes, values, strict=True)) for values in itertools.product(*axes.values())]


def grid_size(trees: Mapping[str, Any], *, imbalance: Sequence[str]) -> int:
    """Return how many trials a grid takes: its combinations, and the settings as configured where they are none."""
    current = current_parameters(trees, imbalance=imbalance[0])
    combinations = grid(current=current, imbalance=imbalance)
    return len(combinations) + (current not in combinations)


def current_parameters(trees: Mapping[str, Any], *, imbalance: str) -> Parameters:
    """Return the configured settings as a trial has them: the search begins with them."""
    return {name: trees[name] for name in TUNED} | {"imbalance": imbalance}


def tuned_trees(trees: Mapping[str, Any], *, parameters: Parameters, n_trees: Sequence[int]) -> dict[str, Any]:
    """Return the configured trees with the settings that were found.

    Parameters
    ----------
    trees : mapping
    parameters : dict
    n_trees : sequence of int
        Where each fold stopped. The training decides itself, out of fold, at stages up to the largest of them.
    """
    found = {name: parameters[name] for name in TUNED}
    # The training grows its trees on all folds but one as well, so the folds' own count is what it needs.
    most = max(10, -(-max(n_trees) // 10) * 10)
    return {**trees, **found, "bagging_freq": max(1, int(trees["bagging_freq"])), "n_trees": most}
