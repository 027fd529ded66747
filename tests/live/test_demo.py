"""`make demo` on a copy of the sources below a path with a space: it comes up, tells the truth, and leaves nothing."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from tests.live import processes
from tests.live.stack import ROOT, wait_until
from tests.live.visitor import Visitor

pytestmark = pytest.mark.slow

FIRST_SECONDS, AGAIN_SECONDS, STOP_SECONDS = 360, 90, 40
ROLES = {
    *("counsellor", "other_counsellor", "school_lead", "outcome_staff"),
    *("institution_admin", "model_owner", "auditor", "other_institution"),
}
PATHS = {
    *("today", "risk_list", "student", "interventions", "help_kinds", "outcomes", "caseloads", "data_cases", "people"),
    *("cases", "concerns", "exit_codes"),
    *("uploads", "models", "monitoring"),
}
# Named for scripts already, and null until they are there.
NOT_YET = {
    *("meetings", "environment", "effects", "programme", "keys", "audit"),
    *("performance", "alarms", "operations", "timeline"),
}
# What the tests set for themselves, a demo must not see.
OURS = re.compile(r"^(DATABASE_|REDIS_URL|MLFLOW_|FILES_DIR|SECRET_KEY|PORTAL_|DJANGO_|OMP_|PYTEST)")


class Demo:
    """A demo in a folder of its own, as its process and what it printed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None
        self.started: list[int] = []

    @property
    def told(self):
        return json.loads((self.folder / "var" / "demo.json").read_text())

    @property
    def printed(self):
        return (self.folder / "printed.txt").read_text(errors="replace")

    def command(self, port):
        kept = {name: value for name, value in os.environ.items() if not OURS.match(name)}
        environment = kept | {"PORT": str(port), "DEMO_STUDENTS": "500"}
        return {"args": [sys.executable, "-m", "dropout_portal.demo"], "cwd": self.folder, "env": environment}

    def start(self, *, seconds):
        """Start it, wait until it says it is ready, and return how long that took."""
        began = time.monotonic()
        with (self.folder / "printed.txt").open("wb") as printed:
            self.process = subprocess.Popen(**self.command(self.port), stdout=printed, stderr=subprocess.STDOUT)
        wait_until(lambda: "is ready" in self.printed or self.process.poll() is not None, seconds=seconds, every=0.5)
        assert self.process.poll() is None, self.printed
        self.started = processes.below(self.process.pid)
        return time.monotonic() - began

    def interrupt(self):
        """Press Ctrl-C, and return how the process ended."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(STOP_SECONDS)

    def end(self):
        if self.process and self.process.poll() is None:
            try:
                self.interrupt()
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def copy_sources(folder):
    """Copy what a clone would hold, and what is not committed yet."""
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=ROOT, capture_output=True, check=True, text=True).stdout.split("\0")
    for name in filter(None, names):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """A demo that runs."""
    folder = tmp_path_factory.mktemp("demo") / "a demo"
    copy_sources(folder)
    running = Demo(folder)
    try:
        running.start(seconds=FIRST_SECONDS)
        yield running
    finally:
        running.end()
        subprocess.run(["make", "clean"], cwd=folder, check=True)


def signed_in(demo, name):
    user, visitor = demo.told["users"][name], Visitor(demo.told["url"])
    visitor.sign_in(user["login"], user["password"])
    return visitor


def test_demo_json_holds_every_name_that_scripts_rely_on(demo):
    told = demo.told

    assert told["url"] == f"http://127.0.0.1:{demo.port}"
    assert told["login_path"] == "/login/"
    assert set(told["users"]) == ROLES
    assert all(user["login"] and user["password"] for user in told["users"].values())
    assert {name for name, path in told["paths"].items() if path} == PATHS
    assert {name for name, path in told["paths"].items() if path is None} == NOT_YET
    assert told["institution"]
    assert told["api_key"]
    assert set(told["predict_example"]) == {"as_of", "features"}


def test_the_portal_is_ready_and_prints_address_and_logins(demo):
    with urllib.request.urlopen(f"{demo.told['url']}/health/ready", timeout=10) as answer:
        assert json.load(answer)["ready"] is True
    assert demo.told["url"] in demo.printed
    assert [user["login"] for user in demo.told["users"].values() if user["login"] not in demo.printed] == []
    assert "Traceback" not in demo.printed


@pytest.mark.parametrize("name", sorted(ROLES))
def test_every_login_opens_a_page_of_its_own(demo, name):
    visitor = signed_in(demo, name)

    page = visitor.get("/")

    assert page.status == 200
    assert "Synthetic students" in page.words
    assert "Sign out" in page.words


def test_every_path_opens_for_somebody(demo):
    people = [signed_in(demo, name) for name in ("counsellor", "institution_admin", "model_owner")]

    for name, path in demo.told["paths"].items():
        statuses = {visitor.get(path).status for visitor in people} if path else {200}
        assert 200 in statuses, (name, statuses)


def test_the_morning_tells_what_changed_and_what_is_due(demo):
    page = signed_in(demo, "counsellor").get(demo.told["paths"]["today"])

    assert "They are the first of your own students." in page.words
    assert "Since you looked on" in page.words
    assert re.search(r"students? left it:", page.words)
    assert "The record stands." in page.words
    assert re.search(r"look at it by .{6,12} Late", page.words)


def test_the_counsellor_finds_a_list_with_reasons(demo):
    counsellor = signed_in(demo, "counsellor")

    page = counsellor.get(f"{demo.told['paths']['risk_list']}?whose=all")

    assert re.search(r"\d+ students are worth a conversation first\.", page.words)
    assert "Review first" in page.words
    assert page.hrefs(f"^{demo.told['paths']['student']}")


def test_the_example_for_the_api_says_what_the_student_page_says(demo):
    told, counsellor = demo.told, signed_in(demo, "counsellor")

    answer = Visitor(told["url"]).ask("/api/predict", key=told["api_key"], body=told["predict_example"])
    page = counsellor.get(f"{told['paths']['student']}?estimates=1")

    assert answer.status == 200, answer.body
    assert f'value="{answer.json["probability"]:.4f}"' in page.body
    assert answer.json["tier"] == "review_first"
    assert "Review first" in page.words
    assert [reason["text"] for reason in answer.json["reasons"] if reason["text"] not in page.words] == []


def test_a_second_demo_on_the_same_data_is_refused_with_a_sentence(demo):
    second = subprocess.run(**demo.command(free_port()), capture_output=True, text=True, timeout=60, check=False)

    assert second.returncode == 1
    assert "Another demo already uses" in second.stdout
    assert "Traceback" not in second.stdout + second.stderr


def test_a_second_demo_on_the_same_port_is_refused_with_a_sentence(demo):
    second = subprocess.run(**demo.command(demo.port), capture_output=True, text=True, timeout=60, check=False)

    assert second.returncode == 1
    assert f"Port {demo.port} is not free." in second.stdout
    assert signed_in(demo, "counsellor").get("/").status == 200


def test_ctrl_c_leaves_no_process_even_while_a_model_is_trained(demo):
    owner = signed_in(demo, "model_owner")
    owner.post("/model/train")
    fits = wait_until(lambda: processes.below(demo.process.pid, "modeling.training.fit_process"), seconds=90)
    below = processes.below(demo.process.pid)
    commands = " ".join(processes.command(pid) for pid in below)
    assert [name for name in ("postgres", "valkey-server", "gunicorn", "celery") if name not in commands] == []

    ended = demo.interrupt()

    assert ended in (0, 130), demo.printed
    wait_until(lambda: not [processes.command(pid) for pid in {*below, *fits} if processes.runs(pid)], seconds=10)
    assert not (demo.folder / "var" / "services.env").exists()


def test_started_again_it_is_quick_and_keeps_what_it_had(demo):
    demo.end()
    before = demo.told

    took = demo.start(seconds=AGAIN_SECONDS)

    assert demo.told | {"paths": None, "predict_example": None} == before | {"paths": None, "predict_example": None}
    assert "Simulating" not in demo.printed
    assert "Training" not in demo.printed
    assert signed_in(demo, "counsellor").get("/students/").status == 200
    assert took < AGAIN_SECONDS
