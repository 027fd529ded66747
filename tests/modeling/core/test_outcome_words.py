"""What people are told an outcome counts as is what a training makes of it."""

import datetime as dt

import pandas as pd
import pytest

from modeling.core import labels
from students.outcomes import outcome_codes, outcome_words

AS_OF, KNOWN_BY = dt.date(2024, 10, 15), dt.date(2026, 1, 1)


def label_of(kind):
    day = pd.Timestamp(dt.date(2025, 3, 3))
    one = {"outcome_id": [1], "corrects_id": [float("nan")], "student_id": [7], "kind": [kind]}
    outcomes = pd.DataFrame(one | {"happened_on": [day], "known_on": [day]})
    found = labels.labels(outcomes, student_ids=[7], as_of=AS_OF, horizon_days=365, known_by=KNOWN_BY)
    return found.y.loc[7]


@pytest.mark.parametrize("kind", outcome_codes.KINDS)
def test_each_kind_is_said_to_count_as_what_its_label_is(kind):
    label = label_of(kind)
    expected = 1.0 if kind == "dropped_out" else 0.0 if kind in ("graduated", "continued") else None

    assert (None if pd.isna(label) else label) == expected
    said = outcome_words.counts_as(kind)
    is_none = said.startswith("Says nothing") or "not counted as leaving" in said
    assert is_none == pd.isna(label)
    assert ("did not leave" in said, said == "Counts as: left before finishing.") == (label == 0, label == 1)
