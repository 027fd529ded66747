"""Whatever is sent, the API answers in one form and never breaks: each field at fault is named, all at once."""

import json
import math

import pytest

from accounts import scope
from modeling.core.feature import Feature
from predictions.api import bodies
from predictions.api.problems import InvalidBody
from predictions.models import PredictionLog

AS_OF = "2026-03-20"
FAULTS = {
    "unknown": ({"as_of": AS_OF, "features": {"shoe_size": 44}}, {"features.shoe_size"}),
    "text for a number": ({"as_of": AS_OF, "features": {"course_average": "12"}}, {"features.course_average"}),
    "boolean for a number": ({"as_of": AS_OF, "features": {"course_average": True}}, {"features.course_average"}),
    "below its bound": ({"as_of": AS_OF, "features": {"absence_rate_30d": -0.1}}, {"features.absence_rate_30d"}),
    "above its bound": ({"as_of": AS_OF, "features": {"absence_rate_30d": 1.01}}, {"features.absence_rate_30d"}),
    "no flag": ({"as_of": AS_OF, "features": {"chronic_absence": 2}}, {"features.chronic_absence"}),
    "text for a flag": ({"as_of": AS_OF, "features": {"chronic_absence": "yes"}}, {"features.chronic_absence"}),
    "number for a category": ({"as_of": AS_OF, "features": {"grade_level": 9}}, {"features.grade_level"}),
    "list for a number": ({"as_of": AS_OF, "features": {"course_average": [1]}}, {"features.course_average"}),
    "object for a number": ({"as_of": AS_OF, "features": {"course_average": {"a": 1}}}, {"features.course_average"}),
    "no day": ({"features": {}}, {"as_of"}),
    "no such day": ({"as_of": "2026-02-30", "features": {}}, {"as_of"}),
    "a moment": ({"as_of": "2026-03-20T10:00:00Z", "features": {}}, {"as_of"}),
    "a number of days": ({"as_of": 20260320, "features": {}}, {"as_of"}),
    "no features": ({"as_of": AS_OF}, {"features"}),
    "features as a list": ({"as_of": AS_OF, "features": []}, {"features"}),
    "features null": ({"as_of": AS_OF, "features": None}, {"features"}),
    "a list": ([], {"body"}),
    "a word": ("predict", {"body"}),
    "null": (None, {"body"}),
    "nothing in it": ({}, {"as_of", "features"}),
    "one too many": ({"as_of": AS_OF, "features": {}, "student": "S1"}, {"student"}),
    "all at once": (
        {"as_of": "soon", "features": {"shoe_size": 1, "course_average": "x", "absence_rate_30d": 7}, "extra": 1},
        {"as_of", "features.shoe_size", "features.course_average", "features.absence_rate_30d", "extra"},
    ),
    "surrogate as a value": ({"as_of": AS_OF, "features": {"grade_level": "\ud800"}}, {"features.grade_level"}),
    "surrogate as a number": ({"as_of": AS_OF, "features": {"course_average": "\ud800"}}, {"features.course_average"}),
    "surrogate as the day": ({"as_of": "\ud800", "features": {}}, {"as_of"}),
    "nul as a value": ({"as_of": AS_OF, "features": {"grade_level": "\x00"}}, {"features.grade_level"}),
    "nul within a value": ({"as_of": AS_OF, "features": {"grade_level": "9\x00"}}, {"features.grade_level"}),
    "far too long": ({"as_of": AS_OF, "features": {"grade_level": "9" * 201}}, {"features.grade_level"}),
    "a number without end": ({"as_of": AS_OF, "features": {"course_average": 10**400}}, {"features.course_average"}),
}
NOT_JSON = {
    "empty": b"",
    "words": b"as_of=2026-03-20",
    "cut off": b'{"as_of": "2026-03-20", "features": {',
    "nan": b'{"as_of": "2026-03-20", "features": {"days_enrolled": NaN}}',
    "infinity": b'{"as_of": "2026-03-20", "features": {"days_enrolled": Infinity}}',
    "minus infinity": b'{"as_of": "2026-03-20", "features": {"days_enrolled": -Infinity}}',
    "beyond a double": b'{"as_of": "2026-03-20", "features": {"days_enrolled": 1e400}}',
    "a key twice": b'{"as_of": "2026-03-20", "features": {"days_enrolled": 1, "days_enrolled": 2}}',
    "features twice": b'{"as_of": "2026-03-20", "features": {}, "features": {}}',
    "ten thousand lists": b"[" * 10_000 + b"]" * 10_000,
    "ten thousand objects": b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
    "deep within a feature": b'{"as_of": "2026-03-20", "features": {"days_enrolled": '
    + b"[" * 10_000
    + b"]" * 10_000
    + b"}}",
    "a number of 5,000 digits": b'{"as_of": "2026-03-20", "features": {"days_enrolled": ' + b"1" * 5_000 + b"}}",
    "latin-1": '{"as_of": "2026-03-20", "features": {"grade_level": "é"}}'.encode("latin-1"),
    "bytes": bytes(range(256)),
    "surrogate as a key": b'{"as_of": "2026-03-20", "features": {"\\ud800": 1}}',
    "surrogate beside the features": b'{"as_of": "2026-03-20", "features": {}, "\\ud800": 1}',
}


