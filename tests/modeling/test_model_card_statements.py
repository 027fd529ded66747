"""What a card says as a fact of a version or its institution is computed, and absent where it is not so."""

import pytest
from django.utils import timezone

from accounts import scope
from modeling.model_cards import card_measures, card_shares, card_statements, model_card
from modeling.model_cards.card_statements import State
from modeling.models import ModelVersion, Promotion
from modeling.promotion.decider import ListSource

FIRST = State(
    standing="champion",
    came=("first",),
    has_champion=True,
    has_rule=True,
    is_on=True,
    needs_person=True,
    reasons="held",
    learned_here=True,
)


def state(**changes):
    return State(**{**FIRST.__dict__, **changes})


def said(at):
    return " ".join([*card_statements.in_charge(at), card_statements.monitoring(at), *card_statements.only_here(at)])


# A sentence's beginning, a state in which it stands and one in which it must not.
COMPUTED = {
    "It became this institution's model by itself": ({}, {"came": ("promoted",)}),
    "It became this institution's model when it was let decide": ({"came": ("promoted",)}, {}),
    "It is this institution's model again": ({"came": ("first", "rolled_back")}, {}),
    "It was this institution's model for a time": ({"standing": "retired"}, {}),
    "It never decided": ({"standing": "never", "came": ()}, {}),
    "How it came to decide is not on record": ({"came": ()}, {}),
    "It has not decided yet: it waits": ({"standing": "waiting", "came": ()}, {}),
    "Another version decides here only once a named person": ({}, {"needs_person": False}),
    "another version may be let decide without a named person": ({"needs_person": False}, {}),
    "A first model decides by itself": ({"standing": "waiting", "came": (), "has_champion": False}, {}),
    "Then the school's own rule makes the list": ({}, {"has_rule": False}),
    "Then there is no list": ({"has_rule": False}, {}),
    "The model can be switched off at once": ({}, {"is_on": False}),
    "The model is switched off": ({"is_on": False}, {}),
    "with those of its reasons that hold": ({}, {"reasons": "none"}),
    "comes without reasons": ({"reasons": "none"}, {}),
    "Which of them hold could not be told": ({"reasons": "all"}, {"reasons": "unknown"}),
    "After every new list the records are compared": ({}, {"standing": "retired"}),
    "are not compared with those that this version": ({"standing": "waiting", "came": ()}, {}),
    "It learned from this institution alone": ({}, {"learned_here": False}),
}


@pytest.mark.parametrize("sentence", COMPUTED)
def test_a_sentence_stands_only_where_it_is_so(sentence):
    so, not_so = COMPUTED[sentence]

    assert sentence in said(state(**so))
    assert sentence not in said(state(**not_so))


def test_no_fixed_sentence_says_what_is_so_of_a_version():
    fixed = " ".join([*card_statements.oversight(), *card_statements.intended(), *card_statements.refused()])

    assert not [words for words in ("No version", "comes with", "never seen", "switched off") if words in fixed]


def test_a_first_model_is_not_said_to_have_waited_for_a_person():
    assert "named person has let" not in card_statements.in_charge(FIRST)[0]


@pytest.mark.parametrize(
    ("share", "n", "words"),
    [
        (1.0, 8, "8 of the 8 tested"),
        (0.5, 99, "about 50 of the 99 tested"),
        (0.5, 100, "50%"),
        (1.0, 100, "100%"),
        (0.996, 5000, "over 99%"),
        (0.004, 5000, "under 1%"),
    ],
)
def test_a_share_is_said_per_hundred_only_of_a_hundred(share, n, words):
    assert card_shares.of_tested(share, n) == words


def test_a_group_whose_size_does_not_fit_its_share_is_not_counted():
    assert card_shares.of_group(0.25, 12) == "3 of the 12 tested"
    assert card_shares.of_group(0.29, 12) == "29%"
    assert card_shares.of_group(0.25, None) == "25%"


@pytest.fixture
def version(riverside, at_riverside):
    return ModelVersion.objects.select_related("dataset", "institution").get(number=1)


def text(version, **asked):
    decision = asked.pop("decision", ListSource(kind="model", reason="", champion=version))
    return model_card.card(version, decision=decision, **asked).document().markdown()


def promoted(version, **fields):
    row = {"kind": Promotion.Kind.PROMOTED, "at": timezone.now(), "gate": [], **fields}
    return Promotion.objects.create(institution=version.institution, version=version, **row)


def test_the_card_of_a_first_model_says_that_it_decided_by_itself(version):
    shown = text(version)

    assert "it came to decide by itself" in shown
    assert "No version decides before a named person" not in shown


def test_a_reason_overrules_nothing_where_no_check_failed(version, mika):
    check = {"check": "lift", "value": 2.0, "limit": 1.0, "passed": True, "sentence": "It is better."}
    promoted(version, by=mika, gate=[check], reason="We trust it")

    assert "A check was overruled" not in text(version)
    assert "A reason was given. It is on record." in text(version)


def test_a_version_that_waits_and_one_that_is_retired_do_not_say_they_decide(version):
    version.is_champion, version.is_challenger = False, True
    waiting = text(version)
    version.is_challenger = False

    assert "it waits until a named person lets it" in waiting
    assert "for a time, and is not any more" in text(version)


def test_a_card_without_a_champion_does_not_say_that_there_is_no_model(version):
    ModelVersion.objects.update(is_champion=False, is_challenger=False)
    ModelVersion.objects.filter(number=1).update(is_challenger=True)

    with scope.entered(scope.of_institution(version.institution)):
        shown = model_card.published(institution=version.institution).document().markdown()

    assert "There is no model here" not in shown
    assert "one waits until a named person lets it decide" in shown


@pytest.mark.parametrize(
    ("n_ranked", "public", "technical"),
    [
        (180, "20 of the 200 tested would get no rank, as too little is recorded.", "recorded; 6 of them left."),
        (195, "Fewer than 10 of those tested would get no rank", "5 of the 200 tested would get no rank"),
        (200, "0 of the 200 tested would get no rank", "0 of the 200 tested would get no rank"),
    ],
)
def test_who_gets_no_rank_is_told_and_of_a_few_only_that_they_are_few(n_ranked, public, technical):
    version = ModelVersion(evaluation={"as_shown": {"n": 200, "n_ranked": n_ranked, "n_left_unranked": 6}})

    assert public in card_measures.unranked(version)[0]
    assert technical in card_measures.unranked(version, with_outcomes=True)[0]


def test_who_ranks_worse_than_lots_is_called_so_on_the_card():
    version = ModelVersion(metrics={who: {"roc_auc": auc} for who, auc in (("rule", 0.4), ("logistic", 0.7))})

    assert card_measures.heads(version) == ["Rule (worse than drawing lots)", "Plain formula"]
