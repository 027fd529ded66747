"""Which values of which Ed-Fi resources are read. What stands in no path is never taken out of the file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

_STUDENT = "studentReference.studentUniqueId"
_SCHOOL = "schoolReference.schoolId"
_YEAR = "schoolYearTypeReference.schoolYear"
_SECTION = "studentSectionAssociationReference"
_RECORD = "studentAcademicRecordReference"
_INCIDENT = "disciplineIncidentReference"

# Column of our frames -> where the value is. A list is walked through: "races.raceDescriptor" is every race.
PATHS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "schools": {"school": "schoolId", "name": "nameOfInstitution"},
        "sessions": {
            "school": _SCHOOL,
            "year": _YEAR,
            "session": "sessionName",
            "term": "termDescriptor",
            "begin": "beginDate",
            "end": "endDate",
        },
        "gradingPeriods": {
            "school": _SCHOOL,
            "year": _YEAR,
            "period": "gradingPeriodDescriptor",
            "name": "gradingPeriodName",
            "sequence": "periodSequence",
            "begin": "beginDate",
            "end": "endDate",
        },
        "calendarDates": {"day": "date", "events": "calendarEvents.calendarEventDescriptor"},
        "students": {
            "student": "studentUniqueId",
            "first": "firstName",
            "preferred_first": "preferredFirstName",
            "last": "lastSurname",
            "preferred_last": "preferredLastSurname",
            "birth": "birthDate",
        },
        "studentEducationOrganizationAssociations": {
            "student": _STUDENT,
            "sex": "sexDescriptor",
            "hispanic": "hispanicLatinoEthnicity",
            "races": "races.raceDescriptor",
            "disabilities": "disabilities.disabilityDescriptor",
            "english": "limitedEnglishProficiencyDescriptor",
            "characteristics": "studentCharacteristics.studentCharacteristicDescriptor",
        },
        "studentSchoolAssociations": {
            "student": _STUDENT,
            "school": _SCHOOL,
            "entry": "entryDate",
            "grade": "entryGradeLevelDescriptor",
            "exit": "exitWithdrawDate",
            "reason": "exitWithdrawTypeDescriptor",
            "primary": "primarySchool",
        },
        "studentSchoolAttendanceEvents": {
            "student": _STUDENT,
            "school": _SCHOOL,
            "day": "eventDate",
            "category": "attendanceEventCategoryDescriptor",
            "duration": "eventDuration",
        },
        "courses": {
            "code": "courseCode",
            "org": "educationOrganizationReference.educationOrganizationId",
            "title": "courseTitle",
            "subject": "academicSubjectDescriptor",
            "subjects": "academicSubjects.academicSubjectDescriptor",
        },
        "courseOfferings": {
            "local": "localCourseCode",
            "school": _SCHOOL,
            "title": "localCourseTitle",
            "code": "courseReference.courseCode",
        },
        "grades": {
            "student": f"{_SECTION}.studentUniqueId",
            "school": f"{_SECTION}.schoolId",
            "year": f"{_SECTION}.schoolYear",
            "session": f"{_SECTION}.sessionName",
            "local": f"{_SECTION}.localCourseCode",
            "section": f"{_SECTION}.sectionIdentifier",
            "type": "gradeTypeDescriptor",
            "period": "gradingPeriodReference.gradingPeriodDescriptor",
            "name": "gradingPeriodReference.gradingPeriodName",
            "sequence": "gradingPeriodReference.periodSequence",
            "number": "numericGradeEarned",
            "letter": "letterGradeEarned",
            "as_of": "currentGradeAsOfDate",
            "modified": "_lastModifiedDate",
        },
        "courseTranscripts": {
            "student": f"{_RECORD}.studentUniqueId",
            "school": f"{_RECORD}.educationOrganizationId",
            "year": f"{_RECORD}.schoolYear",
            "term": f"{_RECORD}.termDescriptor",
            "code": "courseReference.courseCode",
            "title": "courseTitle",
            "other_title": "alternativeCourseTitle",
            "number": "finalNumericGradeEarned",
            "letter": "finalLetterGradeEarned",
            "attempted": "attemptedCredits",
            "earned": "earnedCredits",
            "subjects": "academicSubjects.academicSubjectDescriptor",
        },
        "disciplineIncidents": {"incident": "incidentIdentifier", "school": _SCHOOL, "day": "incidentDate"},
        "studentDisciplineIncidentBehaviorAssociations": {
            "student": _STUDENT,
            "incident": f"{_INCIDENT}.incidentIdentifier",
            "school": f"{_INCIDENT}.schoolId",
            "behaviors": "behaviorDescriptor",
        },
        "studentDisciplineIncidentAssociations": {
            "student": _STUDENT,
            "incident": f"{_INCIDENT}.incidentIdentifier",
            "school": f"{_INCIDENT}.schoolId",
            "behaviors": "behaviors.behaviorDescriptor",
        },
        "disciplineActions": {
            "student": _STUDENT,
            "action": "disciplineActionIdentifier",
            "school": "responsibilitySchoolReference.schoolId",
            "day": "disciplineDate",
            "disciplines": "disciplines.disciplineDescriptor",
            "length": "actualDisciplineActionLength",
            "planned": "disciplineActionLength",
            "incidents": "studentDisciplineIncidentBehaviorAssociations"
            ".studentDisciplineIncidentBehaviorAssociationReference.incidentIdentifier",
            "older_incidents": "studentDisciplineIncidentAssociations"
            ".studentDisciplineIncidentAssociationReference.incidentIdentifier",
        },
    }
)

# Values that identify a person elsewhere or open a door; named to the admin, never read.
SECRET = frozenset(
    {"studentidentificationcodes", "identificationcode", "identificationdocuments", "personalidentificationdocuments"}
    | {"loginid", "password", "socialsecuritynumber"}
)


def value_at(record: Mapping[str, Any], steps: Sequence[str]) -> Any:
    """Return the value at a path, or a list of all values where the path leads through lists; None if there is none."""
    value: Any = record
    for number, step in enumerate(steps):
        if type(value) is dict:
            value = value.get(step)
        elif type(value) is list:
            return list(_through(value, steps[number:]))
        else:
            return None
    return value


def _through(entries: list[Any], steps: Sequence[str]) -> Iterator[Any]:
    for entry in entries:
        found = value_at(entry, steps) if isinstance(entry, Mapping) else None
        if isinstance(found, list):
            yield from found
        else:
            yield found
