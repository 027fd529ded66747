"""Whatever format a school's records come in, they go in through the page, the API and the command alike."""

import io
import json
import zipfile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from accounts import api_keys, scope
from jobs import claims
from students.models import Enrolment, Student, Upload
from students.uploads import import_run
from tests.people import signed_in
from tests.students import uploading
from tests.students.importing import edfi_files, oneroster_files

ROSTER = {
    "orgs": oneroster_files.ORGS,
    "academicSessions": oneroster_files.SESSIONS,
    "courses": oneroster_files.COURSES,
    "classes": oneroster_files.CLASSES,
    "enrollments": [oneroster_files.enrolled(f"u{n}", "N", "alg-n", "2025-08-27") for n in (1, 2)],
}
USERS_1_1 = [
    oneroster_files.person(f"u{n}", "Given", "Family", role="student", orgSourcedIds="N", grades="09") for n in (1, 2)
]
USERS_1_2 = [oneroster_files.person(f"u{n}", "Given", "Family", primaryOrgSourcedId="N", grades="09") for n in (1, 2)]
ROLES_1_2 = [
    {"sourcedId": f"r{n}", "userSourcedId": f"u{n}", "roleType": "primary", "role": "student", "orgSourcedId": "N"}
    for n in (1, 2)
]
EDFI = {
    "schools": edfi_files.SCHOOLS,
    "students": edfi_files.STUDENTS,
    "studentSchoolAssociations": [
        edfi_files.association(one["studentUniqueId"], edfi_files.N, "2025-08-25") for one in edfi_files.STUDENTS
    ],
}
OURS = {
    "schools.csv": "school_id,name\nN,North High\n",
    "students.csv": "student_id,given_name,school_id,grade_level,entered_on\n"
    "u1,Ada,N,9,2025-08-25\nu2,Ben,N,9,2025-08-25\n",
}
BUNDLES = {
    "portal": OURS,
    "oneroster 1.1": oneroster_files.bundle({**ROSTER, "users": USERS_1_1}, version="1.1"),
    "oneroster 1.2": oneroster_files.bundle({**ROSTER, "users": USERS_1_2, "roles": ROLES_1_2}, version="1.2"),
    "edfi": edfi_files.json_files(EDFI),
}
N_STUDENTS = dict.fromkeys(BUNDLES, 2) | {"cohort": 30}


@pytest.fixture(params=[*BUNDLES, "cohort"])
def export(request, tmp_path):
    """A file of one format on the disk, with the name of the format."""
    if request.param == "cohort":
        uploading.cohort_bytes(tmp_path, n=30)
        return tmp_path / "cohort-1.csv", request.param
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, text in BUNDLES[request.param].items():
            archive.writestr(name, text)
    path = tmp_path / "export.zip"
    path.write_bytes(packed.getvalue())
    return path, request.param


def is_in(institution, name):
    """Tell whether what the file holds is stored, and what it was read as."""
    with scope.entered(scope.of_institution(institution)):
        upload = Upload.objects.get()
        stored = (Student.objects.count(), Enrolment.objects.count())
    assert (upload.stage, upload.n_bad_rows, upload.errors) == ("done", 0, [])
    assert stored == (N_STUDENTS[name], N_STUDENTS[name])
    return upload.format == name.partition(" ")[0]


def worked_on(institution, work, field):
    with scope.entered(scope.of_institution(institution)):
        job_id = getattr(Upload.objects.get(), field)
    claims.run_job(job_id=job_id, work=work)


def test_it_goes_in_through_the_page(export, riverside, ines):
    path, name = export
    browser = signed_in(ines)

    sent = browser.post("/records/", {"file": SimpleUploadedFile(path.name, path.read_bytes())})
    worked_on(riverside, import_run.check_upload, "job_id")
    confirmed = browser.post(f"{sent['Location']}confirm")
    worked_on(riverside, import_run.merge_upload, "merge_job_id")

    assert (sent.status_code, confirmed.status_code) == (302, 302)
    assert is_in(riverside, name)


def test_it_goes_in_through_the_api(export, riverside):
    path, name = export
    _client, key = api_keys.issue(
        institution=riverside, name="SIS", purpose="nightly", scopes=["upload"], by=None, now=timezone.now()
    )
    system = Client(headers={"Authorization": f"Api-Key {key}"})

    told = system.post("/api/uploads", {"file": SimpleUploadedFile(path.name, path.read_bytes())}).json()
    worked_on(riverside, import_run.check_upload, "job_id")
    confirmed = system.post(f"{told['links']['self']}/confirm", b"", content_type="application/json")
    worked_on(riverside, import_run.merge_upload, "merge_job_id")

    assert confirmed.status_code == 202
    assert is_in(riverside, name)
    assert json.loads(system.get(told["links"]["self"]).content)["stage"] == "done"


def test_it_goes_in_through_the_command(export, riverside):
    path, name = export

    call_command("import_records", str(path), "--institution", "riverside")

    assert is_in(riverside, name)
