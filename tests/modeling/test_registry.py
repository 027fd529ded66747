"""Exactly one version decides, and no byte of a model is parsed that is not the one registered."""

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts import scope
from modeling import registry
from modeling.models import ModelVersion


@pytest.fixture
def versions(at_riverside):
    """The champion and the one that waits."""
    registry._parsed.cache_clear()
    yield list(ModelVersion.objects.order_by("number"))
    registry._parsed.cache_clear()


def deciding():
    return list(ModelVersion.objects.filter(is_champion=True).values_list("number", flat=True))


def test_promoting_puts_one_in_place_of_the_other(versions, mika):
    now = timezone.now()

    registry.promote(version=versions[1], by=mika, now=now)

    assert deciding() == [2]
    promoted = registry.champion()
    assert (promoted.promoted_at, promoted.promoted_by) == (now, mika)


def test_promoting_the_champion_changes_nothing_but_who_and_when(versions, mika):
    registry.promote(version=versions[0], by=mika, now=timezone.now())

    assert deciding() == [1]


def test_the_database_refuses_a_second_champion(versions):
    with pytest.raises(IntegrityError, match="one_champion"), transaction.atomic():
        ModelVersion.objects.filter(number=2).update(is_champion=True)

    assert deciding() == [1]


def test_each_institution_has_a_champion_of_its_own(versions, lakeside):
    here = registry.champion()
    with scope.entered(scope.of_institution(lakeside)):
        there = registry.champion()

    assert (here.number, there.number) == (1, 1)
    assert here.sha256 != there.sha256


def test_an_institution_without_a_model_has_no_champion(versions, elsewhere):
    with scope.entered(scope.of_institution(elsewhere)), pytest.raises(registry.NoChampion):
        registry.champion()


@pytest.mark.parametrize("half", ["booster_text", "specification_json"])
def test_one_changed_byte_is_refused_before_it_is_parsed(versions, half):
    stored = getattr(versions[0], half)
    ModelVersion.objects.filter(pk=versions[0].pk).update(**{half: stored[:-2] + "#" + stored[-1]})

    with pytest.raises(registry.ModelFileChanged, match="does not match its SHA-256"):
        registry.load(versions[0])


def test_what_a_process_has_loaded_goes_on_serving(versions):
    before = registry.load(versions[0])
    ModelVersion.objects.filter(pk=versions[0].pk).update(booster_text="not a model")

    assert registry.load(versions[0]) is before


def test_moving_bytes_from_one_half_to_the_other_changes_the_fingerprint():
    assert registry.fingerprint("ab", "c") != registry.fingerprint("a", "bc")
