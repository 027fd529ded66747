"""Where the bytes of uploads lie, and the sweep: what no upload names goes, what others could read is closed."""

from __future__ import annotations

import logging
import re
import time
from pathlib import Path

from django.conf import settings
from django.core.files.storage import default_storage
from django.db import connection
from django.db.models import Q

from accounts import private_files, scope
from accounts.models import Institution
from students.models import Upload

logger = logging.getLogger(__name__)

# What no row names was left by work that was killed, or is on its way: a check and its merge may take hours.
ORPHANED_AFTER_SECONDS = 24 * 3600
_ORIGINAL = re.compile(r"[0-9a-f]{64}")


def original_name(institution: Institution, digest: str) -> str:
    """Return the name under which the bytes of a hash lie as they were sent."""
    return f"uploads/{institution.slug}/{digest}"


def hold_original(stored_as: str) -> None:
    """Wait until nobody else places or removes these bytes, and hold that until the commit."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('an original'), hashtext(%s))", [stored_as])


def remove_unnamed(institution: Institution, stored_as: str) -> bool:
    """Remove bytes that no upload names, and say whether there were any.

    Whoever places bytes holds them until the row that names them is committed, so none is lost here.
    """
    with scope.entered(scope.of_institution(institution)):
        hold_original(stored_as)
        path = Path(default_storage.path(stored_as))
        if not path.exists() or Upload.objects.filter(stored_as=stored_as).exists():
            return False
        path.unlink(missing_ok=True)
    return True


def remove_orphans() -> None:
    """Remove files of uploads that no row names, and close to others every file that they could read."""
    n_removed = _sweep_arriving()
    for institution in Institution.objects.order_by("pk"):
        n_removed += _sweep_uploads(institution)
    n_open = private_files.tighten(Path(settings.FILES_DIR))
    if n_removed or n_open:
        logger.info("removed %d files that no upload names, closed %d files and folders to others", n_removed, n_open)


def _sweep_uploads(institution: Institution) -> int:
    """Remove the files of uploads that no row names, for they may hold what is never kept; return how many.

    Originals go at once; what may be under way once it is a day old.
    """
    with scope.entered(scope.of_institution(institution)):
        named = {name for pair in Upload.objects.values_list("stored_as", "quarantine_as") for name in pair}
    folder = f"uploads/{institution.slug}"
    n_removed = 0
    for path in Path(default_storage.path(folder)).glob("*"):
        stored_as = f"{folder}/{path.name}"
        if stored_as in named or path.is_dir():
            continue
        if _ORIGINAL.fullmatch(path.name):
            n_removed += remove_unnamed(institution, stored_as)
        elif _is_old(path) and not _is_named(institution, stored_as):
            path.unlink(missing_ok=True)
            n_removed += 1
    return n_removed


def _sweep_arriving() -> int:
    """Remove what a page or the API was receiving when it was killed, once it is a day old; return how many files."""
    left = [path for path in (Path(settings.FILES_DIR) / "arriving").glob("*") if path.is_file() and _is_old(path)]
    for path in left:
        path.unlink(missing_ok=True)
    return len(left)


def _is_named(institution: Institution, stored_as: str) -> bool:
    with scope.entered(scope.of_institution(institution)):
        return Upload.objects.filter(Q(stored_as=stored_as) | Q(quarantine_as=stored_as)).exists()


def _is_old(path: Path) -> bool:
    try:
        return time.time() - path.stat().st_mtime > ORPHANED_AFTER_SECONDS
    except FileNotFoundError:
        return False
