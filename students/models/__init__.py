"""People, what happened to them, what became of it, the help they got, and the files all this came from."""

from students.models.concerns import Concern, ConcernStep
from students.models.data_cases import DataCase, DataCaseStep
from students.models.help import Happened, HelpEnd, HelpKind, HelpPlan, Intervention, OnTrack, ProgressCheck
from students.models.notes import Note, NoteDraft, NoteKind, NoteRevision, Readers
from students.models.outcomes import ExitCode, Outcome
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
from students.models.student_merges import StudentMerge
from students.models.uploads import Cohort, ColumnarPartition, Format, ImportSettings, Source, Upload
from students.models.way_back import (
    CaseEnding,
    CasePath,
    CaseState,
    CaseStep,
    ReengagementCase,
    TalkedTo,
    WayBackDeadlines,
)

__all__ = [
    "AttendanceRecord",
    "CaseEnding",
    "CasePath",
    "CaseState",
    "CaseStep",
    "Caseload",
    "Cohort",
    "ColumnarPartition",
    "Concern",
    "ConcernStep",
    "DataCase",
    "DataCaseStep",
    "DisciplineIncident",
    "Enrolment",
    "ExitCode",
    "Format",
    "GradeRecord",
    "Happened",
    "HelpEnd",
    "HelpKind",
    "HelpPlan",
    "ImportSettings",
    "Intervention",
    "Note",
    "NoteDraft",
    "NoteKind",
    "NoteRevision",
    "OnTrack",
    "Outcome",
    "PreviousStudent",
    "ProgressCheck",
    "ProtectedAttribute",
    "ReengagementCase",
    "Readers",
    "SchoolDay",
    "Source",
    "Student",
    "StudentAttribute",
    "StudentMerge",
    "TalkedTo",
    "Term",
    "Upload",
    "WayBackDeadlines",
]
