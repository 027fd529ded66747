"""Measure how fast a file comes in, beside raw COPY of the same rows, and print one JSON line.

    python -m benchmarks.import_rates --students 100000 --absences 1000000

A zip of students, enrolments and a year's absences, sorted by day, is read, typed, staged, checked, compared and merged
as the worker does it, in a throw-away PostgreSQL that does not sync. The same rows, ids and all, go by COPY into the
same empty tables with all their indexes and constraints, as their owner; and a small sample goes Django's way: csv,
objects, bulk_create with update_conflicts. Files come twice: new, and then unchanged. Rates count rows of all kinds.
"""

from __future__ import annotations

import argparse
import csv
import datetime as dt
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dropout_portal.local_services import LocalServices

if TYPE_CHECKING:
    from django.db.models import Model

    from accounts.models import Institution
    from students.models import Upload

STUDENTS_PER_SCHOOL = 700
SCHOOL_DAYS = 180
FIRST_DAY = "2024-09-02"
KINDS = ("students", "enrolments", "attendance")
TABLES = {
    "students": "students_student (id, institution_id, public_id, external_id, school_id, given_name, family_name,"
    " grade_level, birth_on, known_on, upload_id)",
    "enrolments": "students_enrolment (institution_id, student_id, school_id, grade_level, entered_on, exit_reason,"
    " known_on, upload_id)",
    "attendance": "students_attendancerecord (institution_id, student_id, school_id, held_on, category, excused,"
    " n_sessions, known_on, upload_id)",
}
# Rates of Django's way do not depend on the size, and a million rows of it would take minutes.
SAMPLE_STUDENTS, SAMPLE_ABSENCES = 2_000, 20_000
PIECE = 8 * 1024**2


