"""The switch on the page of the model: who may turn it, that a reason is asked for, and what it says after."""

import pytest

from accounts import scope
from modeling.promotion import model_switch
from predictions import runs
from tests.people import signed_in
from tests.predictions.pages import text_of


def is_on(institution):
    with scope.entered(scope.of_institution(institution)):
        return model_switch.is_on(), runs.latest_run().decided_by


@pytest.mark.parametrize("person", ["ines", "mika"])
def test_the_model_is_switched_off_and_on_again_by_a_button(request, person, riverside):
    browser = signed_in(request.getfixturevalue(person))

    off = browser.post("/model/switch", {"off": "True", "reason": "Too many surprises"}, follow=True)
    assert "The model is off. The school&#x27;s rule makes the list" in off.content.decode()
    assert is_on(riverside) == (False, "rule")

    on = browser.post("/model/switch", {"off": "False", "reason": "Looked into it"}, follow=True)
    assert "The model is on again." in on.content.decode()
    assert is_on(riverside) == (True, "model")


def test_the_page_says_how_it_stands_since_when_by_whom_and_why(mika, riverside):
    browser = signed_in(mika)
    assert "Switch the model off" in browser.get("/model/").content.decode()
    browser.post("/model/switch", {"off": "True", "reason": "Too many surprises"})

    page = browser.get("/model/switch").content.decode()

    assert "The model is off" in page
    assert "· Mika · Too many surprises" in text_of(page)
    assert "Switch the model on" in page


def test_without_a_reason_it_stays_as_it_is_and_the_field_says_so(mika, riverside):
    answer = signed_in(mika).post("/model/switch", {"off": "True", "reason": " "})

    assert answer.status_code == 422
    assert "Say why. Whoever opens the list reads it there." in answer.content.decode()
    assert is_on(riverside) == (True, "model")


def test_a_page_left_open_does_not_turn_it_back(mika, ines, riverside):
    signed_in(ines).post("/model/switch", {"off": "True", "reason": "First"})

    answer = signed_in(mika).post("/model/switch", {"off": "True", "reason": "Second"})

    assert answer.status_code == 422
    assert "The model is switched off already." in answer.content.decode()
    assert is_on(riverside) == (False, "rule")


@pytest.mark.parametrize("person", ["amara", "sam"])
def test_other_roles_may_not(request, person, riverside):
    browser = signed_in(request.getfixturevalue(person))

    assert browser.get("/model/switch").status_code == 403
    assert browser.post("/model/switch", {"off": "True", "reason": "No"}).status_code == 403
    assert is_on(riverside) == (True, "model")
