"""A note half written outlives the tab it was typed in, and a connection that goes away and comes back."""

import pytest
from playwright.sync_api import expect

from tests.live.stack import wait_until

DRAFTS = """
    SELECT d.words, d.visibility FROM students_notedraft d JOIN students_student s ON s.id = d.student_id
    JOIN accounts_user u ON u.id = d.author_id WHERE s.public_id = %s AND u.email = %s
"""
NOTES = """
    SELECT r.words FROM students_noterevision r JOIN students_note n ON n.id = r.note_id
    JOIN students_student s ON s.id = n.student_id WHERE s.public_id = %s ORDER BY r.id
"""
UNTOUCHED = """
    SELECT s.public_id FROM students_student s WHERE s.institution_id = %s
    AND NOT EXISTS (SELECT 1 FROM students_notedraft d WHERE d.student_id = s.id)
    AND NOT EXISTS (SELECT 1 FROM students_note n WHERE n.student_id = s.id) ORDER BY s.id DESC LIMIT 1
"""
HALF = "Her mother called: they move in with the aunt until"


class Desk:
    """A student's page before the counsellor, and what the database holds of it."""

    def __init__(self, live, person, open_page, student):
        self._live, self._person, self._open_page = live, person, open_page
        self.student = student
        self.page = None

    def open(self):
        """Open the student's page in a browser of its own."""
        self.page = self._open_page(self._person)
        self.page.goto(f"/students/{self.student}/")
        return self.page

    def type(self, words):
        """Type words after those that stand there, key by key."""
        if not self.page.get_by_label("Note", exact=True).is_visible():
            self.page.get_by_text("Write a note", exact=True).click()
        self.page.get_by_label("Note", exact=True).focus()
        self.page.keyboard.press("Control+End")
        self.page.keyboard.type(words)

    def drafts(self):
        return [tuple(row.values()) for row in self._live.sql(DRAFTS, self.student, self._person)]

    def notes(self):
        return [row["words"] for row in self._live.sql(NOTES, self.student)]

    def expect_draft(self, words, visibility="all"):
        wait_until(lambda: self.drafts() == [(words, visibility)], seconds=15)


@pytest.fixture
def desk(live, trained, opened):
    """A student of whom nobody wrote yet."""
    row = live.sql(UNTOUCHED, trained.institution["id"])[0]
    return Desk(live, trained.institution["amara"], opened, str(row["public_id"]))


def test_what_was_typed_stands_there_again_after_the_tab_was_lost(desk):
    page = desk.open()
    desk.type(HALF)
    expect(page.locator("#note-draft")).to_contain_text("Draft kept")
    page.get_by_label("Who reads it").select_option("role")
    desk.expect_draft(HALF, "role")
    page.close()

    page = desk.open()
    expect(page.get_by_label("Note", exact=True)).to_have_value(HALF)
    expect(page.get_by_label("Who reads it")).to_have_value("role")
    assert desk.notes() == []


def test_what_was_typed_a_moment_ago_is_kept_when_the_page_is_left(desk):
    page = desk.open()
    desk.type(HALF)
    page.goto("/")
    desk.expect_draft(HALF)


def test_nothing_typed_without_a_connection_is_lost(desk, watch):
    page = desk.open()
    desk.type(HALF)
    desk.expect_draft(HALF)
    page.context.set_offline(True)
    desk.type(" Easter")
    expect(page.locator("#note-draft")).to_contain_text("Not kept yet")
    page.get_by_role("button", name="Keep this note").click()
    desk.type(", then back home")
    expect(page.get_by_label("Note", exact=True)).to_have_value(f"{HALF} Easter, then back home")
    assert desk.drafts() == [(HALF, "all")]

    page.context.set_offline(False)
    desk.expect_draft(f"{HALF} Easter, then back home")
    page.get_by_role("button", name="Keep this note").click()
    expect(page.locator("#notes .entries")).to_contain_text(f"{HALF} Easter, then back home")
    assert desk.notes() == [f"{HALF} Easter, then back home"]
    assert desk.drafts() == []
    watch.forget("ERR_INTERNET_DISCONNECTED")
