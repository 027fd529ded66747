"""What `make bench` says, writes and ends with, tried on small benchmarks in a repository of their own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from benchmarks import __main__ as bench
from benchmarks.entries import ENTRIES, FULL, SIZES, SMALL, Entry, Figure

REPOSITORY = Path(__file__).resolve().parents[2]
PRINTS = "import json; print('a word before'); print(json.dumps({{'of': [{{'bytes': {bytes}}}]}}))\n"
SLEEPS = """
import os, pathlib, time
pathlib.Path({told!r} + "-part").write_text(str(os.getpid()))
os.rename({told!r} + "-part", {told!r})
time.sleep(60)
"""


def git(root: Path, *arguments: str) -> str:
    by = ("-c", "user.name=Amara", "-c", "user.email=amara@example.org", "-c", "commit.gpgsign=false")
    done = subprocess.run(["git", "-C", str(root), *by, *arguments], check=True, capture_output=True, text=True)
    return done.stdout.strip()


def commit(root: Path, **modules: str) -> str:
    """Write modules of benchmarks, and return the commit that has them."""
    for name, code in modules.items():
        (root / "benchmarks" / f"{name}.py").write_text(code)
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", "Measure")
    return git(root, "rev-parse", "HEAD")


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    (tmp_path / "build" / "benchmarks").mkdir(parents=True)
    git(tmp_path / "build", "init", "--quiet")
    return tmp_path / "build"


def entry(module: str = "weight", **changed: object) -> Entry:
    wanted = {"path": "of.0.bytes", "says": "bytes of a row", "limit": 250} | changed
    seconds = wanted.pop("seconds", 30.0)
    rest = {name: wanted.pop(name) for name in ("data", "program") if name in wanted}
    every = {"arguments": {SMALL: ""}, "seconds": dict.fromkeys(SIZES, seconds), "figures": (Figure(**wanted),)}
    return Entry(name=module, module=module, **every, **rest)


def written(root: Path, place: int = 0) -> dict:
    return json.loads((root / "reports" / "benchmarks.json").read_text())["benchmarks"][place]


def worktrees(root: Path) -> int:
    return len(git(root, "worktree", "list").splitlines())


def test_the_build_before_is_measured_beside_this_one_and_removed(root: Path, capsys: pytest.CaptureFixture) -> None:
    before = commit(root, weight=PRINTS.format(bytes=400))
    commit(root, weight=PRINTS.format(bytes=200))

    status = bench.main(["--before", before, "--turns", "2"], entries=[entry()], root=root)

    [figure] = written(root)["figures"]
    assert status == 0
    assert (figure["now"], figure["before"], figure["ratio"], figure["kept"]) == (200, 400, 0.5, True)
    assert [one["of"][0]["bytes"] for one in written(root)["said"]["before"]] == [400, 400]
    assert "0.5      ≤ 250  kept" in capsys.readouterr().out
    assert worktrees(root) == 1
    assert not list(root.parent.glob("build-before-*"))


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({}, 1),
        ({"limit": 300}, 0),
        ({"limit": 300, "higher_is_better": True}, 0),
        ({"limit": 301, "higher_is_better": True}, 1),
        # Seconds are shown and fail nothing; nor does a limit of another size.
        ({"varies": True}, 0),
        ({"limit_for": (FULL,)}, 0),
        ({"path": "of.1.bytes"}, 1),
    ],
)
def test_a_limit_missed_or_a_figure_not_told_ends_with_one(root: Path, changed: dict, status: int) -> None:
    commit(root, weight=PRINTS.format(bytes=300))

    assert bench.main([], entries=[entry(**changed)], root=root) == status


def test_what_is_not_a_number_misses_its_limit(root: Path) -> None:
    commit(root, weight=PRINTS.format(bytes="float('nan')"))

    assert bench.main([], entries=[entry()], root=root) == 1


@pytest.mark.parametrize(
    ("code", "seconds", "reason"),
    [
        ("import time; time.sleep(60)", 0.5, "not done after 0.5 s"),
        ("import no_such_library", 30.0, "ModuleNotFoundError: No module named 'no_such_library'"),
        ("print('no figures')", 30.0, "printed no JSON but 'no figures'"),
        ("raise SystemExit(3)", 30.0, "ended with 3"),
    ],
)
def test_a_benchmark_that_hangs_or_fails_is_told_and_the_next_one_runs(
    root: Path, code: str, seconds: float, reason: str
) -> None:
    commit(root, broken=code, weight=PRINTS.format(bytes=1))

    status = bench.main([], entries=[entry("broken", seconds=seconds), entry()], root=root)

    assert (status, written(root)["not_measured"]) == (1, {"now": reason})
    assert written(root, 1)["figures"][0]["now"] == 1


def test_what_the_build_before_lacks_is_said_and_fails_nothing(root: Path) -> None:
    before = commit(root, weight="import a_library_of_then\n")
    commit(root, weight=PRINTS.format(bytes=1), newer=PRINTS.format(bytes=2))

    status = bench.main(["--before", before], entries=[entry("newer"), entry()], root=root)

    assert status == 0
    assert written(root)["not_measured"] == {"before": "this build has no such benchmark"}
    assert (written(root)["figures"][0]["now"], written(root)["figures"][0]["ratio"]) == (2, None)
    assert written(root, 1)["not_measured"] == {"before": "ModuleNotFoundError: No module named 'a_library_of_then'"}


def test_a_data_set_or_program_that_is_not_there_leaves_a_benchmark_out(root: Path) -> None:
    commit(root, weight=PRINTS.format(bytes=1))
    lacking = [entry(data=("no/such.csv",)), entry(program="no-such-program")]

    assert bench.main([], entries=lacking, root=root) == 0
    assert written(root)["not_measured"] == {"now": "DROPOUT_DATA lacks no/such.csv"}
    assert written(root, 1)["not_measured"] == {"now": "there is no no-such-program"}


@pytest.mark.parametrize("asked", [["--before", "no-such-commit"], ["--before", "--help"], ["--only", "nothing"]])
def test_what_does_not_exist_is_refused_before_anything_runs(root: Path, asked: list[str]) -> None:
    commit(root, weight=PRINTS.format(bytes=1))
    asked = [asked[0] + "=" + asked[1]]

    assert bench.main(asked, entries=[entry()], root=root) == 2
    assert not (root / "reports").exists()


def begun(root: Path, before: str, told: Path) -> subprocess.Popen[bytes]:
    """Start what `make bench` runs, and return it once its benchmark is running."""
    code = (
        "import sys; from pathlib import Path; from benchmarks import __main__ as bench, entries\n"
        "one = entries.Entry(name='weight', module='weight', arguments={'small': ''}, figures=())\n"
        f"sys.exit(bench.main(['--before', {before!r}], entries=[one], root=Path({str(root)!r})))"
    )
    environment = {**os.environ, "TMPDIR": str(told.parent)}
    process = subprocess.Popen([sys.executable, "-c", code], cwd=REPOSITORY, env=environment)
    while not told.exists():
        assert process.poll() is None
        time.sleep(0.02)
    return process


def ends(pid: int, *, seconds: float = 10) -> bool:
    """Tell whether a process that is nobody's here ends soon; one that is dead and not yet reaped has."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except (FileNotFoundError, ProcessLookupError):
            return True
        time.sleep(0.05)
    return False


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_removes_the_worktree_and_ends_what_runs(root: Path, ending: signal.Signals) -> None:
    told = root.parent / "told"
    before = commit(root, weight=SLEEPS.format(told=str(told)))

    with begun(root, before, told) as process:
        assert worktrees(root) == 2
        process.send_signal(ending)
        assert process.wait(timeout=30) == 128 + ending

    assert worktrees(root) == 1
    assert not list(root.parent.glob("build-before-*"))
    assert ends(int(told.read_text()), seconds=1)


def test_a_benchmark_ends_with_what_runs_it_even_by_sigkill(root: Path) -> None:
    told = root.parent / "told"
    before = commit(root, weight=SLEEPS.format(told=str(told)))

    with begun(root, before, told) as process:
        process.kill()

    assert ends(int(told.read_text()))


def test_every_benchmark_is_run_by_make_bench_and_can_be_asked_for() -> None:
    folder = REPOSITORY / "benchmarks"
    modules = {path.stem for path in folder.glob("[a-z]*.py") if "asked.parse_args()" in path.read_text()}

    assert {"import_rates", "feature_rates", "scoring_rates", "tuning_rates"} <= modules
    assert modules <= {one.module for one in ENTRIES}
    # What this build lacks is left out, so that a name written wrongly would never be run.
    assert {one.module for one in ENTRIES} <= {path.stem for path in folder.glob("*.py")}
    assert {size for one in ENTRIES for size in one.arguments} == set(SIZES)
