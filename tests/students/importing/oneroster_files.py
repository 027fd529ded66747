"""OneRoster bundles as the standard describes them, in both versions, written by the tests that read them."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

from students.importing.batches import Batch, Options
from students.importing.containers import opened
from students.importing.oneroster import OneRosterReader

TODAY = date(2025, 11, 20)
RECORD = "sourcedId status dateLastModified"
COLUMNS_1_1 = {
    "orgs": f"{RECORD} name type identifier parentSourcedId",
    "academicSessions": f"{RECORD} title type startDate endDate parentSourcedId schoolYear",
    "users": f"{RECORD} enabledUser orgSourcedIds role username userIds givenName familyName middleName identifier "
    "email sms phone agentSourcedIds grades password",
    "courses": f"{RECORD} schoolYearSourcedId title courseCode grades orgSourcedId subjects subjectCodes",
    "classes": f"{RECORD} title grades courseSourcedId classCode classType location schoolSourcedId termSourcedIds "
    "subjects subjectCodes periods",
    "enrollments": f"{RECORD} classSourcedId schoolSourcedId userSourcedId role primary beginDate endDate",
    "lineItems": f"{RECORD} title description assignDate dueDate classSourcedId categorySourcedId "
    "gradingPeriodSourcedId resultValueMin resultValueMax",
    "results": f"{RECORD} lineItemSourcedId studentSourcedId scoreStatus score scoreDate comment",
    "categories": f"{RECORD} title",
    "demographics": "userSourcedId status dateLastModified birthDate sex americanIndianOrAlaskaNative asian "
    "blackOrAfricanAmerican nativeHawaiianOrOtherPacificIslander white demographicRaceTwoOrMoreRaces "
    "hispanicOrLatinoEthnicity countryOfBirthCode stateOfBirthAbbreviation cityOfBirth publicSchoolResidenceStatus",
}
COLUMNS_1_2 = {
    **COLUMNS_1_1,
    "users": f"{RECORD} enabledUser username userIds givenName familyName middleName identifier email sms phone "
    "agentSourcedIds grades password userMasterIdentifier resourceSourcedIds preferredGivenName preferredMiddleName "
    "preferredFamilyName primaryOrgSourcedId pronouns",
    "roles": f"{RECORD} userSourcedId roleType role beginDate endDate orgSourcedId userProfileSourcedId",
    "userProfiles": f"{RECORD} userSourcedId profileType vendorId applicationId description credentialType username "
    "password",
    "demographics": COLUMNS_1_1["demographics"].replace("userSourcedId", "sourcedId"),
    "lineItems": COLUMNS_1_1["lineItems"].replace("gradingPeriodSourcedId", "academicSessionSourcedId")
    + " schoolSourcedId",
    "results": f"{RECORD} lineItemSourcedId studentSourcedId scoreStatus score textScore scoreDate comment "
    "classSourcedId inProgress incomplete late missing",
}
COLUMNS = {"1.1": COLUMNS_1_1, "1.2": COLUMNS_1_2}

Rows = Sequence[Mapping[str, str]]


def csv_of(header: Sequence[str], rows: Rows) -> str:
    """Return a CSV as RFC 4180 has it."""
    text = io.StringIO()
    writer = csv.DictWriter(text, header, restval="", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def manifest(version: str, modes: Mapping[str, str]) -> str:
    """Return a manifest that names every file of the version; those not in `modes` are absent."""
    named = {**dict.fromkeys(COLUMNS[version], "absent"), **modes}
    rows = [
        {"propertyName": "manifest.version", "value": "1.0"},
        {"propertyName": "oneroster.version", "value": version},
    ]
    rows += [{"propertyName": f"file.{name}", "value": mode} for name, mode in named.items()]
    return csv_of(["propertyName", "value"], rows)


def bundle(
    files: Mapping[str, Rows], *, version: str = "1.1", mode: str = "bulk", modes: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Return the texts of a bundle: every file with all columns of the version, and the manifest."""
    texts = {f"{name}.csv": csv_of(COLUMNS[version][name].split(), rows) for name, rows in files.items()}
    return {"manifest.csv": manifest(version, {**dict.fromkeys(files, mode), **(modes or {})}), **texts}


