"""Notes about a student: written for some readers, worded anew, and kept as a draft until they are written."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts import audit_log, scope
from accounts.models import User
from students.models import Note, NoteDraft, NoteKind, NoteRevision, Readers, Student

MOST_WORDS = 4000
# Of one student a page reads so many wordings.
MOST_READ = 200


class Refused(Exception):
    """The note cannot be kept so; the sentence is fit for the person who wrote it. `field` is what it is about."""

    field = "words"


class ReadersRefused(Refused):
    """Nobody is named, or a hand-over is not for everybody."""

    field = "visibility"


class NotTheirs(Refused):
    """Whoever only reads a note does not word it anew."""


class Overtaken(Refused):
    """Somebody worded the note anew meanwhile."""


@dataclass(frozen=True, kw_only=True)
class Typed:
    """What somebody typed: the words, what they are, and for whom. One key for one form, however often it is sent."""

    words: str
    request_key: uuid.UUID
    kind: str = NoteKind.NOTE
    visibility: str = Readers.ALL
    named: Collection[User] = ()


@transaction.atomic
def write(*, student: Student, typed: Typed, by: User, now: dt.datetime) -> Note:
    """Write a note for its readers; the draft of it goes. Sent twice by one form, it is written once.

    :raises Refused: without words
    :raises ReadersRefused: for named people without any, or a hand-over that is not for everybody
    """
    if not typed.words.strip():
        raise Refused(_("Write something first."))
    if typed.visibility == Readers.NAMED and not typed.named:
        raise ReadersRefused(_("Name somebody, or choose other readers."))
    if typed.kind == NoteKind.HAND_OVER and typed.visibility != Readers.ALL:
        raise ReadersRefused(_("A hand-over is for whoever has the student next: let everybody read it."))
    note, is_new = Note.objects.get_or_create(
        author=by,
        request_key=typed.request_key,
        defaults={
            "institution_id": student.institution_id,
            "student": student,
            "kind": typed.kind,
            "visibility": typed.visibility,
            "role": (scope.current().role or "") if typed.visibility == Readers.ROLE else "",
            "named": sorted(user.pk for user in typed.named) if typed.visibility == Readers.NAMED else [],
            "written_at": now,
        },
    )
    if is_new:
        _word(note, number=1, words=typed.words, by=by, now=now)
        NoteDraft.objects.filter(student=student, author=by).delete()
        # Neither words nor readers: the record of looks is read by others.
        audit_log.record(action="note_written", by=by, now=now, subjects=[student.public_id])
    return note


@transaction.atomic
def revise(*, note: Note, words: str, after: int, by: User, now: dt.datetime) -> NoteRevision:
    """Word a note anew, after the wording of a number that was read. Earlier ones stay on record.

    :raises NotTheirs: to anybody but its author and the people named in it
    :raises Refused: without words
    :raises Overtaken: once there is a later wording than the one that was read
    """
    if not note.may_be_revised_by(by):
        raise NotTheirs(_("Only its author and the people named in it may change a note."))
    if not words.strip():
        raise Refused(_("Write something first."))
    newest = note.revisions.order_by("number").last()
    if newest and (newest.words, newest.by_id) == (words.strip(), by.pk):
        return newest
    if newest and newest.number != after:
        raise _overtaken()
    try:
        # The constraint decides between two who write at once: nobody may lock a note, as nobody may change it.
        with transaction.atomic():
            revision = _word(note, number=after + 1, words=words, by=by, now=now)
    except IntegrityError:
        raise _overtaken() from None
    audit_log.record(action="note_revised", by=by, now=now, subjects=[note.student.public_id])
    return revision


@transaction.atomic
def keep_draft(*, student: Student, typed: Typed, by: User, now: dt.datetime) -> NoteDraft | None:
    """Keep what somebody is about to write, in place of what they had; without words nothing is kept.

    A draft that arrives after its note was written is dropped.
    """
    if not typed.words.strip() or Note.objects.filter(author=by, request_key=typed.request_key).exists():
        NoteDraft.objects.filter(student=student, author=by).delete()
        return None
    draft, _is_new = NoteDraft.objects.update_or_create(
        student=student,
        author=by,
        defaults={
            "institution_id": student.institution_id,
            "kind": typed.kind,
            "visibility": typed.visibility,
            "named": sorted(user.pk for user in typed.named),
            "words": typed.words,
            "saved_at": now,
        },
    )
    return draft


def of_student(student: Student) -> list[list[NoteRevision]]:
    """Return the notes that whoever asks may read, the newest first, each as its wordings, the one that holds first.

    At most 200 wordings in all.
    """
    wordings = NoteRevision.objects.filter(note__student=student).select_related("note__author", "by")
    notes: dict[int, list[NoteRevision]] = {}
    for revision in wordings.order_by("-note_id", "-number")[:MOST_READ]:
        notes.setdefault(revision.note_id, []).append(revision)
    return list(notes.values())


def draft_of(student: Student, *, author: User) -> NoteDraft | None:
    """Return what somebody is about to write of a student."""
    return NoteDraft.objects.filter(student=student, author=author).first()


def _overtaken() -> Overtaken:
    return Overtaken(_("Somebody changed this note meanwhile. What it says now stands above."))


def _word(note: Note, *, number: int, words: str, by: User, now: dt.datetime) -> NoteRevision:
    return NoteRevision.objects.create(
        institution_id=note.institution_id, note=note, number=number, words=words.strip(), by=by, at=now
    )
