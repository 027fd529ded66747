"""The notes on a student's page: what one may read, who else reads it, and what one is about to write."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.utils.translation import gettext as _

from accounts.models import Role, User
from predictions import note_form
from predictions.note_form import RevisionForm
from students.models import Note, NoteKind, NoteRevision, Readers, Student
from students.people import notes, sight


def section(student: Student, *, user: User, now: dt.datetime) -> dict[str, Any]:
    """Return what the section shows to one person, in three statements."""
    people = sight.people(student, now=now)
    draft = notes.draft_of(student, author=user)
    return {
        "notes": [_line(wordings, user, people) for wordings in notes.of_student(student)],
        "note_draft": draft,
        "note_form": note_form.of_draft(draft, people=people),
    }


def with_revision(section: dict[str, Any], note: Note, form: RevisionForm) -> dict[str, Any]:
    """Return a section with what was typed into the form of one note."""
    lines = [line | {"form": form} if line["public_id"] == note.public_id else line for line in section["notes"]]
    return section | {"notes": lines}


def readers(note: Note, people: list[User]) -> str:
    """Say who reads a note beside its author, of those who still see the student."""
    if note.visibility == Readers.ALL:
        return _("Read by everybody who sees this student")
    if note.visibility == Readers.ROLE:
        return _("Read by those with the role %(role)s") % {"role": Role(note.role).label}
    names = [user.display_name for user in people if user.pk in note.named and user.pk != note.author_id]
    return _("Read by %(names)s") % {"names": ", ".join(names)} if names else _("Read by nobody else")


def _line(wordings: list[NoteRevision], user: User, people: list[User]) -> dict[str, Any]:
    newest = wordings[0]
    note: Note = newest.note
    may_revise = note.may_be_revised_by(user)
    typed = {"words": newest.words, "after": newest.number}
    return {
        "public_id": note.public_id,
        "kind_label": note.get_kind_display() if note.kind != NoteKind.NOTE else "",
        "author": note.author.display_name,
        "written_at": note.written_at,
        "newest": newest,
        "earlier": wordings[1:],
        "readers": readers(note, people),
        "form": RevisionForm(prefix=str(note.public_id), initial=typed) if may_revise else None,
    }
