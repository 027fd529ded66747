"""Public ids: UUIDs that sort by time and reveal no count."""

from __future__ import annotations

import uuid

from uuid_utils.compat import uuid7


def new_public_id() -> uuid.UUID:
    """Return a fresh UUIDv7."""
    return uuid7()
