"""What staff said of flags is counted by version, school and first reason, each flag once."""

import datetime as dt

import pytest
from django.utils import timezone

from accounts import scope
from monitoring.flag_verdicts import flag_verdicts_context
from predictions import answers, reason_kinds, runs
from predictions.models import CurrentRisk
from tests.people import signed_in
from tests.predictions.pages import text_of


def first(school, n):
    with scope.entered(scope.of_institution(school.institution)):
        rows = CurrentRisk.objects.filter(school=school, rank__gt=0).order_by("rank").select_related("student")
        return [row.student for row in rows[:n]]


def say(person, student, kind, reason=""):
    said = {"verdict-kind": kind, "verdict-reason": reason}
    assert signed_in(person).post(f"/students/{student.public_id}/verdict", said).status_code == 302


@pytest.fixture
def said(amara, bo, northside, harbor):
    """Four flags at Northside and one at Harbor; one of them was judged twice, one taken back."""
    students = first(northside, 5)
    for student, kind in zip(students, ["agree", "known", "agree", "not_now", "agree"], strict=True):
        say(amara, student, kind)
    say(amara, students[0], "wrong_fact", "She never missed a day in May")
    say(amara, students[4], "taken_back")
    say(bo, first(harbor, 1)[0], "agree")


def test_each_flag_counts_once_as_what_was_said_of_it_last(mika, riverside, said):
    with scope.entered(scope.of_institution(riverside)):
        number = runs.latest_run().model_version.number

    page = text_of(signed_in(mika).get(f"/model/{number}/").content.decode())

    assert (
        "Of 5 flags this term staff agreed with 2 and knew 1 already; 1 rested on a wrong fact; of 1 they said" in page
    )
    assert "Northside 4 1 1 1 1" in page
    assert "Harbor 1 1 0 0 0" in page


def test_the_parts_by_reason_are_those_of_the_list(riverside, northside, said):
    with scope.entered(scope.of_institution(riverside)):
        run = runs.latest_run()
        found = flag_verdicts_context(version=run.model_version, today=timezone.localdate())
        row = CurrentRisk.objects.select_related("score").get(student=first(northside, 1)[0])
        code = reason_kinds.features_raising(row.score, run)[0]
        label = answers.features_by_name(run.model_version)[code].label

    by_reason = found["parts"][1]["rows"]
    assert sum(part["n"] for part in by_reason) == 5
    assert label in {part["label"] for part in by_reason}


@pytest.mark.parametrize("ago", [0, 300])
def test_what_was_said_in_other_terms_and_of_other_makers_is_left_out(riverside, said, ago):
    later = timezone.localdate() + dt.timedelta(days=ago)
    with scope.entered(scope.of_institution(riverside)):
        version = runs.latest_run().model_version if ago else None
        assert flag_verdicts_context(version=version, today=later) == {}


def test_before_anybody_said_anything_the_page_says_nothing_of_it(mika, riverside):
    assert "What staff said of its flags" not in signed_in(mika).get("/model/2/").content.decode()
