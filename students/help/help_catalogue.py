"""An institution's own catalogue of help: kinds are added, changed, retired and brought back, never deleted."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict, replace

from django.db import transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _

from accounts import audit_log, scope
from accounts.models import User
from students.help import help_kinds
from students.help.help_kinds import KindOfHelp
from students.models import HelpKind

# What can be changed of a kind. Its code cannot: help on record is of it.
CHANGED = ("label", "tier", "usual_days", "check_every_days", "what_for", "evidence_note")


class Refused(Exception):
    """What was asked cannot be kept; the sentence is fit for the person who asked."""


class NoSuchKind(Exception):
    """The institution has no kind of this code."""


class Overtaken(Exception):
    """Somebody else changed the kind meanwhile; `standing` is the kind as it now stands."""

    def __init__(self, standing: KindOfHelp) -> None:
        super().__init__("changed meanwhile")
        self.standing = standing


@transaction.atomic
def add(*, kind: KindOfHelp, by: User, now: dt.datetime) -> KindOfHelp:
    """Add a kind. Without a code it gets one from its name. Added twice in the same words, it stands once.

    :raises Refused: if another kind has the code or the name, or no code can be made of the name
    """
    own = _own()
    kind = replace(kind, code=kind.code or slugify(kind.label, allow_unicode=True).replace("-", "_")[:40])
    if not kind.code:
        raise Refused(_("Give it a name with letters in it."))
    if kind.code in own:
        standing = KindOfHelp.of(own[kind.code])
        if _words(standing) == _words(kind) and not standing.is_retired:
            return standing
        raise Refused(_("There is a kind with this code already, perhaps a retired one: “%s”.") % standing.label)
    _refuse_a_name_taken(kind, own)
    added = HelpKind.objects.create(institution_id=scope.current().institution_id, code=kind.code, **_words(kind))
    audit_log.record(action="help_kind_added", by=by, now=now, purpose=kind.code)
    return KindOfHelp.of(added)


@transaction.atomic
def change(*, kind: KindOfHelp, version: int, by: User, now: dt.datetime) -> KindOfHelp:
    """Change everything about a kind but its code. Asked for what stands already, nothing happens.

    :raises NoSuchKind: if the institution has none of this code
    :raises Overtaken: if the kind changed since `version` was shown
    :raises Refused: if another kind has the name
    """
    own = _own()
    row = _found(own, kind.code)
    standing = KindOfHelp.of(row)
    if _words(standing) == _words(kind):
        return standing
    if row.version != version:
        raise Overtaken(standing)
    _refuse_a_name_taken(kind, own)
    for name, value in (_words(kind) | {"version": version + 1}).items():
        setattr(row, name, value)
    row.save(update_fields=[*CHANGED, "version"])
    audit_log.record(action="help_kind_changed", by=by, now=now, purpose=kind.code)
    return KindOfHelp.of(row)


@transaction.atomic
def retire(*, code: str, by: User, now: dt.datetime) -> KindOfHelp:
    """Offer a kind no longer; help of it goes on and keeps its name. Retired twice, it is retired once.

    :raises NoSuchKind: if the institution has none of this code
    :raises Refused: for the last kind that is offered
    """
    own = _own()
    row = _found(own, code)
    if row.retired_at is not None:
        return KindOfHelp.of(row)
    if not any(other.retired_at is None for other in own.values() if other is not row):
        raise Refused(_("This is the last kind that can be given. Add another one first."))
    return _kept(row, retired_at=now, action="help_kind_retired", by=by, now=now)


@transaction.atomic
def bring_back(*, code: str, by: User, now: dt.datetime) -> KindOfHelp:
    """Offer a retired kind again.

    :raises NoSuchKind: if the institution has none of this code
    """
    row = _found(_own(), code)
    if row.retired_at is None:
        return KindOfHelp.of(row)
    return _kept(row, retired_at=None, action="help_kind_brought_back", by=by, now=now)


def _own() -> dict[str, HelpKind]:
    """Return the institution's own kinds by code, held for this transaction; the first edit copies the file's in.

    Two first edits at once copy the same rows: the second waits for the first one's and adds none. Rows are read only
    once they are held, so that of two editors the second sees what the first one added.
    """
    if not HelpKind.objects.exists():
        institution = scope.current().institution_id
        start = [HelpKind(institution_id=institution, code=kind.code, **_words(kind)) for kind in help_kinds.written()]
        HelpKind.objects.bulk_create(start, ignore_conflicts=True)
    list(HelpKind.objects.select_for_update(no_key=True).order_by("pk").values_list("pk"))
    return {kind.code: kind for kind in HelpKind.objects.all()}


def _found(own: dict[str, HelpKind], code: str) -> HelpKind:
    if code not in own:
        raise NoSuchKind(code)
    return own[code]


def _words(kind: KindOfHelp) -> dict[str, object]:
    return {name: value for name, value in asdict(kind).items() if name in CHANGED}


def _refuse_a_name_taken(kind: KindOfHelp, own: dict[str, HelpKind]) -> None:
    if any(kind.label.lower() == other.label.lower() for code, other in own.items() if code != kind.code):
        raise Refused(_("Another kind of help has this name. Choose a different one."))


def _kept(row: HelpKind, *, retired_at: dt.datetime | None, action: str, by: User, now: dt.datetime) -> KindOfHelp:
    row.retired_at = retired_at
    row.save(update_fields=["retired_at"])
    audit_log.record(action=action, by=by, now=now, purpose=row.code)
    return KindOfHelp.of(row)
