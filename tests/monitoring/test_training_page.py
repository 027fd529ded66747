"""Starting a training from the page, and watching it."""

import uuid

import pytest
from django.utils import timezone

from accounts import scope
from accounts.models import AuditEntry
from jobs import queue
from jobs.models import Job, State
from modeling.models import TrainingRun
from tests.people import signed_in
from tests.predictions.pages import text_of


def newest(institution):
    with scope.entered(scope.of_institution(institution)):
        return TrainingRun.objects.select_related("job").first()


@pytest.fixture
def started(mika, riverside):
    """A training that waits for a worker."""
    signed_in(mika).post("/model/train")
    return newest(riverside)


def read(person, run, **headers):
    return signed_in(person).get(f"/model/trainings/{run.public_id}/", headers=headers).content.decode()


def test_a_training_is_queued_for_the_heavy_workers(mika, riverside, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks() as waking:
        response = signed_in(mika).post("/model/train")

    run = newest(riverside)
    assert response["Location"] == f"/model/trainings/{run.public_id}/"
    assert (run.created_by, run.job.state, run.job.queue) == (mika, State.QUEUED, "heavy")
    assert [(call.func, call.args[0].pk) for call in waking] == [(queue.wake, run.job_id)]
    with scope.entered(scope.of_institution(riverside)):
        assert AuditEntry.objects.filter(action="training_asked_for", user=mika).count() == 1


def test_pressed_twice_it_is_one_training(mika, riverside):
    with scope.entered(scope.of_institution(riverside)):
        n_before = TrainingRun.objects.count()

    addresses = {signed_in(mika).post("/model/train")["Location"] for _ in range(2)}

    with scope.entered(scope.of_institution(riverside)):
        assert TrainingRun.objects.count() - n_before == len(addresses) == 1


@pytest.mark.parametrize(("person", "sees"), [("amara", 403), ("ines", 200), ("sam", 403)])
def test_other_roles_start_no_training_and_most_see_none(request, riverside, started, person, sees):
    browser = signed_in(request.getfixturevalue(person))

    assert browser.post("/model/train").status_code == 403
    assert browser.get(f"/model/trainings/{started.public_id}/").status_code == sees


def test_a_training_that_waits_is_asked_about_again(mika, started):
    page, partial = read(mika, started), read(mika, started, **{"HX-Request": "true"})

    assert 'hx-trigger="every 2s"' in page
    assert partial.lstrip().startswith('<section id="training-progress"')
    assert "<html" not in partial


def test_a_training_under_way_shows_where_it_is(mika, started):
    now = timezone.now()
    Job.objects.filter(pk=started.job_id).update(
        state=State.RUNNING, lease_until=now, started_at=now, progress_done=3, progress_total=7, progress_note="fit"
    )

    page = read(mika, started)

    assert page.count('data-state="done"') == 3
    assert '<progress max="1" value="0.429"' in page
    assert ">43%<" in page


def test_a_training_that_is_done_shows_its_figures_and_stops_asking(mika, riverside):
    page = read(mika, newest(riverside))

    assert "hx-trigger" not in page
    assert "ROC-AUC" in page
    assert "The list does not change until you let the new model decide." in text_of(page)


def test_a_training_that_failed_says_why_and_stops_asking(mika, started):
    Job.objects.filter(pk=started.job_id).update(
        state=State.FAILED, finished_at=timezone.now(), error="Record outcomes, then train."
    )

    page = read(mika, started)

    assert "Record outcomes, then train." in page
    assert "hx-trigger" not in page


def test_a_training_of_another_institution_is_not_there(mika, otto, started):
    otto.memberships.update(role="model_owner")

    for public_id in (started.public_id, uuid.uuid4()):
        assert signed_in(otto).get(f"/model/trainings/{public_id}/").status_code == 404


def test_no_training_is_started_by_following_a_link(mika, riverside):
    assert signed_in(mika).get("/model/train").status_code == 405
