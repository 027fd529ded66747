"""Names, words and files that carry markup stay words: nothing of them runs, on any page."""

import pytest
from playwright.sync_api import expect

from tests.live import stories

IMAGE, SUM, SCRIPT = "<img src=x onerror=alert(1)>", "{{7*7}}", '"><script>alert(2)</script>'
SCHEMA = f"""
name: markup
title: '{IMAGE}'
description: '{SCRIPT}'
source: '{IMAGE}'
licence: none
delimiter: ";"
school_name: 'School {SCRIPT}'
dates: {{enrolled_on: 2023-09-01, snapshot_on: 2024-02-01, outcome_on: 2024-07-01}}
horizon_days: 365
columns:
  - {{header: Id, name: student, kind: identifier}}
  - {{header: First name, name: given_name, kind: given_name}}
  - {{header: Surname, name: family_name, kind: family_name}}
  - {{header: Score, name: score, kind: attribute, type: number, minimum: 0, maximum: 200, changeable: true,
     label: 'Score {IMAGE}', unit: '{SUM}', risk_direction: -1}}
  - {{header: Track, name: track, kind: attribute, type: category, label: 'Track {SCRIPT}',
     levels: {{A: 'Arts {IMAGE}', S: 'Sciences {SUM}'}}}}
  - header: End
    name: outcome
    kind: outcome
    type: category
    outcome:
      values: {{left: {{kind: dropped_out, exit_code: Dropout}}, done: {{kind: graduated, exit_code: Graduated}}}}
"""
NAMES = (IMAGE, SUM, '"""><script>alert(2)</script>"')


def cohort(n):
    """Return students of whom every third leaves, those with low scores and markup for names."""
    rows = ["Id;First name;Surname;Score;Track;End"]
    for number in range(n):
        end = "left" if number % 3 == 0 else "done"
        score = (20 if end == "left" else 120) + number % 60
        name, track = NAMES[number % 5 % 3], "AS"[number % 2]
        rows.append(f"<i>{number}</i>;{name};O'{number} & <b>Co</b>;{score};{track};{end}")
    return "\n".join(rows).encode()


@pytest.fixture(scope="module")
def institution(live):
    """An institution of students whose names, words and file carry markup, with a list of them."""
    people = live.institutions["markup"]
    ines = live.visitor(people["ines"])
    spoilt = cohort(6).replace(b";A;", b";<svg onload=alert(3)>;")
    stories.watched(ines, stories.upload(ines, spoilt, filename=f"{IMAGE}.csv", schema_yaml=SCHEMA))
    told = stories.brought_in(ines, stories.upload(ines, cohort(240), filename=f"{IMAGE}.csv", schema_yaml=SCHEMA))
    assert "Brought in" in told.words
    stories.train(live, "markup")
    stories.let_decide(live, "markup", number=1)
    stories.compare_with_training(live, "markup")
    return people


def expect_words(page, *words):
    """Make sure the words stand there as they were typed, and left no element behind."""
    for typed in words:
        expect(page.get_by_text(typed).first).to_be_attached()
    assert page.locator("img, main script[src], svg[onload], main b, main i").count() == 0


def test_the_list_and_a_student_show_markup_as_words(institution, opened):
    page = opened(institution["amara"])
    page.goto("/students/")
    expect_words(page, IMAGE, SUM, "<script>alert(2)</script>", f"School {SCRIPT}")

    page.get_by_label("Find a student").fill(IMAGE)
    expect(page.get_by_role("link", name=f"“{IMAGE}”")).to_be_visible()
    page.locator(".risk-list .name").first.click()

    expect(page.get_by_role("heading", name="What we can change")).to_be_visible()
    expect_words(page, f"Score {IMAGE}", "<b>Co</b>")
    page.get_by_text("Record help", exact=True).click()
    page.get_by_label("What for").fill(SCRIPT)
    page.get_by_role("button", name="Record this help").click()
    expect_words(page, SCRIPT)
    page.goto("/interventions/?show=open")
    expect_words(page, SCRIPT, "<b>Co</b>")


def test_uploads_and_their_faults_show_markup_as_words(institution, opened):
    page = opened(institution["ines"])
    page.goto("/records/")
    expect_words(page, f"{IMAGE}.csv")

    page.get_by_role("link", name=IMAGE).first.click()

    expect_words(page, f"{IMAGE}.csv", "<svg onload=alert(3)>")


def test_models_trainings_and_drift_show_markup_as_words(institution, opened):
    page = opened(institution["mika"])
    page.goto("/model/")
    page.get_by_role("link", name="Everything about it").first.click()
    expect_words(page, f"Score {IMAGE}", f"Track {SCRIPT}")

    page.goto("/model/drift/")

    expect_words(page, f"Score {IMAGE}", f"Track {SCRIPT}")
