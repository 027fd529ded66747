"""Files that speak of people are their owner's alone: 0600, in folders of 0700."""

from __future__ import annotations

import contextlib
import logging
import os
import stat
from pathlib import Path

from django.conf import settings

logger = logging.getLogger(__name__)

FILE_MODE, FOLDER_MODE = 0o600, 0o700


def make_folder(path: Path) -> Path:
    """Make a folder, and those above it that are missing, for the owner alone; return it.

    A folder of the portal's own files that is there and open is closed; one that somebody else chose stays as it is.
    """
    for folder in reversed([path, *path.parents]):
        # `parents=True` would give the folders between the usual mode.
        if not folder.exists():
            folder.mkdir(mode=FOLDER_MODE, exist_ok=True)
    if Path(settings.FILES_DIR) in path.parents:
        _closed(path, FOLDER_MODE)
    return path


def tighten(root: Path) -> int:
    """Close every file and folder below `root` to all but its owner; return how many stood open.

    Links are left alone, and so is what belongs to somebody else: that is logged.
    """
    n_open = 0
    for folder, _folders, files in os.walk(root):
        wanted = {Path(folder): FOLDER_MODE} | {Path(folder) / file: FILE_MODE for file in files}
        for path, mode in wanted.items():
            # A file may go while we look.
            with contextlib.suppress(FileNotFoundError):
                n_open += _closed(path, mode)
    return n_open


def _closed(path: Path, mode: int) -> bool:
    now = path.lstat().st_mode
    if stat.S_ISLNK(now) or not now & 0o077:
        return False
    try:
        path.chmod(mode)
    except PermissionError:
        logger.warning("%s can be read by others and belongs to another user; close it by hand", path)
        return False
    return True
