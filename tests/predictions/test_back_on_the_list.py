"""Who was known already, or not now, is back when a reason of another kind came; more of the same changes nothing."""

import datetime as dt

import pytest
from django.utils import timezone

from accounts import scope
from predictions import current_list, list_rows, reason_kinds, runs
from predictions.models import CurrentRisk, RiskScore, Verdict
from tests.people import signed_in
from tests.predictions.pages import names, row_of, text_of


@pytest.fixture
def first(riverside, northside):
    with scope.entered(scope.of_institution(riverside)):
        rows = CurrentRisk.objects.filter(school=northside, rank__gt=0).order_by("rank").select_related("student")
        return rows[0].student


def say(person, student, kind):
    return signed_in(person).post(f"/students/{student.public_id}/verdict", {"verdict-kind": kind})


def read(person, query=""):
    return signed_in(person).get(f"/students/{query}").content.decode()


def next_list(student, *, is_new):
    """Publish the list once more; a student is told of a kind of reason that is new, or of the same as before."""
    with scope.entered(scope.of_institution(student.institution)):
        run = runs.latest_run()
        scores = list(RiskScore.objects.filter(run=run))
        own = next(score for score in scores if score.student_id == student.pk)
        before = set(reason_kinds.raising(own, run))
        others = (score for score in scores if set(reason_kinds.raising(score, run)[:2]) - before)
        if is_new:
            own.packed_reasons = next(others).packed_reasons
        old = run.pk
        run.pk, run.public_id, run.job, run.republishes_id = None, runs.ScoringRun().public_id, None, old
        run.published_at = timezone.now()
        run._state.adding = True
        run.save(force_insert=True)
        for score in scores:
            score.pk, score.run = None, run
        RiskScore.objects.bulk_create(scores)
        current_list.replace(run)
        return list_rows.why(own, run)


@pytest.mark.parametrize("kind", ["known", "not_now"])
def test_a_reason_of_another_kind_brings_a_student_back_and_is_told(amara, first, kind):
    say(amara, first, kind)
    assert first.name not in names(read(amara))

    next_list(first, is_new=True)

    row = text_of(row_of(read(amara), first.name))
    label = str(Verdict.Kind(kind).label).lower()
    assert row.count("Back: ") == 1
    assert f"It was not among the reasons when your team said “{label}”." in row
    # It can be said again, and holds until yet another kind comes.
    assert "Already known" in row
    say(amara, first, "known")
    next_list(first, is_new=False)
    assert first.name not in names(read(amara))


@pytest.mark.parametrize(("kind", "is_new"), [("known", False), ("not_now", False), ("not_applicable", True)])
def test_more_of_the_same_or_a_student_for_whom_it_is_not_brings_nobody_back(amara, first, kind, is_new):
    say(amara, first, kind)

    next_list(first, is_new=is_new)

    assert first.name not in names(read(amara))


def test_not_now_that_is_over_is_told_as_such(amara, first, monkeypatch):
    say(amara, first, "not_now")
    later = timezone.now() + dt.timedelta(days=15)
    monkeypatch.setattr(timezone, "now", lambda: later)

    row = text_of(row_of(read(amara), first.name))

    assert "Back: “not now” was said until" in row
