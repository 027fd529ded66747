"""The page of one file: a story whose every place says where it is, what would change and what is wrong."""

import pytest

from students.models import Upload
from tests.people import signed_in
from tests.predictions.pages import text_of
from tests.students import told_uploads
from tests.students.told_uploads import FAULT, job, path


@pytest.fixture
def words(ines):
    """Open a file's page as Ines and return its words."""
    return lambda told: text_of(signed_in(ines).get(path(told)).content.decode())


@pytest.mark.parametrize("stage", Upload.Stage.values)
def test_every_stage_has_a_page_with_one_step_marked(ines, riverside, stage):
    told = told_uploads.upload(riverside, stage, summary=told_uploads.UNNAMED)

    page = signed_in(ines).get(path(told)).content.decode()

    assert page.count('aria-current="step"') == 1
    assert f'data-announce="{told.get_stage_display()}"' in page


@pytest.mark.parametrize(("state", "polls"), [("queued", True), ("running", True), ("failed", False)])
def test_a_page_asks_again_only_while_somebody_works(ines, riverside, state, polls):
    told = told_uploads.upload(riverside, "checking", job=job(riverside, state, error="", attempts=1))

    partial = signed_in(ines).get(path(told), headers={"HX-Request": "true"})

    assert partial["Vary"].count("HX-Request") == 1
    assert partial.content.decode().lstrip().startswith('<section id="upload-progress"')
    assert ('hx-trigger="every 2s"' in partial.content.decode()) is polls


def test_rows_percent_attempt_and_the_first_faults_show_while_the_check_runs(words, riverside):
    work = job(riverside, "running", attempts=2, progress_done=420, progress_total=1000, progress_note="420 rows read")
    told = told_uploads.upload(riverside, "checking", job=work, difference={}, errors=[FAULT], n_errors=1)

    page = words(told)

    assert "42%" in page
    assert "420 rows read" in page
    assert "(attempt 2)" in page
    assert "1 thing to mend so far" in page
    assert 'Line 14, column "held_on": "31/02/2026" is not a date.' in page


def test_what_failed_on_our_side_says_so_and_can_be_tried_again(ines, riverside):
    told = told_uploads.upload(riverside, "checking", job=job(riverside, "failed", error="The log knows."))

    page = signed_in(ines).get(path(told)).content.decode()

    assert "The log knows." in page
    assert f'action="{path(told, "retry")}"' in page


def test_a_review_says_what_would_change_before_anything_does(words, riverside):
    told = told_uploads.upload(riverside, "review", n_rows=2204)

    page = words(told)

    assert "31 new students, 4 gone, 3 moved school 212 attendance days changed" in page
    assert "2,204 rows read. Nothing is saved yet." in page
    assert "Students 31 – 4 1,157 –" in page
    assert "Bring it in" in page


def test_examples_say_whom_it_is_about_and_what_was_before(words, riverside):
    examples = {
        "students": {
            "new": [{"student": "S-1", "words": "Maya Okafor, 9th grade"}],
            "changed": [{"student": "S-2", "before": {"given_name": None}, "after": {"given_name": "Leo"}}],
        }
    }
    told = told_uploads.upload(riverside, "review", difference=told_uploads.DIFFERENCE | {"examples": examples})

    page = words(told)

    assert "S-1 Maya Okafor, 9th grade" in page
    assert "S-2 first name: nothing → Leo" in page


def test_leaving_out_wrong_rows_is_a_choice_in_so_many_words(ines, riverside):
    told = told_uploads.upload(
        riverside, "review", n_rows=1000, n_bad_rows=5, n_errors=5, errors=[FAULT] * 5, quarantine_as="somewhere.csv"
    )

    page = signed_in(ines).get(path(told)).content.decode()

    assert "Bring in the 995 good rows, leave out 5" in page
    assert "Put aside, I will mend the file" in page
    assert "5 rows are wrong" in page
    assert f'href="{path(told, "quarantine")}"' in page
    assert "attendance.csv" in page


def test_a_file_without_a_good_row_can_only_be_put_aside(words, riverside):
    told = told_uploads.upload(riverside, "review", difference={}, n_rows=5, n_bad_rows=5, errors=[FAULT], n_errors=5)

    page = words(told)

    assert "No row of this file can be brought in." in page
    assert "Bring in the" not in page
    assert "Put aside, I will mend the file" in page


def test_twenty_faults_are_shown_and_the_rest_are_counted(words, riverside):
    told = told_uploads.upload(riverside, "review", n_rows=900, n_bad_rows=60, n_errors=60, errors=[FAULT] * 60)

    page = words(told)

    assert page.count("is not a date") == 20
    assert "The first 20 are shown." in page


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"summary": {"changed_since": True}}, "The records changed after this file was checked."),
        ({"difference": told_uploads.DIFFERENCE | {"gone_share": 0.41}}, "41% of what is on record would be gone."),
        ({"summary": {"waits_because": ["12% of the rows are wrong; 1% may be."]}}, "12% of the rows are wrong"),
        ({"summary": {"withheld": {"export.csv": ["SSN"]}}}, "Kept out of export.csv for privacy: SSN."),
        ({"summary": {"unused": {"export.csv": ["Bus"]}}}, "Columns we did not need export.csv Bus"),
        ({"summary": {"notes": ["Dates were read as day, month."]}}, "Dates were read as day, month."),
        (
            {"warnings": [{"rule": "birth_age", "n": 2, "examples": [{"line": 3, "column": "born", "value": "1926"}]}]},
            "2 birth dates make a student younger than 4 or older than 40. line 3 · born: 1926",
        ),
        ({"warnings": [{"rule": "some_rule", "n": 1, "examples": []}]}, "some rule: 1 row."),
    ],
)
def test_a_review_says_what_to_think_of(words, riverside, given, sentence):
    assert sentence in words(told_uploads.upload(riverside, "review", n_rows=10, **given))


def test_a_file_that_brings_nothing_new_says_so(words, riverside):
    told = told_uploads.upload(riverside, "review", difference={"kinds": {"students": {"unchanged": 40}}}, n_rows=40)

    assert "Nothing changes: all of it is on record already." in words(told)


def test_the_end_says_what_was_saved_and_by_whose_word(words, ines, riverside):
    told = told_uploads.upload(
        riverside, "done", confirmed_by=ines, summary={"counts": {"students": 40, "protected": 2}}, n_bad_rows=5
    )

    page = words(told)

    assert "Saved: 40 students · 2 protected attributes, kept apart from the model" in page
    assert "confirmed by Ines" in page
    assert "5 rows left out" in page
    assert "Take it back" in page


def test_a_file_that_was_refused_says_what_to_mend(words, riverside):
    fault = {**FAULT, "line": None, "problem": "", "sentence": "This cohort has another schema."}
    told = told_uploads.upload(riverside, "refused", difference={}, errors=[fault], n_errors=1)

    page = words(told)

    assert "Nothing was saved." in page
    assert "This cohort has another schema." in page
    assert "Check it again against today's records" in page


def test_markup_in_a_file_is_shown_as_words(ines, riverside):
    told = told_uploads.upload(riverside, "review", errors=[FAULT | {"value": "<b>x</b>"}], n_errors=1, n_bad_rows=1)

    page = signed_in(ines).get(path(told)).content.decode()

    assert "<b>x</b>" not in page
    assert "&lt;b&gt;x&lt;/b&gt;" in page
