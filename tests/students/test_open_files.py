"""A file of each kind that leaves something open stops with one question, and goes in once it is answered."""

from __future__ import annotations

import io
import json

import pytest
from django.core.management import CommandError, call_command

from students.models import Upload
from tests.students.import_by_command import bring_in
from tests.students.importing.open_files import OPEN

Stage = Upload.Stage


@pytest.fixture
def known(riverside, tmp_path):
    """What a file is about stands on record before it comes."""

    def brought(before):
        folder = tmp_path / "before"
        folder.mkdir()
        for name, content in before.items():
            (folder / name).write_text(content, encoding="utf-8")
            assert bring_in(riverside, folder / name).stage == Stage.DONE
        return riverside

    return brought


@pytest.mark.parametrize("name", OPEN)
def test_it_stops_with_one_question_and_nothing_of_it_counts(known, tmp_path, name):
    one = OPEN[name]
    out = io.StringIO()
    with pytest.raises(CommandError, match="leaves something open"):
        call_command(
            "import_records", str(one.written(tmp_path)), "--institution", known(one.before).slug, "--json", stdout=out
        )

    told = json.loads(out.getvalue())

    assert (told["stage"], [question["name"] for question in told["questions"]]) == ("asking", [one.question])
    assert (told["counts"], told["difference"]) == ({}, {})


@pytest.mark.parametrize("name", OPEN)
def test_answered_it_goes_in_and_the_same_file_asks_nothing_more(known, tmp_path, name):
    one = OPEN[name]
    institution, path = known(one.before), one.written(tmp_path)

    upload = bring_in(institution, path, answers={one.question: one.answer})
    again = bring_in(institution, path, "--again")

    assert (upload.stage, upload.n_bad_rows) == (Stage.DONE, 0)
    assert upload.difference["kinds"][one.kind]["new"] == one.stored
    assert (again.stage, again.questions) == (Stage.DONE, [])
    assert again.difference["kinds"][one.kind]["new"] == 0
