"""Who would come onto the list and who would leave it is known before a version decides, and the list follows."""

import pytest
from django.utils import timezone

from accounts import scope
from accounts.public_ids import new_public_id
from jobs import claims
from jobs.models import State
from modeling import registry
from modeling.models import ModelVersion
from predictions import promotion_preview, runs
from predictions.models import CurrentRisk, PromotionPreview, ScoringRun
from tests.district_in_database import CAPACITY, LIST_ON
from tests.modeling import stored_models as stored


@pytest.fixture
def challenger(at_riverside):
    """The version that waits: trained on the same records, so that it lists the same students."""
    return registry.challenger()


def worked_out(version, by):
    """Ask for a preview and work it out as a worker does."""
    preview = promotion_preview.request(version=version, by=by, now=timezone.now(), wakes=False)
    claims.run_job(job_id=preview.job_id, work=promotion_preview.work_out)
    return PromotionPreview.objects.select_related("job").get(pk=preview.pk)


def test_a_version_of_the_same_records_changes_no_name(challenger, mika):
    preview = worked_out(challenger, mika)

    assert (preview.job.state, preview.job.error) == (State.DONE, "")
    assert (preview.as_of, preview.n_listed) == (LIST_ON, CAPACITY)
    assert (preview.entering, preview.leaving) == ([], [])
    assert promotion_preview.churn_share(preview) == 0


def test_who_comes_and_who_goes_is_told_against_the_list_as_it_stands(challenger, mika):
    ranked = list(CurrentRisk.objects.filter(rank__isnull=False).order_by("rank"))
    last_above, first_below = ranked[CAPACITY - 1], ranked[CAPACITY]
    CurrentRisk.objects.filter(pk=last_above.pk).update(rank=10_000)
    CurrentRisk.objects.filter(pk=first_below.pk).update(rank=CAPACITY)

    preview = worked_out(challenger, mika)

    assert preview.entering == [last_above.student_id]
    assert preview.leaving == [first_below.student_id]
    assert promotion_preview.churn_share(preview) == pytest.approx(1 / CAPACITY)


def test_two_who_ask_together_get_one_answer(challenger, mika):
    first, second = (
        promotion_preview.request(version=challenger, by=mika, now=timezone.now(), wakes=False) for _ in range(2)
    )

    assert first == second


def test_a_preview_of_an_older_list_no_longer_counts(challenger, mika):
    preview = worked_out(challenger, mika)
    before = promotion_preview.newest(challenger)

    newer = runs.latest_run()
    newer.pk, newer.public_id, newer.job, newer.republishes_id = None, new_public_id(), None, preview.run_id
    newer.published_at = timezone.now()
    newer.save(force_insert=True)

    assert before == preview
    assert promotion_preview.newest(challenger) is None


def test_promoting_asks_for_the_new_list_at_once(challenger, mika):
    worked_out(challenger, mika)

    promoted = promotion_preview.promote_and_list(version=challenger, by=mika, now=timezone.now(), reason="Tried out.")

    newest = ScoringRun.objects.order_by("-created_at").first()
    assert registry.champion() == challenger
    assert (newest.model_version, newest.job.state, newest.created_by) == (challenger, State.QUEUED, mika)
    assert next(check["value"] for check in promoted.gate if check["check"] == "churn") == 0


def test_nobody_promotes_without_having_seen_who_comes_and_goes(challenger, mika):
    with pytest.raises(promotion_preview.PreviewNeeded):
        promotion_preview.promote_and_list(version=challenger, by=mika, now=timezone.now(), reason="Tried out.")

    assert registry.champion().number == 1


def test_going_back_asks_for_the_list_of_the_version_before(challenger, riverside, mika):
    worked_out(challenger, mika)
    promotion_preview.promote_and_list(version=challenger, by=mika, now=timezone.now(), reason="Tried out.")

    promotion_preview.roll_back_and_list(institution=riverside, by=mika, now=timezone.now())

    assert registry.champion().number == 1
    assert ScoringRun.objects.order_by("-created_at").first().model_version.number == 1


def test_a_preview_stays_within_its_institution(challenger, mika, elsewhere):
    worked_out(challenger, mika)

    with scope.entered(scope.of_institution(elsewhere)):
        assert not PromotionPreview.objects.exists()
        assert not ModelVersion.objects.exists()


def test_a_version_with_changed_bytes_ends_its_preview_with_a_sentence(challenger, mika):
    stored.forget()
    with stored.rewriting(challenger) as change:
        change("booster_text", challenger.booster_text + " ")
        preview = worked_out(challenger, mika)
    stored.forget()

    assert preview.job.state == State.FAILED
    assert "does not match its SHA-256" in preview.job.error
