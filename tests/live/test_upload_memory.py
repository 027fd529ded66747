"""The web process never holds a file: its memory stays where it was, however large the file is."""

import io
from pathlib import Path

from tests.live import processes

MEGABYTE = 1024**2
SIZE = 100 * MEGABYTE
MOST_GROWTH = 20 * MEGABYTE


def most_memory(pid):
    """Return the most bytes of memory a process ever held."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


def send(live, size):
    # Nobody can read it, so the worker says so at the first bytes and goes on.
    file = io.BytesIO(b"\0" * size)
    file.name = "large.csv"
    return live.visitor().bring("/api/uploads", key=live.institutions["lost"]["api_key"], file=file)


def test_a_large_file_passes_through_the_web_process_without_filling_it(live):
    assert send(live, 1).status == 202
    workers = processes.below(live.pid("web"))
    before = [most_memory(pid) for pid in workers]

    answer = send(live, SIZE)

    assert (answer.status, answer.json["size_bytes"]) == (202, SIZE)
    grown = [most_memory(pid) - held for pid, held in zip(workers, before, strict=True)]
    assert max(grown) < MOST_GROWTH
