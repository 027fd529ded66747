"""Trainings as tests need them: another configuration, or a fitting process that is watched."""

import subprocess
import time
from pathlib import Path

import yaml

from modeling.training import training_config

WRITTEN = yaml.safe_load(training_config.PATH.read_text(encoding="utf-8"))


def configure(monkeypatch, folder: Path, **changes):
    """Let trainings read the configuration with some keys changed."""
    path = folder / "training_config.yaml"
    path.write_text(yaml.safe_dump(WRITTEN | changes), encoding="utf-8")
    monkeypatch.setattr(training_config, "PATH", path)


class KilledAtOnce(subprocess.Popen):
    """A process that is killed as soon as it runs; its command and environment as the kernel has them are kept."""

    seen: dict[str, bytes] = {}

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        of_process = Path(f"/proc/{self.pid}")
        # The program is in place before the kernel tells its name.
        ends = time.monotonic() + 5
        while not (of_process / "cmdline").read_bytes() and time.monotonic() < ends:
            time.sleep(0.001)
        type(self).seen = {name: (of_process / name).read_bytes() for name in ("environ", "cmdline")}
        self.kill()
