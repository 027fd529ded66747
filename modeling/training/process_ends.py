"""A process that a worker started must not outlive it."""

from __future__ import annotations

import ctypes
import signal
import sys


def die_with_worker() -> None:
    """Have the kernel end this process when the worker that started it dies, even by SIGKILL; on Linux only."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)
