"""The second week of the fortnight: labels that staff gave, a list by what learned from them, and who hears whom."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pyarrow.parquet as pq
from playwright.sync_api import Page, expect

from tests.browser import walk
from tests.live import stories
from tests.live.stack import LiveStack

# As many as the page of a version counts out; of fewer it says only that they are few.
N_CORRECTED = 10
EVIDENCE = "The next school asked for nothing"
HAPPENED_ON = "2021-05-31"
FROM_FILE = """
    SELECT o.id, o.student_id, s.public_id FROM students_outcome o JOIN students_student s ON s.id = o.student_id
    WHERE o.institution_id = %s AND o.upload_id IS NOT NULL AND o.kind = 'graduated' ORDER BY o.id LIMIT %s
"""
NEWEST_VERSION = """
    SELECT v.id, v.number, d.stored_as, d.said, d.n_rows FROM modeling_modelversion v
    JOIN modeling_dataset d ON d.id = v.dataset_id WHERE v.institution_id = %s ORDER BY v.number DESC LIMIT 1
"""
RUN = """
    SELECT n.id, n.decided_by, n.model_version_id, n.as_of FROM predictions_scoringrun n
    WHERE n.institution_id = %s AND n.published_at IS NOT NULL ORDER BY n.published_at DESC LIMIT 1
"""
FIRST_NAMES = """
    SELECT s.public_id, s.external_id AS name FROM predictions_currentrisk r
    JOIN students_student s ON s.id = r.student_id
    WHERE r.institution_id = %s AND r.tier = 'review_first' AND NOT r.is_left_out AND r.verdict = '' ORDER BY r.rank
"""
SAID = """
    SELECT c.closed_at, raiser.email AS raised_by, hearer.email AS heard_by, t.words AS answer, answerer.email AS by
    FROM students_concern c JOIN students_student s ON s.id = c.student_id JOIN accounts_user raiser
    ON raiser.id = c.raised_by_id JOIN accounts_user hearer ON hearer.id = c.to_id
    JOIN students_concernstep t ON t.concern_id = c.id JOIN accounts_user answerer ON answerer.id = t.by_id
    WHERE s.public_id = %s
"""
CASE = """
    SELECT c.state, c.path, c.returned_on = c.opened_at::date AS is_today, u.email AS owner, o.exit_code, o.source,
           c.due_on - c.returned_on AS first_look, array_agg(t.kind ORDER BY t.id) AS steps
    FROM students_reengagementcase c JOIN students_student s ON s.id = c.student_id
    JOIN students_outcome o ON o.id = c.outcome_id JOIN students_casestep t ON t.case_id = c.id
    LEFT JOIN accounts_user u ON u.id = c.owner_id WHERE s.public_id = %s GROUP BY c.id, u.id, o.id
"""
LISTED = """
    SELECT r.verdict, r.is_left_out, r.left_out_until > current_date AS waits, r.tier
    FROM predictions_currentrisk r JOIN students_student s ON s.id = r.student_id WHERE s.public_id = %s
"""


def correct_what_files_said(live: LiveStack, people: dict[str, Any], page: Page) -> set[int]:
    """Correct what a file said of ten students, one of them in the browser; return the students."""
    first, *others = live.sql(FROM_FILE, people["id"], N_CORRECTED)
    page.goto(f"/students/{first['public_id']}/outcomes")
    page.get_by_role("link", name="Correct this").click()
    page.get_by_label("What became of the student").select_option("Dropout")
    page.get_by_label("On", exact=True).fill(HAPPENED_ON)
    page.get_by_label("How do you know?").fill(EVIDENCE)
    page.get_by_role("button", name="Record the correction").click()
    expect(page.locator("#standing")).to_contain_text(EVIDENCE)
    sam = live.visitor(people["sam"])
    said = {"exit_code": "Dropout", "happened_on": HAPPENED_ON, "evidence": EVIDENCE}
    for other in others:
        told = sam.post(f"/students/{other['public_id']}/outcomes", corrects=str(other["id"]), **said)
        assert "Corrected since" in told.words
    return {first["student_id"], *(other["student_id"] for other in others)}


def learn_from_them(live: LiveStack, people: dict[str, Any], page: Page, corrected: set[int]) -> None:
    """Train in the browser, and find the staff's labels with where they came from, in the file and on the page."""
    walk.sign_in(page, people["mika"])
    walk.train(page)
    version = live.sql(NEWEST_VERSION, people["id"])[0]
    n_files = version["n_rows"] - N_CORRECTED
    assert version["said"] == {"file": n_files, "staff": N_CORRECTED, "corrections": N_CORRECTED}
    columns = ["student_id", "y", "said_by", "is_correction", "said_source", "said_upload"]
    rows = pq.read_table(live.folder / "files" / version["stored_as"], columns=columns).to_pylist()
    by_staff = [row for row in rows if row["said_by"] == "staff"]
    assert {row.pop("student_id") for row in by_staff} == corrected
    label = {"y": 1.0, "said_by": "staff", "is_correction": True, "said_source": "staff", "said_upload": ""}
    assert by_staff == [label] * N_CORRECTED
    assert all(row["said_upload"] for row in rows if row["said_by"] == "file")
    page.goto(f"/model/{version['number']}/")
    expect(page.locator("#data")).to_contain_text(
        f"{n_files} from files or other systems, {N_CORRECTED} recorded by staff, {N_CORRECTED} of them corrections."
    )
    stories.make_list(live, "fortnight")
    assert made_by(live, people) == ("model", version["id"]), made_by(live, people)


