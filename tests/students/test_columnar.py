"""The columnar copy holds what the tables hold, row for row, whatever was written to them."""

import datetime as dt
import hashlib
import logging
import os
import threading
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
from django.core.files.storage import default_storage
from django.db import connection

from accounts import scope
from modeling.core.facts_frames import COLUMNS
from students.models import AttendanceRecord, ColumnarPartition, DisciplineIncident, GradeRecord
from students.records import columnar
from tests import rows
from tests.students.written_by_hand import fact, replace, take_back, upload

OCTOBER, NOVEMBER, LATER = dt.date(2025, 10, 14), dt.date(2025, 11, 3), dt.date(2025, 12, 1)


@pytest.fixture(autouse=True)
def files(monkeypatch, tmp_path):
    """Every test has a folder of its own: what a rolled back test wrote stays on the disk."""
    monkeypatch.setattr(default_storage, "path", lambda name: str(tmp_path / name))
    return tmp_path / "columnar" / "riverside"


@pytest.fixture
def students(at_riverside, northside, harbor):
    return [rows.student(northside), rows.student(harbor)]


def as_copied(kind):
    """Return the copy as plain rows, sorted."""
    frame = columnar.read(kind)
    dated = {name: frame[name].dt.date for name in frame if name.endswith("_on")}
    plain = frame.assign(**dated).astype(object)
    return sorted(map(repr, plain.where(plain.notna(), None).itertuples(index=False, name=None)))


def as_stored(kind):
    """Return the table as plain rows, sorted."""
    described = columnar.KINDS[kind]
    stored = described.model.every_version.values_list(*described.columns)
    return sorted(map(repr, stored))


def is_parity():
    return {kind: as_copied(kind) == as_stored(kind) for kind in columnar.KINDS} == dict.fromkeys(columnar.KINDS, True)


def some_facts(students, by):
    """Add facts of three kinds in two months."""
    one, other = students
    return [
        fact(AttendanceRecord, one, OCTOBER, upload=by),
        fact(AttendanceRecord, one, OCTOBER, upload=by, category="tardy", excused=True),
        fact(AttendanceRecord, other, NOVEMBER, upload=by, n_sessions=0.25),
        fact(GradeRecord, one, OCTOBER, upload=by, value=None, course='Art, "free"', term=" 1\n"),
        fact(GradeRecord, other, NOVEMBER, upload=by, value=1 / 3, credits_earned=0.5, core=True),
        fact(DisciplineIncident, other, OCTOBER, upload=by, days_removed=2.5),
    ]


def test_the_copy_equals_the_tables_after_every_way_of_changing_them(students, riverside):
    first, second = upload(riverside, "first.csv"), upload(riverside, "second.csv")
    absence, *_rest, incident = some_facts(students, first)
    after = [is_parity()]

    replace(absence, second, LATER, n_sessions=3.0)
    replace(incident, second, LATER)
    after.append(is_parity())
    take_back(second)
    after.append(is_parity())
    GradeRecord.objects.filter(awarded_on=NOVEMBER).delete()
    columnar.mark_stale(riverside, {"grades": [NOVEMBER]})
    after.append(is_parity())
    take_back(first)
    after.append(is_parity())

    assert after == [True] * 5
    assert not [part.stored_as for part in ColumnarPartition.objects.all() if part.stored_as]


def test_missing_values_and_odd_texts_read_as_they_were_stored(students, riverside):
    some_facts(students, upload(riverside, "first.csv"))

    grades = columnar.read("grades")

    assert grades["term"].tolist()[0] == " 1\n"
    assert grades["value"].isna().tolist() == [True, False]
    assert grades["value"].tolist()[1] == 1 / 3
    assert grades["core"].tolist() == [False, True]
    assert pd.api.types.is_datetime64_any_dtype(grades["replaced_on"])


