"""Making a list from the page of the models."""

import pytest

from accounts import scope
from jobs import queue
from predictions.models import ScoringRun
from tests.people import SINCE, signed_in


def newest(institution):
    with scope.entered(scope.of_institution(institution)):
        return ScoringRun.objects.select_related("job").first()


def test_a_list_is_queued_for_today(mika, riverside, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks() as waking:
        response = signed_in(mika).post("/lists/new")

    run = newest(riverside)
    assert response["Location"] == "/model/"
    assert (run.created_by, run.published_at, run.job.state) == (mika, None, "queued")
    assert [(call.func, call.args[0].pk) for call in waking] == [(queue.wake, run.job_id)]


def test_without_a_model_a_list_can_be_asked_for_all_the_same(otto, elsewhere):
    otto.memberships.update(role="model_owner", starts_on=SINCE)

    page = signed_in(otto).post("/lists/new", follow=True).content.decode()

    assert "The list is being made." in page
    assert newest(elsewhere).model_version is None


@pytest.mark.parametrize("person", ["amara", "ines", "sam"])
def test_other_roles_may_not(request, riverside, person):
    before = newest(riverside)

    assert signed_in(request.getfixturevalue(person)).post("/lists/new").status_code == 403
    assert newest(riverside) == before


def test_no_list_is_made_by_following_a_link(mika):
    assert signed_in(mika).get("/lists/new").status_code == 405
