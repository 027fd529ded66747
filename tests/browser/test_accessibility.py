"""axe finds nothing to mend on any page: wide and narrow, light and dark."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe, AxeResults

from tests.browser.conftest import DESKTOP, PHONE

AXE = Axe()
EVERYTHING = {"resultTypes": ["violations"]}
# Darkness changes colours only.
CONTRAST = EVERYTHING | {"runOnly": {"type": "rule", "values": ["color-contrast"]}}
NEWEST = {
    "{upload}": "SELECT public_id FROM students_upload WHERE institution_id = %s AND n_errors = 0 ORDER BY id LIMIT 1",
    "{mapping}": "SELECT public_id FROM students_upload WHERE institution_id = %s AND stage = 'mapping' LIMIT 1",
    "{refused}": "SELECT public_id FROM students_upload WHERE institution_id = %s AND n_errors > 0 ORDER BY id LIMIT 1",
    "{training}": "SELECT public_id FROM modeling_trainingrun WHERE institution_id = %s ORDER BY id LIMIT 1",
    "{person}": "SELECT u.public_id FROM accounts_user u JOIN accounts_membership m ON m.user_id = u.id"
    " WHERE m.institution_id = %s AND m.role = 'counsellor' LIMIT 1",
    "{student}": "SELECT s.public_id FROM students_student s JOIN predictions_currentrisk r ON r.student_id = s.id"
    " WHERE s.institution_id = %s ORDER BY r.rank LIMIT 1",
}
PAGES = {
    "login": ("", "/login/", "Sign in"),
    "today": ("amara", "/", "students before"),
    "list": ("amara", "/students/", "worth a conversation first"),
    "whose students": ("ines", "/caseloads/", "no counsellor"),
    "hand over": ("ines", "/caseloads/hand-over/", "open work"),
    "concerns": ("amara", "/concerns/", "Concerns and kudos"),
    "the way back": ("amara", "/cases/", "The way back"),
    "the way back, its days": ("ines", "/cases/deadlines/", "days"),
    "outcomes from a file": ("ines", "/outcomes/file/", "What the file holds"),
    "list with estimates, narrowed": ("amara", "/students/?estimates=1&tier=check_in", "12 of 400 students"),
    "list without a match": ("amara", "/students/?q=nobody", "Nobody matches."),
    "student": ("amara", "/students/{student}/", "What we can change"),
    "student with the estimate": ("amara", "/students/{student}/?estimates=1", "Estimate for this student"),
    "how many": ("amara", "/lists/capacity", "How many can you see?"),
    "contested facts": ("ines", "/records/cases/", "Nothing on record is contested."),
    "outcomes that are missing": ("ines", "/outcomes/", " outcome "),
    "outcomes of a student": ("ines", "/students/{student}/outcomes", "How do you know?"),
    "exit codes": ("ines", "/outcomes/codes/", "What exit codes count as"),
    "help given": ("amara", "/interventions/", "Help given"),
    "help filtered": ("amara", "/interventions/?show=open&kind=mentor", "Carried by"),
    "help for many": ("amara", "/help/many/", "Tick students"),
    "help from a file": ("amara", "/help/file/", "What the file holds"),
    "whose students, from a file": ("ines", "/caseloads/file/", "What the file holds"),
    "daily e-mail": ("ines", "/digest/", "For everybody here"),
    "kinds of help": ("ines", "/help/kinds/", "6 kinds are offered"),
    "uploads": ("ines", "/records/", "Bring in a file"),
    "upload": ("ines", "/records/{upload}/", "400 students"),
    "upload taken back": ("ines", "/records/{upload}/undo/", "What will happen"),
    "upload with wrong rows": ("ines", "/records/{refused}/", "2 rows are wrong"),
    "columns": ("ines", "/records/{mapping}/columns/", "What are these columns?"),
    "children under two numbers": ("ines", "/records/merges/", "Same name and birthday"),
    "import settings": ("ines", "/records/settings/", "Sources"),
    "models": ("mika", "/model/", "Model 1 decides the list."),
    "people": ("ines", "/people/", "3 people work here"),
    "one of the people": ("ines", "/people/{person}/", "Give a role"),
    "a link that is spent": ("", "/welcome/018f0000-0000-7000-8000-000000000000/a-b/", "This link no longer works."),
    "training": ("mika", "/model/trainings/{training}/", "How good is it?"),
    "drift": ("mika", "/model/drift/", "What the model looks at"),
    "404": ("amara", "/nowhere/", "There is nothing here for you to see."),
    "403": ("amara", "/model/", "This is not yours to open."),
}


def found_by_axe(page, options):
    """Return what axe has to say; its script stands in the page already, since loading it costs more than running."""
    results = AxeResults(page.evaluate("options => axe.run(options)", options))
    return [] if not results.violations_count else [results.generate_report()]


@pytest.mark.parametrize(("name", "path", "words"), PAGES.values(), ids=PAGES)
def test_axe_finds_nothing_wide_or_narrow_light_or_dark(live, history, opened, watch, name, path, words):
    for placeholder, query in NEWEST.items():
        if placeholder in path:
            path = path.replace(placeholder, str(live.sql(query, history.institution["id"])[0]["public_id"]))
    page = opened(history.institution[name] if name else "", reduced_motion="reduce")
    page.goto(path)
    assert words in page.locator("body").inner_text()
    if (status := page.evaluate("performance.getEntriesByType('navigation')[0].responseStatus")) >= 400:
        watch.forget(f"status of {status}")

    page.evaluate(AXE.axe_script)
    for size in (DESKTOP, PHONE):
        page.set_viewport_size(size)
        page.emulate_media(color_scheme="light")
        assert found_by_axe(page, EVERYTHING) == [], size
        page.emulate_media(color_scheme="dark")
        assert found_by_axe(page, CONTRAST) == [], size
        overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert overflow <= 0, f"{re.sub('[{}]', '', path)} scrolls sideways at {size['width']} px"
