"""What holds for everybody is no reason: usual values are neither told nor counted."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from modeling.core.feature import Feature
from modeling.core.fitting import fit_risk_model
from modeling.core.reasons import top_reasons
from modeling.core.risk_model import RiskModel
from modeling.core.spoken import said_of, spoken, window_days
from modeling.core.usual import FEWEST_STUDENTS, sessions_of_new, shared_values, steps
from tests.modeling.core.district_rows import FEATURES, SETTINGS, rows
from tests.modeling.core.test_reasons import contributed, students

DAYS_HERE = Feature(name="days_enrolled", kind="number", label="", unit="days")


@pytest.fixture(scope="module")
def model() -> RiskModel:
    frame, y = rows()
    return fit_risk_model(frame, y, groups=None, features=FEATURES, settings=SETTINGS, seed=7).model()


def test_no_reason_is_told_of_a_value_that_was_usual_in_training(model: RiskModel) -> None:
    reference = model.specification["reference"]
    typical = students(1).assign(
        absence_rate_30d=reference["absence_rate_30d"]["median"],
        core_failures_term=reference["core_failures_term"]["median"],
        repeated_grade=reference["repeated_grade"]["most_common"],
        grade_level=reference["grade_level"]["most_common"],
    )

    [reasons] = top_reasons(model, typical, contributed([0.5, 0.0, 0.4, 0.9, -0.8, 0.7]))

    assert [(reason["code"], reason["contribution"]) for reason in reasons] == [("absence_rate_year", 0.4)]


def test_a_source_is_told_for_no_more_than_it_contributes_as_a_whole(model: RiskModel) -> None:
    usual = model.specification["reference"]["absence_rate_30d"]["median"]

    [lessened, turned] = top_reasons(
        model,
        students(2).assign(absence_rate_30d=usual),
        contributed([-0.1, 0.0, 0.4, 0.0, 0.0, 0.0], [-0.6, 0.0, 0.4, 0.0, 0.0, 0.0]),
    )

    assert [reason["contribution"] for reason in lessened] == [pytest.approx(0.3)]
    assert turned == []


def test_what_is_said_as_the_usual_value_is_usual(model: RiskModel) -> None:
    """A share of 30 days is said in whole days: who missed 2.2 of them is heard to have missed two, as half have."""
    usual = round(model.specification["reference"]["absence_rate_30d"]["median"] * 30) / 30
    frame = students(3).assign(absence_rate_30d=[usual + 0.2 / 30, usual - 0.2 / 30, usual + 1 / 30])

    told = top_reasons(model, frame, contributed(*[[0.5, 0.0, 0.0, 0.0, 0.0, 0.0]] * 3))

    assert [len(of_student) for of_student in told] == [0, 0, 1]


def test_what_is_usual_of_a_new_student_is_said_of_the_days_they_are_here(model: RiskModel) -> None:
    """A day more in 30 than half have is a reason; of two days here it is none either way."""
    usual = round(model.specification["reference"]["absence_rate_30d"]["median"] * 30) / 30
    frame = students(2).assign(absence_rate_30d=usual + 1 / 30, days_enrolled=[2.0, 100.0])

    told = top_reasons(model, frame, contributed(*[[0.5, 0.0, 0.0, 0.0, 0.0, 0.0]] * 2))

    assert [len(of_student) for of_student in told] == [0, 1]


def test_no_reason_is_told_of_a_value_that_half_of_the_list_share(model: RiskModel) -> None:
    frame = students(FEWEST_STUDENTS).assign(core_failures_term=[5.0] * 12 + [3.0] * 8)
    listed = shared_values(frame, FEATURES)

    told = top_reasons(model, frame, contributed(*[[0.0, 0.0, 0.0, 0.9, 0.0, 0.0]] * FEWEST_STUDENTS), listed=listed)

    assert listed["core_failures_term"] == 5.0
    assert [len(of_student) for of_student in told] == [0] * 12 + [1] * 8


def test_no_reason_is_told_of_a_gap_that_half_of_the_list_have(model: RiskModel) -> None:
    frame = students(FEWEST_STUDENTS).assign(absence_rate_year=np.nan)
    listed = shared_values(frame, FEATURES)

    told = top_reasons(model, frame, contributed(*[[0.0, 0.0, 0.9, 0.0, 0.0, 0.0]] * FEWEST_STUDENTS), listed=listed)

    assert (listed["absence_rate_year"], told) == (None, [[]] * FEWEST_STUDENTS)


def test_of_a_handful_of_students_nothing_is_usual() -> None:
    assert shared_values(students(FEWEST_STUDENTS - 1), FEATURES) == {}
    assert shared_values(students(FEWEST_STUDENTS), FEATURES)["grade_level"] == "9"


def test_values_of_a_list_are_shared_as_they_are_said_and_only_by_half() -> None:
    column = [0.301, 0.299] * 6 + list(np.linspace(0.5, 0.9, 11))
    frame = pd.DataFrame({"absence_rate_30d": column, "days_enrolled": np.arange(23.0)})

    assert shared_values(frame, [FEATURES[0], DAYS_HERE]) == {"absence_rate_30d": 0.3}


def test_a_window_of_a_new_student_is_as_long_as_they_are_here() -> None:
    frame = pd.DataFrame({"days_enrolled": [12.0, 12.0, np.nan], "absence_rate_last_year": [np.nan, 0.1, np.nan]})

    sessions = sessions_of_new(frame)

    assert steps([FEATURES[0], FEATURES[3]], sessions).tolist() == [[12, 10], [30, 10], [30, 10]]
    assert [window_days(FEATURES[0], one) for one in (12.0, None)] == [12, 30]


@pytest.mark.parametrize("feature", FEATURES[:5], ids=lambda feature: feature.name)
def test_the_mask_and_the_sentence_round_alike(feature: Feature) -> None:
    values = np.linspace(0, 1.4, 281)
    step = steps([feature])[0]

    said = [spoken(feature, value, of=said_of(feature)) for value in values.tolist()]

    divisor = 1.0 if feature.unit == "share" else step
    assert said == (np.round(values * step) / divisor).tolist()
