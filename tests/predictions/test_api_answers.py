"""The API tells what a file leaves open, and takes the answer."""

import pytest

from accounts import scope
from students.models import AttendanceRecord
from tests.people import northside, riverside
from tests.predictions.test_api_upload_story import ROSTER, checked, worked_on

__all__ = ["northside", "riverside"]

PERIODS = "student_id,held_on,period,category\nS1,2026-03-02,1,absent\nS1,2026-03-02,2,absent\n"
SEVENTHS = {"attendance.unit": {"is": "period", "a_day": 7}}


@pytest.fixture
def sis(client_of, riverside, northside):
    """The school's own information system, with its students brought in."""
    client = client_of(riverside, scopes=("upload",))
    checked(client, ROSTER, name="students.csv", auto_confirm="true")
    return client


def test_an_open_question_is_told_and_its_answer_taken(sis, riverside):
    path, told = checked(sis, PERIODS, auto_confirm="true")
    assert (told["stage"], told["links"]["confirm"]) == ("asking", None)
    (question,) = told["questions"]
    assert (question["name"], question["proposal"]["is"]) == ("attendance.unit", "period")

    answered = sis.post(told["links"]["answers"], {"answers": SEVENTHS})
    assert (answered.status_code, answered.json()["stage"]) == (202, "checking")
    assert worked_on(sis, path)["stage"] == "done"
    with scope.entered(scope.of_institution(riverside)):
        assert round(AttendanceRecord.objects.get().n_sessions, 4) == round(2 / 7, 4)
    again = sis.post(told["links"]["answers"], {"answers": SEVENTHS})
    assert again.status_code == 409


def test_what_is_known_before_is_not_asked(sis):
    _path, told = checked(sis, PERIODS, answers='{"attendance.unit": {"is": "period", "a_day": 7}}')
    assert (told["stage"], told["questions"]) == ("review", [])


@pytest.mark.parametrize(
    "body",
    [
        {"answers": {"attendance.unit": {"is": "fortnight"}}},
        {"answers": {"attendance.unit": {"is": "period", "a_day": 0}}},
        {"answers": {"attendance.unit": {"is": "period", "a_day": True}}},
        {"answers": {"attendance.moon": {"is": "full"}}},
        {"answers": {"attendance.codes": {"HD": "drop table"}}},
        {"answers": {"grades.scale": {"best": 1e300}}},
        {"answers": {"grades.scale": {"best": 4, "worst": 4}}},
        {"answers": []},
        {},
    ],
)
def test_what_is_no_answer_is_refused_by_name(sis, body):
    _path, told = checked(sis, PERIODS)
    response = sis.post(told["links"]["answers"], body)
    assert (response.status_code, response.json()["errors"][0]["field"]) == (400, "answers")
