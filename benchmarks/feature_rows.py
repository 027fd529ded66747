"""Made-up rows for the benchmark of features, straight into the tables by COPY."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import polars as pl

    from accounts.models import Institution
    from students.models import Upload

SLUG = "state"
AS_OF = dt.date(2026, 5, 15)
YEARS = (dt.date(2024, 9, 2), dt.date(2025, 9, 1))
SCHOOL_DAYS = 180
STUDENTS_PER_SCHOOL = 700
ABSENCES, GRADES_PER_TERM, N_GRADED_TERMS = 10, 4, 2
# Of every so many rows one was replaced a week later, and of so many stays one follows another.
REPLACED, MOVED, HELPED = 200, 10, 20
TERMS = (
    (2025, "1", "2024-09-02", "2025-01-17"),
    (2025, "2", "2025-01-20", "2025-06-13"),
    (2026, "1", "2025-09-01", "2026-01-16"),
    (2026, "2", "2026-01-19", "2026-06-12"),
)
GRADED = (("2", "2025-06-13"), ("1", "2026-01-16"))
PORTION = 1_000_000


def fill(n_students: int) -> None:
    """Make the tables, fill them, and write the columnar copy."""
    from django.core.management import call_command
    from django.db import connections

    from accounts import scope
    from students.records import columnar

    call_command("migrate", verbosity=0)
    institution, first_school = _institution(n_students)
    keys = {"institution": institution.pk, "upload": _upload(institution).pk, "school": first_school}
    by_day = _without_indexes()
    for table, frame in _tables(n_students, keys):
        _copy(table, frame)
    with connections["owner"].cursor() as cursor:
        for definition in (*by_day, "VACUUM ANALYZE"):
            cursor.execute(definition)
    with scope.entered(scope.of_institution(institution)):
        columnar.mark_all(institution)
    columnar.refresh(institution)


def _institution(n_students: int) -> tuple[Institution, int]:
    """Return a new institution with a calendar, terms and schools enough, and the first of them."""
    from accounts import scope
    from accounts.models import Institution, School

    institution = Institution.objects.create(slug=SLUG, name=SLUG)
    schools = School.objects.bulk_create(
        School(institution=institution, external_id=f"H{number:04}", name=f"School {number}")
        for number in range(n_students // STUDENTS_PER_SCHOOL + 1)
    )
    with scope.entered(scope.of_institution(institution)):
        _calendar(institution)
    return institution, schools[0].pk


def _calendar(institution: Institution) -> None:
    from students.models import SchoolDay, Term

    SchoolDay.objects.bulk_create(
        SchoolDay(institution=institution, held_on=first + dt.timedelta(days=number + number // 5 * 2))
        for first in YEARS
        for number in range(SCHOOL_DAYS)
    )
    Term.objects.bulk_create(
        Term(institution=institution, school_year=year, term=term, starts_on=starts_on, ends_on=ends_on)
        for year, term, starts_on, ends_on in TERMS
    )


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


def _tables(n_students: int, keys: dict[str, int]) -> Iterator[tuple[str, pl.DataFrame]]:
    """Yield each table's rows; `keys` are the institution, an upload and the first school."""
    yield "students_student", _students(n_students, keys)
    yield "students_enrolment", _stays(n_students, keys)
    yield "students_intervention", _help(n_students, keys)
    yield from (("students_attendancerecord", part) for part in _attendance(n_students, keys))
    yield from (("students_graderecord", part) for part in _grades(n_students, keys))
    yield from (("students_disciplineincident", part) for part in _incidents(n_students, keys))


