"""Reading the list and a student's page: the chart is drawn, Back leads back, and all of it works without scripts."""

import pytest
from playwright.sync_api import expect

from tests.browser import walk
from tests.browser.conftest import DESKTOP, PHONE
from tests.live.people import PASSWORD


def test_the_chart_is_drawn_and_its_numbers_stand_below(history, opened):
    page = opened(history.institution["amara"])
    page.goto("/students/")

    page.locator(".risk-list .name").first.click()

    chart = page.locator("figure[data-chart=risk-chart]")
    expect(chart.locator("svg.main-svg").first).to_be_visible()
    expect(chart.locator(".scatterlayer .point")).to_have_count(2)
    chart.get_by_text("Show the numbers").click()
    expect(chart.get_by_role("row")).to_have_count(3)
    below = chart.locator("details").bounding_box()
    drawn = chart.locator(".plot").bounding_box()
    assert below["y"] >= drawn["y"] + drawn["height"] - 1


def test_back_from_a_student_leads_to_the_whole_list_as_it_was_narrowed(history, opened):
    page = opened(history.institution["amara"])
    page.goto("/students/")
    page.get_by_label("Support suggested").select_option("check_in")
    narrowed = page.get_by_role("heading", name="12 of 400 students")
    expect(narrowed).to_be_visible()
    page.locator(".risk-list .name").first.click()
    expect(page.get_by_role("heading", name="Help given")).to_be_visible()

    page.go_back()

    walk.expect_frame(page)
    expect(narrowed).to_be_visible()
    expect(page.get_by_label("Support suggested")).to_have_value("check_in")


def test_the_second_page_of_the_list_comes_without_a_reload_and_can_be_reloaded(history, opened):
    page = opened(history.institution["amara"])
    page.goto("/students/")
    first = page.locator(".risk-list .name").first.inner_text()
    walk.mark(page)

    page.get_by_role("link", name="Next").click()

    expect(page.get_by_text("Page 2 of 8")).to_be_visible()
    walk.expect_mark(page)
    page.reload()
    walk.expect_frame(page)
    expect(page.get_by_text("Page 2 of 8")).to_be_visible()
    expect(page.locator(".risk-list .name").first).not_to_have_text(first)


def test_a_session_that_ended_leads_to_the_login_and_never_into_the_table(history, opened):
    page = opened(history.institution["amara"])
    page.goto("/students/")
    page.context.clear_cookies()

    page.get_by_label("Support suggested").select_option("check_in")

    expect(page.get_by_label("Password")).to_be_visible()
    expect(page.locator("#risk-table")).to_have_count(0)


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["wide", "narrow"])
def test_without_scripts_a_counsellor_signs_in_filters_and_reads_a_student(history, opened, size):
    page = opened(java_script_enabled=False, viewport=size)
    page.goto("/students/")
    page.get_by_label("Email").fill(history.institution["amara"])
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()

    if size == PHONE:
        page.get_by_text("Filter and sort").click()
    page.get_by_label("Support suggested").select_option("check_in")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_role("heading", name="12 of 400 students")).to_be_visible()
    name = page.locator(".risk-list .name").nth(1).inner_text()
    page.get_by_label("Find a student").fill(name)
    page.get_by_label("Find a student").press("Enter")
    expect(page.get_by_role("heading", name="1 of 400 students")).to_be_visible()
    page.locator(".risk-list .name").click()

    expect(page.get_by_role("heading", level=1)).to_have_text(name)
    expect(page.get_by_role("heading", name="What we can change")).to_be_visible()
    page.get_by_text("Show the numbers").click()
    expect(page.locator("figure").get_by_role("row")).to_have_count(3)


@pytest.fixture
def nobody_trains(live):
    """No worker for trainings, for a while."""
    live.stop("heavy")
    yield
    live.start("heavy")


def test_without_scripts_a_training_can_be_followed_by_hand(history, live, nobody_trains, opened):
    number = history.institution["id"]
    live.sql("UPDATE jobs_job SET idempotency_key = 'earlier ' || id WHERE institution_id = %s", number)
    page = opened(history.institution["mika"], java_script_enabled=False)
    page.goto("/model/")
    page.get_by_role("button", name="Train").click()
    expect(page.get_by_role("heading", name="Waiting")).to_be_visible()
    ended = "UPDATE jobs_job SET state = 'failed', finished_at = now() WHERE institution_id = %s AND state = 'queued'"
    live.sql(ended, number)

    page.get_by_role("link", name="Refresh").click()

    expect(page.get_by_role("heading", name="Failed")).to_be_visible()
