"""A file with a code that nobody mapped waits for a person, whose answer holds for the files of every source."""

import pytest
from django.utils import timezone

from accounts import scope
from students.models import ExitCode, Outcome, Source, Student, Upload
from students.outcomes import exit_code_map, outcomes_recorded
from students.uploads import upload_story, uploads
from tests.people import signed_in
from tests.students.import_by_command import bring_in
from tests.students.test_import_run import reloaded, sent, worked_on
from tests.students.test_words_of_columns import exits
from tests.students.two_schools import two_schools

__all__ = ["two_schools"]

Stage = Upload.Stage


@pytest.fixture
def stored(two_schools):
    """Return number, kind and code of every outcome that stands."""

    def rows():
        with scope.entered(scope.of_institution(two_schools)):
            found = Outcome.objects.filter(corrected_by=None).order_by("student__external_id", "pk")
            return list(found.values_list("student__external_id", "kind", "exit_code"))

    return rows


@pytest.fixture
def w7(two_schools, tmp_path):
    """A file with one code that nobody mapped, and one that everybody knows; it waits."""
    return bring_in(two_schools, exits(tmp_path, "W7", "Graduated"))


def answer(person, upload, *kinds):
    said = {f"outcome_{n}": kind for n, kind in enumerate(kinds)}
    return signed_in(person).post(f"/records/{upload.public_id}/answers/", said)


def merged(upload):
    """Check a file that was answered, and bring it in."""
    done = worked_on(reloaded(upload))
    assert (done.stage, done.questions) == (Stage.DONE, [])
    return done


def mapped(institution):
    with scope.entered(scope.of_institution(institution)):
        return list(ExitCode.objects.order_by("plain").values_list("plain", "kind", "changed_by__display_name"))


def said(institution, by, **given):
    with scope.entered(scope.of_institution(institution)):
        exit_code_map.change(**{"plain": "w7", "version": 1, "by": by, "now": timezone.now()} | given)


def test_an_unmapped_code_is_asked_answered_imported_and_remembered(two_schools, ines, w7, stored, tmp_path):
    assert (w7.stage, stored()) == (Stage.ASKING, [])
    assert "W7" in signed_in(ines).get(f"/records/{w7.public_id}/answers/").content.decode()

    assert answer(ines, w7, "transferred").status_code == 302
    merged(w7)

    assert stored() == [("0004711", "transferred", "W7"), ("0004712", "graduated", "Graduated")]
    assert mapped(two_schools) == [("w7", "transferred", "Ines")]
    with scope.entered(scope.of_institution(two_schools)):
        assert not Source.objects.filter(answers__has_key="outcomes.codes").exists()
    other = tmp_path / "leavers.csv"
    other.write_text("student_id,exit_date,exit_code,source_id\n0004713,2026-09-04,uri://x.example/Exit#w7,A1\n")
    upload = bring_in(two_schools, other)
    assert (upload.stage, upload.questions) == (Stage.DONE, [])
    assert [kind for _number, kind, _code in stored()] == ["transferred", "graduated", "transferred"]


def test_the_way_of_a_file_still_tells_that_codes_were_asked_about(ines, w7):
    answer(ines, w7, "transferred")

    assert "Answered" in [step["label"] for step in upload_story.steps(merged(w7))]


def test_rows_left_out_are_so_for_one_source_alone(two_schools, ines, w7, stored, tmp_path):
    answer(ines, w7, "leave_out")
    merged(w7)
    assert (mapped(two_schools), stored()) == ([], [("0004712", "graduated", "Graduated")])

    with scope.entered(scope.of_institution(two_schools)):
        exit_code_map.add(code="W7", kind="died", by=ines, now=timezone.now())
        source = Source.objects.get(answers__has_key="outcomes.codes")
    bring_in(two_schools, exits(tmp_path, "W7", "Graduated", "Graduated"))

    assert source.answers == {"outcomes.codes": {"W7": "leave_out"}}
    assert [number for number, *_said in stored()] == ["0004712", "0004713"]


