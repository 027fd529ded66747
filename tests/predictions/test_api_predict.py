"""POST /api/predict: an answer for features that another system brings, by its institution's champion, on record."""

import pytest
from django.test import Client

from accounts import scope
from accounts.models import Institution
from modeling import registry
from predictions import demo_example
from predictions.models import PredictionLog
from tests.people import signed_in

REASON = {"code", "text", "value", "comparison", "direction", "changeable"}


@pytest.fixture
def body(riverside, northside):
    with scope.entered(scope.of_institution(riverside)):
        return demo_example.of_first_student(northside)["body"]


@pytest.fixture
def predict(district_client, body):
    """Ask with the example's features, some of them changed or taken out."""

    def ask(as_of=body["as_of"], without=(), **changes):
        features = {name: value for name, value in (body["features"] | changes).items() if name not in without}
        return district_client.post("/api/predict", {"as_of": as_of, "features": features})

    return ask


def logged(institution):
    with scope.entered(scope.of_institution(institution)):
        return [(entry, str(entry.model_version)) for entry in PredictionLog.objects.order_by("pk")]


def test_an_answer_has_the_fields_of_the_contract(predict):
    response = predict()

    answer = response.json()
    assert (response.status_code, response["Content-Type"]) == (200, "application/json")
    assert set(answer) == {
        *("dropout_risk", "probability", "tier", "reasons", "model_version", "as_of", "insufficient_data"),
        *("decided_by", "why_rule", "not_recorded", "unknown_categories"),
    }
    assert (answer["decided_by"], answer["why_rule"]) == ("model", None)
    assert all(set(reason) == REASON for reason in answer["reasons"])
    assert {reason["direction"] for reason in answer["reasons"]} <= {"raises", "lowers"}
    assert (answer["model_version"], answer["insufficient_data"]) == ("model 1", False)
    assert response["Cache-Control"] == "no-store"


def test_the_flag_is_the_probability_at_the_models_threshold(predict, riverside):
    with scope.entered(scope.of_institution(riverside)):
        threshold = registry.champion().threshold

    answers = [predict(absence_rate_30d=share, absence_rate_90d=share).json() for share in (0.0, 0.1, 0.6)]

    assert [answer["dropout_risk"] for answer in answers] == [
        int(answer["probability"] >= threshold) for answer in answers
    ]


def test_null_and_left_out_are_the_same(predict):
    assert predict(course_average=None).json() == predict(without=["course_average"]).json()
    assert predict(course_average=None).json() != predict(course_average=95.0).json()


def test_what_is_not_recorded_is_named_and_gives_no_reason(predict):
    answer = predict(core_failures_term=None, course_average=None).json()

    assert {"core_failures_term", "course_average"} <= set(answer["not_recorded"])
    assert answer["unknown_categories"] == {}
    assert not {"core_failures_term", "course_average"} & {reason["code"] for reason in answer["reasons"]}


def test_a_grade_level_is_read_as_the_importer_reads_it(predict):
    answers = [predict(grade_level=level).json() for level in ("9", "09", "Grade 9", " ninth grade ")]

    assert answers[0]["unknown_categories"] == {}
    assert answers == [answers[0]] * 4


def test_a_category_never_seen_is_answered_with_a_word_and_without_a_reason_about_it(predict):
    answer = predict(grade_level="13").json()

    assert answer["unknown_categories"] == {"grade_level": "13"}
    assert "grade_level" not in answer["not_recorded"] + [reason["code"] for reason in answer["reasons"]]
    seen = [predict(grade_level=level).json()["probability"] for level in ("9", "10", "11", "12")]
    assert min(seen) <= answer["probability"] <= max(seen)


def test_a_category_of_blanks_is_not_recorded(predict):
    assert predict(grade_level=" ").json() == predict(grade_level=None).json()
    assert "grade_level" in predict(grade_level="").json()["not_recorded"]


def test_flags_may_be_numbers_or_booleans(predict):
    answers = [predict(chronic_absence=value).json() for value in (1, True, 1.0)]

    assert answers[0] == answers[1] == answers[2]
    assert predict(chronic_absence=0).json() == predict(chronic_absence=False).json()


