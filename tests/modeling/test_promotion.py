"""One version decides at a time: let in by a named person through the gate, and taken back in one step."""

import pytest
from django.utils import timezone

from accounts.models import AuditEntry
from modeling import registry
from modeling.models import ModelVersion, Promotion
from modeling.promotion import promotion, promotion_gate
from tests.modeling import stored_models as stored
from tests.modeling.test_registry import another

AGAINST = [{"check": "lift", "value": 0.8, "limit": 1.0, "passed": False, "sentence": "The rule is right more often."}]
FOR = [{"check": "lift", "value": 1.2, "limit": 1.0, "passed": True, "sentence": "It is right more often."}]


@pytest.fixture
def versions(at_riverside):
    """The champion and the one that waits."""
    return list(ModelVersion.objects.order_by("number"))


def promote(version, by, **how):
    return promotion.promote(version=version, by=by, now=timezone.now(), **({"gate": FOR} | how))


def deciding():
    return list(ModelVersion.objects.filter(is_champion=True).values_list("number", flat=True))


def test_promoting_puts_one_in_place_of_the_other_and_says_who_and_why(versions, mika):
    promoted = promote(versions[1], mika)

    champion = registry.champion()
    assert deciding() == [2]
    assert (champion.promoted_at, champion.promoted_by, champion.is_challenger) == (promoted.at, mika, False)
    assert (promoted.previous, promoted.kind, promoted.gate) == (versions[0], Promotion.Kind.PROMOTED, FOR)
    assert AuditEntry.objects.get(action="model_promoted").user == mika


def test_nobody_cannot_promote(versions):
    with pytest.raises(promotion.NeedsPerson):
        promote(versions[1], None)

    assert deciding() == [1]


def test_a_failed_check_wants_a_reason(versions, mika):
    with pytest.raises(promotion.GateFailed) as refused:
        promote(versions[1], mika, gate=AGAINST, reason="  ")

    assert refused.value.sentences == ["The rule is right more often."]
    assert deciding() == [1]


def test_a_named_person_may_overrule_a_check_with_a_reason(versions, mika):
    promoted = promote(versions[1], mika, gate=AGAINST, reason="The rule was changed yesterday.")

    assert deciding() == [2]
    assert (promoted.reason, promoted.gate) == ("The rule was changed yesterday.", AGAINST)


def test_what_was_not_checked_blocks_nothing(versions, mika):
    promote(versions[1], mika, gate=[AGAINST[0] | {"passed": None}])

    assert deciding() == [2]


def test_the_champion_cannot_be_promoted_again(versions, mika):
    with pytest.raises(promotion.AlreadyDecides, match="Model 1 decides already"):
        promote(versions[0], mika)


def test_who_saw_another_champion_is_told_to_look_again(versions, mika):
    third = another(versions[1], by=mika)
    promote(versions[1], mika, instead_of=1)

    with pytest.raises(promotion.Overtaken, match="Meanwhile model 2"):
        promote(third, mika, instead_of=1)

    assert deciding() == [2]


def test_a_version_whose_bytes_changed_is_not_let_decide(versions, mika):
    with stored.rewriting(versions[1]) as change:
        change("booster_text", versions[1].booster_text + " ")

        with pytest.raises(registry.ModelFileChanged):
            promote(versions[1], mika)

    assert deciding() == [1]


def test_going_back_leads_to_the_one_before_and_then_to_the_one_before_that(versions, riverside, mika):
    third = another(versions[1], by=mika)
    promote(versions[1], mika)
    promote(third, mika)

    steps = [promotion.roll_back(institution=riverside, by=mika, now=timezone.now()).version.number for _ in range(2)]

    assert steps == [2, 1]
    assert deciding() == [1]
    with pytest.raises(promotion.NothingBefore):
        promotion.roll_back(institution=riverside, by=mika, now=timezone.now())


def test_two_who_go_back_together_go_back_once(versions, riverside, mika):
    third = another(versions[1], by=mika)
    promote(versions[1], mika)
    promote(third, mika)
    promotion.roll_back(institution=riverside, by=mika, now=timezone.now(), instead_of=3)

    with pytest.raises(promotion.Overtaken):
        promotion.roll_back(institution=riverside, by=mika, now=timezone.now(), instead_of=3)

    assert deciding() == [2]


def test_going_back_needs_no_gate_and_is_written_down(versions, riverside, mika):
    promote(versions[1], mika)

    back = promotion.roll_back(institution=riverside, by=mika, now=timezone.now())

    assert (back.kind, back.version, back.previous) == (Promotion.Kind.ROLLED_BACK, versions[0], versions[1])
    assert [row.kind for row in promotion.history()] == ["rolled_back", "promoted", "first"]
    assert AuditEntry.objects.filter(action="model_rolled_back").count() == 1


def test_history_is_never_changed(versions, mika):
    from django.db import ProgrammingError, transaction

    promoted = promote(versions[1], mika)

    with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
        Promotion.objects.filter(pk=promoted.pk).update(reason="another")


def test_the_gate_judges_a_trained_version_in_sentences(versions):
    checks = promotion_gate.gate(versions[1], champion=versions[0], churn_share=0.1)

    looked_at = ["labels", "chance", "lift", "calibration", "recall_gap", "churn", "suspicious"]
    assert [check["check"] for check in checks] == looked_at
    assert all(check["sentence"].endswith(".") for check in checks)
    assert next(check for check in checks if check["check"] == "churn")["passed"] is True


def test_an_older_version_without_an_evaluation_is_said_to_be_unchecked(versions):
    versions[1].metrics, versions[1].evaluation = {"model": {}}, {}

    checks = promotion_gate.gate(versions[1], champion=versions[0], churn_share=None)

    assert {check["passed"] for check in checks if check["check"] != "labels"} == {None}
    assert promotion_gate.failed(checks) == []
