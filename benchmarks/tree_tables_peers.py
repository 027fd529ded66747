"""Measure contributions by tables beside other exact libraries, each in an environment of its own; one JSON line.

    OMP_NUM_THREADS=1 python -m benchmarks.tree_tables_peers --python python3.12

The environments are made anew in a temporary folder by the Python given, which shapiq asks to be 3.12 or newer. The
made-up rows of `tree_tables_rates`, with its 12 categories and without (woodelf-explainer reads none): the same booster
and the same rows for a library and the tables, one thread each, rows per second of CPU time, the median of a few
rounds. The tables are timed before and after the library, and the slower time counts.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
from numpy.typing import NDArray

from benchmarks import tree_tables_rates as rates
from modeling.core.tree_contributions import TreeContributions
from modeling.training import model_file_trial

FloatArray = NDArray[np.float64]

# Of each library what is installed, and how many rows it explains; WOODELF is made for many.
PEERS = {
    "shap": (["shap==0.54.1"], 5_000),
    "woodelf": (["woodelf-explainer==0.4.8"], 20_000),
    "shapiq": (["shapiq==1.8.0"], 5_000),
}
RUNNER = Path(__file__).with_name("peer_contributions.py")
SIZES = ((120, 8), (120, 24))
# Beyond this a library computes something else, and its time says nothing; WOODELF computes with 32 bits.
SAME = 1e-5


def main() -> None:
    """Measure and print."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--python", default="python3.12")
    asked.add_argument("--rounds", type=int, default=3)
    given = asked.parse_args()
    X, y = rates.made_up_rows(20_000)
    measured = []
    for peer, (packages, n_rows) in PEERS.items():
        with tempfile.TemporaryDirectory() as folder:
            python = _environment(Path(folder), given.python, packages)
            for size in SIZES:
                for n_columns in (rates.N_NUMBERS, X.shape[1]):
                    rows = np.ascontiguousarray(X[:, :n_columns])
                    booster = rates.fitted(rows, y, *size)
                    beside = _beside(peer, python, booster, rows[:n_rows], Path(folder), given.rounds)
                    what = {"trees": size[0], "leaves": size[1], "columns": n_columns, "rows": n_rows}
                    measured.append({"peer": peer, **what, **beside})
    print(json.dumps(measured))


def _environment(folder: Path, python: str, packages: list[str]) -> Path:
    subprocess.run([python, "-m", "venv", str(folder / "env")], check=True)  # noqa: S603
    own = folder / "env" / "bin" / "python"
    wanted = [f"lightgbm=={lightgbm.__version__}", *packages]
    subprocess.run([str(own), "-m", "pip", "install", "--quiet", *wanted], check=True)  # noqa: S603
    return own


def _beside(
    peer: str, python: Path, booster: lightgbm.Booster, rows: FloatArray, folder: Path, n_rounds: int
) -> dict[str, Any]:
    """Return both times, their ratio and how far the library is from LightGBM's own numbers."""
    booster.save_model(str(folder / "model.lgb"))
    np.save(folder / "rows.npy", rows)
    tables = TreeContributions(booster)
    before = rates.timed({"tables": (lambda: tables.of_matrix(rows), len(rows))}, n_rounds)["tables"]
    ran = subprocess.run(  # noqa: S603
        [str(python), str(RUNNER), peer, str(folder), str(n_rounds)],
        env=model_file_trial.bare_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    if ran.returncode:
        return {"failed": ran.stderr.strip().split("\n")[-1]}
    after = rates.timed({"tables": (lambda: tables.of_matrix(rows), len(rows))}, n_rounds)["tables"]
    expected = tables.of_matrix(rows)[:, :-1]
    error = float(np.abs(np.load(folder / "found.npy") - expected).max())
    said = json.loads(ran.stdout.strip().split("\n")[-1])
    ours = max(before, after)
    rates_of = {"tables_rows_per_s": round(1e6 / ours), "peer_rows_per_s": round(1e6 / said["us"])}
    times = rates_of | {"times_peer": round(said["us"] / ours, 1)}
    return {"version": said["version"], **times, "error": error, "same": error <= SAME}


if __name__ == "__main__":
    main()
