"""Who is a student in a OneRoster bundle, and at which schools: users.csv, with roles.csv since version 1.2."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import polars as pl

from students.importing import dates
from students.importing.batch_ledger import BatchLedger, faults_of
from students.importing.batches import Batch, Report
from students.importing.file_errors import file_refused
from students.importing.oneroster_bundle import Bundle, Part, who
from students.importing.oneroster_schools import Schools
from students.importing.school_words import short_level

ROLES = (
    *("aide", "counselor", "districtAdministrator", "guardian", "parent", "principal", "proctor", "relative"),
    *("siteAdministrator", "student", "systemAdministrator", "teacher", "administrator"),
)
_PLACE = pl.Schema(
    {
        "who": pl.UInt64(),
        "student_id": pl.String(),
        "school": pl.Categorical(),
        "begin": pl.Date(),
        "end": pl.Date(),
        "rank": pl.UInt32(),
        "line": pl.Int64(),
    }
)
_HEADERS = {
    "student_id": "sourcedId",
    "given_name": "givenName",
    "family_name": "familyName",
    "birth_on": "birthDate",
}


class Students:
    """The students of a bundle and the schools they belong to.

    Attributes
    ----------
    places : DataFrame, one row per student and school (and role, since 1.2)
        ``student_id``, ``school``, ``begin`` and ``end`` of the role (Date; the end is the day after the last),
        ``rank`` (the lowest is the student's main school), ``line``. Complete once `batches` has ended.
    pupils : DataFrame, one row per student
        ``who`` and ``grade_level``; the same holds.
    identifiers : DataFrame
        ``student_id`` and ``identifier`` (String) of all students, if they are kept.
    """

    def __init__(
        self,
        bundle: Bundle,
        *,
        schools: Schools,
        ledger: BatchLedger,
        report: Report,
        today: date,
        keeps_identifiers: bool,
    ) -> None:
        self._keeps_identifiers = keeps_identifiers
        self._bundle = bundle
        self._schools = schools
        self._ledger = ledger
        self._report = report
        self._today = today
        self.has_roles = bundle.is_there("roles")
        self.file = bundle.file("roles" if self.has_roles else "users")
        if bundle.is_there("users") and not self.has_roles and not bundle.has_column("users", "role"):
            raise file_refused("oneroster_no_roles", value=bundle.file("users"))
        self._places: list[pl.DataFrame] = []
        self._pupils: list[pl.DataFrame] = []
        self._identifiers: list[pl.DataFrame] = []

    @property
    def is_whole(self) -> bool:
        """Return whether the bundle holds all students with all their schools."""
        return self._bundle.is_whole("users", *(["roles"] if self.has_roles else []))

    @property
    def places(self) -> pl.DataFrame:
        """Return what is known so far of who is where."""
        return pl.concat([pl.DataFrame(schema=_PLACE), *self._places])

    @property
    def pupils(self) -> pl.DataFrame:
        """Return the students met so far."""
        schema = {"who": pl.UInt64(), "grade_level": pl.Categorical()}
        return pl.concat([pl.DataFrame(schema=schema), *self._pupils]).unique("who", keep="last")

    @property
    def identifiers(self) -> pl.DataFrame:
        """Return by which numbers people know the students met so far."""
        schema = dict.fromkeys(("student_id", "identifier"), pl.String())
        return pl.concat([pl.DataFrame(schema=schema), *self._identifiers]).unique("student_id", keep="last")

    def batches(self, *, births: pl.DataFrame) -> Iterator[Batch]:
        """Yield the students.

        Parameters
        ----------
        births : DataFrame
            ``who`` and ``birth_on`` (String) of whom demographics.csv tells.
        """
        if self.has_roles:
            self._read_roles()
        with_role = self.places.select("who").unique()
        for part in self._bundle.parts("users"):
            rows = self._with_a_student_role(part, with_role) if self.has_roles else self._with_a_school(part)
            self._pupils.append(rows.select("who", pl.col("grade_level").cast(pl.Categorical())))
            if self._keeps_identifiers:
                self._identifiers.append(rows.select("student_id", "identifier"))
            rows = rows.join(births, on="who", how="left", maintain_order="left").select(
                "student_id",
                pl.coalesce("preferredGivenName", "givenName").alias("given_name"),
                pl.coalesce("preferredFamilyName", "familyName").alias("family_name"),
                "birth_on",
                pl.lit(part.file).alias("file"),
                "line",
            )
            yield self._ledger.batch("students", rows, headers=_HEADERS)

    def _with_a_student_role(self, part: Part, with_role: pl.DataFrame) -> pl.DataFrame:
        rows, gone = _named(part.rows), _named(part.gone)
        self._removed(gone["student_id"])
        is_student = pl.col("is_student").fill_null(value=False)
        if not self._bundle.is_whole("roles"):
            # A file of changes repeats no role that did not change; of all people only students have grades.
            is_student |= pl.col("grade_level").is_not_null()
        marked = rows.join(
            with_role.with_columns(pl.lit(value=True).alias("is_student")),
            on="who",
            how="left",
            maintain_order="left",
        )
        return marked.filter(is_student)

    def _with_a_school(self, part: Part) -> pl.DataFrame:
        rows = _of_students(part.rows, file=part.file, ledger=self._ledger)
        self._removed(_named(part.gone).filter(pl.col("role").str.to_lowercase() == "student")["student_id"])
        listed = (
            _named(rows)
            .select("who", "student_id", "line", pl.col("orgSourcedIds").fill_null("").str.split(",").alias("org"))
            .with_columns(pl.int_ranges(pl.col("org").list.len(), dtype=pl.UInt32()).alias("rank"))
            .explode("org", "rank")
            .with_columns(pl.col("org").str.strip_chars())
        )
        placed = self._schools.located(listed, "org")
        # Where the bundle does not say what these are, one of them may be the district: the portal knows the school.
        is_open = ~pl.col("is_listed") & pl.col("school").is_not_null() & (pl.len().over("line") > 1)
        left_open = placed.filter(is_open)
        at_schools = placed.filter(pl.col("school").is_not_null() & ~is_open)
        kept = pl.concat([at_schools, left_open]).select("line").unique()
        # A district beside a school is no harm; a student who is nowhere else cannot be kept.
        nowhere = placed.join(kept, on="line", how="anti", maintain_order="left")
        first = nowhere.unique("line", keep="first", maintain_order=True).rename({"org": "orgSourcedIds"})
        self._ledger.note(faults=self._schools.faults(first, file=part.file, column="orgSourcedIds"))
        no_days = [pl.lit(None, dtype=pl.Date()).alias(name) for name in ("begin", "end")]
        at_schools = at_schools.unique(["student_id", "school"], keep="first", maintain_order=True)
        self._places.append(at_schools.with_columns(no_days).select(list(_PLACE)).cast(_PLACE))
        return _named(rows).join(kept, on="line", how="semi", maintain_order="left")

    def _read_roles(self) -> None:
        for part in self._bundle.parts("roles"):
            for rows, has_ended in ((part.rows, False), (part.gone, True)):
                of_students = _of_students(rows, file=part.file, ledger=self._ledger)
                self._places.append(self._roles(of_students, file=part.file, has_ended=has_ended))

    def _roles(self, rows: pl.DataFrame, *, file: str, has_ended: bool) -> pl.DataFrame:
        placed = self._schools.located(rows, "orgSourcedId")
        nowhere = placed.filter(pl.col("school").is_null())
        self._ledger.note(faults=self._schools.faults(nowhere, file=file, column="orgSourcedId"))
        placed = placed.filter(pl.col("school").is_not_null())
        for column, day in (("beginDate", "begin"), ("endDate", "end"), ("dateLastModified", "modified")):
            days = dates.iso_days(placed[column].str.slice(0, 10)).alias(day)
            wrong = placed.filter(days.is_null() & placed[column].is_not_null())
            self._ledger.note(faults=faults_of(wrong, file=file, column=column, value=column, problem="not_a_date"))
            placed = placed.with_columns(days)
        if has_ended:
            placed = placed.with_columns(pl.coalesce("end", "modified", pl.lit(self._today)).alias("end"))
        is_main = pl.col("roleType").str.to_lowercase().fill_null("primary") == "primary"
        return (
            placed.with_columns(
                who("userSourcedId"),
                pl.col("userSourcedId").alias("student_id"),
                (~is_main).cast(pl.UInt32()).alias("rank"),
            )
            .select(list(_PLACE))
            .cast(_PLACE)
        )

    def _removed(self, ids: pl.Series) -> None:
        if len(ids):
            self._report.removed.setdefault("students", []).extend(ids.drop_nulls().to_list())


def _named(rows: pl.DataFrame) -> pl.DataFrame:
    # "09,10": the first is the present one; more than one is rare and says nothing else.
    first_grade = pl.col("grades").str.split(",").list.first()
    student_id = pl.col("sourcedId").alias("student_id")
    return rows.with_columns(who("sourcedId"), student_id, short_level(first_grade).alias("grade_level"))


def _of_students(rows: pl.DataFrame, *, file: str, ledger: BatchLedger) -> pl.DataFrame:
    """Return the rows whose role is student; a role that the standard does not know is a fault."""
    role = pl.col("role").str.to_lowercase().fill_null("")
    known = [name.lower() for name in ROLES]
    unknown = rows.filter(~role.is_in(known) & ~role.str.starts_with("ext:"))
    allowed = ", ".join(sorted(ROLES))
    ledger.note(
        faults=faults_of(unknown, file=file, column="role", value="role", problem="not_allowed", allowed=allowed)
    )
    return rows.filter(role == "student")