def test_nothing_known_is_not_enough_for_a_tier(district_client):
    answer = district_client.post("/api/predict", {"as_of": "2026-03-20", "features": {}}).json()

    assert (answer["insufficient_data"], answer["tier"]) == (True, None)


def test_a_tier_is_read_off_the_cuts_of_the_models_last_list(predict):
    tiers = {predict(absence_rate_30d=share, absence_rate_year=share).json()["tier"] for share in (0.0, 0.5)}

    assert tiers <= {"review_first", "check_in", "routine_support"}
    assert "review_first" in tiers


def test_the_institution_of_the_key_picks_the_model(client_of, lakeside, body):
    college = client_of(lakeside)
    with scope.entered(scope.of_institution(lakeside)):
        code = next(f["name"] for f in registry.champion().specification["features"] if f["kind"] == "category")

    refused = college.post("/api/predict", body)
    answered = college.post("/api/predict", {"as_of": "2019-02-28", "features": {"grade_1st": 11.5}})
    wrong_code = college.post("/api/predict", {"as_of": "2019-02-28", "features": {code: "no such code"}})

    assert {fault["field"] for fault in refused.json()["errors"]} >= {"features.absence_rate_30d"}
    assert answered.status_code == 200
    assert [fault["field"] for fault in wrong_code.json()["errors"]] == [f"features.{code}"]


def test_categories_are_given_by_code(client_of, lakeside):
    college = client_of(lakeside)
    described = college.get("/api/models/current").json()["features"]
    course = next(feature for feature in described if feature["name"] == "course")
    code, label = next(iter(course["levels"].items()))

    by_code, by_label = (
        college.post("/api/predict", {"as_of": "2019-02-28", "features": {"course": value}}) for value in (code, label)
    )

    assert (by_code.status_code, by_label.status_code) == (200, 400)


def test_every_answer_is_on_record_with_its_purpose(predict, district_client, riverside, body):
    answer = predict().json()

    ((entry, model),) = logged(riverside)
    assert (entry.api_client, entry.purpose) == (district_client.client, "Plan tutoring")
    assert (model, str(entry.as_of)) == ("model 1", body["as_of"])
    assert entry.answer == answer
    assert entry.features["absence_rate_30d"] == body["features"]["absence_rate_30d"]
    assert 0 < entry.duration_ms < 60_000


def test_what_was_refused_is_not_on_record(predict, riverside):
    assert predict(shoe_size=44).status_code == 400
    assert logged(riverside) == []


def test_without_a_model_or_records_for_a_rule_the_answer_is_503(client_of, db, district):
    newcomer = Institution.objects.create(slug="newcomer", name="Newcomer")

    for response in (
        client_of(newcomer).post("/api/predict", {"as_of": "2026-03-20", "features": {}}),
        client_of(newcomer).get("/api/models/current"),
    ):
        assert (response.status_code, response["Content-Type"]) == (503, "application/problem+json")
        assert "No model has been trained" in response.json()["detail"]


def test_no_cookie_reaches_the_api(ines, body):
    browser = signed_in(ines)

    assert browser.get("/api/models/current").status_code == 401
    assert browser.post("/api/predict", body, content_type="application/json").status_code == 401


def test_a_key_beside_a_cookie_acts_for_the_keys_institution(otto, district_client, body):
    browser = Client(headers={"Authorization": f"Api-Key {district_client.key}"})
    browser.force_login(otto)

    answer = browser.post("/api/predict", body, content_type="application/json")

    assert answer.json() == district_client.post("/api/predict", body).json()


def test_the_current_model_lists_what_it_takes(district_client, body):
    described = district_client.get("/api/models/current").json()

    features = {feature["name"]: feature for feature in described["features"]}
    assert set(features) == set(body["features"])
    assert {"name", "kind", "label", "unit", "changeable", "low", "high", "levels"} == set(features["absence_rate_30d"])
    assert (features["absence_rate_30d"]["low"], features["absence_rate_30d"]["high"]) == (0.0, 1.0)
    assert described["model_version"] == "model 1"
    assert len(described["sha256"]) == 64