def sound(response, status):
    """Return the problem in an answer, after holding it against the one form."""
    told = response.json()
    assert response.status_code == status, told
    assert response["Content-Type"] == "application/problem+json"
    assert told["status"] == status
    assert {"type", "title", "status", "detail"} <= set(told)
    for fault in told.get("errors", []):
        assert set(fault) == {"field", "message", "got"}
        assert fault["message"]
        assert len(fault["got"]) <= 80
    response.content.decode("utf-8")
    return told


@pytest.mark.parametrize(("body", "fields"), FAULTS.values(), ids=FAULTS.keys())
def test_each_field_at_fault_is_named(district_client, body, fields):
    told = sound(district_client.post("/api/predict", body), 400)

    assert {fault["field"] for fault in told["errors"]} == fields


@pytest.mark.parametrize("body", NOT_JSON.values(), ids=NOT_JSON.keys())
def test_whatever_is_sent_is_refused_and_breaks_nothing(district_client, body):
    sound(district_client.post("/api/predict", body), 400)


@pytest.mark.parametrize(
    "features",
    [{"grade_level": "9" * 10_000_000}, {f"feature_{number:06}": "x" * 60 for number in range(120_000)}],
    ids=["in one value", "in many names"],
)
def test_ten_megabytes_are_not_read(district_client, features):
    told = sound(district_client.post("/api/predict", {"as_of": AS_OF, "features": features}), 413)

    assert "at most 2.5 MB" in told["detail"]


@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan])
def test_a_feature_without_bounds_takes_finite_numbers_only(value):
    unbounded = json.dumps(Feature(name="income", kind="number", label="Income").as_json())
    body = {"as_of": AS_OF, "features": {"income": value}}

    with pytest.raises(InvalidBody) as refused:
        bodies.read_predict(body, features=(unbounded,))

    assert [fault["field"] for fault in refused.value.errors] == ["features.income"]


def test_a_thousand_unknown_names_are_told_in_a_hundred(district_client):
    told = sound(
        district_client.post("/api/predict", {"as_of": AS_OF, "features": dict.fromkeys(map(str, range(999)))}), 400
    )

    assert len(told["errors"]) == 100


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_days_far_away_are_days(district_client, riverside, day):
    response = district_client.post("/api/predict", {"as_of": day, "features": {}})

    assert (response.status_code, response.json()["as_of"]) == (200, day)


@pytest.mark.parametrize("value", ["9", "", "13", "é", "💡", "<script>"])
def test_a_category_without_fixed_codes_takes_any_word(district_client, riverside, value):
    response = district_client.post("/api/predict", {"as_of": AS_OF, "features": {"grade_level": value}})

    assert response.status_code == 200
    with scope.entered(scope.of_institution(riverside)):
        assert PredictionLog.objects.get().features["grade_level"] == value


@pytest.mark.parametrize("method", ["get", "put", "patch", "delete"])
def test_another_method_is_told_so(district_client, method):
    browser = district_client._browser({})

    sound(getattr(browser, method)("/api/predict"), 405)


def test_a_form_is_not_json(district_client):
    response = district_client._browser({}).post("/api/predict", {"as_of": AS_OF})

    sound(response, 415)


@pytest.mark.parametrize("path", ["/api/", "/api/predict/", "/api/students/not-a-uuid/risk", "/api/no/such"])
def test_an_unknown_address_below_the_api_is_a_problem(district_client, path):
    sound(district_client.get(path), 404)
