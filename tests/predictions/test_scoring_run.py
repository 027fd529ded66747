"""A list is published whole or not at all: scores that add up, ranks without gaps, tiers by the team's capacity."""

import datetime as dt
from pathlib import Path

import numpy as np
import pytest
from django.conf import settings
from django.utils import timezone

from accounts import scope
from accounts.models import AuditEntry
from jobs import claims
from jobs.claims import FAILURE
from jobs.models import Job, State
from modeling.core.calibration import Calibration
from predictions import runs, scoring_run
from predictions.models import CurrentRisk, RiskScore, ScoringRun
from predictions.staged_scores import StagedScores
from tests.district_in_database import CAPACITY, LIST_DAYS, LIST_ON, score


def current():
    return dict(CurrentRisk.objects.values_list("student_id", "run_id"))


@pytest.fixture
def newest(at_riverside):
    return ScoringRun.objects.select_related("model_version").get(as_of=LIST_ON)


def test_stored_contributions_and_base_add_up_to_the_stored_log_odds(newest):
    rows = list(newest.scores.values_list("contributions", "base_value", "log_odds"))

    added = [sum(contributions) + base for contributions, base, _log_odds in rows]
    # Each of the contributions is kept to seven digits.
    np.testing.assert_allclose(added, [log_odds for *_rest, log_odds in rows], rtol=1e-6, atol=1e-6)
    assert {len(contributions) for contributions, *_rest in rows} == {
        len(newest.model_version.specification["features"])
    }


def test_the_stored_risk_is_the_calibrated_log_odds(newest):
    calibration = Calibration.from_json(newest.model_version.specification["calibration"])
    risks, log_odds = np.array(list(newest.scores.values_list("risk", "log_odds"))).T

    np.testing.assert_array_equal(risks, calibration.probability(log_odds))


def test_ranks_run_from_one_without_gap_by_falling_risk(newest):
    ranked = newest.scores.filter(insufficient_data=False).order_by("rank")

    assert list(ranked.values_list("rank", flat=True)) == list(range(1, newest.n_scored - newest.n_insufficient + 1))
    risks = list(ranked.values_list("risk", flat=True))
    assert risks == sorted(risks, reverse=True)


def test_who_is_too_little_known_has_neither_rank_nor_tier(newest):
    unknown = newest.scores.filter(insufficient_data=True)

    assert unknown.count() == newest.n_insufficient > 0
    assert set(unknown.values_list("rank", "tier")) == {(None, "")}


def test_tiers_are_cut_at_the_capacity_and_at_twice_as_many(newest):
    ranked = newest.scores.filter(insufficient_data=False)
    highest = sorted(ranked.values_list("risk", flat=True), reverse=True)

    assert newest.capacity == CAPACITY
    assert (newest.review_first_from, newest.check_in_from) == (highest[CAPACITY - 1], highest[2 * CAPACITY - 1])
    for risk, tier in ranked.values_list("risk", "tier"):
        expected = "review_first" if risk >= highest[CAPACITY - 1] else "check_in"
        assert tier == (expected if risk >= highest[2 * CAPACITY - 1] else "routine_support")


def test_the_current_list_mirrors_the_newest_day(newest):
    for risk in CurrentRisk.objects.select_related("score", "student"):
        score, student = risk.score, risk.student
        assert (risk.run_id, score.run_id, score.student_id) == (newest.pk, newest.pk, student.pk)
        assert (risk.risk, risk.tier, risk.rank) == (score.risk, score.tier, score.rank)
        assert (risk.school_id, risk.grade_level) == (student.school_id, student.grade_level)
        assert risk.search_name == f"{student.family_name} {student.given_name} {student.external_id}".lower()
    assert CurrentRisk.objects.count() == newest.n_scored