def made_by(live: LiveStack, people: dict[str, Any]) -> tuple[str, int]:
    """Return who decides the newest list, and the version that scored it."""
    run = live.sql(RUN, people["id"])[0]
    return run["decided_by"], run["model_version_id"]


def give_first_names(live: LiveStack, people: dict[str, Any]) -> list[tuple[str, str]]:
    """Give a counsellor the first names of the list that nobody said anything of; return them with public ids."""
    first = [(row["name"], str(row["public_id"])) for row in live.sql(FIRST_NAMES, people["id"])]
    amara = live.sql("SELECT public_id FROM accounts_user WHERE email = %s", people["amara"])[0]
    given = live.visitor(people["ines"]).post(
        "/caseloads/", student=[public_id for _name, public_id in first], counsellor=str(amara["public_id"])
    )
    assert f"{len(first)} students are now Amara&#x27;s." in given.words, given.words
    return first


def hear_each_other(
    live: LiveStack, people: dict[str, Any], opened: Callable[..., Page], student: tuple[str, str]
) -> None:
    """Have a colleague raise a concern, the counsellor answer it, and the colleague hear it."""
    (name, public_id), colleague, page = student, opened(), opened()
    walk.sign_in(colleague, people["nils"])
    colleague.goto(f"/students/{public_id}/")
    colleague.get_by_text("Tell who looks after this student", exact=True).click()
    expect(colleague.get_by_text("It goes to Amara.")).to_be_visible()
    colleague.get_by_label("In words").fill("Sleeps in class since Monday")
    colleague.get_by_role("button", name="Raise a concern").click()
    expect(colleague.get_by_text("Sent to Amara.")).to_be_visible()

    walk.sign_in(page, people["amara"])
    page.get_by_role("link", name=f"Concern · {name}", exact=True).click()
    page.get_by_text("Say what happened").click()
    page.get_by_label("What happened").fill("Works at night; we move two of the shifts")
    page.get_by_role("button", name="Close this concern").click()
    expect(page.get_by_text("Kept. Whoever said it reads it.")).to_be_visible()

    colleague.goto("/")
    changed = colleague.locator("section[aria-labelledby=changed-title]")
    expect(changed).to_contain_text(f"{name}: somebody answered what you raised.")
    expect(changed).to_contain_text("Works at night; we move two of the shifts (Amara)")
    said = live.sql(SAID, public_id)[0]
    assert said.pop("closed_at")
    answer = "Works at night; we move two of the shifts"
    assert said == {
        "raised_by": people["nils"],
        "heard_by": people["amara"],
        "answer": answer,
        "by": people["amara"],
    }


def come_back(live: LiveStack, people: dict[str, Any], page: Page, student: tuple[str, str]) -> None:
    """Find the case that an outcome opened, find out why, and record that the student is back."""
    name, public_id = student
    walk.sign_in(page, people["amara"])
    page.goto("/cases/")
    page.get_by_role("link", name=name, exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"{name}: Find out why")
    step = page.locator("#next")
    step.get_by_label("The student", exact=True).check()
    step.get_by_label("Why they left").select_option(label="Fell behind in courses")
    step.get_by_role("button", name="Keep this").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"{name}: Make a plan")
    page.get_by_text("They are back, or on another path", exact=True).click()
    page.get_by_label("Back at school here").check()
    page.get_by_role("button", name="Keep this", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"{name}: Stay in touch")
    expect(page.get_by_text(re.compile(r"Back at school here since .*; 0 of 4 looks done"))).to_be_visible()
    assert live.sql(CASE, public_id) == [
        {
            **{"state": "following", "path": "school", "is_today": True, "owner": people["amara"]},
            **{"exit_code": "Dropout", "source": "staff", "first_look": 30},
            "steps": ["opened", "found_out", "returned"],
        }
    ]
    page.goto("/cases/")
    case = page.locator("li", has=page.get_by_role("link", name=name, exact=True))
    expect(case).to_contain_text("Stay in touch")


def listed(live: LiveStack, public_id: str) -> tuple[str, bool, bool | None]:
    """Return what was said of a student, whether the list leaves them out, and whether it does so until a day."""
    row = live.sql(LISTED, public_id)[0]
    # Nobody would name them else: they must stand above the line by their risk.
    assert row["tier"] == "review_first"
    return row["verdict"], row["is_left_out"], row["waits"]
