"""The systems that send files: known again by the shape of what they send, so that a mapping is made once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from typing import Any

from django.db import transaction

from accounts.models import Institution, User
from students.importing import questions
from students.models import Format, Source, Student, StudentMerge
from students.records.record_words import LABELS


def mappings_of(institution: Institution) -> dict[str, Mapping[str, Any]]:
    """Return by shape what the columns of files without a format are, as somebody named them."""
    named = Source.objects.filter(institution=institution, format=Format.MAPPED)
    return dict(named.values_list("shape_sha256", "mapping"))


def answers_of(institution: Institution, *, shape: str) -> dict[str, Any]:
    """Return what was answered of files of a shape."""
    found = Source.objects.filter(institution=institution, shape_sha256=shape).values_list("answers", flat=True)
    return dict(found.first() or {})


def student_numbers(*, of_schools: bool) -> list[str]:
    """Return the numbers of the students in scope: all who were not merged, or those that a school gave for itself."""
    numbers = Student.objects.values_list("external_id", flat=True)
    if of_schools:
        return list(numbers.filter(external_id__contains=questions.AT))
    return list(numbers.exclude(pk__in=StudentMerge.objects.filter(taken_back_at=None).values("other")))


def merged_numbers() -> dict[str, str]:
    """Return the numbers of students who were merged into others, each with the number of the kept one."""
    standing = StudentMerge.objects.filter(taken_back_at=None)
    return dict(standing.values_list("other__external_id", "kept__external_id"))


@transaction.atomic
def keep_answers(source: Source, answers: Mapping[str, Any]) -> None:
    """Keep what was answered of a file for the next ones of its source; nothing where the answer is kept elsewhere."""
    kept = questions.merged(source.answers, {name: answer for name, answer in answers.items() if answer})
    if kept != source.answers:
        source.answers = kept
        source.save(update_fields=["answers"])


@transaction.atomic
def known_or_new(  # noqa: PLR0913
    *, institution: Institution, shape: str, format: str, kinds: Collection[str], by: User | None, now: dt.datetime
) -> Source:
    """Return the source of files of a shape, made at the first of them and named after what it brings."""
    known = Source.objects.filter(institution=institution, shape_sha256=shape).first()
    if known:
        return known
    name = _free_name(institution, format, kinds)
    return Source.objects.create(
        institution=institution, name=name, format=format, shape_sha256=shape, created_at=now, created_by=by
    )


def _free_name(institution: Institution, format: str, kinds: Collection[str]) -> str:
    label = str(Format(format).label)
    wanted = f"{label}: {', '.join(str(LABELS[kind]) for kind in LABELS if kind in kinds)}"[:140] if kinds else label
    taken = set(Source.objects.filter(institution=institution).values_list("name", flat=True))
    numbered = (wanted if number == 1 else f"{wanted} ({number})" for number in range(1, len(taken) + 2))
    return next(name for name in numbered if name not in taken)