def test_who_came_above_the_line_since_the_list_before_is_marked(newest):
    before = ScoringRun.objects.get(as_of=LIST_DAYS[-2])
    above = {
        run: set(run.scores.filter(tier="review_first").values_list("student", flat=True)) for run in (before, newest)
    }

    marked = set(CurrentRisk.objects.filter(is_new=True).values_list("student", flat=True))

    assert marked == above[newest] - above[before]
    assert marked


def test_a_list_of_the_past_is_kept_and_does_not_replace_todays(riverside, at_riverside):
    before = current()

    run = score(riverside, as_of=dt.date(2025, 10, 3))

    assert run.published_at
    assert run.scores.count() == run.n_scored > 0
    assert current() == before


def test_a_second_list_of_the_same_day_says_the_same_and_is_the_current_one(riverside, newest):
    again = score(riverside, as_of=LIST_ON)

    said = [
        list(run.scores.order_by("student").values_list("student", "risk", "rank", "tier")) for run in (newest, again)
    ]
    assert said[0] == said[1]
    assert set(current().values()) == {again.pk}
    assert not CurrentRisk.objects.filter(is_new=True).exists()


def test_names_are_made_searchable_in_any_alphabet(riverside, at_riverside):
    somebody = CurrentRisk.objects.select_related("student").order_by("rank")[0].student
    somebody.given_name, somebody.family_name = "ÉTIENNE", "ØRSTED ŻÓŁĆ"
    somebody.save(update_fields=["given_name", "family_name"])

    score(riverside, as_of=LIST_ON)

    name = CurrentRisk.objects.get(student=somebody).search_name
    assert name == f"ørsted żółć étienne {somebody.external_id}".lower()


def test_a_name_with_the_signs_of_a_file_is_searched_as_it_is_written(riverside, at_riverside):
    somebody = CurrentRisk.objects.select_related("student").order_by("rank")[0].student
    somebody.given_name, somebody.family_name = "\\N Tab\tLine\n", "Back\\Slash\\T"
    somebody.save(update_fields=["given_name", "family_name"])

    score(riverside, as_of=LIST_ON)

    name = CurrentRisk.objects.get(student=somebody).search_name
    assert name == f"back\\slash\\t \\n tab\tline\n {somebody.external_id}".lower()


def test_a_job_that_is_done_is_not_done_again(newest):
    n_before = RiskScore.objects.count()

    claims.run_job(job_id=newest.job_id, work=scoring_run.score_students)

    assert RiskScore.objects.count() == n_before


def test_asked_for_again_while_it_waits_it_is_one_list(riverside, at_riverside, mika):
    asked = {"institution": riverside, "as_of": LIST_ON, "by": mika, "now": timezone.now(), "wakes": False}

    first, second = runs.request(**asked), runs.request(**asked)

    assert first == second
    assert AuditEntry.objects.filter(action="scoring_asked_for", user=mika).count() == 1


def test_with_neither_model_nor_rule_the_job_says_what_to_do(elsewhere):
    run = score(elsewhere, as_of=LIST_ON)

    assert (run.job.state, run.published_at) == (State.FAILED, None)
    assert run.job.error == scoring_run.NO_RULE


def test_a_day_without_students_is_refused_with_a_sentence(riverside, at_riverside):
    before = current()

    run = score(riverside, as_of=dt.date(2010, 1, 15))

    assert (run.job.state, run.published_at, run.scores.count()) == (State.FAILED, None, 0)
    assert run.job.error == "No student is on the roll as of 2010-01-15. Choose a day within a school year."
    assert current() == before


def test_a_run_that_breaks_while_publishing_leaves_nothing_behind(riverside, at_riverside, monkeypatch):
    before, n_before = current(), RiskScore.objects.count()

    def broken(run):
        raise OSError("the disk is full")

    monkeypatch.setattr(scoring_run.current_list, "replace", broken)
    with pytest.raises(OSError, match="the disk is full"):
        score(riverside, as_of=LIST_ON)

    run = ScoringRun.objects.select_related("job").first()
    assert (run.job.state, run.job.error, run.published_at) == (State.FAILED, FAILURE, None)
    assert (current(), RiskScore.objects.count()) == (before, n_before)


