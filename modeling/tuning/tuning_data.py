"""The process that holds a search's data, as its worker sees it: settings go in, a fold's figures come out."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings

from jobs.claims import Refused
from modeling.training.model_file_trial import bare_environment

LONGEST_FOLD_SECONDS = 60 * 60


class DataProcess:
    """A running process, which has binned the data.

    `ready` is what it said of them: how rows were set aside, how folds were made, how many rows there are.
    """

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.ready: dict[str, Any] = self._heard()["ready"]

    def folds(self, parameters: dict[str, Any]) -> Iterator[dict[str, float]]:
        """Try settings fold by fold; who closes the iterator early has the rest left out."""
        self._say(json.dumps(parameters))
        try:
            for fold in range(self.ready["n_folds"]):
                if fold:
                    self._say("on")
                yield self._heard()
        finally:
            # Whether the last fold is done or the trial is given up, the process waits for a word.
            self._say("stop")

    def _say(self, line: str) -> None:
        # One that died hears nothing; that it did is noticed where it should answer.
        with contextlib.suppress(BrokenPipeError):
            if self._process.stdin is not None:
                self._process.stdin.write(f"{line}\n")
                self._process.stdin.flush()

    def _heard(self) -> dict[str, Any]:
        # A process that hangs would hang its worker for ever; killed, it says nothing more, which is heard at once.
        too_long = threading.Timer(LONGEST_FOLD_SECONDS, self._process.kill)
        too_long.start()
        try:
            line = self._process.stdout.readline() if self._process.stdout is not None else ""
        finally:
            too_long.cancel()
        if not line:
            raise RuntimeError(f"The process that holds the data ended with {self._process.wait()}.")
        answer: dict[str, Any] = json.loads(line)
        if "refused" in answer:
            raise Refused(answer["refused"])
        return answer


@contextlib.contextmanager
def started(folder: Path) -> Iterator[DataProcess]:
    """Start the process on a folder with a task, and end it with the block.

    :raises Refused: with the process's sentence, if the data cannot carry a search
    """
    command = [sys.executable, "-m", "modeling.tuning.tuning_process", str(folder)]
    with subprocess.Popen(  # noqa: S603
        command,
        cwd=settings.BASE_DIR,
        env=bare_environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            yield DataProcess(process)
        finally:
            process.kill()
            if process.stdin is not None:
                # What was still to be said is not: leaving the block would send it to nobody.
                with contextlib.suppress(BrokenPipeError):
                    process.stdin.close()
