"""A fortnight in a real browser: verdicts, help, outcomes, concerns, a way back, and lists that learn from it all."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser import second_week, walk
from tests.live import stories

pytestmark = pytest.mark.slow

NAMES = "section[aria-labelledby=names-title] .risk-list .name"
VERDICTS = """
    SELECT v.kind, u.email FROM predictions_verdict v JOIN accounts_user u ON u.id = v.by_id
    JOIN students_student s ON s.id = v.student_id WHERE s.public_id = %s ORDER BY v.at, v.id
"""
LOOKS = """
    SELECT c.on_track, c.words FROM students_progresscheck c
    JOIN students_student s ON s.id = c.student_id WHERE s.public_id = %s
"""
OUTCOMES = """
    SELECT o.id, o.exit_code, o.corrects_id, o.source FROM students_outcome o
    JOIN students_student s ON s.id = o.student_id JOIN accounts_user u ON u.id = o.recorded_by_id
    WHERE s.public_id = %s AND u.email = %s ORDER BY o.id
"""
LISTED = """
    SELECT r.verdict, r.is_left_out, r.help_state, n.as_of, n.published_at FROM predictions_currentrisk r
    JOIN students_student s ON s.id = r.student_id JOIN predictions_scoringrun n ON n.id = r.run_id
    WHERE s.public_id = %s