def files_of_the_portal():
    return {path for path in Path(settings.FILES_DIR).rglob("*") if path.is_file()}


def everything_said(run):
    fields = [field.attname for field in RiskScore._meta.local_concrete_fields if field.name not in ("id", "run")]
    scores = run.scores.order_by("student")
    return [({name: getattr(score, name) for name in fields}, run.reasons_of(score)) for score in scores]


@pytest.mark.parametrize(("n_read", "n_at_once"), [(10**6, 25), (30, 10**6), (40, 25)])
def test_students_read_and_scored_a_few_at_a_time_make_the_same_list(riverside, newest, monkeypatch, n_read, n_at_once):
    monkeypatch.setattr(scoring_run, "STUDENTS_READ", n_read)
    monkeypatch.setattr(scoring_run, "STUDENTS_AT_ONCE", n_at_once)

    run = score(riverside, as_of=LIST_ON)

    assert (run.job.state, run.n_scored, run.usual_values) == (State.DONE, newest.n_scored, newest.usual_values)
    said = everything_said(run)
    assert [reasons for _fields, reasons in said] == [reasons for _fields, reasons in everything_said(newest)]
    assert [repr(fields) for fields, _reasons in said] == [repr(fields) for fields, _reasons in everything_said(newest)]


@pytest.mark.parametrize("step", ["add", "publish"])
def test_a_worker_that_dies_midway_leaves_nothing_and_the_next_one_makes_the_list(riverside, newest, monkeypatch, step):
    before, n_before = current(), RiskScore.objects.count()
    monkeypatch.setattr(scoring_run, "STUDENTS_AT_ONCE", 50)
    files_before = files_of_the_portal()
    whole, calls = getattr(StagedScores, step), []

    def dying(*args):
        whole(*args)
        calls.append(step)
        if len(calls) == (2 if step == "add" else 1):
            raise SystemExit("killed")

    monkeypatch.setattr(StagedScores, step, dying)
    with pytest.raises(SystemExit):
        score(riverside, as_of=LIST_ON)
    run = ScoringRun.objects.select_related("job").first()
    assert (run.job.state, run.published_at, run.scores.count()) == (State.RUNNING, None, 0)
    assert (current(), RiskScore.objects.count()) == (before, n_before)
    assert files_of_the_portal() == files_before

    monkeypatch.undo()
    Job.objects.filter(pk=run.job_id).update(lease_until=timezone.now() - dt.timedelta(seconds=1))
    claims.run_job(job_id=run.job_id, work=scoring_run.score_students)

    run = ScoringRun.objects.select_related("job").get(pk=run.pk)
    assert (run.job.state, run.job.attempts) == (State.DONE, 2)
    assert [reasons for _fields, reasons in everything_said(run)] == [
        reasons for _fields, reasons in everything_said(newest)
    ]
    assert RiskScore.objects.count() == n_before + run.n_scored
    assert set(current().values()) == {run.pk}


def test_a_worker_whose_job_was_taken_over_publishes_nothing(riverside, newest, monkeypatch):
    before, n_before = current(), RiskScore.objects.count()
    whole = StagedScores.add

    def overtaken(*args):
        whole(*args)
        Job.objects.filter(state=State.RUNNING).update(attempts=2)

    monkeypatch.setattr(StagedScores, "add", overtaken)
    run = score(riverside, as_of=LIST_ON)

    assert (run.job.state, run.published_at) == (State.RUNNING, None)
    assert (current(), RiskScore.objects.count()) == (before, n_before)


def test_the_flat_cohorts_own_day_is_the_day_of_its_list(lakeside):
    with scope.entered(scope.of_institution(lakeside)):
        run = runs.request(institution=lakeside, as_of=None, by=None, now=timezone.now(), wakes=False)

    assert run.as_of == dt.date(2019, 2, 28)
