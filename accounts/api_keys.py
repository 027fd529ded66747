"""Make and recognise API keys; only their hash is kept."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets

from django.db import transaction

from accounts.models import ApiClient, Institution, User

PREFIX_LENGTH = 10
LONGEST_LIFE = dt.timedelta(days=366)


class KeyRefused(Exception):
    """The key may not be made as asked."""


def _digest(key: str) -> str:
    # A key carries 256 random bits, so a plain hash is enough: there is nothing to guess.
    return hashlib.sha256(key.encode()).hexdigest()


@transaction.atomic
def issue(  # noqa: PLR0913
    *,
    institution: Institution,
    name: str,
    purpose: str,
    scopes: list[str],
    by: User | None,
    now: dt.datetime,
    lasts: dt.timedelta = LONGEST_LIFE,
) -> tuple[ApiClient, str]:
    """Make a client and its key; the key itself is returned once and kept nowhere.

    :raises KeyRefused: without a purpose, or for more than a year
    """
    if not purpose.strip():
        raise KeyRefused("Say what the key is for: every use of it is logged with that purpose.")
    if lasts > LONGEST_LIFE:
        raise KeyRefused("A key lasts a year at most. Ask for less, and renew it.")
    key = f"dp_{secrets.token_urlsafe(32)}"
    client = ApiClient.objects.create(
        institution=institution,
        name=name,
        purpose=purpose.strip(),
        prefix=key[:PREFIX_LENGTH],
        key_sha256=_digest(key),
        scopes=scopes,
        expires_at=now + lasts,
        created_by=by,
    )
    return client, key


def client_of(key: str, *, now: dt.datetime) -> ApiClient | None:
    """Return the client a key belongs to, or None if it is unknown, expired or revoked."""
    holding = ApiClient.objects.select_related("institution").filter(revoked_at=None, expires_at__gt=now)
    return holding.filter(key_sha256=_digest(key)).first()


@transaction.atomic
def revoke(*, client: ApiClient, by: User | None, now: dt.datetime) -> None:
    """Make a key useless from this moment on."""
    ApiClient.objects.filter(pk=client.pk, revoked_at=None).update(revoked_at=now)
