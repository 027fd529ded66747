"""The main job in a real browser: from a file to a conversation, and out again."""

import pytest
from playwright.sync_api import expect

from tests.browser import walk
from tests.flat_cohort import write_flat_cohort
from tests.students.importing.real_data import real_file


def walk_through(page, institution, file, *, n_students):
    walk.sign_in(page, institution["ines"])
    walk.upload(page, file, brings=f"{n_students} students")
    walk.sign_out(page)
    walk.sign_in(page, institution["mika"])
    walk.train(page)
    walk.make_list(page)
    walk.sign_out(page)

    walk.sign_in(page, institution["amara"])
    expect(page.get_by_role("heading", level=1)).to_contain_text("You can see 12 students before")
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Students").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("12 students are worth a conversation first.")
    expect(page.locator(".capacity-line")).to_contain_text("12 students above this line.")
    name = walk.narrow(page, n_students)
    page.get_by_role("link", name=name, exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(name)
    return name


def end_walk(page, name):
    """Record help, sign out, and find that Back shows nothing of the student any more."""
    walk.record_help(page, "Talk about the first semester")
    walk.sign_out(page)
    page.go_back()
    page.wait_for_load_state()
    expect(page.get_by_text(name)).to_have_count(0)
    expect(page.get_by_label("Password")).to_be_visible()


def test_from_a_file_to_a_conversation_by_the_rule_where_little_is_known(live, opened, tmp_path):
    file = tmp_path / "cohort.csv"
    write_flat_cohort(file, n=300, seed=3)
    page = opened()

    name = walk_through(page, live.institutions["clicked"], file, n_students="300")

    expect(
        page.get_by_text("It learned from 300 students with a known outcome. At least 400 are asked.")
    ).to_be_visible()
    expect(page.get_by_text("Tuition fees are overdue.")).to_be_visible()
    end_walk(page, name)


@pytest.mark.slow
def test_from_a_file_to_a_conversation_with_real_students(live, opened):
    file = real_file("uci697/data.csv")
    page = opened()

    name = walk_through(page, live.institutions["real"], file, n_students="4,424")

    expect(page.get_by_role("heading", name="What we can change")).to_be_visible()
    assert page.locator(".reasons li").count() >= 3
    assert all(len(reason.split()) >= 3 for reason in page.locator(".reasons li").all_inner_texts())
    end_walk(page, name)
