"""The page of a version tells who would get no rank, and how good the list is without them."""

import pytest

from accounts import scope
from modeling.models import ModelVersion
from monitoring.shown_list import shown_list_context
from tests.people import signed_in
from tests.predictions.pages import text_of

MEASURED = {"roc_auc": 0.8, "brier": 0.1, "found_of_all": 0.25}


def shown(*, n_ranked: int, n_left_unranked: int) -> dict:
    return {
        "as_shown": {
            "n": 200,
            "n_ranked": n_ranked,
            "n_left_ranked": 20,
            "n_left_unranked": n_left_unranked,
            "ranked": MEASURED,
        }
    }


def test_who_gets_no_rank_is_told_with_how_many_of_them_left():
    told = shown_list_context({"model": {"roc_auc": 0.7, "brier": 0.2}}, shown(n_ranked=180, n_left_unranked=6))

    assert told["sentences"] == [
        "20 of the 200 tested would get no rank: too little is recorded of them.",
        "Of these 20, 6 left; of the 180 with a rank, 20.",
    ]
    assert [(row["measure"], row["ranked"], row["everybody"]) for row in told["rows"]] == [
        ("ROC-AUC", 0.8, 0.7),
        ("Brier score (lower is better)", 0.1, 0.2),
    ]


def test_where_everybody_is_ranked_there_is_nothing_to_set_beside_it():
    told = shown_list_context({"model": {}}, shown(n_ranked=200, n_left_unranked=0))

    assert (told["sentences"], told["rows"]) == (["Everybody tested would get a rank."], [])


def test_a_version_from_before_says_nothing_of_it():
    assert shown_list_context({"model": {}}, {}) == {}


@pytest.mark.django_db
def test_the_page_shows_what_training_measured(mika, riverside):
    with scope.entered(scope.of_institution(riverside)):
        version = ModelVersion.objects.get(number=2)
    found = version.evaluation["as_shown"]

    words = text_of(signed_in(mika).get("/model/2/").content.decode())

    assert found["n"] == version.metrics["model"]["n"]
    assert shown_list_context(version.metrics, version.evaluation)["sentences"][0] in words
