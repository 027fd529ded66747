"""Rows and faults of CSV files, block by block: the same whatever the size of a block."""

from __future__ import annotations

import csv
import io
import tracemalloc
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from students.importing import containers
from students.importing.batches import FAULTS
from students.importing.csv_blocks import CsvFile
from students.importing.file_errors import FileRefused
from tests.students.importing.hostile_files import ANA, BEN, CHLOE, STUDENTS, students, text

Told = tuple[int, str, str, str]


def csv_file(content: bytes, folder: Path, delimiter: str | None = None) -> CsvFile:
    path = folder / "stored"
    path.write_bytes(content)
    return CsvFile(containers.opened(path, "students.csv").members[0], delimiter=delimiter)


def everything(file: CsvFile, n_bytes: int = 1000) -> tuple[list[tuple[object, ...]], list[Told]]:
    blocks = list(file.blocks(n_bytes))
    faults = pl.concat([block.faults for block in blocks])
    assert faults.schema == FAULTS
    rows = [row for block in blocks for row in block.rows.rows()]
    return rows, [(one["line"], one["problem"], one["value"], one["allowed"]) for one in faults.to_dicts()]


def test_rows_are_text_with_the_line_of_a_text_editor(tmp_path: Path) -> None:
    file = csv_file(b'id,name,score\n1,"Ana\nMaria",\n\n"2","""B""",007\n', tmp_path)

    rows, faults = everything(file)

    assert rows == [("1", "Ana\nMaria", None, 2), ("2", '"B"', "007", 5)]
    assert faults == []
    assert next(file.blocks()).rows.schema == {
        "id": pl.String,
        "name": pl.String,
        "score": pl.String,
        "line": pl.Int64,
    }


@pytest.mark.parametrize("n_bytes", [1, 2, 3, 7, 20, 64, 10_000])
def test_blocks_of_any_size_give_the_same_and_add_up_to_the_file(n_bytes: int, tmp_path: Path) -> None:
    lines = [CHLOE, BEN.replace("Ben", '"B\nen, ""Jr"""'), "s3,x", "", ANA.replace("Ana", '"Ana'), STUDENTS, BEN]
    content = students(*lines, encoding="utf-8-sig", end="\r\n")
    file = csv_file(content, tmp_path)

    rows, faults = everything(file, n_bytes)

    assert [row[-1] for row in rows] == [2, 3, 9]
    assert rows[1][1] == 'B\nen, "Jr"'
    assert [told[:2] for told in faults] == [(5, "ragged"), (7, "open_quote"), (8, "header_again")]
    assert sum(block.n_bytes for block in file.blocks(n_bytes)) == len(content)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_separator_is_the_one_that_cuts_header_and_rows_alike(delimiter: str, tmp_path: Path) -> None:
    rows = [["id", "name", "score"], ["1", "Silva, Ana; x|y", "3,5"], ["2", "a\tb", "4,0"]]
    written = io.StringIO()
    csv.writer(written, delimiter=delimiter).writerows(rows)

    file = csv_file(written.getvalue().encode(), tmp_path)

    assert file.delimiter == delimiter
    assert [list(row[:-1]) for row in everything(file)[0]] == rows[1:]


def test_the_separator_that_is_asked_for_is_taken(tmp_path: Path) -> None:
    file = csv_file(b"a,b;c,d\n1,2;3,4\n", tmp_path, delimiter=";")

    assert file.header == ("a,b", "c,d")


