"""Read a new model in a throw-away process and score known rows: `python -m modeling.training.trial_process FOLDER`.

What is well-formed can still be more than LightGBM's reader can bear, or answer differently. Here that costs this
process, and the exit code tells the parent.
"""

from __future__ import annotations

import json
import resource
import sys
from pathlib import Path

DIFFERENT, UNREADABLE = 4, 5
# What the libraries map is about 2 GiB of addresses; a model is a few megabytes.
MOST_BYTES = 4 * 1024**3
MOST_SECONDS = 100


def main(folder: Path) -> int:
    """Return 0 if the stored files score the stored rows to the stored probabilities."""
    limit_self()
    import numpy as np
    import pandas as pd

    from modeling.core import model_file
    from modeling.core.risk_model import RiskModel, UnreadableModel

    text = (folder / "model.lgb").read_text(encoding="utf-8")
    try:
        specification = model_file.check(text, (folder / "model.json").read_text(encoding="utf-8"))
        model = RiskModel.from_text(text, specification)
    except UnreadableModel as refusal:
        (folder / "refused.txt").write_text(str(refusal), encoding="utf-8")
        return UNREADABLE
    expected = json.loads((folder / "trial.json").read_text(encoding="utf-8"))
    scored = model.score(pd.read_parquet(folder / "trial.parquet")).probability
    return 0 if np.array_equal(scored, np.asarray(expected)) else DIFFERENT


def limit_self() -> None:
    """Take no more memory and time than a model can need, whatever its text says; before any library is loaded."""
    resource.setrlimit(resource.RLIMIT_AS, (MOST_BYTES, MOST_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_SECONDS, MOST_SECONDS))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
