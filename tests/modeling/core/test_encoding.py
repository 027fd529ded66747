"""Encoding: one matrix from a frame, the same in training, scoring and the API."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from modeling.core.encoding import FrameEncoder, UnknownEncoding, category_code
from modeling.core.feature import Feature

FEATURES = [
    Feature(name="average", kind="number", label=""),
    Feature(name="course", kind="category", label=""),
    Feature(name="debtor", kind="flag", label=""),
]
TRAINING = pd.DataFrame(
    {"average": [0.5, np.nan, 0.9], "course": pd.Series(["b", "a", None], dtype=object), "debtor": [True, False, True]}
)


def test_missing_stays_missing_and_categories_become_positions_of_sorted_codes() -> None:
    encoder = FrameEncoder(FEATURES).fit(TRAINING)

    matrix = encoder.transform(TRAINING)

    assert encoder.categories_ == {"course": ["a", "b"]}
    np.testing.assert_array_equal(matrix, [[0.5, 1, 1], [np.nan, 0, 0], [0.9, np.nan, 1]])
    assert matrix.dtype == np.float64


def test_a_code_never_seen_is_missing() -> None:
    encoder = FrameEncoder(FEATURES).fit(TRAINING)

    matrix = encoder.transform(pd.DataFrame({"average": [1.0], "course": ["z"], "debtor": [0.0]}))

    assert np.isnan(matrix[0, 1])


def test_a_column_that_the_frame_lacks_is_missing() -> None:
    encoder = FrameEncoder(FEATURES).fit(TRAINING)

    matrix = encoder.transform(pd.DataFrame({"average": [1.0]}))

    np.testing.assert_array_equal(matrix, [[1.0, np.nan, np.nan]])


@pytest.mark.parametrize("dtype", ["object", "category", "str"])
def test_the_type_of_the_column_does_not_change_the_numbers(dtype: str) -> None:
    encoder = FrameEncoder(FEATURES).fit(TRAINING)

    matrix = encoder.transform(TRAINING.astype({"course": dtype}))

    np.testing.assert_array_equal(matrix, encoder.transform(TRAINING))


def test_nullable_columns_are_read() -> None:
    encoder = FrameEncoder(FEATURES).fit(TRAINING)
    nullable = pd.DataFrame(
        {
            "average": pd.array([None, 1], dtype="Int64"),
            "course": ["a", "b"],
            "debtor": pd.array([None, True], "boolean"),
        }
    )

    matrix = encoder.transform(nullable)

    np.testing.assert_array_equal(matrix, [[np.nan, 0, np.nan], [1, 1, 1]])


@pytest.mark.parametrize(
    ("value", "code"),
    [(171, "171"), (171.0, "171"), ("171", "171"), (1.5, "1.5"), (None, None), (np.nan, None), (pd.NA, None)],
)
def test_a_code_is_the_same_read_as_integer_float_or_text(value: object, code: str | None) -> None:
    assert category_code(value) == code


def test_one_row_is_encoded_as_in_a_frame() -> None:
    encoder = FrameEncoder(FEATURES).fit(TRAINING)

    for position, values in enumerate(TRAINING.to_dict("records")):
        np.testing.assert_array_equal(encoder.encode_row(values), encoder.transform(TRAINING)[[position]])

    np.testing.assert_array_equal(encoder.encode_row({"average": None}), [[np.nan, np.nan, np.nan]])


def test_the_encoding_survives_json() -> None:
    encoder = FrameEncoder(FEATURES).fit(TRAINING)

    read_back = FrameEncoder.from_json(FEATURES, json.loads(json.dumps(encoder.as_json())))

    np.testing.assert_array_equal(read_back.transform(TRAINING), encoder.transform(TRAINING))


def test_an_encoding_of_other_features_is_refused() -> None:
    with pytest.raises(UnknownEncoding, match="course"):
        FrameEncoder.from_json(FEATURES, {})


def test_categories_come_from_the_training_rows_alone() -> None:
    encoder = FrameEncoder(FEATURES).fit(TRAINING.iloc[:1])

    assert encoder.categories_ == {"course": ["b"]}
