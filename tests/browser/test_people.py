"""An administrator hands over a link, and somebody new works with it; axe looks at every page on the way."""

from playwright.sync_api import expect

from tests.browser.test_desk import looked_over  # noqa: F401

GOOD = "a long and quiet walk"
NAME = "Noor van der Meer-Okonkwo"
ADDRESS = "noor.van.der.meer-okonkwo@invited.example"


def invite(page):
    page.goto("/people/")
    page.get_by_label("Name").fill(NAME)
    page.get_by_label("E-mail address").fill(ADDRESS)
    page.get_by_label("Role").select_option("model_owner")
    page.get_by_role("button", name="Make the link").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Hand this link to {NAME}.")
    return page.get_by_label("Link").input_value()


def choose_password(page, link):
    page.goto(link)
    expect(page).not_to_have_url(link)
    page.get_by_label("New password", exact=True).fill(GOOD)
    page.get_by_label("New password confirmation").fill(GOOD)
    page.get_by_role("button", name="Keep this password").click()
    page.get_by_label("Email").fill(ADDRESS)
    page.get_by_label("Password").fill(GOOD)
    page.get_by_role("button", name="Sign in").click()


def test_somebody_is_invited_and_works_as_what_they_are(live, opened, watch, looked_over):  # noqa: F811
    admin, noor = (opened(who, reduced_motion="reduce") for who in (live.institutions["invited"]["ines"], ""))

    link = invite(admin)
    looked_over(admin)
    noor.goto(link)
    looked_over(noor)
    choose_password(noor, link)
    noor.goto("/model/")
    expect(noor.get_by_role("button", name="Train")).to_be_visible()
    noor.goto(link)
    expect(noor.get_by_role("heading", level=1)).to_have_text("This link no longer works.")

    admin.goto("/people/")
    looked_over(admin)
    admin.get_by_role("link", name=NAME).click()
    admin.get_by_label("Role").select_option("counsellor")
    admin.get_by_role("button", name="Give this role").click()
    looked_over(admin)
    noor.goto("/students/")
    noor.locator(".account summary").click()
    looked_over(noor)
    noor.get_by_role("button", name="Work as: Model owner").click()
    noor.goto("/model/")
    admin.get_by_text("End: Model owner", exact=True).click()
    admin.get_by_role("button", name="End this role").click()
    expect(admin.get_by_role("status").first).to_have_text("Ended: Model owner.")
    assert noor.evaluate("fetch('/model/').then(answer => answer.status)") == 403
    watch.forget("status of 403")
