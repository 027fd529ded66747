"""Bring files in as the command does, for tests that look at what became of the records."""

from __future__ import annotations

import contextlib
import io
import json

from django.core.management import CommandError, call_command

from accounts import scope
from students.models import Upload


def bring_in(institution, path, *words, answers=None, tmp_path=None):
    """Bring a file in and return its upload as it then stands, whether or not the command was content."""
    out, more = io.StringIO(), []
    if answers is not None:
        written = (tmp_path or path.parent) / "answers.yaml"
        written.write_text(json.dumps(answers))
        more = ["--answers", str(written)]
    with contextlib.suppress(CommandError):
        call_command(
            "import_records", str(path), "--institution", institution.slug, "--json", *more, *words, stdout=out
        )
    told = json.loads(out.getvalue())
    with scope.entered(scope.of_institution(institution)):
        return Upload.objects.get(public_id=told["upload"])