"""


@pytest.fixture(scope="module")
def fortnight(live, tmp_path_factory):
    """An institution with a first list by its rule, and its people."""
    people = live.institutions["fortnight"]
    ines = live.visitor(people["ines"])
    stories.brought_in(ines, stories.upload(ines, stories.flat_cohort(tmp_path_factory.mktemp("fortnight"), n=400)))
    stories.write_rule(ines)
    stories.make_list(live, "fortnight")
    return people


def say(page, verdict, name):
    page.get_by_role("button", name=f"{verdict} · {name}", exact=True).click()
    expect(page.get_by_text(f"{name}: {verdict}. The list respects it from now on.")).to_be_visible()


def look_at_help(page):
    page.locator("#help .entries a.subject").first.click()
    page.get_by_label("Partly").first.check()
    page.get_by_label("What was seen").fill("Came to two of four mornings")
    page.get_by_role("button", name="Keep this look").click()
    expect(page.locator("#so-far")).to_contain_text("Came to two of four mornings")


def record_outcome(page, exit_code, evidence, button):
    page.get_by_label("What became of the student").select_option(exit_code)
    page.get_by_label("How do you know?").fill(evidence)
    page.get_by_role("button", name=button).click()
    expect(page.get_by_text("Recorded. Trainings to come learn from it.")).to_be_visible()
    expect(page.locator("#standing")).to_contain_text(evidence)


def people_named(page):
    """Return the names on Today, and the public ids their links lead to."""
    expect(page.get_by_role("heading", level=1)).to_contain_text(re.compile(r"You can see \d+ students? before"))
    links = page.locator(NAMES)
    hrefs = [link.get_attribute("href") for link in links.all()]
    return dict(zip(links.all_inner_texts(), (href.split("/")[2] for href in hrefs), strict=True))


def test_what_is_said_holds_on_the_next_list_and_the_model_learns_from_it(live, fortnight, opened):
    live_the_first_week(live, fortnight, opened)
    live_the_second_week(live, fortnight, opened)


def live_the_first_week(live, fortnight, opened):
    """Judge names of a list by the rule, help, record and correct, and look for all of it on the next list."""
    page = opened()
    walk.sign_in(page, fortnight["amara"])
    first = people_named(page)
    (known, known_id), (agreed, agreed_id), (moved, moved_id) = list(first.items())[:3]

    say(page, "Already known", known)
    assert known not in people_named(page)
    page.get_by_role("button", name="Take back").click()
    expect(page.get_by_text(f"Taken back. Nothing is said of {known} now.")).to_be_visible()
    assert people_named(page) == first
    say(page, "Already known", known)
    say(page, "Worth a conversation", agreed)
    said = [(row["kind"], row["email"]) for row in live.sql(VERDICTS, known_id)]
    assert said == [(kind, fortnight["amara"]) for kind in ("known", "taken_back", "known")]

    page.locator(NAMES, has_text=agreed).click()
    walk.record_help(page, "Talk about the first semester")
    look_at_help(page)
    assert live.sql(LOOKS, agreed_id) == [{"on_track": "partly", "words": "Came to two of four mornings"}]

    correct_an_outcome(live, fortnight, opened(), moved_id)

    before = live.sql(LISTED, agreed_id)[0]
    stories.a_month_later(live, "fortnight")
    hold_on_the_next_list(live, page, before, known=(known, known_id), agreed=(agreed, agreed_id))


def live_the_second_week(live, people, opened):
    """Learn from what staff said, judge names of the list that comes of it, and look for that on the one after."""
    page, sams = opened(), opened()
    walk.sign_in(sams, people["sam"])
    corrected = second_week.correct_what_files_said(live, people, sams)
    second_week.learn_from_them(live, people, opened(), corrected)
    known, not_now, troubled, leaving, *others = second_week.give_first_names(live, people)
    second_week.hear_each_other(live, people, opened, troubled)
    sams.goto(f"/students/{leaving[1]}/outcomes")
    record_outcome(sams, "Dropout", "Came for the papers", "Record this outcome")
    second_week.come_back(live, people, opened(), leaving)

    walk.sign_in(page, people["amara"])
    assert {known, not_now, troubled, *others} <= set(people_named(page).items())
    say(page, "Already known", known[0])
    say(page, "Not now", not_now[0])
    decided = second_week.made_by(live, people)
    stories.a_month_later(live, "fortnight")

    assert second_week.made_by(live, people) == decided
    assert second_week.listed(live, known[1]) == ("known", True, None)
    assert second_week.listed(live, not_now[1]) == ("not_now", True, True)
    page.goto("/")
    assert {troubled, *others} <= set(people_named(page).items())
    assert not {known, not_now} & set(people_named(page).items())
    page.goto("/students/?left=1&whose=mine")
    expect(page.locator(".risk-list .name")).to_have_text([known[0], not_now[0]])


def correct_an_outcome(live, people, page, student):
    """Record what became of a student as outcome staff do, correct it, and look for both on record."""
    walk.sign_in(page, people["sam"])
    page.goto(f"/students/{student}/outcomes")
    record_outcome(page, "Dropout", "No answer to two letters", "Record this outcome")
    page.get_by_role("listitem").filter(has_text="No answer to two letters").get_by_text("Correct this").click()
    record_outcome(page, "Moved out of state", "The family wrote to the office", "Record the correction")
    expect(page.locator("#standing").get_by_text("Corrected since")).to_be_visible()
    told, corrected = live.sql(OUTCOMES, student, people["sam"])
    assert (told["exit_code"], corrected["exit_code"]) == ("Dropout", "Moved out of state")
    assert (told["corrects_id"], corrected["corrects_id"]) == (None, told["id"])
    assert {told["source"], corrected["source"]} == {"staff"}


def hold_on_the_next_list(live, page, before, *, known, agreed):
    """Look for the verdicts on a list that was made after they were given, in the database and on the page."""
    after, left_out = live.sql(LISTED, agreed[1])[0], live.sql(LISTED, known[1])[0]
    assert after["published_at"] > before["published_at"]
    assert (after["verdict"], after["is_left_out"], after["help_state"]) == ("agree", False, "open")
    assert (left_out["verdict"], left_out["is_left_out"]) == ("known", True)
    page.goto("/")
    named = people_named(page)
    assert known[0] not in named
    assert agreed[0] in named
    row = page.locator("li.person", has=page.get_by_role("link", name=agreed[0], exact=True))
    expect(row.locator(".tag", has_text="Worth a conversation")).to_be_visible()
    page.goto("/students/?left=1")
    expect(page.locator(".risk-list .name")).to_have_text([known[0]])
