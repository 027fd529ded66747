"""Contributions and reasons as bytes; what the reasons of a run say alike goes to its book. Rows go over in portions."""

from __future__ import annotations

import json
import struct
from typing import Any

from django.db import migrations, models

from predictions.packed_scores import PackedFloats

PORTION = 5_000
# As in predictions.packed_scores on the day of this migration.
REASON = struct.Struct("<Hhfd")
NOT_NEW = -1
OF_EACH = {"value", "direction", "contribution", "sessions"}


class Book:
    """The kinds and codes that the reasons of a run were found to have."""

    def __init__(self, stored: dict[str, Any] | None = None) -> None:
        stored = stored or {}
        self.kinds: list[dict[str, Any]] = stored.get("kinds", [])
        self.codes: list[Any] = stored.get("codes", [])
        self._kinds: dict[str, int] = {}
        self._codes: dict[str, int] = {}

    def packed(self, reason: dict[str, Any]) -> bytes:
        value, kind = reason["value"], {name: said for name, said in reason.items() if name not in OF_EACH}
        if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
            kind["is_code"] = True
            value = self._place(self.codes, self._codes, value)
        number = float("nan") if value is None else float(value)
        sessions = reason.get("sessions", NOT_NEW)
        return REASON.pack(self._place(self.kinds, self._kinds, kind), sessions, reason["contribution"], number)

    def unpacked(self, kind: int, sessions: int, contribution: float, number: float) -> dict[str, Any]:
        said = dict(self.kinds[kind])
        is_code = said.pop("is_code", False)
        value = None if number != number else self.codes[int(number)] if is_code else number
        told = {"value": value, "direction": "raises" if contribution > 0 else "lowers", "contribution": contribution}
        return said | told | ({} if sessions == NOT_NEW else {"sessions": sessions})

    @staticmethod
    def _place(held: list[Any], places: dict[str, int], wanted: Any) -> int:
        key = json.dumps(wanted, sort_keys=True)
        if key not in places:
            places[key] = len(held)
            held.append(wanted)
        return places[key]


def pack(_apps: Any, schema_editor: Any) -> None:
    books: dict[int, Book] = {}
    with schema_editor.connection.cursor() as cursor:
        for rows in _portions(cursor, "run_id, contributions, reasons::text"):
            packed = [
                (
                    struct.pack(f"<{len(contributions)}f", *contributions),
                    b"".join(books.setdefault(run, Book()).packed(reason) for reason in json.loads(reasons)),
                )
                for _pk, run, contributions, reasons in rows
            ]
            _update(cursor, rows, packed, {"packed_contributions": "bytea", "packed_reasons": "bytea"})
        for run, book in books.items():
            if book.kinds:
                written = json.dumps({"kinds": book.kinds, "codes": book.codes})
                cursor.execute("UPDATE predictions_scoringrun SET reason_book = %s WHERE id = %s", [written, run])


def unpack(_apps: Any, schema_editor: Any) -> None:
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT id, reason_book::text FROM predictions_scoringrun")
        books = {run: Book(json.loads(written)) for run, written in cursor.fetchall()}
        for rows in _portions(cursor, "run_id, packed_contributions, packed_reasons"):
            unpacked = []
            for _pk, run, contributions, reasons in rows:
                floats = struct.unpack(f"<{len(contributions) // 4}f", contributions)
                told = [books[run].unpacked(*fields) for fields in REASON.iter_unpack(reasons)]
                # An array of arrays would have to be of one length: each goes as the text of an array.
                unpacked.append((f"{{{','.join(map(repr, floats))}}}", json.dumps(told)))
            _update(cursor, rows, unpacked, {"contributions": "float8[]", "reasons": "jsonb"})


def _portions(cursor: Any, columns: str) -> Any:
    """Yield the scores' rows, each beginning with its key, some at a time."""
    last = 0
    while True:
        statement = f"SELECT id, {columns} FROM predictions_riskscore WHERE id > %s ORDER BY id LIMIT %s"  # noqa: S608
        cursor.execute(statement, [last, PORTION])
        rows = cursor.fetchall()
        if not rows:
            return
        yield rows
        last = rows[-1][0]


def _update(cursor: Any, rows: list[Any], values: list[tuple[Any, Any]], columns: dict[str, str]) -> None:
    given = [[row[0] for row in rows], *map(list, zip(*values, strict=True))]
    (one, of_one), (other, of_other) = columns.items()
    sent = "bytea" if of_one == "bytea" else "text"
    cursor.execute(
        f"""
        UPDATE predictions_riskscore SET {one} = given.one::{of_one}, {other} = given.other::{of_other}
        FROM unnest(%s::bigint[], %s::{sent}[], %s::{sent}[]) AS given (id, one, other)
        WHERE predictions_riskscore.id = given.id
        """,  # noqa: S608
        given,
    )


class Migration(migrations.Migration):
    dependencies = [("predictions", "0010_counts_of_the_list")]

    operations = [
        migrations.AddField("scoringrun", "reason_book", models.JSONField(default=dict)),
        migrations.AddField("riskscore", "packed_contributions", PackedFloats(default=list)),
        migrations.AddField("riskscore", "packed_reasons", models.BinaryField(default=bytes)),
        # Undone, the columns come back empty before the rows do.
        migrations.AlterField("riskscore", "reasons", models.JSONField(default=list)),
        migrations.RunPython(pack, unpack),
        migrations.RemoveField("riskscore", "contributions"),
        migrations.RemoveField("riskscore", "reasons"),
        migrations.RenameField("riskscore", "packed_contributions", "contributions"),
    ]
