"""The same numbers for a list, a page and an answer: what is scored, and who is too little known for it."""

import datetime as dt

import numpy as np
import pytest

from accounts import scope
from modeling import registry, scoring
from modeling.core.calibration import Calibration
from students.models import Enrolment, Student
from tests.district_in_database import LIST_ON, SNAPSHOT_ON


@pytest.fixture
def champion(at_riverside):
    return registry.champion()


@pytest.fixture
def scored(champion):
    return scoring.score(champion, scoring.snapshot(champion, as_of=LIST_ON))


def test_contributions_and_base_add_up_to_the_log_odds(scored):
    added = scored.contributions.sum(axis=1)

    np.testing.assert_allclose(added, scored.log_odds, rtol=1e-6)


def test_a_probability_is_the_calibrated_log_odds(champion, scored):
    calibration = Calibration.from_json(champion.specification["calibration"])

    np.testing.assert_array_equal(scored.probability, calibration.probability(scored.log_odds))
    assert ((scored.probability > 0) & (scored.probability < 1)).all()


def test_scoring_twice_gives_the_same_floats(champion, scored):
    again = scoring.score(champion, scoring.snapshot(champion, as_of=LIST_ON))

    np.testing.assert_array_equal(again.probability, scored.probability)
    assert again.reasons == scored.reasons


@pytest.mark.parametrize(("place", "as_of"), [("riverside", LIST_ON), ("lakeside", SNAPSHOT_ON)])
def test_values_brought_by_name_score_as_the_student_does_on_the_list(request, place, as_of):
    with scope.entered(scope.of_institution(request.getfixturevalue(place))):
        champion = registry.champion()
        listed = scoring.score(champion, scoring.snapshot(champion, as_of=as_of))
        wanted = registry.load(champion).features

        for row in range(0, len(listed.frame), 7):
            student = listed.frame.iloc[row]
            brought = {feature.name: student[feature.name] for feature in wanted}
            answer = scoring.score_values(champion, {name: value for name, value in brought.items() if value == value})

            assert answer.probability[0] == listed.probability[row]
            assert answer.reasons[0] == listed.reasons[row]
            assert answer.insufficient[0] == listed.insufficient[row]


def test_no_values_at_all_are_too_little(champion):
    assert scoring.score_values(champion, {}).insufficient.tolist() == [True]


def test_whoever_just_came_is_too_little_known(champion):
    newcomer = Student.objects.get(pk=scoring.snapshot(champion, as_of=LIST_ON).index[0])
    arrived = LIST_ON - dt.timedelta(days=9)
    newcomer.graderecord_set.all().delete()
    newcomer.attendancerecord_set.all().delete()
    newcomer.enrolment_set.all().delete()
    Enrolment.objects.create(
        institution=newcomer.institution,
        student=newcomer,
        school=newcomer.school,
        grade_level="10",
        entered_on=arrived,
        known_on=arrived,
    )

    scored = scoring.score(champion, scoring.snapshot(champion, as_of=LIST_ON, student_ids=[newcomer.pk]))

    assert scored.insufficient.tolist() == [True]
    assert {reason.get("sessions") for reason in scored.reasons[0]} <= {int(scored.frame["days_enrolled"].iloc[0])}


def test_nobody_on_the_roll_is_an_empty_snapshot(champion):
    assert scoring.snapshot(champion, as_of=dt.date(2010, 1, 1)).empty
