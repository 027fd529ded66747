"""A flag is judged, help begins and ends, as those who do it meet it; axe looks at every state of their pages."""

import datetime as dt

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import DESKTOP, PHONE
from tests.browser.test_accessibility import AXE, CONTRAST, EVERYTHING, found_by_axe


@pytest.fixture
def looked_over():
    """Let axe look at the open page, wide and narrow, light and dark, for what it is called."""

    def look(page):
        page.evaluate(AXE.axe_script)
        for size in (DESKTOP, PHONE):
            page.set_viewport_size(size)
            for scheme, options in (("light", EVERYTHING), ("dark", CONTRAST)):
                page.emulate_media(color_scheme=scheme)
                assert found_by_axe(page, options) == [], (size, scheme)
            overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert overflow <= 0
        page.set_viewport_size(DESKTOP)

    return look


def test_a_flag_is_judged_a_fact_contested_and_answered(history, opened, looked_over):
    page = opened(history.institution["amara"], reduced_motion="reduce")
    page.goto("/students/")
    page.locator(".risk-list .name").nth(3).click()
    page.get_by_text("Say why, or until when", exact=True).click()
    looked_over(page)
    page.get_by_label("Why").fill("She was at the other school")
    page.get_by_role("button", name="Something on record is wrong").click()
    expect(page.locator("#verdict")).to_contain_text("Whoever keeps the data answers by")
    looked_over(page)
    page.goto("/students/")
    expect(page.get_by_text("1 student is left out: your team said so.")).to_be_visible()

    keeper = opened(history.institution["ines"], reduced_motion="reduce")
    keeper.goto("/records/cases/")
    keeper.get_by_text("Answer ·").click()
    looked_over(keeper)
    keeper.get_by_label("The record stands").check()
    keeper.get_by_label("In words").fill("Both schools agree on the days")
    keeper.get_by_role("button", name="Send this answer").click()
    expect(keeper.get_by_text("Both schools agree on the days")).to_be_visible()
    looked_over(keeper)

    page.reload()
    expect(page.get_by_text("your team said so.")).to_have_count(0)


def test_help_is_begun_looked_at_replanned_and_ended(history, opened, looked_over):
    page = opened(history.institution["amara"], reduced_motion="reduce")
    page.goto("/students/")
    page.locator(".risk-list .name").nth(2).click()
    page.get_by_text("Record help", exact=True).click()
    page.get_by_label("Kind of help").select_option("mentor")
    page.get_by_label("Since", exact=True).fill(str(dt.date.today() - dt.timedelta(days=30)))
    page.get_by_label("What for").fill("Every Tuesday before school")
    page.get_by_role("button", name="Record this help").click()

    page.goto("/interventions/")
    expect(page.get_by_text("late for a look")).to_be_visible()
    looked_over(page)
    page.locator("#waiting .subject").first.click()
    expect(page.get_by_text("Looked at every 14 days.")).to_be_visible()
    looked_over(page)

    page.get_by_role("button", name="Keep this look").click()
    page.get_by_label("Partly").first.check()
    page.get_by_label("What was seen").fill("Came to two of four mornings")
    page.get_by_role("button", name="Keep this look").click()
    expect(page.locator("#so-far")).to_contain_text("Came to two of four mornings")

    page.get_by_text("Change the plan", exact=True).click()
    page.get_by_label("Days between looks").fill("7")
    page.get_by_role("button", name="Keep this plan").click()
    expect(page.get_by_text("Looked at every 7 days.")).to_be_visible()

    page.get_by_text("This help is over", exact=True).click()
    looked_over(page)
    page.locator("#end").get_by_label("No", exact=True).check()
    page.get_by_label("What came of it").fill("The mentor moved away")
    page.get_by_role("button", name="Record the end").click()
    expect(page.locator("#so-far")).to_contain_text("Did it really happen? No.")
    looked_over(page)