def reader_of(folder: Path, texts: Mapping[str, str], *, is_complete: bool | None = None) -> OneRosterReader:
    """Return a reader of a zip of these files."""
    path = folder / "bundle.zip"
    with zipfile.ZipFile(path, "w") as packed:
        for name, text in texts.items():
            packed.writestr(name, text)
    return OneRosterReader(opened(path, "bundle.zip"), Options(today=TODAY, is_complete=is_complete))


def read(batches: Sequence[Batch]) -> dict[str, list[dict[str, object]]]:
    """Return the rows of all batches by kind, without file, line and missing values."""
    found: dict[str, list[dict[str, object]]] = {}
    for batch in batches:
        for row in batch.rows.drop("file", "line").to_dicts():
            shown = {name: str(value) if isinstance(value, date) else value for name, value in row.items()}
            found.setdefault(batch.kind, []).append({name: value for name, value in shown.items() if value is not None})
    return found


def faults(batches: Sequence[Batch]) -> list[tuple[object, ...]]:
    """Return file, line, column, value and problem of every fault."""
    columns = ["file", "line", "column", "value", "problem"]
    return [row for batch in batches for row in batch.faults.select(columns).iter_rows()]


ORGS: Rows = [
    {"sourcedId": "D", "name": "River District", "type": "district"},
    {"sourcedId": "N", "name": "North High", "type": "school", "identifier": "0101", "parentSourcedId": "D"},
    {"sourcedId": "S", "name": "South High", "type": "school", "identifier": "0102", "parentSourcedId": "D"},
    {"sourcedId": "N-MATH", "name": "Mathematics", "type": "department", "parentSourcedId": "N"},
]
SESSIONS: Rows = [
    {
        **{"sourcedId": "Y", "title": "2025-2026", "type": "schoolYear"},
        **{"startDate": "2025-08-25", "endDate": "2026-06-13", "schoolYear": "2025"},
    },
    {
        **{"sourcedId": "F", "title": "Fall 2025", "type": "semester", "parentSourcedId": "Y"},
        **{"startDate": "2025-08-25", "endDate": "2026-01-17", "schoolYear": "2025"},
    },
    {
        **{"sourcedId": "Q1", "title": "Q1", "type": "gradingPeriod", "parentSourcedId": "F"},
        **{"startDate": "2025-08-25", "endDate": "2025-11-01", "schoolYear": "2025"},
    },
]
COURSES: Rows = [
    {"sourcedId": "alg", "title": "Algebra I", "orgSourcedId": "D", "subjectCodes": "02052"},
    {"sourcedId": "art", "title": "Art", "orgSourcedId": "D", "subjectCodes": "05154"},
]
CLASSES: Rows = [
    {
        **{"sourcedId": "alg-n", "title": "Algebra, period 1", "courseSourcedId": "alg", "classType": "scheduled"},
        **{"schoolSourcedId": "N", "termSourcedIds": "F,Q1"},
    },
    {
        **{"sourcedId": "art-s", "title": "Art, period 2", "courseSourcedId": "art", "classType": "scheduled"},
        **{"schoolSourcedId": "S", "termSourcedIds": "F"},
    },
]


def enrolled(user: str, school: str, class_id: str, begin: str = "", end: str = "", **others: str) -> dict[str, str]:
    """Return one class enrolment of a student."""
    row = {"sourcedId": f"{user}-{class_id}", "classSourcedId": class_id, "schoolSourcedId": school, "role": "student"}
    return {**row, "userSourcedId": user, "beginDate": begin, "endDate": end, **others}


def person(sourced_id: str, given: str, family: str, **others: str) -> dict[str, str]:
    """Return one user."""
    row = {"sourcedId": sourced_id, "givenName": given, "familyName": family, "enabledUser": "true"}
    return {**row, "username": sourced_id, **others}
