"""Read a new model in a throw-away process and score known rows: `python -m modeling.trial_process FOLDER`.

LightGBM's reader can crash or answer differently on a damaged text. Here that costs this process, and the exit code
tells the parent.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd

from modeling.core.risk_model import RiskModel

DIFFERENT = 4


def main(folder: Path) -> int:
    """Return 0 if the stored files score the stored rows to the stored probabilities."""
    specification = json.loads((folder / "model.json").read_text(encoding="utf-8"))
    model = RiskModel.from_text((folder / "model.lgb").read_text(encoding="utf-8"), specification)
    expected = json.loads((folder / "trial.json").read_text(encoding="utf-8"))
    scored = model.score(pd.read_parquet(folder / "trial.parquet")).probability
    return 0 if np.array_equal(scored, np.asarray(expected)) else DIFFERENT


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
