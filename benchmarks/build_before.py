"""The build before, as a worktree of git in a temporary folder, for as long as it is measured."""

from __future__ import annotations

import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# What ends a process politely; each would otherwise leave the worktree behind.
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class NoSuchBuild(Exception):
    """The commit asked for is not in this repository."""


def commit_of(name: str, *, root: Path) -> str:
    """Return the commit that a name stands for.

    :raises NoSuchBuild: if it stands for none
    """
    found = _git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}", root=root)
    if found.returncode:
        raise NoSuchBuild(f"{name!r} is no commit of this repository. Give a hash, a branch or a tag, e.g. HEAD~1.")
    return found.stdout.strip()


@contextmanager
def checked_out(commit: str, *, root: Path) -> Iterator[Path]:
    """Keep a worktree of a commit while the block runs, and remove it however the block ends, SIGKILL aside."""
    heard = [ending for ending in ENDING if signal.getsignal(ending) is not signal.SIG_IGN]
    previous = {ending: signal.signal(ending, _interrupt) for ending in heard}
    try:
        with tempfile.TemporaryDirectory(prefix="build-before-") as folder:
            worktree = Path(folder) / "build"
            try:
                _git("worktree", "add", "--quiet", "--detach", str(worktree), commit, root=root).check_returncode()
                yield worktree
            finally:
                # Who presses Ctrl-C twice does not stop the tidying up.
                for ending in heard:
                    signal.signal(ending, signal.SIG_IGN)
                _git("worktree", "remove", "--force", str(worktree), root=root)
    finally:
        for ending, handler in previous.items():
            signal.signal(ending, handler)


def _interrupt(number: int, frame: object) -> None:
    raise SystemExit(128 + number)


def _git(*arguments: str, root: Path) -> subprocess.CompletedProcess[str]:
    # A session of its own: Ctrl-C is for this process, which has git finish and then removes what it made.
    return subprocess.run(
        ["git", "-C", str(root), *arguments], capture_output=True, text=True, check=False, start_new_session=True
    )
