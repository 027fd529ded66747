"""Exactly one version decides, and no byte of a model is parsed that is not the one registered."""

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction
from django.utils import timezone
from psycopg import sql

from accounts import scope
from modeling import registry
from modeling.models import ModelVersion
from tests import databases


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


@pytest.fixture
def rewrite(versions):
    """Change what is stored of the champion, as only the owner of the tables can; undone afterwards."""
    kept = {half: getattr(versions[0], half) for half in ("booster_text", "specification_json")}
    with databases.as_owner(connection.settings_dict["NAME"]) as owner:

        def change(half, text):
            column = sql.Identifier(half)
            owner.execute(sql.SQL("UPDATE modeling_modelversion SET {} = %s WHERE id = %s").format(column), [text, pk])

        pk = versions[0].pk
        yield change
        for half, text in kept.items():
            change(half, text)


@pytest.mark.parametrize("half", ["booster_text", "specification_json"])
def test_one_changed_byte_is_refused_before_it_is_parsed(versions, rewrite, half):
    stored = getattr(versions[0], half)
    rewrite(half, stored[:-2] + "#" + stored[-1])

    with pytest.raises(registry.ModelFileChanged, match="does not match its SHA-256"):
        registry.load(versions[0])


def test_what_a_process_has_loaded_goes_on_serving(versions, rewrite):
    before = registry.load(versions[0])
    rewrite("booster_text", "not a model")

    assert registry.load(versions[0]) is before


@pytest.mark.parametrize("half", ["booster_text", "specification_json", "sha256", "metrics"])
def test_the_portal_itself_may_not_change_what_a_model_is_made_of(versions, half):
    with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
        ModelVersion.objects.filter(pk=versions[0].pk).update(**{half: getattr(versions[0], half)})


def test_moving_bytes_from_one_half_to_the_other_changes_the_fingerprint():
    assert registry.fingerprint("ab", "c") != registry.fingerprint("a", "bc")
