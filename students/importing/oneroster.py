"""Read a OneRoster bundle, version 1.1 or 1.2, full or changes only, as rows of the portal's kinds of record."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import polars as pl

from students.importing import oneroster_demographics
from students.importing.batch_ledger import BatchLedger
from students.importing.batches import Batch, Options, Report
from students.importing.containers import Container
from students.importing.oneroster_bundle import Bundle
from students.importing.oneroster_class_enrolments import ClassEnrolments
from students.importing.oneroster_enrolments import enrolments
from students.importing.oneroster_extras import Extras
from students.importing.oneroster_grades import Classes, Grades
from students.importing.oneroster_schools import Schools
from students.importing.oneroster_sessions import Sessions
from students.importing.oneroster_students import Students

# Rows of one batch where a table is handed on that was gathered whole.
_ROWS_OF_A_BATCH = 50_000


class OneRosterReader:
    """A OneRoster bundle, opened. A student's number is the ``sourcedId``: it stays the same from file to file.

    Attributes
    ----------
    complete : frozenset of str
        The kinds whose files the manifest calls "bulk".
    since : date or None
        The first day of the earliest term that the classes of the bundle name, once `batches` has begun: a full file
        holds the records of its own terms and says nothing of the years before.
    """

    format = "oneroster"

    def __init__(self, container: Container, options: Options) -> None:
        self.report = Report(notes=list(container.notes))
        self.since: date | None = None
        self._options = options
        self._members = container.members
        self._ledger = BatchLedger()
        self._bundle = Bundle(container, report=self.report, ledger=self._ledger)
        self._extras = Extras(self._bundle, options=options, ledger=self._ledger, report=self.report)
        self.complete = self._complete()

    def _complete(self) -> frozenset[str]:
        bundle = self._bundle
        roles = ["roles"] if bundle.is_there("roles") else []
        classes = ["enrollments"] if bundle.is_there("enrollments") else []
        sources = {
            "schools": ["orgs"],
            "terms": ["academicSessions"],
            "students": ["users", *roles],
            "enrolments": ["users", *roles, *classes],
            "protected": ["demographics"],
            "grades": ["results"],
        }
        if self._options.is_complete is None:
            whole = {kind for kind, files in sources.items() if bundle.is_whole(*files)}
            return frozenset(whole | self._extras.whole)
        there = {kind for kind, files in sources.items() if all(bundle.is_there(file) for file in files)}
        return frozenset(there | self._extras.kinds) if self._options.is_complete else frozenset()

    def batches(self) -> Iterator[Batch]:
        """Yield schools, terms and students, then their enrolments, protected attributes, grades and our own files.

        :raises FileRefused: if a file of the bundle cannot be read at all
        """
        bundle, ledger, today = self._bundle, self._ledger, self._options.today
        schools = Schools(bundle, ledger=ledger)
        if bundle.is_there("orgs"):
            yield ledger.batch("schools", schools.rows)
        sessions = Sessions(bundle, ledger=ledger, today=today)
        if bundle.is_there("academicSessions"):
            yield ledger.batch("terms", sessions.terms())
        students = Students(
            bundle,
            schools=schools,
            ledger=ledger,
            report=self.report,
            today=today,
            keeps_identifiers=self._extras.has_facts,
        )
        yield from self._extras.calendar()
        yield from students.batches(births=oneroster_demographics.births(bundle))
        classes = Classes(bundle, schools=schools, sessions=sessions)
        self.since = classes.begin_on
        pupils = students.pupils
        known = pupils.select("who") if bundle.is_whole("users") else None
        gathered = self._gathered(students, known, schools=schools, classes=classes)
        year_start = sessions.year_start if students.is_whole else None
        yield from self._enrolments(students, pupils, gathered, year_start=year_start)
        yield from oneroster_demographics.protected(
            bundle, students=known, today=today, ledger=ledger, report=self.report
        )
        yield from Grades(bundle, classes=classes, sessions=sessions, ledger=ledger, report=self.report).batches()
        yield from self._extras.facts(numbers=students.identifiers, schools=schools)
        yield from ledger.rest("grades", n_bytes_of_all=sum(member.size for member in self._members))

    def _gathered(
        self, students: Students, known: pl.DataFrame | None, *, schools: Schools, classes: Classes
    ) -> pl.DataFrame | None:
        """Return the class enrolments of each student and school, if the bundle holds all of them."""
        if not self._bundle.is_whole("enrollments"):
            return None
        of_classes = ClassEnrolments(
            schools=schools, class_ends=classes.ends, students=known, today=self._options.today
        )
        of_classes.gather(self._bundle, ledger=self._ledger)
        if students.is_whole:
            return of_classes.frame()
        # Who did not change is where they were; only the classes of those who did count.
        return of_classes.frame().join(students.places, on=["who", "school"], how="semi")

    def _enrolments(
        self, students: Students, pupils: pl.DataFrame, gathered: pl.DataFrame | None, *, year_start: date | None
    ) -> Iterator[Batch]:
        rows, n_others = enrolments(students.places, gathered, today=self._options.today, year_start=year_start)
        if n_others:
            self.report.notes.append(
                f"Students at more than one school at once: {n_others}. Only their main school was read."
            )
        rows = rows.join(pupils, on="who", how="left").drop("who")
        for is_of_classes, file in ((False, students.file), (True, self._bundle.file("enrollments"))):
            of_file = rows.filter(pl.col("is_of_classes") == is_of_classes).drop("is_of_classes").sort("line")
            for some in of_file.iter_slices(_ROWS_OF_A_BATCH):
                yield self._ledger.batch(
                    "enrolments",
                    some.with_columns(pl.col("school_id", "grade_level").cast(pl.String()), pl.lit(file).alias("file")),
                )
