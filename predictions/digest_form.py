"""What a person chooses of their daily e-mail, and what an institution lets it say."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from accounts.models import User


class DigestForm(forms.Form):
    """Whether to get it, and in which language where the portal speaks several."""

    wants_digest = forms.BooleanField(label=_("Send me an e-mail a day, when something is new"), required=False)
    language = forms.ChoiceField(label=_("Its language"), required=False)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        kwargs["initial"] = {"wants_digest": user.wants_digest, "language": user.language}
        super().__init__(*args, **kwargs)
        if len(settings.LANGUAGES) > 1:
            self.fields["language"].choices = [("", _("The portal's own")), *settings.LANGUAGES]  # type: ignore[attr-defined]
        else:
            del self.fields["language"]


class NamesForm(forms.Form):
    """Whether e-mails of the institution name students."""

    names_in_digest = forms.BooleanField(label=_("Daily e-mails may name students"), required=False)
