"""Imports on the real stack while its processes die: who is killed when, and what the tables hold afterwards."""

from __future__ import annotations

import contextlib
import io
import os
import random
import signal
import time
from dataclasses import dataclass, field
from typing import Any

from tests import databases
from tests.live import attendance_files, processes
from tests.live.breakable_services import BreakableServices
from tests.live.stack import LiveStack, wait_until

SECONDS = 120
TABLES = ("students_student", "students_enrolment", "students_attendancerecord")
# What differs from one import to the next though the records are the same.
NUMBERS = ("id", "public_id", "institution_id", "student_id", "school_id", "cohort_id", "upload_id", "replaced_by_id")
SNAPSHOT = """
    SELECT count(*) AS n, count(DISTINCT line) AS n_distinct, md5(string_agg(line, E'\\n' ORDER BY line)) AS hash
    FROM (
        SELECT concat_ws(' ', student.external_id, school.external_id, (to_jsonb(fact) - %s::text[])::text) AS line
        FROM {table} fact
        JOIN students_student student ON student.id = {student}
        JOIN accounts_school school ON school.id = fact.school_id
        WHERE fact.institution_id = %s
    ) lines
"""


@dataclass
class Faults:
    """What was done to the stack, and how many seconds a job then lay dead."""

    chance: random.Random
    n_kills: int = 0
    n_kills_of_all: int = 0
    n_attempts: int = 0
    dead_seconds: list[float] = field(default_factory=list)


class Imports:
    """One stack, whose institutions bring in the same files."""

    def __init__(self, stack: LiveStack, services: BreakableServices) -> None:
        self.stack = stack
        self.services = services

    def send(self, slug: str, content: bytes, name: str, **fields: str) -> dict[str, Any]:
        """Send a file through the API; return what it tells."""
        file = io.BytesIO(content)
        file.name = name
        key = self.stack.institutions[slug]["api_key"]
        answer = self.stack.visitor().bring("/api/uploads", key=key, file=file, **fields)
        assert answer.status == 202, answer.body
        told: dict[str, Any] = answer.json
        return told

    def told(self, slug: str, upload: dict[str, Any], deed: str = "") -> dict[str, Any]:
        """Ask for an upload, or for something to be done with it."""
        key = self.stack.institutions[slug]["api_key"]
        address = f"/api/uploads/{upload['id']}{deed}"
        answer = self.stack.visitor().ask(address, key=key, body={} if deed else None)
        assert answer.status in (200, 202), answer.body
        told: dict[str, Any] = answer.json
        return told

    def prepared(self, slug: str) -> None:
        """Bring in the students and what is known of them so far, while nothing goes wrong."""
        upload = self.send(slug, attendance_files.known(), "known.zip", auto_confirm="true")
        self.over(self.newest_job(slug))
        assert (told := self.told(slug, upload))["stage"] == "done", told

    def later(self, slug: str) -> dict[str, Any]:
        """Send the file of two hundred thousand rows."""
        return self.send(slug, attendance_files.later(), "attendance.csv", complete="true")

    def newest_job(self, slug: str) -> int:
        """Return the number of an institution's newest job."""
        institution = self.stack.institutions[slug]["id"]
        return int(self.stack.sql("SELECT max(id) AS id FROM jobs_job WHERE institution_id = %s", institution)[0]["id"])

    def over(self, job_id: int) -> dict[str, Any]:
        """Wait until a job is done, and return its row."""
        job = self.stack.ended(job_id, seconds=SECONDS)
        assert job["state"] == "done", job["error"]
        return job

    def running(self, job_id: int, *, attempt: int) -> bool:
        """Wait until an attempt runs; False if the job is over instead."""
        wait_until(lambda: self._is_at(job_id, attempt), seconds=SECONDS, every=0.05)
        return bool(self.stack.job(job_id)["state"] == "running")

    def _is_at(self, job_id: int, attempt: int) -> bool:
        job = self.stack.job(job_id)
        return job["state"] in ("done", "failed") or (job["state"] == "running" and job["attempts"] >= attempt)

    def strike(self, job_id: int, faults: Faults, *, times: int, within: float) -> None:
        """Kill the worker of a job so many times, each at a random moment of an attempt that takes `within` seconds."""
        for _time in range(times):
            if not self.running(job_id, attempt=self.stack.job(job_id)["attempts"] + self._is_free(job_id)):
                return
            time.sleep(faults.chance.uniform(0, within))
            if self.stack.job(job_id)["state"] != "running":
                return
            self._kill(faults)
            self._hurry(job_id)

    def _is_free(self, job_id: int) -> int:
        """Return 1 while nobody holds the job, so that the next attempt has the next number."""
        held = "SELECT 1 FROM jobs_job WHERE id = %s AND state = 'running' AND lease_until > now()"
        return 0 if self.stack.sql(held, job_id) else 1

    def _kill(self, faults: Faults) -> None:
        """Kill the worker with all it started, as a lost machine; or its child alone, as the kernel does for memory."""
        faults.n_kills += 1
        if faults.n_kills % 3 == 0:
            faults.n_kills_of_all += 1
            self.stack.kill("worker")
            self.stack.start("worker")
            return
        children = processes.below(self.stack.pid("worker"))
        for child in children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        wait_until(lambda: not any(map(processes.runs, children)), seconds=SECONDS)

    def _hurry(self, job_id: int) -> None:
        """Let the dead holder's lease end at once, and the sweeper come: twenty times waiting would take an hour."""
        self.stack.sql("UPDATE jobs_job SET lease_until = now() WHERE id = %s AND state = 'running'", job_id)
        self.stack.send("jobs.sweep")

    def recovered(self, job_id: int, faults: Faults, *, attempt: int) -> None:
        """Wait, without any help, until another attempt runs; note how long the job lay dead."""
        began = time.monotonic()
        self.running(job_id, attempt=attempt + 1)
        faults.dead_seconds.append(time.monotonic() - began)

    def restart_database(self) -> None:
        """Shut the database down under the work, and start it again."""
        self.stack.database.close()
        self.services.stop_database()
        time.sleep(1)
        self.services.start_database()
        self.stack.database = databases.as_owner("portal")

    def snapshot(self, slug: str) -> dict[str, tuple[int, int, str]]:
        """Return for each table how many rows an institution has, how many differ, and the hash of them sorted."""
        institution = self.stack.institutions[slug]["id"]
        found = {}
        for table in TABLES:
            student = "fact.id" if table == "students_student" else "fact.student_id"
            query = SNAPSHOT.format(table=table, student=student)
            row = self.stack.sql(query, list(NUMBERS), institution)[0]
            found[table] = (row["n"], row["n_distinct"], row["hash"])
        return found
