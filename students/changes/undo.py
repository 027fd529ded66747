"""Take back everything one upload brought: the tables stand as before it, but for what is only ever added."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.utils import timezone

from accounts import audit_log, scope
from jobs.claims import Claim, Refused
from students.changes import records_lock, undo_sql
from students.models import StudentMerge, Upload
from students.people import student_merges
from students.records import columnar

Stage = Upload.Stage


class TouchedSince(Exception):
    """Later uploads touched the same rows; `uploads` names them, newest first: the order to take them back in.

    `merges` are those of two students whose enrolments the upload brought or ended.
    """

    def __init__(self, uploads: Sequence[Upload] = (), merges: Sequence[StudentMerge] = ()) -> None:
        self.uploads, self.merges = list(uploads), list(merges)
        named = [upload.filename for upload in self.uploads]
        named += [f"{merge.other.external_id} = {merge.kept.external_id}" for merge in self.merges]
        super().__init__(f"Take back first: {', '.join(named)}.")


def check_undo(upload: Upload) -> None:
    """Refuse where later uploads touched the same rows, or students of it were merged since.

    :raises TouchedSince: naming them
    """
    if upload.merged_at is None:
        return
    if merges := student_merges.standing_since(upload):
        raise TouchedSince(merges=merges)
    later = Upload.objects.filter(
        institution=upload.institution_id, stage__in=[Stage.DONE, Stage.UNDOING], merged_at__gte=upload.merged_at
    ).exclude(pk=upload.pk)
    touching = undo_sql.touching(upload, list(later.values_list("pk", flat=True)))
    if touching:
        raise TouchedSince(later.filter(pk__in=touching).order_by("-merged_at", "-pk"))


def undo_upload(claim: Claim) -> None:
    """Do the work of an upload's undo job, in one transaction.

    :raises Refused: if later uploads touched the same rows since it was asked for
    """
    institution = claim.job.institution
    try:
        with scope.entered(scope.of_institution(institution)):
            records_lock.hold(institution)
            upload = Upload.objects.select_for_update(of=("self",)).get(undo_job=claim.job)
            check_undo(upload)
            with claim.commit_result():
                _take_back(claim, upload, now=timezone.now())
    except TouchedSince as touched:
        with scope.entered(scope.of_institution(institution)):
            Upload.objects.filter(undo_job=claim.job, stage=Stage.UNDOING).update(stage=Stage.DONE, undone_by=None)
        raise Refused(str(touched)) from None


def _take_back(claim: Claim, upload: Upload, *, now: dt.datetime) -> None:
    institution = claim.job.institution
    today = institution.day_of(now)
    done: dict[str, Any] = {"removed": {}, "revived": {}}
    steps = len(undo_sql.FACTS) + 2
    columnar.mark_stale(institution, undo_sql.months(upload))
    done["outcomes_corrected"] = undo_sql.correct_outcomes(upload, today=today, now=now)
    for step, name in enumerate(undo_sql.FACTS, start=1):
        claim.progress(step, steps, name)
        removed, revived = undo_sql.remove_facts(upload, name)
        done["removed"] |= {name: removed} if removed else {}
        done["revived"] |= {name: revived} if revived else {}
    claim.progress(steps - 1, steps, "students")
    done["students_restored"] = undo_sql.restore_students(upload)
    done["students_removed"], done["students_kept"] = undo_sql.remove_students(upload)
    done["calendar_removed"] = undo_sql.remove_calendar(upload)
    done["schools_removed"] = undo_sql.remove_schools(upload)
    done["cohorts_removed"] = undo_sql.remove_cohort(upload)
    upload.stage, upload.undone_at = Stage.UNDONE, now
    upload.summary = upload.summary | {"undone": done}
    upload.save(update_fields=["stage", "undone_at", "summary"])
    audit_log.record(action="upload_undone", by=upload.undone_by, now=now)
    claim.progress(steps, steps, "")
