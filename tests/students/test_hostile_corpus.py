"""Every hostile file goes the whole way: a clear sentence or a clean difference, and nothing half-stored."""

from __future__ import annotations

import resource

import pytest
from django.core.files.storage import default_storage
from django.utils import timezone

from accounts import scope
from jobs import claims
from jobs.models import State
from students.models import AttendanceRecord, Enrolment, Student, Upload
from students.uploads import import_run, uploads
from tests.students.importing.hostile_zips import CORPUS

Stage = Upload.Stage
STORED = {"students": Student, "enrolments": Enrolment, "attendance": AttendanceRecord}
# Of the process that also runs Postgres' client, pandas, polars and the tests themselves.
MOST_MEGABYTES_MORE = 512

pytestmark = pytest.mark.slow


def received(institution, hostile, folder):
    path = hostile.written(folder)
    with scope.entered(scope.of_institution(institution)), path.open("rb") as file:
        upload, _is_new = uploads.receive(
            institution=institution,
            filename=hostile.filename,
            chunks=iter(lambda: file.read(1 << 20), b""),
            by=None,
            now=timezone.now(),
            wakes=False,
        )
    return upload


def carried(upload, job_id, work):
    claims.run_job(job_id=job_id, work=work)
    with scope.entered(scope.of_institution(upload.institution)):
        return Upload.objects.select_related("job", "merge_job").get(pk=upload.pk)


def counted(institution):
    with scope.entered(scope.of_institution(institution)):
        return {kind: model.objects.count() for kind, model in STORED.items()}


@pytest.mark.parametrize("name", CORPUS)
def test_a_hostile_file_is_refused_in_words_or_read_in_part(riverside, tmp_path, name):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    upload = carried((sent := received(riverside, CORPUS[name], tmp_path)), sent.job_id, import_run.check_upload)

    assert (upload.job.state, upload.job.error) == (State.DONE, "")
    assert upload.stage in (Stage.REFUSED, Stage.REVIEW, Stage.MAPPING)
    assert counted(riverside) == dict.fromkeys(STORED, 0)
    assert all(error["sentence"] for error in upload.errors)
    assert bool(upload.errors) or upload.stage != Stage.REFUSED
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024 < MOST_MEGABYTES_MORE
    print(f"hostile: {name}: {upload.stage}, {upload.n_errors} faults, {upload.n_rows} rows")


@pytest.mark.parametrize("name", CORPUS)
def test_what_is_good_in_it_goes_in_and_the_rest_comes_back(riverside, tmp_path, name):
    upload = carried((sent := received(riverside, CORPUS[name], tmp_path)), sent.job_id, import_run.check_upload)
    if upload.stage != Stage.REVIEW:
        return
    if upload.n_bad_rows:
        assert default_storage.exists(upload.quarantine_as)
    with scope.entered(scope.of_institution(riverside)):
        uploads.confirm(upload=upload, skip_invalid_rows=True, by=None, now=timezone.now(), wakes=False)

    upload = carried(upload, upload.merge_job_id, import_run.merge_upload)

    kinds = upload.difference["kinds"]
    assert (upload.stage, upload.merge_job.error) == (Stage.DONE, "")
    assert counted(riverside) == {kind: kinds.get(kind, {}).get("new", 0) for kind in STORED}
