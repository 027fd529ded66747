"""Stored models as tests damage them: only the owner of the tables can, and everything is put back."""

import contextlib
import random

from django.db import connection
from psycopg import sql

from modeling.registry import versions
from tests import databases

HALVES = ("booster_text", "specification_json")


def forget():
    """Let this process read every version anew."""
    versions._parsed.cache_clear()
    versions._found_unchanged.cache_clear()


@contextlib.contextmanager
def rewriting(version):
    """Yield a function that changes a half of what is stored of a version."""
    with databases.as_owner(connection.settings_dict["NAME"]) as owner:

        def change(half, text):
            update = sql.SQL("UPDATE modeling_modelversion SET {} = %s WHERE id = %s").format(sql.Identifier(half))
            owner.execute(update, [text, version.pk])

        try:
            yield change
        finally:
            for half in HALVES:
                change(half, getattr(version, half))


def damaged(text, *, n, seed=20260101):
    """Yield a text damaged n times over: cut off, a bit flipped, ten bytes changed, a line deleted, a line doubled."""
    chance, whole = random.Random(seed), text.encode()
    for number in range(n):
        yield _DAMAGES[number % len(_DAMAGES)](bytearray(whole), chance)


def _cut(data, chance):
    return data[: chance.randrange(len(data))]


def _flip(data, chance):
    data[chance.randrange(len(data))] ^= 1 << chance.randrange(7)
    return data


def _scribble(data, chance):
    for _ in range(10):
        data[chance.randrange(len(data))] = chance.randrange(33, 127)
    return data


def _delete_line(data, chance):
    lines = bytes(data).split(b"\n")
    del lines[chance.randrange(len(lines))]
    return bytearray(b"\n".join(lines))


def _double_line(data, chance):
    lines = bytes(data).split(b"\n")
    lines.insert(chance.randrange(len(lines)), lines[chance.randrange(len(lines))])
    return bytearray(b"\n".join(lines))


_DAMAGES = (_cut, _flip, _scribble, _delete_line, _double_line)
