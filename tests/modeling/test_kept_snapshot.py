"""A snapshot held on disk is read back as it was given, value for value, and leaves no file."""

import numpy as np
import pandas as pd
import pytest

from modeling import kept_snapshot

FRAMES = (
    pd.DataFrame(
        {"rate": [0.1, np.nan, -np.inf], "grade": pd.Series(["9", np.nan, "10"], [3, 5, 8], dtype=object)},
        index=pd.Index([3, 5, 8], name="student_id"),
    ),
    pd.DataFrame(
        {"rate": [1e-300, 7.0], "grade": pd.Series(["KG", "9"], [9, 11], dtype=object)},
        index=pd.Index([9, 11], name="student_id"),
    ),
)
WHOLE = pd.concat(FRAMES)


@pytest.fixture
def kept(tmp_path):
    with kept_snapshot.of_frames(iter(FRAMES), folder=tmp_path) as held:
        yield held


@pytest.mark.parametrize("n_rows", [1, 2, 100])
def test_parts_hold_what_was_given_in_its_order(kept, n_rows):
    parts = list(kept.parts(n_rows))

    assert len(kept) == 5
    assert max(map(len, parts)) == min(n_rows, 3)
    pd.testing.assert_frame_equal(pd.concat(parts), WHOLE, check_exact=True)


def test_columns_are_those_of_all_students(kept):
    pd.testing.assert_frame_equal(kept.columns(["grade", "nothing"]), WHOLE[["grade"]], check_exact=True)


def test_a_frame_without_anybody_holds_nobody(tmp_path):
    with kept_snapshot.of_frames([FRAMES[0].iloc[:0]], folder=tmp_path) as held:
        assert (len(held), list(held.parts(5))) == (0, [])
        assert held.columns(["rate", "grade"]).dtypes.to_dict() == FRAMES[0].dtypes.to_dict()


def test_what_is_read_may_be_changed(kept):
    part = next(kept.parts(5))

    part.loc[3, "rate"] = 4.0

    assert next(kept.parts(5)).loc[3, "rate"] == 0.1


def test_the_file_has_no_name(kept, tmp_path):
    assert list(tmp_path.iterdir()) == []
