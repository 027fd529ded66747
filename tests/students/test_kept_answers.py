"""What was answered of a source can be looked at and changed; what has no answer any more is asked again."""

import pytest
from django.utils import timezone

from accounts import scope
from students.models import Source, Upload
from students.uploads import source_settings
from tests.people import signed_in
from tests.students.import_by_command import bring_in
from tests.students.importing.open_files import OPEN, ROSTER, SCHOOLS

Stage = Upload.Stage


@pytest.fixture
def source(riverside, tmp_path):
    """Answer a file, and return the source that keeps what was said."""
    for name, content in {"schools": SCHOOLS, "students": ROSTER}.items():
        (tmp_path / f"{name}.csv").write_text(content, encoding="utf-8")
        bring_in(riverside, tmp_path / f"{name}.csv")

    def of(name):
        one = OPEN[name]
        upload = bring_in(riverside, one.written(tmp_path), answers={one.question: one.answer})
        assert upload.stage == Stage.DONE
        return kept(riverside, one.question)

    return of


def kept(institution, question):
    with scope.entered(scope.of_institution(institution)):
        return Source.objects.get(answers__has_key=question)


@pytest.mark.parametrize("name", OPEN)
def test_every_kept_answer_is_shown_and_stays_when_it_is_saved_as_it_is(source, riverside, ines, name):
    before = source(name)
    browser, address = signed_in(ines), f"/records/sources/{before.public_id}/answers/"
    page = browser.get(address)
    form = page.context["form"]
    posted = {field.html_name: value for field in form if (value := field.initial) is not None}

    answer = browser.post(address, posted)

    assert (page.status_code, answer.status_code) == (200, 302)
    assert kept(riverside, OPEN[name].question).answers == before.answers


def test_another_meaning_holds_for_the_next_file(source, riverside, ines, tmp_path):
    before = source("codes_of_attendance")
    address = f"/records/sources/{before.public_id}/answers/"
    assert "What codes of attendance mean" in signed_in(ines).get(address).content.decode()

    signed_in(ines).post(address, {"code_0": "", "code_1": "tardy"})

    assert kept(riverside, "attendance.codes").answers == {"attendance.codes": {"ZK": "tardy"}}
    path = tmp_path / "absences.csv"
    path.write_text("student_id,held_on,category\n001,2026-03-03,ZK\n002,2026-03-03,QQ\n", encoding="utf-8")
    (question,) = bring_in(riverside, path).questions
    assert [value["value"] for value in question["values"]] == ["QQ"]


def test_an_answer_without_a_choice_is_asked_again(source, riverside, ines):
    before = source("periods")

    signed_in(ines).post(f"/records/sources/{before.public_id}/answers/", {"unit": "", "a_day": "6"})

    with scope.entered(scope.of_institution(riverside)):
        assert Source.objects.get(pk=before.pk).answers == {}


def test_what_cannot_be_is_told_and_changes_nothing(source, riverside, ines):
    before = source("periods")

    refused = signed_in(ines).post(f"/records/sources/{before.public_id}/answers/", {"unit": "period", "a_day": "400"})

    assert refused.status_code == 422
    assert kept(riverside, "attendance.unit").answers == before.answers


def test_answers_by_which_no_file_can_be_read_are_refused_whoever_gives_them(source, riverside):
    before = source("periods")

    with scope.entered(scope.of_institution(riverside)), pytest.raises(source_settings.AnswersRefused, match="a_day"):
        source_settings.change_answers(
            source=before, answers={"attendance.unit": {"is": "period"}}, by=None, now=timezone.now()
        )

    assert kept(riverside, "attendance.unit").answers == before.answers


def test_a_source_of_another_institution_is_nobodys(source, elsewhere, amara, ines, riverside):
    address = f"/records/sources/{source('periods').public_id}/answers/"

    assert signed_in(amara).get(address).status_code == 403
    with scope.entered(scope.of_institution(elsewhere)):
        assert not Source.objects.filter(answers__has_key="attendance.unit").exists()


def test_the_page_of_sources_leads_there(source, ines):
    one = source("periods")

    page = signed_in(ines).get("/records/settings/").content.decode()

    assert f"/records/sources/{one.public_id}/answers/" in page
