"""The list by the school's rule: in its order and words, with no estimate anywhere, and why the rule makes it."""

import re

import pytest

from accounts import scope
from modeling import rule_sets
from modeling.models import ModelVersion
from predictions import demo_example, risk_list, rule_wording
from predictions.models import CurrentRisk, PredictionLog, RiskScore, ScoringRun
from tests.district_in_database import CAPACITY, LIST_ON, NOW, SNAPSHOT_ON, score
from tests.people import PASSWORD, SINCE, signed_in
from tests.predictions.pages import names, row_of, rows, text_of, values


@pytest.fixture
def lea(lakeside, django_user_model):
    """Administrator of the college, where 300 known outcomes are too few for a model."""
    user = django_user_model.objects.create_user("lea@lakeside.example", PASSWORD, display_name="Lea")
    user.memberships.create(institution=lakeside, role="institution_admin", every_school=True, starts_on=SINCE)
    return user


@pytest.fixture
def at_lakeside(lakeside):
    with scope.entered(scope.of_institution(lakeside)):
        yield


@pytest.fixture
def run(at_lakeside):
    return ScoringRun.objects.get()


@pytest.fixture
def page(lea):
    return signed_in(lea).get("/students/?estimates=1").content.decode()


@pytest.fixture
def first(at_lakeside):
    return CurrentRisk.objects.select_related("student", "score").get(rank=1)


def by_rule(run):
    return RiskScore.objects.filter(run=run).order_by("rank")


def test_the_run_says_that_the_rule_decided_why_and_which_rule(run):
    assert (run.decided_by, run.why_rule) == ("rule", "few_labels")
    assert [step["feature"] for step in run.rules] == ["units_approved_1st"] * 3 + ["tuition_up_to_date"]


def test_the_model_scored_beside_it_and_its_risk_is_not_in_the_list(run):
    scored = by_rule(run)

    assert not scored.filter(risk=None).exists()
    assert not scored.filter(model_rank=None).exists()
    assert not CurrentRisk.objects.exclude(risk=None).exists()


def test_ranks_fall_with_the_points_and_the_line_stands_at_the_capacity(run):
    listed = list(by_rule(run).values_list("rank", "rule_rank", "rule_points", "tier"))

    assert [rank for rank, *_rest in listed] == list(range(1, run.n_scored + 1))
    assert all(rank == rule_rank for rank, rule_rank, *_rest in listed)
    points = [of_student for *_ranks, of_student, _tier in listed]
    assert points == sorted(points, reverse=True)
    tiers = [tier for *_rest, tier in listed]
    assert tiers.count("review_first") == tiers.count("check_in") == CAPACITY
    assert tiers[:CAPACITY] == ["review_first"] * CAPACITY


def test_a_riverside_list_of_the_model_has_the_rules_order_beside_it(at_riverside):
    newest = ScoringRun.objects.get(as_of=LIST_ON)
    scored = RiskScore.objects.filter(run=newest, rule_rank__isnull=False).order_by("rule_rank")

    assert newest.decided_by == "model"
    assert list(scored.values_list("rule_rank", flat=True)) == list(range(1, scored.count() + 1))
    points = list(scored.values_list("rule_points", flat=True))
    assert points == sorted(points, reverse=True)
    assert max(points) == 3


def test_the_page_says_who_makes_the_list_and_why(page):
    said = text_of(page)

    assert "The school's rule makes this list." in said
    assert "Fewer than 400 known outcomes: the model has too little to learn from." in said
    assert "· the school's rule ·" in said
    assert "model 1" not in said


def test_there_is_no_estimate_even_if_it_is_asked_for(page):
    assert values(page) == []
    assert "in 100" not in text_of(page)
    assert "Show estimates" not in page
    assert "are likely to leave" not in page


def test_a_row_says_the_words_of_the_signs(page, run, first):
    told = text_of(row_of(page, first.student.name))

    words = rule_wording.sentences(run.rules, first.score.rules_met)
    assert "Tuition fees are overdue." in words
    assert all(sentence in told for sentence in words)


def test_that_many_share_the_points_at_the_line_is_said_aloud(page, run):
    last_above = by_rule(run)[CAPACITY - 1]
    n = RiskScore.objects.filter(run=run, rule_points=last_above.rule_points).count()

    assert n > 1
    assert f"{n} students have as many points as the last one above." in text_of(page)


