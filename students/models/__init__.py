"""People, what happened to them, what became of it, the help they got, and the files all this came from."""

from students.models.help import Intervention
from students.models.outcomes import Outcome
from students.models.people import Caseload, Enrolment, PreviousStudent, Student
from students.models.records import (
    AttendanceRecord,
    DisciplineIncident,
    GradeRecord,
    ProtectedAttribute,
    SchoolDay,
    StudentAttribute,
    Term,
)
from students.models.uploads import Cohort, ColumnarPartition, Format, ImportSettings, Source, Upload

__all__ = [
    "AttendanceRecord",
    "Caseload",
    "Cohort",
    "ColumnarPartition",
    "DisciplineIncident",
    "Enrolment",
    "Format",
    "GradeRecord",
    "ImportSettings",
    "Intervention",
    "Outcome",
    "PreviousStudent",
    "ProtectedAttribute",
    "SchoolDay",
    "Source",
    "Student",
    "StudentAttribute",
    "Term",
    "Upload",
]
