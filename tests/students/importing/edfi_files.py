"""Ed-Fi exports in the shapes of the data standard's resources, written by the tests that read them."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from students.importing.batches import Options
from students.importing.containers import opened
from students.importing.edfi import EdFiReader

TODAY = date(2025, 11, 20)
Resource = Sequence[Mapping[str, Any]]


def descriptor(name: str, value: str) -> str:
    """Return a descriptor as the API writes it."""
    return f"uri://ed-fi.org/{name}Descriptor#{value}"


def reader_of(folder: Path, texts: Mapping[str, str | bytes], *, is_complete: bool | None = None) -> EdFiReader:
    """Return a reader of a zip of these files."""
    path = folder / "export.zip"
    with zipfile.ZipFile(path, "w") as packed:
        for name, text in texts.items():
            packed.writestr(name, text)
    return EdFiReader(opened(path, "export.zip"), Options(today=TODAY, is_complete=is_complete))


def reader_of_file(folder: Path, name: str, text: str | bytes) -> EdFiReader:
    """Return a reader of one file that is not in a zip."""
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return EdFiReader(opened(path, name), Options(today=TODAY))


def json_files(resources: Mapping[str, Resource]) -> dict[str, str | bytes]:
    """Return one file with a JSON list per resource."""
    return {f"{name}.json": json.dumps(records) for name, records in resources.items()}


def student(unique_id: str, first: str, last: str, **others: Any) -> dict[str, Any]:
    """Return a student."""
    return {"studentUniqueId": unique_id, "firstName": first, "lastSurname": last, **others}


def of(unique_id: str) -> dict[str, Any]:
    """Return a reference to a student."""
    return {"studentReference": {"studentUniqueId": unique_id, "link": {"rel": "Student", "href": "/x"}}}


def at(school: int) -> dict[str, Any]:
    """Return a reference to a school."""
    return {"schoolReference": {"schoolId": school}}


def association(
    unique_id: str, school: int, entry: str, *, leaves: str = "", why: str = "", **others: Any
) -> dict[str, Any]:
    """Return a student's association with a school."""
    grade = descriptor("GradeLevel", "Ninth grade")
    row = {**of(unique_id), **at(school), "entryDate": entry, "entryGradeLevelDescriptor": grade, **others}
    if leaves:
        row |= {"exitWithdrawDate": leaves, "exitWithdrawTypeDescriptor": descriptor("ExitWithdrawType", why)}
    return row


SCHOOLS: Resource = [
    {"schoolId": 255901001, "nameOfInstitution": "North High"},
    {"schoolId": 255901002, "nameOfInstitution": "South High"},
]
N, S = 255901001, 255901002
STUDENTS: Resource = [
    student("604822", "Ada", "Obi", birthDate="2010-03-04"),
    student("604823", "Benjamin", "Lee", preferredFirstName="Ben", birthDate="2009-12-31"),
]
_YEAR = {"schoolYearTypeReference": {"schoolYear": 2026}}
SESSIONS: Resource = [
    {
        **{**at(school), **_YEAR, "sessionName": "2025-2026 Fall Semester", "endDate": end},
        **{"termDescriptor": descriptor("Term", "Fall Semester"), "beginDate": "2025-08-25"},
    }
    for school, end in ((N, "2026-01-16"), (S, "2026-01-23"))
]
PERIODS: Resource = [
    {
        **{**at(N), **_YEAR, "gradingPeriodDescriptor": descriptor("GradingPeriod", "First Six Weeks")},
        **{"periodSequence": 1, "beginDate": "2025-08-25", "endDate": "2025-10-03"},
    },
    {
        **{**at(N), **_YEAR, "gradingPeriodDescriptor": descriptor("GradingPeriod", "Second Six Weeks")},
        **{"periodSequence": 2, "beginDate": "2025-10-06", "endDate": "2025-11-28"},
    },
]
COURSES: Resource = [
    {
        **{
            "courseCode": "ALG-1",
            "courseTitle": "Algebra I",
            "educationOrganizationReference": {"educationOrganizationId": 1},
        },
        "academicSubjects": [{"academicSubjectDescriptor": descriptor("AcademicSubject", "Mathematics")}],
    }
]
OFFERINGS: Resource = [{**at(N), "localCourseCode": "ALG-1-N", "courseReference": {"courseCode": "ALG-1"}}]


def grade(unique_id: str, period: str, **others: Any) -> dict[str, Any]:
    """Return a grade of a grading period."""
    return {
        "gradeTypeDescriptor": descriptor("GradeType", "Grading Period"),
        "gradingPeriodReference": {
            **{"gradingPeriodDescriptor": descriptor("GradingPeriod", period), "schoolId": N},
            **{"schoolYear": 2026, "periodSequence": 1},
        },
        "studentSectionAssociationReference": {
            **{"studentUniqueId": unique_id, "schoolId": N, "schoolYear": 2026, "sectionIdentifier": "ALG-1-N-01"},
            **{"sessionName": "2025-2026 Fall Semester", "localCourseCode": "ALG-1-N", "beginDate": "2025-08-25"},
        },
        **others,
    }


def incident_of(identifier: str) -> dict[str, Any]:
    """Return a reference to an incident."""
    return {"disciplineIncidentReference": {"incidentIdentifier": identifier, "schoolId": N}}


def action(unique_id: str, identifier: str, discipline: str, *, incident: str = "", **others: Any) -> dict[str, Any]:
    """Return a disciplinary action."""
    row = {
        **{**of(unique_id), "disciplineActionIdentifier": identifier, "disciplineDate": "2025-09-08", **others},
        "responsibilitySchoolReference": {"schoolId": N},
        "disciplines": [{"disciplineDescriptor": descriptor("Discipline", discipline)}],
    }
    name = "studentDisciplineIncidentBehaviorAssociation"
    if incident:
        reference = {"incidentIdentifier": incident, "schoolId": N, "studentUniqueId": unique_id}
        row[f"{name}s"] = [{f"{name}Reference": reference}]
    return row
