"""The page of the school's rule: sentences to read, rows to change without scripts, every fault beside its field."""

import html
import re

import pytest

from accounts import scope
from modeling import rule_sets
from tests.people import SINCE, signed_in
from tests.predictions.pages import text_of

SIGN = {
    "feature": "absence_rate_30d",
    "op": "at_least",
    "value": "0.2",
    "points": "2",
    "words": "Missed a fifth of the last month",
    "domain": "attendance",
}


def form_of(*signs, **more):
    fields = {f"sign-{place}-{name}": value for place, sign in enumerate(signs) for name, value in sign.items()}
    return {"n_rows": str(len(signs))} | fields | more


def in_force(institution):
    with scope.entered(scope.of_institution(institution)):
        return [(rule.feature, rule.value, rule.points) for rule in rule_sets.in_force()]


def sent_back(markup):
    """Return the form of the page as a browser would send it unchanged."""
    form = markup[markup.index('name="n_rows"') - 200 :]
    inputs = re.findall(r'<input type="(?:text|hidden)" name="([^"]+)"(?: value="([^"]*)")?', form)
    chosen = re.findall(r'<select name="([^"]+)".*?</select>', form, re.DOTALL)
    selects = {
        name: re.search(rf'<select name="{name}".*?<option value="([^"]*)" selected', form, re.DOTALL)
        for name in chosen
    }
    fields = {name: html.unescape(value) for name, value in inputs}
    return fields | {name: found[1] if found else "" for name, found in selects.items()}


@pytest.fixture
def editor(mika):
    return signed_in(mika)


def test_the_rule_stands_there_in_sentences(editor, riverside):
    said = text_of(editor.get("/model/rule").content.decode())

    assert "Missed 10 of every 100 school days or more this year." in said
    assert "Share of school days missed this school year: 10 of 100 or more" in said
    assert "This is the default. Nobody has changed it since." in said


def test_saved_unchanged_it_is_the_same_rule(editor, riverside):
    before = in_force(riverside)
    page = editor.get("/model/rule").content.decode()

    answer = editor.post("/model/rule", sent_back(page))

    assert answer["Location"] == "/model/rule"
    assert in_force(riverside) == before


def test_another_rule_is_written_and_who_wrote_it_stays_on_the_page(editor, riverside):
    page = editor.post("/model/rule", form_of(SIGN, {"op": "at_least", "points": "1"}), follow=True).content.decode()

    said = text_of(page)
    assert in_force(riverside) == [("absence_rate_30d", 0.2, 2.0)]
    assert "Saved. The next list uses it." in said
    assert "Written anew: 1 sign" in said
    assert said.count("· Mika") == 2


def test_a_ticked_sign_is_removed(editor, riverside):
    editor.post("/model/rule", form_of(SIGN | {"remove": "on", "value": "nonsense"}, SIGN | {"points": "3"}))

    assert in_force(riverside) == [("absence_rate_30d", 0.2, 3.0)]


def test_an_empty_row_is_added_by_a_button_and_nothing_is_saved(editor, riverside):
    before = in_force(riverside)

    page = editor.post("/model/rule", form_of(SIGN, another="1")).content.decode()

    assert 'name="n_rows" value="2"' in page
    assert 'value="Missed a fifth of the last month"' in page
    assert in_force(riverside) == before


def test_every_fault_stands_beside_its_field_and_what_was_written_stays(editor, riverside):
    before = in_force(riverside)

    answer = editor.post("/model/rule", form_of(SIGN, SIGN | {"value": "<b>7</b>", "words": ""}))

    page = answer.content.decode()
    assert answer.status_code == 422
    assert re.search(r'id="id_sign-1-value_error">“&lt;b&gt;7&lt;/b&gt;” is not a number\.', page)
    assert 'id="id_sign-1-words_error">Say in words' in page
    assert "id_sign-0-value_error" not in page
    assert 'value="&lt;b&gt;7&lt;/b&gt;"' in page
    assert in_force(riverside) == before


@pytest.mark.parametrize("n_rows", ["0", "", "x", "-1", "99999999"])
def test_a_rule_without_signs_is_refused(editor, riverside, n_rows):
    answer = editor.post("/model/rule", {"n_rows": n_rows})

    assert answer.status_code == 422
    assert "A rule needs at least one sign. Add one." in answer.content.decode()


def test_the_default_returns_by_a_button(editor, riverside):
    before = in_force(riverside)
    editor.post("/model/rule", form_of(SIGN))

    page = editor.post("/model/rule/reset", follow=True).content.decode()

    assert in_force(riverside) == before
    assert "Returned to the default" in page


def test_an_institution_without_records_can_be_shown_its_page(otto, elsewhere):
    otto.memberships.update(role="model_owner", starts_on=SINCE)

    assert "No sign yet that the records here could answer." in signed_in(otto).get("/model/rule").content.decode()


@pytest.mark.parametrize(("person", "status"), [("mika", 200), ("ines", 200), ("amara", 403), ("sam", 403)])
def test_only_those_who_answer_for_it_write_the_rule(request, riverside, person, status):
    browser = signed_in(request.getfixturevalue(person))

    assert browser.get("/model/rule").status_code == status
    if status == 403:
        assert browser.post("/model/rule", form_of(SIGN)).status_code == 403
        assert browser.post("/model/rule/reset").status_code == 403
