"""People, what happened to them, what became of it, the help they got, and the files all this came from."""

from students.models.help import Intervention
from students.models.outcomes import Outcome
from students.models.people import Caseload, Enrolment, Student
from students.models.records import (
    AttendanceRecord,
    DisciplineIncident,
    GradeRecord,
    ProtectedAttribute,
    SchoolDay,
    StudentAttribute,
    Term,
)
from students.models.uploads import Cohort, Upload

__all__ = [
    "AttendanceRecord",
    "Caseload",
    "Cohort",
    "DisciplineIncident",
    "Enrolment",
    "GradeRecord",
    "Intervention",
    "Outcome",
    "ProtectedAttribute",
    "SchoolDay",
    "Student",
    "StudentAttribute",
    "Term",
    "Upload",
]
