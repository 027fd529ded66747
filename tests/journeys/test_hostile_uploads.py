"""Files that are not what they seem: each is refused with its line and column, nothing is saved, the worker goes on."""

import io
import zipfile

import pytest

from tests.flat_cohort import HEADERS
from tests.live import stories
from tests.students.importing.small_cohort import ANA, BEN, HEADER, YAML, csv_bytes

SLUG = "hostile"


@pytest.fixture(scope="module")
def ines(live):
    """The administrator of an institution without any students."""
    return live.visitor(live.institutions[SLUG]["ines"])


def brought(live, admin, content, *, filename="records.csv", schema_yaml=""):
    """Send a file, wait for the worker, and return what its page says at the end."""
    page = stories.upload(admin, content, filename=filename, schema_yaml=schema_yaml)
    assert page.status == 200, page.words
    return stories.watched(admin, page).words


def workbook():
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as book:
        book.writestr("[Content_Types].xml", "<Types/>")
        book.writestr("xl/workbook.xml", "<workbook/>")
    return content.getvalue()


FILES = {
    "empty": (b"", "This file is empty."),
    "binary": (bytes(range(256)) * 40, "This is a binary file, not text: line 1 holds bytes that no CSV has."),
    "workbook": (workbook(), "This is an Excel workbook, not CSV."),
    "web page": (
        b"<!doctype html><html><head><title>Log in</title></head><body>Log in</body></html>",
        "This is a web page, not CSV.",
    ),
    "header alone": ((";".join(HEADERS) + "\r\n").encode(), "This file has a header but no students."),
}


@pytest.mark.parametrize(("content", "sentence"), FILES.values(), ids=FILES)
def test_a_file_that_is_no_csv_is_refused_by_its_kind(live, ines, content, sentence):
    words = brought(live, ines, content)

    assert sentence in words
    assert "Nothing was saved." in words
    assert stories.stored(live, SLUG) == stories.of_students(0)


@pytest.mark.parametrize(
    ("mistake", "sentence"),
    [
        ("comma", "The schema says that values are separated by"),
        ("duplicate_header", "Column &quot;Displaced&quot; stands 2 times in line 1"),
        ("header_again", "Line 21 repeats the header of line 1."),
        ("ragged", "Line 41 has 38 values where 37 are expected."),
        ("missing_column", "Column &quot;Admission grade&quot; is missing."),
        ("not_allowed", "column &quot;Course&quot;: &quot;4711&quot; is not an allowed value."),
    ],
)
def test_a_csv_at_odds_with_its_schema_is_refused_with_line_and_column(live, ines, tmp_path, mistake, sentence):
    words = brought(live, ines, stories.flat_cohort(tmp_path, n=40, mistakes=(mistake,)))

    assert sentence in words
    assert stories.stored(live, SLUG) == stories.of_students(0)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (csv_bytes(ANA, BEN.replace("b2,", ",", 1)), "Line 3, column &quot;Id&quot;: the value is missing."),
        (
            csv_bytes(ANA.partition(",")[2], header=HEADER.partition(",")[2]),
            "Column &quot;Id&quot; is missing. Add it to the file; the schema requires it.",
        ),
        (csv_bytes(ANA, ANA), "Line 3, column &quot;Id&quot;: student &quot;a1&quot; is already in line 2."),
    ],
    ids=["a cell", "the column", "twice"],
)
def test_a_missing_or_repeated_identifier_is_refused_with_line_and_column(live, ines, content, sentence):
    words = brought(live, ines, content, schema_yaml=YAML)

    assert sentence in words
    assert stories.stored(live, SLUG) == stories.of_students(0)


def test_after_all_of_these_the_same_worker_reads_a_file_in_latin_1_and_says_so(live, ines):
    worker = live.pid("worker")

    page = stories.upload(ines, csv_bytes(ANA, BEN, encoding="latin-1"), schema_yaml=YAML)
    words = stories.brought_in(ines, page).words

    assert "2 new students" in words
    assert "it was read as Windows-1252" in words
    assert live.pid("worker") == worker
    names = live.sql("SELECT family_name FROM students_student WHERE external_id = 'a1'")
    assert names == [{"family_name": "Núñez"}]


def test_the_page_refuses_a_schema_that_is_none_beside_its_field(ines):
    page = stories.upload(ines, csv_bytes(ANA), schema_yaml="columns: 3")

    assert page.status == 422
    assert "Check this file" in page.words
    assert 'id="id_own_schema_error"' in page.body