def main() -> None:
    """Measure and print."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--students", type=int, default=100_000)
    asked.add_argument("--absences", type=int, default=1_000_000)
    asked.add_argument("--keys", help=argparse.SUPPRESS)
    asked.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    given = asked.parse_args()
    if given.keys:
        write_files(given.folder, given.students, given.absences, json.loads(given.keys))
        return
    with LocalServices() as services, tempfile.TemporaryDirectory(dir="/var/tmp") as folder:  # noqa: S108
        os.environ.update(services.environment(), PORTAL_TESTING="1", SECRET_KEY="for-benchmarks-only-" * 3)
        os.environ.update(DJANGO_SETTINGS_MODULE="dropout_portal.settings", FILES_DIR=folder, OMP_NUM_THREADS="1")
        print(json.dumps(measured(Path(folder), given.students, given.absences)))


def measured(folder: Path, n_students: int, n_absences: int) -> dict[str, Any]:
    """Return all rates of one run."""
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    institution, first_school = _institution("state", n_students)
    upload = _upload(institution)
    keys = json.dumps({"institution": institution.pk, "upload": upload.pk, "first_school": first_school})
    sizes = ["--students", str(n_students), "--absences", str(n_absences)]
    # In a process of its own, so that the memory it takes is not counted as the worker's.
    command = [sys.executable, "-m", "benchmarks.import_rates", *sizes, "--keys", keys, "--folder", str(folder)]
    subprocess.run(command, check=True)
    raw = _raw_copy(folder)
    new = _imported(folder / "records.zip", institution, upload)
    unchanged = _imported(folder / "records.zip", institution, upload)
    bulk = _by_django(folder / "sample", _institution("district", SAMPLE_STUDENTS)[0])
    n_rows = 2 * n_students + n_absences
    return {
        "students": n_students,
        "absences": n_absences,
        "raw_copy": {"seconds": round(raw, 2), "rows_per_second": round(n_rows / raw)},
        "new": _against(new, raw, n_rows),
        "unchanged": _against(unchanged, raw, n_rows),
        "django_rows_per_second": {name: round(rate) for name, rate in bulk.items()},
        "new_over_django": round(n_rows / new["all"] / bulk["new"], 1),
        "unchanged_over_django": round(n_rows / unchanged["all"] / bulk["unchanged"], 1),
        "peak_megabytes": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "load": [round(load, 1) for load in os.getloadavg()],
    }


def write_files(folder: Path, n_students: int, n_absences: int, keys: dict[str, int]) -> None:
    """Write the zip that is imported, beside it the same rows as the tables hold them, and a small sample."""
    (folder / "sample").mkdir()
    for kind, frame, _stored in _frames(SAMPLE_STUDENTS, SAMPLE_ABSENCES, keys):
        frame.write_csv(folder / "sample" / f"{kind}.csv")
    for kind, frame, stored in _frames(n_students, n_absences, keys):
        frame.write_csv(folder / f"{kind}.csv")
        stored.write_csv(folder / f"{kind}.stored", include_header=False)
    with zipfile.ZipFile(folder / "records.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for kind in KINDS:
            archive.write(folder / f"{kind}.csv", f"{kind}.csv")


def _frames(n_students: int, n_absences: int, keys: dict[str, int]) -> Iterator[tuple[str, Any, Any]]:
    import polars as pl

    from accounts.public_ids import new_public_id

    number = pl.int_range(n_students, eager=True)
    school = number // STUDENTS_PER_SCHOOL
    student_id = "S" + (number + 1).cast(pl.String).str.zfill(8)
    school_id = "H" + (school + 1).cast(pl.String).str.zfill(4)
    names = pl.DataFrame({"student_id": student_id}).with_columns(
        given_name="Given" + (number % 997).cast(pl.String),
        family_name="Family" + (number % 4999).cast(pl.String),
        birth_on=pl.lit("2008-03-04").str.to_date(),
    )
    first = pl.lit(FIRST_DAY).str.to_date().alias("day")
    owned = [pl.lit(keys["institution"]).alias("institution")]
    brought = pl.lit(keys["upload"]).alias("upload")
    people = pl.DataFrame({"pk": number + 1, "school": school + keys["first_school"], "ref": student_id})
    public_ids = pl.Series("public_id", [str(new_public_id()) for _ in range(n_students)])
    stored = people.with_columns(public_ids, names["given_name"], names["family_name"], names["birth_on"])
    names_stored = ("public_id", "ref", "school", "given_name", "family_name")
    yield (
        "students",
        names,
        stored.select("pk", *owned, *names_stored, pl.lit("9").alias("level"), "birth_on", first, brought),
    )
    enrolled = pl.DataFrame({"student_id": student_id, "school_id": school_id}).with_columns(
        pl.lit("9").alias("grade_level"), first.alias("entered_on")
    )
    level_and_days = (pl.lit("9").alias("level"), first, pl.lit("").alias("reason"), first.alias("known"), brought)
    yield "enrolments", enrolled, people.select(*owned, "pk", "school", *level_and_days)
    yield ("attendance", *_absences(people.with_columns(school_id), n_absences, owned, brought))


def _absences(people: Any, n_absences: int, owned: list[Any], brought: Any) -> tuple[Any, Any]:
    """Return absences on distinct days of each student, in the order of the days."""
    import numpy as np
    import polars as pl

    n_students = people.height
    drawn = np.random.default_rng(1).permutation(np.unique(_drawn(n_students * SCHOOL_DAYS, n_absences)))[:n_absences]
    drawn = np.sort((drawn % SCHOOL_DAYS) * n_students + drawn // SCHOOL_DAYS)
    day, student = drawn // n_students, drawn % n_students
    held_on = pl.Series("held_on", np.datetime64(FIRST_DAY) + day + (day // 5) * 2)
    told = people[student].with_columns(
        held_on,
        category=pl.Series(np.where(drawn % 7 == 0, "tardy", "absent")),
        excused=pl.Series(drawn % 3 == 0),
        n_sessions=pl.lit(1.0),
    )
    columns = ("held_on", "category", "excused", "n_sessions")
    file = told.select(pl.col("ref").alias("student_id"), pl.col("literal").alias("school_id"), *columns)
    return file, told.select(*owned, "pk", "school", *columns, pl.col("held_on").alias("known"), brought)


def _drawn(n_places: int, n: int) -> Any:
    import numpy as np

    return np.random.default_rng(2).integers(0, n_places, size=int(n * 1.6) + 100)


def _institution(slug: str, n_students: int) -> tuple[Institution, int]:
    """Return a new institution with schools enough, and the first of them."""
    from accounts.models import Institution, School

    institution = Institution.objects.create(slug=slug, name=slug)
    n_schools = n_students // STUDENTS_PER_SCHOOL + 1
    made = School.objects.bulk_create(
        School(institution=institution, external_id=f"H{number:04}", name=f"School {number}")
        for number in range(1, n_schools + 1)
    )
    return institution, made[0].pk


def _upload(institution: Institution) -> Upload:
    from django.utils import timezone

    from accounts import scope
    from jobs import queue
    from students.models import Upload

    now = timezone.now()
    with scope.entered(scope.of_institution(institution)):
        job, _is_new = queue.enqueue(
            institution=institution, task="students.check_upload", idempotency_key="1", by=None, now=now, wakes=False
        )
        return Upload.objects.create(
            institution=institution, job=job, filename="records.zip", created_at=now, stored_as="records.zip"
        )


def _raw_copy(folder: Path) -> float:
    from django.db import connections, transaction

    owner = connections["owner"]
    started = time.perf_counter()
    with transaction.atomic(using="owner"), owner.cursor() as cursor:
        for kind, columns in TABLES.items():
            with (
                cursor.copy(f"COPY {columns} FROM STDIN (FORMAT csv)") as copy,
                (folder / f"{kind}.stored").open("rb") as stored,
            ):
                while piece := stored.read(PIECE):
                    copy.write(piece)
    seconds = time.perf_counter() - started
    with owner.cursor() as cursor:
        cursor.execute("TRUNCATE students_student CASCADE")
    return seconds


def _imported(path: Path, institution: Institution, upload: Upload) -> dict[str, float]:
    """Import the file as the worker does; return the seconds of each step and of all."""
    from django.utils import timezone

    from accounts import scope
    from students.changes import database_checks, difference, merging
    from students.changes.staging import Context, Staging
    from students.import_sql import open_questions
    from students.importing import containers, formats, typed_records
    from students.importing.batches import Options
    from students.importing.meaning import Meaning
    from students.importing.student_numbers import Numbers
    from students.outcomes import exit_code_map
    from students.uploads import sources

    now, seconds = timezone.now(), dict[str, float]()
    with _timed(seconds, "all"), scope.entered(scope.of_institution(institution)), Staging() as staging:
        with _timed(seconds, "read"):
            container = containers.opened(path, "records.zip")
            recognised = formats.recognise(container, schemas={}, mappings={})
            reader = formats.reader_for(recognised, container, Options(today=institution.day_of(now)))
            typing = typed_records.RowParser(today=institution.day_of(now), rules={}, report=reader.report)
            numbers = Numbers({}, known=sources.student_numbers)
            meaning = Meaning({}, numbers=numbers, codes=exit_code_map.in_scope())
            for read in reader.batches():
                batch = meaning.applied(read)
                staging.add(typing.typed(batch), batch)
        context = Context(institution=institution, upload=upload, by=None, now=now, source="records.zip")
        with _timed(seconds, "ask"):
            if asked := open_questions.settled(staging, context, meaning):
                raise SystemExit(f"A file without any doubt is asked about: {asked}")
        with _timed(seconds, "check"):
            database_checks.check(staging, context)
        with _timed(seconds, "compare"):
            found = difference.compare(staging, context)
        with _timed(seconds, "merge"):
            merging.merge(staging, found, context)
        if found.bad_share:
            raise SystemExit(f"{staging.n_faults()} faults in a file without any: {staging.faults(3)}")
    return seconds


def _by_django(folder: Path, institution: Institution) -> dict[str, float]:
    """Return the rows per second of reading the sample with csv and storing it with bulk_create: new, and once more."""
    from accounts import scope

    rates = {}
    for name in ("new", "unchanged"):
        started = time.perf_counter()
        # The foreign keys of what it adds are checked at the commit.
        with scope.entered(scope.of_institution(institution)):
            n_rows = _upserted(folder, institution)
        rates[name] = n_rows / (time.perf_counter() - started)
    return rates


def _upserted(folder: Path, institution: Institution) -> int:
    from students.models import AttendanceRecord, Enrolment, Student

    first, known = dt.date.fromisoformat(FIRST_DAY), {"institution": institution}
    schools = dict(institution.schools.values_list("external_id", "pk"))
    told = {row["student_id"]: row for row in _rows(folder / "enrolments.csv")}
    students = [
        Student(
            **known,
            external_id=row["student_id"],
            school_id=schools[told[row["student_id"]]["school_id"]],
            given_name=row["given_name"],
            family_name=row["family_name"],
            birth_on=dt.date.fromisoformat(row["birth_on"]),
            known_on=first,
        )
        for row in _rows(folder / "students.csv")
    ]
    _upsert(Student, students, key=("institution", "external_id"), changing=("given_name", "family_name", "birth_on"))
    ids = dict(Student.objects.values_list("external_id", "pk"))
    enrolments = [
        Enrolment(
            **known,
            student_id=ids[row["student_id"]],
            school_id=schools[row["school_id"]],
            grade_level=row["grade_level"],
            entered_on=dt.date.fromisoformat(row["entered_on"]),
            known_on=dt.date.fromisoformat(row["entered_on"]),
        )
        for row in told.values()
    ]
    key = ("student", "school", "entered_on", "replaced_by")
    _upsert(Enrolment, enrolments, key=key, changing=("grade_level", "exited_on", "exit_reason"))
    absences = [
        AttendanceRecord(
            **known,
            student_id=ids[row["student_id"]],
            school_id=schools[row["school_id"]],
            held_on=(day := dt.date.fromisoformat(row["held_on"])),
            category=row["category"],
            excused=row["excused"] == "true",
            n_sessions=float(row["n_sessions"]),
            known_on=day,
        )
        for row in _rows(folder / "attendance.csv")
    ]
    key = ("student", "held_on", "category", "replaced_by")
    _upsert(AttendanceRecord, absences, key=key, changing=("school", "excused", "n_sessions"))
    return len(students) + len(enrolments) + len(absences)


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(newline="") as file:
        yield from csv.DictReader(file)


def _upsert(model: type[Model], rows: list[Any], *, key: tuple[str, ...], changing: tuple[str, ...]) -> None:
    model._default_manager.bulk_create(
        rows, batch_size=1000, update_conflicts=True, unique_fields=list(key), update_fields=list(changing)
    )


@contextmanager
def _timed(seconds: dict[str, float], step: str) -> Iterator[None]:
    started = time.perf_counter()
    yield
    seconds[step] = time.perf_counter() - started


def _against(seconds: dict[str, float], raw: float, n_rows: int) -> dict[str, Any]:
    return {
        "seconds": {step: round(taken, 2) for step, taken in seconds.items()},
        "rows_per_second": round(n_rows / seconds["all"]),
        "of_raw_copy": round(raw / seconds["all"], 2),
    }


if __name__ == "__main__":
    main()
