"""Switched off, nothing that the model said is shown anywhere from that moment on, and the list is the rule's."""

import datetime as dt
import time

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts import scope
from modeling.models import ModelVersion
from modeling.promotion import model_switch
from monitoring import drift_report
from monitoring.models import DriftReport
from predictions import demo_example, list_switch, runs
from predictions.models import CurrentRisk, RiskScore, ScoringRun
from predictions.staged_scores import StagedScores
from tests.district_in_database import CAPACITY, LIST_ON, score
from tests.people import signed_in
from tests.predictions.pages import text_of, values

# After the lists of the fixture, which were published while it was made.
NOW = timezone.now() + dt.timedelta(hours=1)
LATER = NOW + dt.timedelta(days=1)


@pytest.fixture
def off(riverside, at_riverside, ines):
    """The model is switched off; what is returned is the list by the rule."""
    return list_switch.turn_off(institution=riverside, reason="Too many surprises", by=ines, now=NOW)


@pytest.fixture
def before(riverside):
    """The list and an example of the time before."""
    with scope.entered(scope.of_institution(riverside)):
        return {
            "run": runs.latest_run(),
            "list": listed(),
            "example": demo_example.of_first_student(CurrentRisk.objects.get(rank=1).school),
        }


def listed():
    return list(CurrentRisk.objects.order_by("student").values_list("student", "rank", "tier", "risk"))


def test_the_list_is_the_rules_at_once(before, off):
    by_rule = before["run"].scores.order_by("student").values_list("student", "rule_rank")

    assert (off.decided_by, off.why_rule, off.republishes, off.job) == ("rule", "switched_off", before["run"], None)
    assert [(student, rank) for student, rank, *_rest in listed()] == list(by_rule)
    assert set(CurrentRisk.objects.values_list("run", flat=True)) == {off.pk}
    assert CurrentRisk.objects.filter(tier="review_first").count() == CAPACITY


def test_the_lists_rows_hold_nothing_of_the_model(before, off):
    silent = RiskScore.objects.filter(run=off)

    assert silent.count() == before["run"].n_scored
    assert not silent.exclude(
        risk=None, log_odds=None, base_value=None, term_risk=None, contributions=[], packed_reasons=b"", model_rank=None
    ).exists()
    assert off.reason_book == {}
    assert (off.model_version, off.n_insufficient) == (None, silent.filter(rank=None).count())


@pytest.mark.parametrize("query", ["", "?estimates=1"])
def test_no_page_shows_an_estimate_or_a_reason_of_the_model(before, off, ines, query):
    browser, path = signed_in(ines), before["example"]["student_path"]

    the_list, student = (browser.get(f"{address}{query}").content.decode() for address in ("/students/", path))

    for page in (the_list, student):
        assert values(page) == []
        assert "estimate" not in text_of(page).lower()
        said = text_of(page)
        assert "The school's rule makes this list. The model was switched off by Ines on" in said
        assert "Too many surprises." in said
    assert "What we can change" not in student
    assert 'id="risk-chart"' not in student
    assert "was “" not in text_of(student)


def test_the_api_answers_without_a_number(before, off, district_client):
    public_id = before["example"]["student_path"].split("/")[2]
    answers = [
        district_client.post("/api/predict", before["example"]["body"]),
        district_client.get(f"/api/students/{public_id}/risk"),
    ]

    assert [answer.status_code for answer in answers] == [200, 200]
    for answer in (answer.json() for answer in answers):
        assert (answer["decided_by"], answer["why_rule"]) == ("rule", "switched_off")
        assert (answer["probability"], answer["dropout_risk"], answer["model_version"]) == (None, None, None)
        assert answer["tier"]
    assert answers[0].json() == answers[1].json()


def test_a_list_made_meanwhile_is_not_scored_by_the_model(off, riverside):
    run = score(riverside, as_of=LIST_ON)

    assert (run.decided_by, run.why_rule, run.model_version) == ("rule", "switched_off", None)
    assert not RiskScore.objects.filter(run=run).exclude(risk=None).exists()


