"""What runs on this machine below a process of ours, as the kernel tells."""

from __future__ import annotations

from pathlib import Path


def below(pid: int, words: str = "") -> list[int]:
    """Return a process's descendants whose command holds these words."""
    children = [int(child) for path in Path(f"/proc/{pid}/task").glob("*/children") for child in _read(path).split()]
    named = [child for child in children if words in command(child)]
    return named + [descendant for child in children for descendant in below(child, words)]


def command(pid: int) -> str:
    """Return the command of a process; nothing once it ended."""
    return _read(Path(f"/proc/{pid}/cmdline")).replace("\0", " ")


def runs(pid: int) -> bool:
    """Tell whether a process still runs; one that ended and waits to be buried has no command."""
    return bool(command(pid))


def libraries(pid: int) -> str:
    """Return the files a process has loaded into its memory."""
    return _read(Path(f"/proc/{pid}/maps"))


def _read(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""