@pytest.mark.parametrize(
    ("encoding", "told"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8"),
        ("utf-16", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
        ("utf-32", "utf-32-le"),
        ("cp1252", "cp1252"),
    ],
)
def test_every_encoding_gives_the_same_text(encoding: str, told: str, tmp_path: Path) -> None:
    file = csv_file(students(CHLOE, encoding=encoding), tmp_path)

    rows, faults = everything(file)

    assert rows == [(*CHLOE.split(","), 2)]
    assert (faults, file.encoding) == ([], told)


def test_a_file_of_two_encodings_keeps_all_accents_and_says_where_it_changes(tmp_path: Path) -> None:
    content = students(*[CHLOE] * 3000) + text(*[CHLOE] * 3000, encoding="cp1252")
    file = csv_file(content, tmp_path)

    rows, _faults = everything(file, 50_000)

    assert {row[2] for row in rows} == {"Müller"}
    assert file.notes == [
        "students.csv mixes two encodings: from line 3002 on, some letters are not UTF-8. "
        "They were read as Windows-1252. Look at a name with an accent."
    ]


def test_a_file_that_is_ascii_for_long_turns_out_to_be_windows_text(tmp_path: Path) -> None:
    file = csv_file(students(*[ANA] * 50_000) + text(CHLOE, encoding="cp1252"), tmp_path)

    rows, _faults = everything(file, 100_000)

    assert rows[-1][2] == "Müller"
    assert file.encoding == "cp1252"
    assert file.notes == ["students.csv is not UTF-8; it was read as Windows-1252. Look at a name with an accent."]


def test_each_bad_line_is_told_with_what_was_got(tmp_path: Path) -> None:
    lines = [ANA, BEN + ",x", "s2", BEN.replace("Ben", 'B"e"n'), BEN.replace("Ben", "B\0n"), BEN[:12]]
    file = csv_file(students(*lines)[:-1], tmp_path)

    rows, faults = everything(file)

    assert [row[-1] for row in rows] == [2]
    assert faults == [
        (3, "ragged", "7", "6"),
        (4, "ragged", "1", "6"),
        (5, "open_quote", "", ""),
        (6, "zero_byte", "", ""),
        (7, "cut_line", "3", "6"),
    ]


def test_two_marks_left_open_do_not_swallow_the_students_between_them(tmp_path: Path) -> None:
    lines = [ANA.replace("Ana", '"Ana'), *[BEN] * 50, CHLOE.replace("Chloë", 'Chloë"'), ANA]
    file = csv_file(students(*lines), tmp_path)

    rows, faults = everything(file, 100_000)

    assert [row[-1] for row in rows] == [*range(3, 53), 54]
    assert [told[:2] for told in faults] == [(2, "open_quote"), (53, "open_quote")]


def test_a_column_called_line_keeps_its_values_under_another_name(tmp_path: Path) -> None:
    file = csv_file(b"line,file,Line\n7,a,b\n", tmp_path)

    rows, _faults = everything(file)

    assert file.header == ("Line_", "File", "Line")
    assert rows == [("7", "a", "b", 2)]


def test_the_sample_is_the_first_good_rows_as_text(tmp_path: Path) -> None:
    file = csv_file(b"id,name\n1,\n2\n" + b"\n" * 400_000 + b"3,Chlo\xc3\xab\n4,x\n", tmp_path)

    assert file.sample(2) == [("1", ""), ("3", "Chloë")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("n_letters", [1, 200, 1500])
def test_the_sample_is_what_the_rows_begin_with_however_long_they_are(
    tmp_path: Path, encoding: str, n_letters: int
) -> None:
    lines = "".join(f'{n},"{"é" * n_letters}\nx",y\n' for n in range(1, 1500))
    file = csv_file(("id,text,more\n" + lines).encode(encoding), tmp_path)

    first, more = file.sample(10), file.sample(1000)

    rows, _faults = everything(file, 1024**2)
    assert more == [row[:-1] for row in rows[:1000]]
    assert first == more[:10]
    assert len(file.notes) == (encoding == "cp1252")


def test_a_row_of_the_sample_is_whole_wherever_reading_paused(tmp_path: Path) -> None:
    text = "x" * 1000
    content = ("id,text\n" + f"1,{text}\n" * 600).encode()

    for n in range(255, 270):
        assert csv_file(content, tmp_path).sample(n) == [("1", text)] * n


def test_the_header_is_named_by_its_line_when_it_looks_like_values(tmp_path: Path) -> None:
    with pytest.raises(FileRefused, match=r'Line 3 should .* "1001, Ana, 2010'):
        csv_file(b"\n\n1001,Ana,2010-03-01\n1002,Ben,2010-04-01\n", tmp_path)


def test_a_wide_calendar_in_the_header_is_no_row_of_values(tmp_path: Path) -> None:
    file = csv_file(b"student_id,2024-09-02,2024-09-03\ns1,absent,\n", tmp_path)

    assert file.header == ("student_id", "2024-09-02", "2024-09-03")


def test_memory_of_python_objects_does_not_grow_with_the_file(tmp_path: Path) -> None:
    path = tmp_path / "stored"
    path.write_bytes(students(*[ANA] * 600_000))
    file = CsvFile(containers.opened(path, "students.csv").members[0])
    tracemalloc.start()

    n_rows = sum(block.rows.height for block in file.blocks())
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert n_rows == 600_000
    assert peak < 60_000_000


CELLS = st.text(alphabet=["a", "é", "😀", '"', ",", " ", "1"], max_size=5)
ROWS = st.lists(st.lists(CELLS, min_size=3, max_size=3).filter(any), max_size=30)


@settings(max_examples=150, deadline=None)
@given(
    rows=ROWS,
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32"]),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    n_bytes=st.integers(1, 500),
)
def test_rows_are_those_that_python_reads(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]], encoding: str, end: str, quoting: int, n_bytes: int
) -> None:
    written = io.StringIO()
    csv.writer(written, lineterminator=end, quoting=quoting).writerows([["one", "two", "three"], *rows])
    file = csv_file(written.getvalue().encode(encoding), tmp_path_factory.mktemp("csv"))

    read, faults = everything(file, n_bytes)

    assert read == [(*(cell or None for cell in row), line) for line, row in enumerate(rows, 2)]
    assert faults == []
