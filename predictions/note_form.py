"""What is typed when a note about a student is written, kept as a draft, or worded anew."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from students.models import NoteDraft, NoteKind, Readers
from students.people.notes import MOST_WORDS


class NoteForm(forms.Form):
    """A note, its kind and its readers; a key, so that a double click writes it once."""

    prefix = "note"
    words = forms.CharField(label=_("Note"), max_length=MOST_WORDS, widget=forms.Textarea(attrs={"rows": 4}))
    kind = forms.ChoiceField(label=_("What it is"), choices=NoteKind.choices, initial=NoteKind.NOTE)
    visibility = forms.ChoiceField(label=_("Who reads it"), choices=Readers.choices, initial=Readers.ALL)
    named = forms.MultipleChoiceField(
        label=_("The people I name"), required=False, widget=forms.SelectMultiple(attrs={"size": 5})
    )
    request_key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4, required=False)

    def __init__(self, *args: Any, people: Iterable[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.people = {str(user.public_id): user for user in people}
        named: Any = self.fields["named"]
        named.choices = [(key, user.display_name) for key, user in self.people.items()]

    def clean_named(self) -> list[User]:
        """Return the people named."""
        return [self.people[key] for key in self.cleaned_data["named"]]

    def clean_request_key(self) -> uuid.UUID:
        """Return the form's key; one of its own where it came without."""
        return self.cleaned_data["request_key"] or uuid.uuid4()


class DraftForm(NoteForm):
    """The same on its way: without words there is nothing to keep."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["words"].required = False


class RevisionForm(forms.Form):
    """A note's new wording, with the number of the one that was read."""

    words = forms.CharField(label=_("Note"), max_length=MOST_WORDS, widget=forms.Textarea(attrs={"rows": 4}))
    after = forms.IntegerField(widget=forms.HiddenInput, min_value=1)


def of_draft(draft: NoteDraft | None, *, people: list[User]) -> NoteForm:
    """Return the form with what somebody was about to write."""
    if draft is None:
        return NoteForm(people=people)
    typed = {"words": draft.words, "kind": draft.kind, "visibility": draft.visibility}
    named = [str(user.public_id) for user in people if user.pk in draft.named]
    return NoteForm(people=people, initial=typed | {"named": named})
