"""What people do with the portal over HTTP, step by step, until the worker is done."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from tests.flat_cohort import write_flat_cohort
from tests.live.visitor import Answer, Visitor
from tests.live_stack import LiveStack, wait_until

SCHEMA = "uci_697"
FACT_TABLES = (
    *("students_student", "students_enrolment", "students_graderecord", "students_studentattribute"),
    *("students_protectedattribute", "students_outcome"),
)
OVER = ('data-state="done"', 'data-state="failed"')


def flat_cohort(folder: Path, *, n: int, seed: int = 1, mistakes: tuple[str, ...] = ()) -> bytes:
    """Return a made-up file in the layout of SCHEMA."""
    path = folder / f"cohort-{n}-{seed}.csv"
    write_flat_cohort(path, n=n, seed=seed, mistakes=mistakes)
    return path.read_bytes()


def upload(admin: Visitor, content: bytes, *, filename: str = "cohort.csv", schema_yaml: str = "") -> Answer:
    """Send a file through the page; return the page it leads to."""
    file = io.BytesIO(content)
    file.name = filename
    fields: dict[str, Any] = {"file": file, "schema": SCHEMA}
    if schema_yaml:
        own = io.BytesIO(schema_yaml.encode())
        own.name = "schema.yaml"
        fields |= {"schema": "own", "own_schema": own}
    return admin.post("/records/", **fields)


def watched(visitor: Visitor, page: Answer, *, seconds: float = 90) -> Answer:
    """Ask for a job's page again, as it does itself, until it says that the job is over."""
    path = page.url.removeprefix(visitor.url)

    def over() -> Answer | None:
        part = visitor.get(path, HX_Request="true")
        assert part.status == 200, part.words
        return part if any(state in part.body for state in OVER) else None

    found = wait_until(over, seconds=seconds, every=0.3)
    assert found
    return found


def newest_job(live: LiveStack, slug: str) -> int:
    """Return the number of an institution's newest job."""
    rows = live.sql("SELECT max(id) AS id FROM jobs_job WHERE institution_id = %s", live.institutions[slug]["id"])
    return int(rows[0]["id"])


def stored(live: LiveStack, slug: str) -> dict[str, int]:
    """Return how many facts of each kind an institution has, counted by the owner of the tables."""
    institution = live.institutions[slug]["id"]
    return {
        table.removeprefix("students_"): live.sql(
            f"SELECT count(*) AS n FROM {table} WHERE institution_id = %s",
            institution,
        )[0]["n"]
        for table in FACT_TABLES
    }


def of_students(n: int) -> dict[str, int]:
    """Return the facts that a made-up cohort of `n` students brings."""
    return {
        "student": n,
        "enrolment": n,
        "graderecord": 2 * n,
        "studentattribute": 19 * n,
        "protectedattribute": 11 * n,
        "outcome": n,
    }


def make_list(live: LiveStack, slug: str) -> None:
    """Train a model and make the first list, as the model owner does."""
    mika = live.visitor(live.institutions[slug]["mika"])
    done = watched(mika, mika.post("/model/train"))
    assert "Done" in done.words, done.words
    assert mika.post("/lists/new").status == 200
    assert live.ended(newest_job(live, slug))["state"] == "done"