def test_what_another_person_said_meanwhile_is_told_and_not_overwritten(two_schools, ines, sam, w7):
    with scope.entered(scope.of_institution(two_schools)):
        exit_code_map.add(code="w7", kind="died", by=sam, now=timezone.now())

    refused = answer(ines, w7, "transferred")

    assert refused.status_code == 422
    assert "“w7” stands in the list already: Died." in refused.content.decode()
    assert (reloaded(w7).stage, mapped(two_schools)) == (Stage.ASKING, [("w7", "died", "Sam")])
    assert answer(ines, w7, "died").status_code == 302


def test_two_spellings_of_one_code_cannot_mean_two_things(two_schools, ines, tmp_path):
    upload = bring_in(two_schools, exits(tmp_path, "W7", "w7 "))

    assert answer(ines, upload, "transferred", "died").status_code == 422
    assert mapped(two_schools) == []
    assert answer(ines, upload, "died", "died").status_code == 302
    assert mapped(two_schools) == [("w7", "died", "Ines")]


@pytest.mark.parametrize("said", ["gone", ""])
def test_an_answer_that_is_no_kind_maps_nothing(two_schools, ines, w7, said):
    assert answer(ines, w7, said).status_code == 422
    assert mapped(two_schools) == []


def test_a_word_too_long_for_a_code_is_kept_for_its_source(two_schools, ines, stored, tmp_path):
    upload = bring_in(two_schools, exits(tmp_path, "gone away " * 15, column="kind"))

    answer(ines, upload, "unknown")

    merged(upload)

    assert (mapped(two_schools), stored()) == ([], [("0004711", "unknown", "")])


def test_what_a_system_answers_is_kept_for_its_source_alone(two_schools, tmp_path):
    path = exits(tmp_path, "W7")
    bring_in(two_schools, path, answers={"outcomes.codes": {"W7": "died"}})

    assert mapped(two_schools) == []


def test_a_changed_kind_changes_nothing_of_the_same_file_sent_again(two_schools, ines, w7, stored, tmp_path):
    answer(ines, w7, "transferred")
    merged(w7)
    before = stored()
    said(two_schools, ines, kind="dropped_out")

    again = bring_in(two_schools, exits(tmp_path, "W7", "Graduated", "W7"))

    assert again.stage == Stage.DONE
    assert stored() == [*before, ("0004713", "dropped_out", "W7")]
    counts = again.difference["kinds"]["outcomes"]
    assert (counts["new"], counts["changed"]) == (1, 0)


def test_another_day_of_a_code_is_recorded_as_it_counts_now(two_schools, ines, w7, stored, tmp_path):
    answer(ines, w7, "transferred")
    merged(w7)
    said(two_schools, ines, kind="dropped_out")

    path = tmp_path / "later.csv"
    path.write_text("student_id,happened_on,exit_code\n0004711,2026-10-20,W7\n")
    bring_in(two_schools, path)

    assert [kind for number, kind, _code in stored() if number == "0004711"] == ["transferred", "dropped_out"]


def test_what_a_person_corrected_stays_so_though_the_code_counts_otherwise_since(
    two_schools, ines, w7, stored, tmp_path
):
    answer(ines, w7, "transferred")
    merged(w7)
    with scope.entered(scope.of_institution(two_schools)):
        student = Student.objects.get(external_id="0004711")
        wrong = Outcome.objects.get(student=student)
        outcomes_recorded.record(
            student=student,
            exit_code="Died",
            happened_on=wrong.happened_on,
            evidence="",
            by=ines,
            now=timezone.now(),
            corrects=wrong,
        )
    said(two_schools, ines, kind="dropped_out")

    bring_in(two_schools, exits(tmp_path, "W7", "Graduated"), "--again")

    assert stored() == [("0004711", "died", "Died"), ("0004712", "graduated", "Graduated")]


def test_a_file_confirmed_before_its_codes_count_otherwise_is_looked_at_again(two_schools, ines, stored):
    checked = sent(
        two_schools, "student_id,happened_on,exit_code\n0004711,2026-09-01,Withdrawn\n", filename="exits.csv"
    )
    with scope.entered(scope.of_institution(two_schools)):
        confirmed = uploads.confirm(upload=checked, skip_invalid_rows=False, by=None, now=timezone.now(), wakes=False)
    said(two_schools, ines, plain="withdrawn", version=0, kind="transferred")

    waiting = worked_on(confirmed)

    assert (waiting.stage, waiting.summary["changed_since"], stored()) == (Stage.REVIEW, True, [])