def _owned(student: Any, keys: dict[str, int]) -> pl.DataFrame:
    """Return the columns of whose a row is, for students by their number from 0 on."""
    import polars as pl

    number = pl.Series(student)
    return pl.DataFrame({"student_id": number + 1, "school_id": number // STUDENTS_PER_SCHOOL + keys["school"]}).select(
        pl.lit(keys["institution"]).alias("institution_id"), "student_id", "school_id"
    )


def _versions(n: int, known_on: Any, keys: dict[str, int]) -> list[Any]:
    """Return the columns of when a fact was known, and replaced by what."""
    import polars as pl

    replaced = pl.int_range(n, eager=True) % REPLACED == 0
    known = pl.Series("known_on", known_on)
    return [
        known,
        pl.lit(keys["upload"]).alias("upload_id"),
        pl.DataFrame({"known": known, "is": replaced})
        .select(pl.when("is").then(pl.col("known").dt.offset_by("7d")))
        .to_series()
        .alias("replaced_on"),
        pl.DataFrame({"is": replaced}).select(pl.when("is").then(keys["upload"])).to_series().alias("replaced_by_id"),
    ]


def _students(n: int, keys: dict[str, int]) -> pl.DataFrame:
    import polars as pl

    from accounts.public_ids import new_public_id

    number = pl.int_range(n, eager=True)
    return pl.DataFrame(
        {
            "id": number + 1,
            "institution_id": keys["institution"],
            "public_id": [str(new_public_id()) for _ in range(n)],
            "external_id": "S" + number.cast(pl.String),
            "school_id": number // STUDENTS_PER_SCHOOL + keys["school"],
            "given_name": "Given",
            "family_name": "Family",
            "grade_level": (number % 4 + 9).cast(pl.String),
            "birth_on": dt.date(2008, 3, 4),
            "known_on": YEARS[0],
        }
    )


def _stays(n: int, keys: dict[str, int]) -> pl.DataFrame:
    """Return an open stay of each student, from the first or the second year on; some were elsewhere before."""
    import polars as pl

    number = pl.int_range(n, eager=True)
    grade = (number % 4 + 9).cast(pl.String).alias("grade_level")
    began = pl.DataFrame({"number": number}).select(
        entered_on=pl.when(pl.col("number") % 4 == 0).then(pl.lit(YEARS[1])).otherwise(pl.lit(YEARS[0]))
    )
    never = pl.lit(None, dtype=pl.Date)
    stays = _owned(number, keys).with_columns(
        grade, began["entered_on"], never.alias("exited_on"), exit_reason=pl.lit(""), exit_known_on=never
    )
    moved = number % MOVED == 1
    change = pl.lit(YEARS[1] + dt.timedelta(days=70))
    elsewhere = pl.lit(keys["school"], pl.Int64)
    before = stays.filter(moved).with_columns(exited_on=change, exit_known_on=change, school_id=elsewhere)
    after = stays.with_columns(entered_on=pl.when(moved).then(change).otherwise(pl.col("entered_on")))
    both = pl.concat([before, after])
    none = pl.lit(None, dtype=pl.Int64)
    return both.with_columns(
        pl.col("entered_on").alias("known_on"), never.alias("replaced_on"), none.alias("replaced_by_id")
    )


def _help(n: int, keys: dict[str, int]) -> pl.DataFrame:
    import polars as pl

    number = pl.int_range(0, n, HELPED, eager=True)
    helped = _owned(number, keys).drop("school_id")
    return helped.with_columns(
        pl.lit("mentor").alias("kind"),
        *[pl.lit("").alias(name) for name in ("goal", "owner", "result", "source_id")],
        pl.lit(dt.date(2026, 2, 2)).alias("started_on"),
        pl.lit(dt.date(2026, 2, 2)).alias("known_on"),
    )


def _attendance(n_students: int, keys: dict[str, int]) -> Iterator[pl.DataFrame]:
    """Yield absences and tardies on distinct days of each student, in the order of the days."""
    import numpy as np
    import polars as pl

    random = np.random.default_rng(1)
    n_days, n = len(YEARS) * SCHOOL_DAYS, ABSENCES * n_students
    drawn = random.permutation(np.unique(random.integers(0, n_days * n_students, int(n * 1.1) + 100)))[:n]
    drawn.sort()
    first = np.array(YEARS, dtype="datetime64[D]")
    for start in range(0, n, PORTION):
        chosen = drawn[start : start + PORTION]
        day, student = chosen // n_students, chosen % n_students
        in_year = day % SCHOOL_DAYS
        held_on = first[day // SCHOOL_DAYS] + in_year + in_year // 5 * 2
        yield (
            _owned(student, keys)
            .with_columns(
                pl.Series("held_on", held_on),
                category=pl.Series(np.where(chosen % 7 == 0, "tardy", "absent")),
                excused=pl.Series(chosen % 3 == 0),
                n_sessions=pl.Series(np.where(chosen % 11 == 0, 0.5, 1.0)),
            )
            .with_columns(*_versions(chosen.size, held_on + (chosen % 20 == 0), keys))
        )


def _grades(n_students: int, keys: dict[str, int]) -> Iterator[pl.DataFrame]:
    """Yield the report cards of every student, term after term."""
    import numpy as np
    import polars as pl

    random = np.random.default_rng(2)
    students_at_once = PORTION // GRADES_PER_TERM
    for term, awarded_on in GRADED:
        for start in range(0, n_students, students_at_once):
            student = np.repeat(np.arange(start, min(start + students_at_once, n_students)), GRADES_PER_TERM)
            value = random.integers(350, 1001, student.size) / 10
            tried = np.where(random.random(student.size) < 0.1, np.nan, 0.5)
            awarded = pl.Series("awarded_on", np.full(student.size, awarded_on, dtype="datetime64[D]"))
            yield (
                _owned(student, keys)
                .with_columns(
                    awarded,
                    course="Course " + pl.Series(np.arange(student.size) % GRADES_PER_TERM).cast(pl.String),
                    term=pl.lit(term),
                    value=pl.Series(value),
                    scale_max=pl.lit(100.0),
                    credits_attempted=pl.Series(tried).fill_nan(None),
                    credits_earned=pl.Series(np.where(value >= 60, tried, tried * 0)).fill_nan(None),
                    core=pl.Series(np.arange(student.size) % GRADES_PER_TERM != 0),
                    source_id=pl.lit(""),
                )
                .with_columns(*_versions(student.size, awarded, keys))
            )


def _incidents(n_students: int, keys: dict[str, int]) -> Iterator[pl.DataFrame]:
    import numpy as np
    import polars as pl

    random = np.random.default_rng(3)
    for start in range(0, n_students, PORTION):
        n = min(PORTION, n_students - start)
        # Few students have many: a power of a uniform number crowds near zero.
        student = (random.random(n) ** 1.2 * n_students).astype(np.int64)
        happened_on = np.datetime64(YEARS[1]) + random.integers(0, 250, n)
        yield (
            _owned(student, keys)
            .with_columns(
                pl.Series("happened_on", happened_on),
                *[pl.lit(name).alias(name) for name in ("code", "action", "source_id")],
                days_removed=pl.Series(random.choice([0.0, 0.0, 1.0, 3.0], n)),
            )
            .with_columns(*_versions(n, happened_on, keys))
        )


def _copy(table: str, frame: pl.DataFrame) -> None:
    """Send rows to a table; nothing between two commas is NULL, "" an empty text."""
    from django.db import connections, transaction

    columns = ", ".join(frame.columns)
    lines = frame.write_csv(include_header=False, quote_style="non_numeric").encode()
    with (
        transaction.atomic(using="owner"),
        connections["owner"].cursor() as cursor,
        cursor.copy(f"COPY {table} ({columns}) FROM STDIN (FORMAT csv)") as copy,
    ):
        copy.write(lines)


def _without_indexes() -> list[str]:
    """Drop what slows a COPY down; return the statements that make the indexes by day again."""
    from django.db import connections

    with connections["owner"].cursor() as cursor:
        cursor.execute(
            # A unique index that keys rest on stays.
            "SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname) FROM pg_constraint one"
            " WHERE conrelid::regclass::text LIKE 'students\\_%'"
            " AND conrelid::regclass::text <> 'students_columnarpartition'"
            " AND (contype = 'f' OR contype = 'u' AND NOT EXISTS"
            " (SELECT FROM pg_constraint other WHERE other.contype = 'f' AND other.conindid = one.conindid))"
        )
        drops = [text for (text,) in cursor.fetchall()]
        for drop in drops:
            cursor.execute(drop)
        cursor.execute(
            "SELECT format('DROP INDEX %%I', indexname), indexname, indexdef FROM pg_indexes"
            " WHERE tablename = ANY(%s) AND indexname NOT LIKE '%%_pkey'",
            [["students_attendancerecord", "students_graderecord", "students_disciplineincident"]],
        )
        found = cursor.fetchall()
        for drop, _name, _definition in found:
            cursor.execute(drop)
    return [definition for _drop, name, definition in found if name.endswith("_by_day")]
