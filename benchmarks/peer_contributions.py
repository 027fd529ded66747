"""One library's exact contributions of a stored booster, timed: run by `benchmarks.tree_tables_peers` where it lives.

    python peer_contributions.py shap|woodelf|shapiq FOLDER ROUNDS

Reads FOLDER/model.lgb and FOLDER/rows.npy; writes FOLDER/found.npy, shape (n, n_features), and prints one JSON line
with the microseconds of CPU time per row. What a library makes of the model once is not counted. It imports nothing
of the portal.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np

Explain = Callable[[Any], Any]


def by_shap(booster: lightgbm.Booster) -> Explain:
    """Return shap's own recursion in C++; asked plainly, it passes a LightGBM booster on to `pred_contrib`."""
    explainer = import_module("shap").TreeExplainer(booster)
    explainer.model.model_type = "internal"
    return lambda rows: explainer.shap_values(rows, check_additivity=False)


def by_woodelf(booster: lightgbm.Booster) -> Explain:
    """Return WOODELF, path-dependent."""
    import pandas as pd

    names = booster.feature_name()
    explainer = import_module("woodelf").WoodelfExplainer(booster)
    return lambda rows: explainer.shap_values(pd.DataFrame(rows, columns=names), verbose=False)


def by_shapiq(booster: lightgbm.Booster) -> Explain:
    """Return shapiq's TreeExplainer for Shapley values."""
    explainer = import_module("shapiq").TreeExplainer(booster, index="SV", max_order=1)

    def explained(rows: Any) -> Any:
        found = np.zeros(rows.shape)
        for values, said in zip(found, explainer.explain_X(rows), strict=True):
            for features, value in said.dict_values.items():
                if len(features) == 1:
                    values[features[0]] = value
        return found

    return explained


PEERS = {"shap": by_shap, "woodelf": by_woodelf, "shapiq": by_shapiq}
PACKAGES = {"shap": "shap", "woodelf": "woodelf-explainer", "shapiq": "shapiq"}


def main(peer: str, folder: Path, n_rounds: int) -> None:
    """Explain the rows, and time it."""
    booster = lightgbm.Booster(model_file=str(folder / "model.lgb"))
    rows = np.load(folder / "rows.npy")
    explain = PEERS[peer](booster)
    np.save(folder / "found.npy", np.asarray(explain(rows), dtype=np.float64).reshape(rows.shape))
    times = []
    for _ in range(n_rounds):
        begin = time.process_time()
        explain(rows)
        times.append((time.process_time() - begin) / len(rows) * 1e6)
    said = {"peer": peer, "version": version(PACKAGES[peer]), "us": statistics.median(times)}
    sys.stdout.write(json.dumps(said) + "\n")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
