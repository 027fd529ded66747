"""Read an Ed-Fi export, the resources of its API as JSON or CSV, as rows of the portal's kinds of record."""

from __future__ import annotations

from collections.abc import Iterator
from types import MappingProxyType

from students.importing import edfi_attendance, edfi_discipline, edfi_enrolments, edfi_people
from students.importing.batch_ledger import BatchLedger
from students.importing.batches import Batch, Options, Report
from students.importing.containers import Container
from students.importing.edfi_attendance import attendance
from students.importing.edfi_calendar import Calendar
from students.importing.edfi_discipline import discipline
from students.importing.edfi_enrolments import Enrolments
from students.importing.edfi_grades import Grades
from students.importing.edfi_resources import Resources

_SOURCES = MappingProxyType(
    {
        "schools": {"schools"},
        "terms": {"sessions", "gradingPeriods"},
        "school_days": {"calendarDates"},
        "students": {"students"},
        "enrolments": {edfi_enrolments.NAME},
        "protected": {"studentEducationOrganizationAssociations"},
        "attendance": {edfi_attendance.NAME},
        "grades": {"grades", "courseTranscripts"},
        "discipline": {edfi_discipline.BEHAVIORS, edfi_discipline.OLDER_BEHAVIORS, edfi_discipline.ACTIONS},
    }
)


class EdFiReader:
    """An Ed-Fi export, opened.

    ``line`` of a row is the line of a CSV, and the position in the list of a JSON file, the first being 1.

    Attributes
    ----------
    complete : frozenset of str
        Empty unless the options say that the file is complete: a query of the API may have asked for anything.
        Outcomes are never among them; what became of a student is not undone by silence.
    """

    format = "edfi"

    def __init__(self, container: Container, options: Options) -> None:
        self.report = Report(notes=list(container.notes))
        self._options = options
        self._n_bytes = sum(member.size for member in container.members)
        self._ledger = BatchLedger()
        self._resources = Resources(container, report=self.report, ledger=self._ledger)
        held = {kind for kind, names in _SOURCES.items() if names & self._resources.names}
        self.complete = frozenset(held) if options.is_complete else frozenset()

    def batches(self) -> Iterator[Batch]:
        """Yield schools, terms, school days and students, then the facts about them.

        :raises FileRefused: if a file is no JSON, is cut off, or nests too deep
        """
        resources, ledger, today = self._resources, self._ledger, self._options.today
        calendar = Calendar(resources, ledger=ledger)
        yield from calendar.batches()
        yield from edfi_people.students(resources, ledger=ledger)
        schools = resources.table("schools").select("school").unique() if "schools" in resources.names else None
        enrolments = Enrolments(resources, schools=schools, ledger=ledger, report=self.report)
        yield from enrolments.batches()
        yield from edfi_people.protected(resources, today=today, ledger=ledger)
        yield from attendance(resources, ledger=ledger)
        yield from Grades(resources, calendar=calendar, today=today, ledger=ledger).batches()
        yield from discipline(resources, ledger=ledger)
        yield from enrolments.outcomes()
        yield from ledger.rest("grades", n_bytes_of_all=self._n_bytes)
