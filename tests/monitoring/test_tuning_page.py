"""A search is started, watched and stopped from its pages, by those who may train models."""

import uuid

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts import scope
from accounts.models import AuditEntry
from jobs import queue
from jobs.models import Job, State
from modeling.models import TrainingRun, TuningStudy, TuningTrial
from modeling.tuning import tuning_trials
from tests.people import signed_in
from tests.predictions.pages import text_of

ASKED = {"n_trials": "30", "minutes": "15", "method": "optuna"}
PARAMETERS = {
    "num_leaves": 6, "learning_rate": 0.08, "min_data_in_leaf": 40, "lambda_l2": 7.0, "bagging_fraction": 0.6,
    "feature_fraction": 0.5, "imbalance": "none",
}  # fmt: skip
# Log losses by fold: the current settings, better ones, and one given up.
TRIALS = (("complete", [0.30, 0.32]), ("complete", [0.28, 0.30]), ("pruned", [0.35]))


def newest(institution):
    with scope.entered(scope.of_institution(institution)):
        return TuningStudy.objects.first()


@pytest.fixture
def started(mika, riverside):
    """A search that waits for a worker."""
    signed_in(mika).post("/model/tuning", ASKED)
    return newest(riverside)


@pytest.fixture
def under_way(riverside, started):
    """A search that tried three settings so far, and is at the fourth."""
    now = timezone.now()
    with scope.entered(scope.of_institution(riverside)):
        worker = started.workers.get()
        Job.objects.filter(pk=worker.job_id).update(state=State.RUNNING, lease_until=now, started_at=now)
        TuningStudy.objects.filter(pk=started.pk).update(
            started_at=now - timezone.timedelta(minutes=3), split={"n_training": 1234}
        )
        for number, (state, losses) in enumerate((*TRIALS, ("running", []))):
            TuningTrial.objects.create(
                institution=riverside,
                study=started,
                number=number,
                parameters=PARAMETERS | {"num_leaves": 8 - number},
                state=state,
                log_losses=losses,
                roc_aucs=[0.8 + number / 100] * len(losses),
                n_trees=[90] * len(losses),
                worker=worker,
                token=uuid.uuid4(),
                started_at=now,
                finished_at=None if state == "running" else now,
            )
    return started


def read(person, study, **headers):
    return signed_in(person).get(f"/model/tuning/{study.public_id}/", headers=headers).content.decode()


def end(study):
    now = timezone.now()
    with scope.entered(scope.of_institution(study.institution)):
        Job.objects.filter(tuning_worker__study=study).update(state=State.DONE, finished_at=now)
        TuningStudy.objects.filter(pk=study.pk).update(finished_at=now)


def test_the_page_says_how_many_workers_try_at_a_time(client, mika):
    client.force_login(mika)

    assert "1 worker tries settings at a time." in client.get(reverse("start_tuning")).content.decode()


def test_a_search_is_queued_for_the_heavy_workers(mika, riverside, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks() as waking:
        response = signed_in(mika).post("/model/tuning", ASKED)

    study = newest(riverside)
    assert response["Location"] == f"/model/tuning/{study.public_id}/"
    assert (study.created_by, study.method, study.n_trials, study.minutes) == (mika, "optuna", 30, 15)
    with scope.entered(scope.of_institution(riverside)):
        assert [job.queue for job in Job.objects.filter(tuning_worker__study=study)] == ["heavy"]
        assert AuditEntry.objects.filter(action="tuning_asked_for", user=mika).count() == 1
    assert [call.func for call in waking] == [queue.wake]


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"n_trials": "0"}, "Try at least 1."),
        ({"minutes": "0"}, "Give it at least 1 minute."),
        ({"method": "luck"}, "luck"),
    ],
)
def test_a_wrong_budget_is_said_beside_its_field(mika, riverside, wrong, sentence):
    response = signed_in(mika).post("/model/tuning", ASKED | wrong)

    assert response.status_code == 422
    assert sentence in text_of(response.content.decode())
    assert newest(riverside) is None


