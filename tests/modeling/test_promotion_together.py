"""However many press the button at once, one version decides, and each of the others is told."""

import datetime as dt
import threading

import pytest
from django.db import connections
from django.utils import timezone

from accounts import scope
from modeling import registry
from modeling.models import Dataset, ModelVersion, Promotion
from modeling.promotion import promotion

N_PEOPLE = 20


@pytest.fixture
def institution(transactional_db, elsewhere):
    """An institution with a champion and two that want its place, committed."""
    with scope.entered(scope.of_institution(elsewhere)):
        dataset = Dataset.objects.create(
            institution=elsewhere,
            content_sha256="0" * 64,
            stored_as="nowhere",
            snapshot_dates=[dt.date(2025, 10, 15)],
            horizon_days=365,
            n_rows=10,
            n_students=1000,
            n_positive=5,
            created_at=timezone.now(),
        )
        for seed in range(3):
            registry.register(
                institution=elsewhere,
                by=None,
                now=timezone.now(),
                dataset=dataset,
                booster_text="tree",
                specification_json="{}",
                metrics={},
                threshold=0.5,
                seed=seed,
                code_version="",
            )
    return elsewhere


def test_of_twenty_who_promote_two_versions_together_one_has_the_say(institution, otto):
    told = []
    start = threading.Barrier(N_PEOPLE)

    def press(number):
        try:
            start.wait()
            with scope.entered(scope.of_institution(institution)):
                version = ModelVersion.objects.get(number=number)
                promotion.promote(version=version, by=otto, now=timezone.now(), gate=[], instead_of=1)
            told.append("done")
        except promotion.Refused as refusal:
            told.append(type(refusal).__name__)
        finally:
            connections.close_all()

    people = [threading.Thread(target=press, args=(2 + place % 2,)) for place in range(N_PEOPLE)]
    for person in people:
        person.start()
    for person in people:
        person.join()

    with scope.entered(scope.of_institution(institution)):
        assert ModelVersion.objects.filter(is_champion=True).count() == 1
        assert Promotion.objects.filter(kind=Promotion.Kind.PROMOTED).count() == 1
    assert sorted(told) == ["AlreadyDecides"] * 9 + ["Overtaken"] * 10 + ["done"]