def test_only_stale_months_are_written_anew(students, riverside):
    some_facts(students, None)
    n_first = columnar.refresh(riverside)
    before = dict(ColumnarPartition.objects.values_list("pk", "stored_as"))

    fact(AttendanceRecord, students[0], NOVEMBER)
    n_second = columnar.refresh(riverside)

    after = dict(ColumnarPartition.objects.values_list("pk", "stored_as"))
    [changed] = [key for key in after if after[key] != before[key]]
    rewritten = ColumnarPartition.objects.get(pk=changed)
    assert (n_first, n_second, columnar.refresh(riverside)) == (5, 1, 0)
    assert (rewritten.kind, rewritten.month, rewritten.n_rows) == ("attendance", dt.date(2025, 11, 1), 2)


def test_a_file_is_named_by_month_and_hash_of_its_bytes(students, riverside, files):
    some_facts(students, None)
    columnar.refresh(riverside)

    names = sorted(path.relative_to(files).as_posix() for path in files.glob("*/*"))

    assert len(names) == 5
    for name in names:
        digest = hashlib.sha256((files / name).read_bytes()).hexdigest()
        assert name.endswith(f"-{digest}.parquet")
    assert names[0].startswith("attendance/2025-10-")


def test_the_replaced_file_goes_with_the_commit_and_not_before(
    students, riverside, files, django_capture_on_commit_callbacks
):
    absence = fact(AttendanceRecord, students[0], OCTOBER)
    columnar.refresh(riverside)
    [before] = files.glob("attendance/*")

    with django_capture_on_commit_callbacks() as at_commit:
        fact(AttendanceRecord, absence.student, OCTOBER, category="tardy")
        columnar.refresh(riverside)
    until_commit = before.exists()
    for callback in at_commit:
        callback()

    assert until_commit
    assert not before.exists()
    assert len(list(files.glob("attendance/*"))) == 1


def lose(path):
    path.unlink()


def damage(path):
    path.write_bytes(path.read_bytes()[:-9])


def write_as_an_older_version(path):
    pd.read_parquet(path).drop(columns="replaced_on").to_parquet(path)


def write_in_the_order_of_an_older_version(path):
    table = pq.read_table(path)
    pq.write_table(table.replace_schema_metadata(None), path)


@pytest.mark.parametrize("harm", [lose, damage, write_as_an_older_version, write_in_the_order_of_an_older_version])
def test_a_lost_damaged_or_old_file_is_made_anew(students, caplog, harm):
    fact(AttendanceRecord, students[0], OCTOBER)
    [path] = columnar.paths("attendance")
    harm(path)

    with caplog.at_level(logging.WARNING, logger="students.records.columnar"):
        read = columnar.read("attendance")

    assert list(read.columns) == list(columnar.KINDS["attendance"].columns)
    assert len(read) == 1
    assert "1 files of the columnar copy of attendance are lost or old" in caplog.text


def test_of_some_students_little_else_is_read(students, monkeypatch):
    monkeypatch.setattr(columnar, "GROUP_ROWS", 2)
    one, other = students
    for day in (OCTOBER, OCTOBER + dt.timedelta(days=1), NOVEMBER):
        # By the time of writing their rows alternate.
        for student in students:
            fact(AttendanceRecord, student, day)
    copy = columnar.taken("attendance")

    parts = {
        "first": copy.of_students(None, other.pk),
        "last": copy.of_students(other.pk, None),
        "between": copy.of_students(one.pk, other.pk),
        "nobody": copy.of_students(other.pk + 1, None),
    }

    whole = copy.frame()
    of_one, of_other = (whole[whole["student_id"] == student.pk].reset_index(drop=True) for student in students)
    for name, expected in {"first": of_one, "last": of_other, "between": of_one, "nobody": whole.iloc[:0]}.items():
        pd.testing.assert_frame_equal(parts[name].frame().astype(object), expected.astype(object))
        assert sum(map(len, parts[name].frames(n_rows=1))) == len(expected)
    # October's four rows lie in two groups, each of one student; November's two in one of both.
    assert {name: part.n_rows for name, part in parts.items()} == {"first": 4, "last": 4, "between": 4, "nobody": 0}
    assert copy.n_rows == 6