@pytest.mark.parametrize("person", ["amara", "ines", "sam"])
def test_other_roles_neither_start_nor_see_nor_stop_searches(request, started, person):
    browser = signed_in(request.getfixturevalue(person))
    page = f"/model/tuning/{started.public_id}/"

    assert [browser.get(address).status_code for address in ("/model/tuning", page)] == [403, 403]
    assert [browser.post(address).status_code for address in ("/model/tuning", f"{page}stop", f"{page}train")] == [
        403
    ] * 3


def test_a_search_of_another_institution_is_not_there(mika, otto, started):
    otto.memberships.update(role="model_owner")

    for public_id in (started.public_id, uuid.uuid4()):
        assert signed_in(otto).get(f"/model/tuning/{public_id}/").status_code == 404
        assert signed_in(otto).post(f"/model/tuning/{public_id}/stop").status_code == 404


def test_a_search_that_waits_is_asked_about_again(mika, started):
    page, partial = read(mika, started), read(mika, started, **{"HX-Request": "true"})

    assert 'hx-trigger="every 2s"' in page
    assert partial.lstrip().startswith('<section id="tuning-progress"')
    assert "<html" not in partial


def test_a_search_under_way_shows_how_far_it_is_and_the_best_so_far(mika, under_way):
    words = text_of(read(mika, under_way))

    assert "3 of 30 trials, 1 given up early" in words
    assert "12 minutes left at most" in words
    assert "Best so far: trial 2" in words
    assert "Each tree has up to 7 leaves. A leaf speaks for at least 40 rows." in words
    assert "Log loss is 0.0200 lower than with the current settings" in words
    assert "That is more than chance." in words
    assert "1,234 rows to learn from" in words
    assert "Trial 2 is the best so far" in words


def test_the_search_is_stopped_with_one_press(mika, riverside, under_way):
    response = signed_in(mika).post(f"/model/tuning/{under_way.public_id}/stop")

    assert response["Location"] == f"/model/tuning/{under_way.public_id}/"
    assert newest(riverside).stop_asked_at is not None
    assert "It stops after the part it is at." in text_of(read(mika, under_way))
    with scope.entered(scope.of_institution(riverside)):
        assert AuditEntry.objects.filter(action="tuning_stopped", user=mika).count() == 1


def test_a_search_that_is_over_stops_asking_and_has_the_page_drawn_anew(mika, under_way):
    end(under_way)

    page = read(mika, under_way)
    answer = signed_in(mika).get(f"/model/tuning/{under_way.public_id}/", headers={"HX-Request": "true"})

    assert "hx-trigger" not in page
    assert "Stop and keep the best" not in page
    assert answer["HX-Refresh"] == "true"


def test_the_best_settings_can_be_trained_later(mika, riverside, under_way):
    end(under_way)
    page = read(mika, under_way)

    response = signed_in(mika).post(f"/model/tuning/{under_way.public_id}/train")

    study = newest(riverside)
    with scope.entered(scope.of_institution(riverside)):
        run = TrainingRun.objects.latest("created_at")
        assert "num_leaves: 7" in run.config_yaml
        assert study.training_run == run
    assert "Train with the best settings" in page
    assert response["Location"] == f"/model/trainings/{run.public_id}/"
    assert "See the training" in read(mika, under_way)


def test_a_search_whose_workers_failed_says_why(mika, riverside, started):
    with scope.entered(scope.of_institution(riverside)):
        Job.objects.filter(tuning_worker__study=started).update(
            state=State.FAILED, finished_at=timezone.now(), error="Record outcomes, then train."
        )

    page = read(mika, started)

    assert "Record outcomes, then train." in page
    assert "hx-trigger" not in page


def test_searches_so_far_are_listed(mika, under_way):
    page = signed_in(mika).get("/model/tuning").content.decode()

    assert f"/model/tuning/{under_way.public_id}/" in page
    assert "3 trials" in text_of(page)


def test_no_search_is_stopped_by_following_a_link(mika, started):
    assert signed_in(mika).get(f"/model/tuning/{started.public_id}/stop").status_code == 405


def test_the_best_of_equals_is_the_first(under_way, riverside):
    with scope.entered(scope.of_institution(riverside)):
        TuningTrial.objects.filter(number=0).update(log_losses=[0.28, 0.30])

        assert tuning_trials.best(under_way).number == 0
