"""Exactly one version decides, and no byte of a model is parsed that is not the one registered."""

import functools
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import IntegrityError, ProgrammingError, transaction
from django.utils import timezone

from accounts import scope
from modeling import registry
from modeling.models import ModelVersion, Promotion
from tests.modeling import stored_models as stored


@pytest.fixture
def versions(at_riverside):
    """The champion and the one that waits."""
    stored.forget()
    yield list(ModelVersion.objects.order_by("number"))
    stored.forget()


def waiting():
    return list(ModelVersion.objects.filter(is_challenger=True).values_list("number", flat=True))


def another(version, *, by):
    """Register what a version is made of once more."""
    same = ("dataset", "booster_text", "specification_json", "metrics", "threshold", "seed", "code_version")
    return registry.register(
        institution=version.institution, by=by, now=timezone.now(), **{name: getattr(version, name) for name in same}
    )


def deciding():
    return list(ModelVersion.objects.filter(is_champion=True).values_list("number", flat=True))


def test_the_first_version_decides_and_the_next_one_waits(versions):
    first = Promotion.objects.get(version=versions[0])

    assert (versions[0].is_champion, versions[1].is_challenger) == (True, True)
    assert (first.kind, first.previous) == (Promotion.Kind.FIRST, None)
    assert registry.challenger() == versions[1]


def test_a_newer_version_takes_the_place_of_the_one_that_waits(versions, mika):
    newest = another(versions[1], by=mika)

    assert (newest.number, newest.is_champion, newest.is_challenger) == (3, False, True)
    assert waiting() == [3]
    assert deciding() == [1]


def test_the_database_refuses_a_second_champion(versions):
    with pytest.raises(IntegrityError, match="one_champion"), transaction.atomic():
        ModelVersion.objects.filter(number=2).update(is_champion=True, is_challenger=False)

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
    with stored.rewriting(versions[0]) as change:
        yield change


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


def test_threads_that_ask_at_once_parse_a_version_once(versions, monkeypatch):
    parsed = []

    @functools.lru_cache
    def slow(pk, sha256):
        parsed.append(pk)
        time.sleep(0.05)
        return object()

    monkeypatch.setattr("modeling.registry.versions._parsed", slow)
    with ThreadPoolExecutor(8) as threads:
        models = set(threads.map(registry.load, [versions[0]] * 8))

    assert (parsed, len(models)) == ([versions[0].pk], 1)


def test_the_version_that_decides_explains_by_tables_and_its_row_says_so(versions, caplog):
    with caplog.at_level("INFO", logger="modeling.registry"):
        model = registry.load(versions[0])

    assert "Contributions of model 1 by tables." in caplog.text
    assert model.tree_contributions.n_checked == 256
    assert versions[0].evaluation["contributions"] == model.tree_contributions.as_json()


def test_a_version_whose_tables_fail_their_check_is_explained_by_lightgbm_and_an_error_says_so(
    versions, caplog, monkeypatch
):
    sound = registry.load(versions[0]).score_row({})
    stored.forget()
    monkeypatch.setattr("modeling.core.tree_tables._share", lambda path: 0.5)

    model = registry.load(versions[0])

    assert [record.levelname for record in caplog.records] == ["INFO", "ERROR"]
    assert "Contributions of model 1 by lightgbm. The tables differ from LightGBM by" in caplog.text
    assert model.score_row({}).contributions == pytest.approx(sound.contributions, abs=1e-9)


@pytest.mark.parametrize("half", ["booster_text", "specification_json", "sha256", "metrics"])
def test_the_portal_itself_may_not_change_what_a_model_is_made_of(versions, half):
    with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
        ModelVersion.objects.filter(pk=versions[0].pk).update(**{half: getattr(versions[0], half)})


def test_moving_bytes_from_one_half_to_the_other_changes_the_fingerprint():
    assert registry.model_sha256("ab", "c") != registry.model_sha256("a", "bc")
