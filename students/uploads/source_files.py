"""The files that each source sent and that were brought in, and when its next one is due."""

from __future__ import annotations

import datetime as dt
import uuid
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from django.db.models import F, Max, Q, Window
from django.db.models.fields.json import KeyTransform
from django.db.models.functions import RowNumber
from django.utils import timezone

from accounts import scope
from students.models import Format, SchoolDay, Source, Term, Upload
from students.records import record_words

FILES_SHOWN = 6
# Uploads without a source are told apart by the kinds of record in them, which is done here, not by the database.
FILES_WITHOUT_SOURCE = 60
REMEMBERED = dt.timedelta(days=400)
SATURDAY = 5


@dataclass(frozen=True, kw_only=True)
class MergedFile:
    """A file that was brought in, with its rows by kind of record."""

    public_id: uuid.UUID
    filename: str
    merged_on: dt.date
    n_rows: int
    rows: dict[str, int]
    is_complete: bool | None = None


@dataclass(frozen=True, kw_only=True)
class SourceFiles:
    """A source, its last files (the newest first), and the day on which the next is expected."""

    name: str
    source_id: uuid.UUID | None
    format: str
    files: tuple[MergedFile, ...]
    expected_on: dt.date | None = None

    @property
    def kinds(self) -> tuple[str, ...]:
        """Return the kinds of record it brings, in the order in which pages tell them."""
        brought = {kind for file in self.files for kind in file.rows}
        return tuple(kind for kind in record_words.LABELS if kind in brought)


def sources(*, today: dt.date) -> list[SourceFiles]:
    """Return every source that sent something or is expected to; files without one stand together by what they hold."""
    by_source: dict[int | None, list[dict[str, Any]]] = defaultdict(list)
    for upload in _merged(today):
        by_source[upload["source_id"]].append(upload)
    loose = by_source.pop(None, [])
    known = list(Source.objects.order_by("name"))
    due = _due({source.pk: _asked_since(source, by_source[source.pk]) for source in known}, known)
    found = [
        SourceFiles(
            name=source.name,
            source_id=source.public_id,
            format=source.format,
            files=tuple(_file(upload) for upload in by_source[source.pk]),
            expected_on=due.get(source.pk),
        )
        for source in known
    ]
    return [one for one in found if one.files or one.expected_on] + _without_source(loose)


def _merged(today: dt.date) -> list[dict[str, Any]]:
    """Return the last merged uploads of each source, the newest first."""
    place = Window(RowNumber(), partition_by=[F("source_id")], order_by=[F("merged_at").desc(), F("pk").desc()])
    merged = Upload.objects.filter(stage=Upload.Stage.DONE, merged_at__date__gte=today - REMEMBERED)
    placed = merged.annotate(place=place, kinds=KeyTransform("kinds", "difference"))
    wanted = placed.filter(Q(place__lte=FILES_SHOWN) | Q(source=None, place__lte=FILES_WITHOUT_SOURCE))
    names = ("source_id", "public_id", "filename", "format", "merged_at", "n_rows", "is_complete", "kinds")
    return list(wanted.order_by("-merged_at", "-pk").values(*names))


def _file(upload: dict[str, Any]) -> MergedFile:
    return MergedFile(
        public_id=upload["public_id"],
        filename=upload["filename"],
        merged_on=_day(upload["merged_at"]),
        n_rows=upload["n_rows"],
        rows={kind: counts.get("rows", 0) for kind, counts in (upload["kinds"] or {}).items()},
        is_complete=upload["is_complete"],
    )


def _without_source(uploads: list[dict[str, Any]]) -> list[SourceFiles]:
    groups: dict[tuple[str, tuple[str, ...]], list[MergedFile]] = defaultdict(list)
    for upload in uploads:
        file = _file(upload)
        groups[upload["format"], tuple(sorted(file.rows))].append(file)
    return [
        SourceFiles(name=_group_name(format, kinds), source_id=None, format=format, files=tuple(files[:FILES_SHOWN]))
        for (format, kinds), files in groups.items()
    ]


def _group_name(format: str, kinds: tuple[str, ...]) -> str:
    """Name files without a source by what they hold: "Attendance, Grades"."""
    words = [str(words) for kind, words in record_words.LABELS.items() if kind in kinds]
    label = str(Format(format).label) if format else ""
    return ", ".join([words[0], *[word.lower() for word in words[1:]]]) if 0 < len(words) <= 3 else label


def _asked_since(source: Source, uploads: list[dict[str, Any]]) -> dt.date | None:
    """Return the day from which its next file is counted; None where none is expected."""
    if source.expected_every_days is None:
        return None
    last = uploads[0]["merged_at"] if uploads else source.created_at
    return _day(last) + dt.timedelta(days=source.expected_every_days)


def _due(asked: dict[int, dt.date | None], known: list[Source]) -> dict[int, dt.date]:
    """Return on which day each source is due: nobody sends a file on a holiday, so the next school day counts."""
    days = {day for day in asked.values() if day}
    if not days:
        return {}
    here = scope.current().institution_id
    held = SchoolDay.objects.filter(institution_id=here, held_on__gte=min(days)).order_by("held_on")
    ahead = list(held.values_list("held_on", flat=True))
    over_on = Term.objects.filter(institution_id=here).aggregate(last=Max("ends_on"))["last"] or dt.date.max
    due = {source.pk: _next_school_day(day, ahead, over_on) for source in known if (day := asked[source.pk])}
    return {pk: day for pk, day in due.items() if day}


def _next_school_day(day: dt.date, ahead: list[dt.date], over_on: dt.date) -> dt.date | None:
    """Return the first day from `day` on that school is held, as far as is known; None after the last term."""
    if held_on := next((held_on for held_on in ahead if held_on >= day), None):
        return held_on
    # The calendar may come with the very file that is missing: where it says nothing, a working day is one of school.
    day += dt.timedelta(days=7 - day.weekday() if day.weekday() >= SATURDAY else 0)
    return day if day <= over_on else None


def _day(moment: dt.datetime) -> dt.date:
    return timezone.localtime(moment).date()