def test_rows_written_without_a_mark_are_noticed_by_their_number(students, caplog):
    fact(AttendanceRecord, students[0], OCTOBER)
    columnar.read("attendance")
    unmarked = rows.sound(
        AttendanceRecord, institution=students[1].institution, student=students[1], school=students[1].school
    )

    with caplog.at_level(logging.WARNING, logger="students.records.columnar"):
        read = columnar.read("attendance")

    assert unmarked.student_id in set(read["student_id"])
    assert "is made anew" in caplog.text


def test_tables_filled_before_there_was_a_copy_are_found(students, riverside):
    some_facts(students, None)
    ColumnarPartition.objects.all().delete()

    columnar.mark_all(riverside)

    assert ColumnarPartition.objects.filter(is_stale=True).count() == 5
    assert is_parity()


def test_each_institution_has_files_of_its_own(students, riverside, elsewhere, ella):
    fact(AttendanceRecord, students[0], OCTOBER)
    with scope.entered(scope.of_institution(elsewhere)):
        fact(AttendanceRecord, ella, OCTOBER)
        theirs, their_rows = columnar.paths("attendance"), columnar.read("attendance")

    assert set(columnar.read("attendance")["student_id"]) == {students[0].pk}
    assert set(their_rows["student_id"]) == {ella.pk}
    assert {path.parts[-3] for path in theirs} == {"elsewhere"}


def test_who_sees_one_school_does_not_read_the_copy(students, riverside, northside):
    only_northside = scope.Scope(institution_id=riverside.pk, school_ids=(northside.pk,))

    with scope.entered(only_northside), pytest.raises(scope.ScopeMissing, match="holds every school"):
        columnar.read("attendance")


def test_what_nobody_names_any_more_is_swept_away_after_a_day(students, riverside, files):
    fact(AttendanceRecord, students[0], OCTOBER)
    columnar.refresh(riverside)
    old, young = files / "attendance" / "old.part", files / "attendance" / "young.part"
    for path in (old, young):
        path.write_bytes(b"left by a killed worker")
    long_ago = old.stat().st_mtime - columnar.ORPHANED_AFTER_SECONDS - 60
    os.utime(old, (long_ago, long_ago))

    columnar.refresh(riverside)

    assert not old.exists()
    assert young.exists()
    assert is_parity()


@pytest.mark.django_db(transaction=True)
def test_a_month_that_goes_stale_while_it_is_written_stays_stale(riverside, northside):
    def mark_from_elsewhere():
        with scope.entered(scope.of_institution(riverside)):
            columnar.mark_stale(riverside, {"attendance": [OCTOBER]})
        connection.close()

    with scope.entered(scope.of_institution(riverside)):
        fact(AttendanceRecord, rows.student(northside), OCTOBER)
    other = threading.Thread(target=mark_from_elsewhere)
    with scope.entered(scope.of_institution(riverside)):
        n_written = columnar.refresh(riverside)
        other.start()
        other.join(0.5)
        waits = other.is_alive()
    other.join()

    with scope.entered(scope.of_institution(riverside)):
        assert (n_written, waits) == (1, True)
        assert ColumnarPartition.objects.get().is_stale


def test_the_files_hold_the_columns_that_features_are_built_from():
    assert {name: set(kind.columns) for name, kind in columnar.KINDS.items()} == {
        name: set(COLUMNS[name]) for name in columnar.KINDS
    }


def test_paths_lie_within_the_portals_files(students, files):
    fact(AttendanceRecord, students[0], OCTOBER)

    assert [path.parent for path in columnar.paths("attendance")] == [Path(files) / "attendance"]
