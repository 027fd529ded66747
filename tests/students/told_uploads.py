"""Uploads as the jobs leave them, written by hand: one for every place on the way of a file."""

import datetime as dt

from django.utils import timezone

from accounts import scope
from jobs.models import Job
from students.models import Upload
from tests import rows

KINDS = {
    "students": {"rows": 1204, "new": 31, "changed": 0, "gone": 4, "unchanged": 1157, "bad": 0},
    "attendance": {"rows": 1000, "new": 0, "changed": 212, "gone": 0, "unchanged": 783, "bad": 5},
}
DIFFERENCE = {"kinds": KINDS, "moved_school": 3, "gone_share": 0.003, "bad_share": 0.005, "digest": "d", "examples": {}}
FAULT = {
    "file": "attendance.csv",
    "line": 14,
    "column": "held_on",
    "value": "31/02/2026",
    "problem": "not_a_date",
    "allowed": "",
    "sentence": "",
}
HEADER = ["Student ID", "Absence Date", "Code", "SSN", "Room", "Bus"]
ROWS = [["S-1", "03/04/2026", "A", "", "B-12", ""], ["S-2", "05/04/2026", "T", "", "B-14", ""]]
PROPOSAL = {"kind": "attendance", "columns": {"student_id": "Student ID", "held_on": "Absence Date"}, "date_format": ""}
UNNAMED = {
    "shape": "shape of the export",
    "header": HEADER,
    "sample": ROWS,
    "proposal": PROPOSAL,
    "withheld": {"export.csv": ["SSN"]},
}
# What no file has of itself.
BARE = {"format": "portal", "schema_yaml": "", "quarantine_as": ""}
_ENDED = ("done", "undoing", "undone")


def job(institution, state="done", **given):
    """Add a job in any state."""
    now = timezone.now()
    if state == "running":
        given = {"lease_until": now + dt.timedelta(minutes=5), "heartbeat_at": now, "attempts": 1} | given
    if state in ("done", "failed"):
        given = {"finished_at": now} | given
    return rows.sound(Job, institution=institution, state=state, task="students.check_upload", **given)


def upload(institution, stage, **given):
    """Add an upload at a stage of its way."""
    with scope.entered(scope.of_institution(institution)):
        given = BARE | {"job": job(institution), "filename": "export.csv", "difference": DIFFERENCE} | given
        if stage in _ENDED:
            given = {"merged_at": timezone.now(), "merge_job": job(institution)} | given
        if stage == "undone":
            given = {"undone_at": timezone.now()} | given
        return rows.sound(Upload, institution=institution, stage=stage, **given)


def again(told):
    """Read an upload anew."""
    with scope.entered(scope.of_institution(told.institution)):
        return Upload.objects.select_related("job", "merge_job", "undo_job", "source").get(pk=told.pk)


def path(told, deed=""):
    """Return the address of an upload's page, or of what can be done there."""
    return f"/records/{told.public_id}/{deed}"
