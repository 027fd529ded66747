"""A task that a worker can be asked to do in the tests: tell how many threads its libraries take."""

from __future__ import annotations

import json
import os
from pathlib import Path

from celery import shared_task


@shared_task(name="tests.tell_threads")
def tell_threads(*, path: str) -> None:
    """Write what threadpoolctl finds inside a task, once everything that brings threads was loaded."""
    import lightgbm
    import numpy
    import sklearn.ensemble
    from threadpoolctl import threadpool_info

    loaded = [module.__name__ for module in (lightgbm, numpy, sklearn.ensemble)]
    told = {"pid": os.getpid(), "loaded": loaded, "pools": threadpool_info()}
    # Complete at once: the test reads it as soon as it is there.
    draft = Path(path).with_suffix(".draft")
    draft.write_text(json.dumps(told), encoding="utf-8")
    draft.rename(path)
