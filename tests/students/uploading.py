"""Send a file the way the page does, and import it the way a worker does."""

from functools import partial
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from accounts import scope
from jobs import claims
from students.models import Upload
from students.uploads import uploads
from tests.flat_cohort import write_flat_cohort

SCHEMA = (settings.COHORT_SCHEMAS_DIR / "uci_697.yaml").read_text(encoding="utf-8")


def cohort_bytes(folder: Path, *, n: int = 40, seed: int = 1, mistakes: tuple[str, ...] = ()) -> bytes:
    """Return a made-up file in the layout of SCHEMA."""
    path = folder / f"cohort-{seed}.csv"
    write_flat_cohort(path, n=n, seed=seed, mistakes=mistakes)
    return path.read_bytes()


def send(institution, content, *, filename="cohort.csv", by=None, schema=SCHEMA, wakes=False, **options):
    """Receive a file that merges by itself unless told otherwise; return its upload and whether it is new."""
    with scope.entered(scope.of_institution(institution)):
        return uploads.receive(
            institution=institution,
            filename=filename,
            chunks=[content],
            options=uploads.UploadOptions(**{"schema_yaml": schema, "auto_confirm": True} | options),
            by=by,
            now=timezone.now(),
            wakes=wakes,
        )


def work_on(upload):
    """Do the check, and the merge in the same pass if no row is wrong, and return the upload as it then stands."""
    from students.uploads import import_run

    check = partial(import_run.check_upload, thresholds=import_run.NO_BAD_ROWS)
    claims.run_job(job_id=upload.job_id, work=check)
    with scope.entered(scope.of_institution(upload.institution)):
        return Upload.objects.select_related("job", "cohort").get(pk=upload.pk)
