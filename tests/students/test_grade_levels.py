"""Grade levels: one reading for files and for the API."""

import polars as pl
import pytest

from students.importing import school_words
from students.records import grade_levels


@pytest.mark.parametrize(
    ("written", "level"),
    [
        *[("9", "9"), ("09", "9"), ("Grade 9", "9"), (" ninth grade ", "9"), ("KG", "K"), ("Kindergarten", "K")],
        *[("13", "13"), ("Sixth form", "Sixth form"), ("", ""), ("x" * 30, "x" * 20)],
    ],
)
def test_a_grade_level_is_read_alike_from_a_file_and_by_the_api(written, level):
    assert grade_levels.short_level(written) == level
    assert pl.Series([written]).to_frame("g").select(school_words.short_level(pl.col("g"))).item() == level