def test_switched_on_the_models_list_is_there_again(before, off, riverside, ines):
    on = list_switch.turn_on(institution=riverside, reason="Looked into it", by=ines, now=LATER)

    assert (on.decided_by, on.republishes, on.published_at) == ("model", before["run"], LATER)
    assert listed() == before["list"]
    assert (on.review_first_from, on.check_in_from) == (before["run"].review_first_from, before["run"].check_in_from)
    fields = ("student_id", "risk", "contributions", "model_rank", "rule_points", "rules_met", "rule_rank")
    copied, original = (
        [
            (*(getattr(score, field) for field in fields), run.reasons_of(score))
            for score in RiskScore.objects.filter(run=run).order_by("student")
        ]
        for run in (on, before["run"])
    )
    assert copied == original
    assert any(reasons for *_rest, reasons in copied)


def test_switched_on_a_list_is_asked_for_where_the_model_has_not_scored_the_newest(off, riverside, ines):
    score(riverside, as_of=LIST_ON)

    asked = list_switch.turn_on(institution=riverside, reason="Looked into it", by=ines, now=LATER)

    assert (asked.published_at, asked.job.state) == (None, "queued")
    assert runs.latest_run().decided_by == "rule"


def test_a_switch_turned_while_a_list_is_written_wins(riverside, at_riverside, ines, monkeypatch):
    """The decision was taken before; the list that comes of it is followed by the rule's in the same transaction."""
    written = StagedScores.publish

    def turned_meanwhile(*args):
        model_switch.turn_off(institution=riverside, reason="Now", by=ines, now=NOW)
        written(*args)

    monkeypatch.setattr(StagedScores, "publish", turned_meanwhile)
    run = score(riverside, as_of=LIST_ON)

    assert run.decided_by == "model"
    assert runs.latest_run().republishes == run
    assert set(CurrentRisk.objects.values_list("run__decided_by", "risk")) == {("rule", None)}


def test_before_the_first_list_only_the_switch_turns(elsewhere, otto):
    with scope.entered(scope.of_institution(elsewhere)):
        assert list_switch.turn_off(institution=elsewhere, reason="Not here", by=otto, now=NOW) is None
        assert not model_switch.is_on()


def test_who_sees_one_school_switches_for_everybody(riverside, amara, before):
    with scope.entered(scope.of_membership(amara.memberships.get())):
        list_switch.turn_off(institution=riverside, reason="Everywhere", by=amara, now=NOW)

    with scope.entered(scope.of_institution(riverside)):
        assert set(CurrentRisk.objects.values_list("run__decided_by", flat=True)) == {"rule"}
        assert CurrentRisk.objects.count() == before["run"].n_scored


def test_drift_is_not_measured_of_a_list_without_a_model(off, riverside):
    n_before = DriftReport.objects.count()
    score(riverside, as_of=LIST_ON)

    assert drift_report.runs_without_report() == []
    assert drift_report.compare(run=off, now=NOW) is None
    assert DriftReport.objects.count() == n_before


def test_the_district_is_switched_within_five_seconds(riverside, at_riverside, ines):
    started = time.perf_counter()

    list_switch.turn_off(institution=riverside, reason="Quickly", by=ines, now=NOW)

    assert time.perf_counter() - started < 5


def test_the_command_turns_the_switch_both_ways(riverside, capsys):
    call_command("switch_model", institution="riverside", off=True, reason="By hand", json=True)
    assert '"list_decided_by": "rule"' in capsys.readouterr().out

    call_command("switch_model", institution="riverside", on=True, reason="By hand again", json=True)
    assert '"list_decided_by": "model"' in capsys.readouterr().out
    with pytest.raises(CommandError, match="switched on already"):
        call_command("switch_model", institution="riverside", on=True, reason="Twice")


def test_a_champion_promoted_meanwhile_makes_a_list_of_its_own(off, riverside, ines):
    ModelVersion.objects.filter(is_champion=True).update(is_champion=False)
    ModelVersion.objects.filter(number=2).update(is_champion=True, is_challenger=False)

    asked = list_switch.turn_on(institution=riverside, reason="The other one", by=ines, now=LATER)

    assert (asked.published_at, asked.model_version.number) == (None, 2)
    assert ScoringRun.objects.filter(job__state="queued").count() == 1
