"""People, what happened to them, what became of it, the help they got, and the files all this came from."""

from students.models.concerns import Concern, ConcernAnswer
from students.models.data_cases import DataCase, DataCaseStep
from students.models.families import FamilyMessage, FamilyTemplate, FamilyWish
from students.models.help import Happened, HelpEnd, HelpKind, HelpPlan, Intervention, OnTrack, ProgressCheck
from students.models.notes import HandoverNote, Note, NoteDraft, NoteReader, NoteRevision
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
    "Concern",
    "ConcernAnswer",
    "DataCase",
    "DataCaseStep",
    "DisciplineIncident",
    "Enrolment",
    "FamilyMessage",
    "FamilyTemplate",
    "FamilyWish",
    "Format",
    "GradeRecord",
    "HandoverNote",
    "Happened",
    "HelpEnd",
    "HelpKind",
    "HelpPlan",
    "ImportSettings",
    "Intervention",
    "Note",
    "NoteDraft",
    "NoteReader",
    "NoteRevision",
    "OnTrack",
    "Outcome",
    "PreviousStudent",
    "ProgressCheck",
    "ProtectedAttribute",
    "SchoolDay",
    "Source",
    "Student",
    "StudentAttribute",
    "Term",
    "Upload",
]
