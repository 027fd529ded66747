"""How a score keeps what it is made of: contributions and reasons as bytes, and how they are read back.

A contribution is a float of 4 bytes, in the order of the version's features. A reason is 16 bytes; what every reason in
the words of one feature says alike, and codes, stand once in the book of its run. All numbers are little-endian.
"""

from __future__ import annotations

import struct
from typing import Any

from django.db import models

# Which kind of reason (its place in the book), school days of a new student or `NOT_NEW`, contribution, value.
REASON = struct.Struct("<Hhfd")
NOT_NEW = -1
FLOAT_BYTES = 4


class PackedFloats(models.BinaryField):
    """Floats as bytes, 4 each; read and written as a list of float."""

    def from_db_value(self, value: Any, _expression: Any, _connection: Any) -> list[float] | None:
        """Return the floats."""
        return None if value is None else list(struct.unpack(f"<{len(value) // FLOAT_BYTES}f", value))

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        """Return the bytes of floats; bytes as they are."""
        if isinstance(value, list | tuple):
            value = struct.pack(f"<{len(value)}f", *value)
        return super().get_db_prep_value(value, connection, prepared)


def reasons(packed: bytes, book: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the reasons of a score, as `modeling.core.reasons.top_reasons` describes them.

    Parameters
    ----------
    packed : bytes
        `REASON` upon `REASON`, the largest contribution first.
    book : dict
        Of the run: ``kinds``, a list of what reasons say alike, with ``is_code`` where the value is a place among
        ``codes``.
    """
    return [_reason(book, *fields) for fields in REASON.iter_unpack(packed)]


def _reason(book: dict[str, Any], kind: int, sessions: int, contribution: float, number: float) -> dict[str, Any]:
    said = dict(book["kinds"][kind])
    is_missing = number != number
    value = None if is_missing else book["codes"][int(number)] if said.pop("is_code", False) else number
    said.pop("is_code", None)
    direction = "raises" if contribution > 0 else "lowers"
    here = {} if sessions == NOT_NEW else {"sessions": sessions}
    return said | {"value": value, "direction": direction, "contribution": contribution} | here
