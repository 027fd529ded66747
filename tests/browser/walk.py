"""The main job as a person does it in a browser, each step a function that leaves the page where the next begins."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.live.people import PASSWORD

JOB_MS = 180_000


def sign_in(page: Page, person: str) -> None:
    """Sign in from wherever the portal asks for it."""
    page.goto("/")
    page.get_by_label("Email").fill(person)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("navigation", name="Main")).to_be_visible()


def sign_out(page: Page) -> None:
    """Sign out by the menu."""
    page.locator(".account summary").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def mark(page: Page) -> None:
    """Leave a mark that a reload would wipe away."""
    page.wait_for_selector("main")  # the document that comes, not the one that goes
    page.evaluate("document.documentElement.dataset.mark = 'here'")


def expect_mark(page: Page) -> None:
    """Make sure that the page was never loaded anew."""
    expect(page.locator("html[data-mark=here]")).to_be_attached()


def upload(page: Page, file: Path, *, brings: str) -> None:
    """Bring in a file and watch it without a reload."""
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Records").click()
    page.get_by_label("File", exact=True).set_input_files(file)
    page.get_by_text("More", exact=True).click()
    page.get_by_label("Format").select_option("uci_697")
    page.get_by_role("button", name="Check this file").click()
    expect(page.get_by_role("heading", level=1, name=file.name)).to_be_visible()
    mark(page)
    expect(page.get_by_role("button", name="Bring it in")).to_be_visible(timeout=JOB_MS)
    expect(page.locator("#announcer")).to_have_text("Waiting for your word")
    expect_mark(page)
    page.get_by_role("button", name="Bring it in").click()
    mark(page)
    expect(page.get_by_role("link", name="Take it back")).to_be_visible(timeout=JOB_MS)
    expect(page.get_by_text(f"Saved: {brings}")).to_be_visible()
    expect(page.locator("#announcer")).to_have_text("Brought in")
    expect_mark(page)


def train(page: Page) -> None:
    """Train a model and watch it step by step without a reload."""
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Model").click()
    page.get_by_role("button", name="Train").click()
    expect(page.get_by_role("heading", level=1, name="Training a model")).to_be_visible()
    mark(page)
    expect(page.locator(".steps [data-state=running]")).to_have_count(1, timeout=JOB_MS)
    expect(page.get_by_role("heading", name="Done")).to_be_visible(timeout=JOB_MS)
    expect(page.locator(".steps [data-state=done]")).to_have_count(7)
    expect(page.get_by_text("How good is it?")).to_be_visible()
    expect_mark(page)
    page.get_by_role("link", name="See the model").click()


def make_list(page: Page) -> None:
    """Ask for a list, and look again until it is there."""
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Model").click()
    page.get_by_role("button", name="Make a new list").click()
    expect(page.get_by_text("The list is being made.")).to_be_visible()
    for _look in range(60):
        if page.locator("section", has_text="Lists").locator("[data-state=done]").count():
            return
        page.wait_for_timeout(500)
        page.reload()
    raise AssertionError("No list within half a minute.")


def narrow(page: Page, n_students: str) -> str:
    """Search and filter without a reload, go back, and return the name found."""
    name = page.locator(".risk-list .name").nth(2).inner_text()
    mark(page)
    page.keyboard.press("/")
    page.keyboard.type(name, delay=10)
    expect(page.get_by_role("heading", name=f"1 of {n_students} students")).to_be_visible()
    expect(page).to_have_url(re.compile(r"\?q="))
    expect(page.locator(".risk-list .name")).to_have_text([name])
    expect(page.locator("#announcer")).to_have_text("1 student shown")
    page.get_by_role("link", name="(remove this filter)").click()
    expect(page.get_by_role("heading", name=f"{n_students} students", exact=True)).to_be_visible()
    mark(page)
    page.get_by_label("Support suggested").select_option("check_in")
    expect(page.get_by_role("heading", name=f"12 of {n_students} students")).to_be_visible()
    expect_mark(page)
    page.go_back()
    expect_frame(page)
    expect(page.get_by_role("heading", name=f"{n_students} students", exact=True)).to_be_visible()
    return name


def expect_frame(page: Page) -> None:
    """Make sure that a whole page stands there, not a part of one."""
    expect(page.get_by_role("banner")).to_be_visible()
    expect(page.get_by_role("navigation", name="Main")).to_be_visible()
    expect(page.locator("#main")).to_be_visible()


def record_help(page: Page, goal: str) -> None:
    """Record help on a student's page."""
    page.get_by_text("Record help", exact=True).click()
    page.get_by_label("Kind of help").select_option(index=1)
    page.get_by_label("What for").fill(goal)
    page.get_by_role("button", name="Record this help").click()
    expect(page.get_by_text("Recorded. It now stands on this student's page.")).to_be_visible()
    expect(page.locator("#help .entries")).to_contain_text(goal)
