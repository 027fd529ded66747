"""What people do with the portal over HTTP, step by step, until the worker is done."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.flat_cohort import write_flat_cohort
from tests.live.stack import LiveStack, wait_until
from tests.live.visitor import Answer, Visitor

SCHEMA = "uci_697"
FACT_TABLES = (
    *("students_student", "students_enrolment", "students_graderecord", "students_studentattribute"),
    *("students_protectedattribute", "students_outcome"),
)
# What the cohort's schema offers, in the words of the API.
FEATURES = {"units_approved_1st": 2, "units_enrolled_1st": 6, "tuition_up_to_date": 0, "course": "9500"}
POLLS = 'hx-trigger="every 2s"'


def flat_cohort(folder: Path, *, n: int, seed: int = 1, mistakes: tuple[str, ...] = ()) -> bytes:
    """Return a made-up file in the layout of SCHEMA."""
    path = folder / f"cohort-{n}-{seed}.csv"
    write_flat_cohort(path, n=n, seed=seed, mistakes=mistakes)
    return path.read_bytes()


def upload(
    admin: Visitor, content: bytes, *, filename: str = "cohort.csv", schema_yaml: str = "", format: str = SCHEMA
) -> Answer:
    """Send a file through the page; return the page it leads to."""
    file = io.BytesIO(content)
    file.name = filename
    fields: dict[str, Any] = {"file": file, "format": format}
    if schema_yaml:
        own = io.BytesIO(schema_yaml.encode())
        own.name = "schema.yaml"
        fields |= {"format": "own", "own_schema": own}
    return admin.post("/records/", **fields)


def watched(visitor: Visitor, page: Answer, *, seconds: float = 90) -> Answer:
    """Ask for a job's page again, as it does itself, until it says that the job is over."""
    path = page.url.removeprefix(visitor.url)

    def over() -> Answer | None:
        part = visitor.get(path, HX_Request="true")
        assert part.status == 200, part.words
        return None if POLLS in part.body else part

    found = wait_until(over, seconds=seconds, every=0.3)
    assert found
    return found


def brought_in(visitor: Visitor, page: Answer, *, seconds: float = 90) -> Answer:
    """Watch a file being checked, say that it shall come in, and watch until it has."""
    checked = watched(visitor, page, seconds=seconds)
    assert "Waiting for your word" in checked.words, checked.words
    path = page.url.removeprefix(visitor.url)
    return watched(visitor, visitor.post(f"{path}confirm"), seconds=seconds)


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


def train(live: LiveStack, slug: str) -> Answer:
    """Train a model as the model owner does, and return the training's last page."""
    mika = live.visitor(live.institutions[slug]["mika"])
    return watched(mika, mika.post("/model/train"))


def let_decide(live: LiveStack, slug: str, *, number: int) -> None:
    """Let a version decide that waits for a named person, and wait for the list that is made at once."""
    mika = live.visitor(live.institutions[slug]["mika"])
    page = mika.post(f"/model/{number}/promote", instead_of="0", reason="Too few students to compare groups.")
    assert "decides. It is being made." in page.words, page.words
    assert live.ended(newest_job(live, slug))["state"] == "done"


def make_list(live: LiveStack, slug: str) -> None:
    """Make a list as the model owner does."""
    mika = live.visitor(live.institutions[slug]["mika"])
    assert "The list is being made." in mika.post("/lists/new").words
    assert live.ended(newest_job(live, slug))["state"] == "done"


def a_month_later(live: LiveStack, slug: str) -> None:
    """Let the lists so far lie a month back, and make another one."""
    back = "UPDATE predictions_scoringrun SET as_of = as_of - 30 WHERE institution_id = %s"
    live.sql(back, live.institutions[slug]["id"])
    make_list(live, slug)


def compared(live: LiveStack, slug: str) -> bool:
    """Tell whether an institution's scores were compared with what its model learned from."""
    reports = "SELECT 1 FROM monitoring_driftreport WHERE institution_id = %s"
    return bool(live.sql(reports, live.institutions[slug]["id"]))


def compare_with_training(live: LiveStack, slug: str) -> None:
    """Have new scores compared, as beat asks every minute."""
    live.send("monitoring.compare_new_scores")
    wait_until(lambda: compared(live, slug), seconds=60)


@dataclass(frozen=True)
class FirstList:
    """What the people of an institution were told on their way to a first list."""

    institution: dict[str, Any]
    empty_list: Answer
    refused: Answer
    uploaded: Answer
    training: Answer
    predicted: Answer


def write_rule(admin: Visitor) -> Answer:
    """Let the school's rule look at fees alone: beside it a model of four hundred students has something to add."""
    sign = {"feature": "tuition_up_to_date", "op": "equals", "value": "0", "points": "1"}
    sign |= {"words": "Tuition fees are overdue", "domain": ""}
    return admin.post("/model/rule", n_rows="1", **{f"sign-0-{name}": value for name, value in sign.items()})


def first_list(live: LiveStack, slug: str, content: bytes) -> FirstList:
    """Go the whole way: bring in a file, write the rule, train, make a list; ask the API before and after."""
    institution = live.institutions[slug]
    ines, stranger = live.visitor(institution["ines"]), live.visitor()
    body = {"as_of": "2019-02-28", "features": FEATURES}
    refused = stranger.ask("/api/predict", key=institution["api_key"], body=body)
    uploaded = brought_in(ines, upload(ines, content))
    empty_list = live.visitor(institution["mika"]).get("/students/")
    written = write_rule(ines)
    assert "Saved." in written.words, written.words
    training = train(live, slug)
    let_decide(live, slug, number=1)
    compare_with_training(live, slug)
    predicted = stranger.ask("/api/predict", key=institution["api_key"], body=body)
    return FirstList(institution, empty_list, refused, uploaded, training, predicted)