def test_the_students_page_says_the_signs_and_shows_no_estimate(lea, run, first):
    markup = signed_in(lea).get(f"/students/{first.student.public_id}/?estimates=1").content.decode()

    said = text_of(markup)
    assert "The school's rule makes this list." in said
    assert rule_wording.signs(run.rules, first.score.rules_met) in said
    assert rule_wording.shared_words(run, first.score) in said
    assert values(markup) == []
    assert "What we can change" not in said
    assert "estimate" not in said.lower()


def test_beside_the_models_reasons_stands_what_the_rule_says(ines, riverside):
    with scope.entered(scope.of_institution(riverside)):
        listed = CurrentRisk.objects.select_related("student", "score", "run").get(rank=1)

    said = text_of(signed_in(ines).get(f"/students/{listed.student.public_id}/").content.decode())

    assert "What we can change" in said
    assert f"The school's rule {rule_wording.signs(listed.run.rules, listed.score.rules_met)}." in said
    assert re.search(r"\d of 3 signs", said)
    assert "The school's rule makes this list." not in said


def test_page_and_both_answers_of_the_api_agree(page, first, client_of, lakeside, run):
    college = client_of(lakeside)
    example = demo_example.of_first_student(first.school)

    predicted = college.post("/api/predict", example["body"]).json()
    stored = college.get(f"/api/students/{first.student.public_id}/risk").json()

    assert predicted == stored
    assert (stored["decided_by"], stored["why_rule"]) == ("rule", "few_labels")
    assert (stored["probability"], stored["dropout_risk"], stored["model_version"]) == (None, None, None)
    row = row_of(page, first.student.name)
    assert f'data-tier="{stored["tier"]}"' in row
    assert [reason["text"] for reason in stored["reasons"]] == rule_wording.sentences(run.rules, first.score.rules_met)
    assert all(reason["text"] in text_of(row) for reason in stored["reasons"])


def test_an_answer_by_the_rule_is_on_record_without_a_version(client_of, lakeside, at_lakeside):
    client_of(lakeside).post("/api/predict", {"as_of": "2019-02-28", "features": {"tuition_up_to_date": 0}})

    entry = PredictionLog.objects.get()
    assert (entry.model_version, entry.answer["decided_by"]) == (None, "rule")


def test_what_the_models_clients_bring_is_still_taken(client_of, lakeside, at_lakeside):
    described = client_of(lakeside).get("/api/models/current").json()

    taken = {feature["name"] for feature in described["features"]}
    assert {fields["name"] for fields in ModelVersion.objects.get().specification["features"]} <= taken
    assert (described["decided_by"], described["model_version"], described["threshold"]) == ("rule", None, None)


def test_too_little_known_for_the_rule_is_said(client_of, lakeside):
    answer = client_of(lakeside).post("/api/predict", {"as_of": "2019-02-28", "features": {}}).json()

    assert (answer["insufficient_data"], answer["tier"], answer["reasons"]) == (True, None, [])


def test_without_any_model_the_rule_alone_makes_the_list(lakeside, at_lakeside, page):
    ModelVersion.objects.update(is_champion=False)

    run = score(lakeside, as_of=SNAPSHOT_ON)

    assert (run.decided_by, run.why_rule, run.model_version) == ("rule", "no_model", None)
    assert not RiskScore.objects.filter(run=run).exclude(risk=None, model_rank=None, contributions=[]).exists()
    before = list(RiskScore.objects.exclude(run=run).order_by("student").values_list("student", "rank", "tier"))
    assert list(RiskScore.objects.filter(run=run).order_by("student").values_list("student", "rank", "tier")) == before


def test_a_new_rule_makes_the_next_list(lakeside, at_lakeside, lea):
    sign = {"feature": "grade_1st", "op": "below", "value": "10", "points": "1", "words": "Average below 10"}
    rule_sets.change(institution=lakeside, rules=[sign], by=lea, now=NOW)

    score(lakeside, as_of=SNAPSHOT_ON)

    page = signed_in(lea).get("/students/").content.decode()
    assert "Average below 10." in text_of(rows(page)[0])
    assert len(names(page)) == risk_list.PAGE_SIZE
