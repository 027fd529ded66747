"""What a source is called, how often its files are expected, and that it is forgotten."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import audit_log
from accounts.models import User
from students.importing import questions
from students.models import Source, Upload

Stage = Upload.Stage
NEEDS_ITS_SOURCE = (Stage.CHECKING, Stage.MAPPING, Stage.ASKING, Stage.REVIEW, Stage.MERGING)


class NameTaken(Exception):
    """Another source of the institution has this name."""


class AnswersRefused(Exception):
    """A file cannot be read by these answers; the message says why."""


class UnderWay(Exception):
    """A file of the source is on its way, and read by what the source knows."""


@transaction.atomic
def change(*, source: Source, name: str, expected_every_days: int | None, by: User | None, now: dt.datetime) -> Source:
    """Give a source its name and its rhythm.

    :raises NameTaken: if another source of the institution is called so
    """
    # Two who choose the same name at once would meet the constraint; the lock lets the second see the first.
    locked = list(Source.objects.select_for_update().order_by("pk").values_list("pk", "name"))
    if any(taken == name and pk != source.pk for pk, taken in locked):
        raise NameTaken(_("Another source is called “%(name)s”. Choose a name of its own.") % {"name": name})
    said = name if name == source.name else f"{source.name} > {name}"
    rhythm = f"every {expected_every_days} days" if expected_every_days else "no rhythm"
    source.name, source.expected_every_days = name, expected_every_days
    source.save(update_fields=["name", "expected_every_days"])
    audit_log.record(action="change_source", by=by, now=now, purpose=f"{said[:150]}, {rhythm}")
    return source


@transaction.atomic
def change_answers(*, source: Source, answers: Mapping[str, Any], by: User | None, now: dt.datetime) -> Source:
    """Keep other answers for the files of a source; what is no longer among them is asked again.

    What was brought in by the answers before stays as it is.

    :raises AnswersRefused: if a file cannot be read by them
    """
    if problems := questions.problems(answers):
        raise AnswersRefused(" ".join(problems))
    source = Source.objects.select_for_update().get(pk=source.pk)
    changed = [name for name in {**source.answers, **answers} if source.answers.get(name) != answers.get(name)]
    source.answers = dict(answers)
    source.save(update_fields=["answers"])
    audit_log.record(action="change_answers", by=by, now=now, purpose=f"{source.name}: {', '.join(changed)}"[:200])
    return source


@transaction.atomic
def forget(*, source: Source, by: User | None, now: dt.datetime) -> None:
    """Forget a source and how its columns are read; its files and what they brought stay, without a source.

    :raises UnderWay: if a file of it is on its way
    """
    if source.uploads.filter(stage__in=NEEDS_ITS_SOURCE).exists():
        raise UnderWay(_("A file of this source is under way. Bring it in or put it aside first."))
    name = source.name
    source.delete()
    audit_log.record(action="forget_source", by=by, now=now, purpose=name)
