"""Naming the columns of an unknown file: what is proposed, what is refused beside its field, what is kept."""

import pytest
from django.utils import timezone

from accounts import scope
from students.models import Source
from tests.people import signed_in
from tests.predictions.pages import text_of
from tests.students import told_uploads
from tests.students.told_uploads import UNNAMED, again, path

NAMED = {
    "kind": "attendance",
    "source_name": "PowerSchool attendance export",
    "holds": "changes",
    "date_format": "%d/%m/%Y",
    "column_0": "student_id",
    "column_1": "held_on",
    "column_2": "category",
}


@pytest.fixture
def unnamed(riverside):
    """A file whose columns nobody knows yet."""
    return told_uploads.upload(riverside, "mapping", difference={}, summary=UNNAMED)


@pytest.fixture
def opened(ines, unnamed):
    """Open the page of its columns."""
    return lambda query="": signed_in(ines).get(path(unnamed, f"columns/{query}")).content.decode()


@pytest.fixture
def name(ines, unnamed):
    """Say what the columns are."""

    def posted(**fields):
        return signed_in(ines).post(path(unnamed, "columns/"), NAMED | fields)

    return posted


def select(page, position):
    """Return the HTML of one column's choice."""
    part = page[page.index(f'name="column_{position}"') :]
    return part[: part.index("</select>")]


def beside(page, field):
    """Return the fault that stands beside a field."""
    return text_of(page.split(f'id="id_{field}_error">')[1].partition("</p>")[0])


def sources(institution):
    with scope.entered(scope.of_institution(institution)):
        return list(Source.objects.all())


def test_every_column_stands_with_its_first_values_and_a_proposal(opened):
    page = opened()

    assert '<option value="student_id" selected>' in select(page, 0)
    assert '<option value="held_on" selected>' in select(page, 1)
    assert '<option value="" selected>Not needed' in select(page, 4)
    assert "03/04/2026 · 05/04/2026" in text_of(page)
    assert "The first 2 rows of the file" in text_of(page)


def test_a_column_kept_out_for_privacy_cannot_be_chosen_nor_seen(opened):
    page = opened()

    assert 'name="column_3"' not in page
    assert '<th scope="col">SSN</th>' not in page
    assert "SSN Kept out for privacy." in text_of(page)


def test_another_kind_of_record_shows_its_own_columns(opened):
    page = opened("?kind=grades")

    assert '<option value="awarded_on">' in select(page, 1)
    assert '<option value="student_id" selected>' in select(page, 0)
    assert '<input type="hidden" name="kind" value="grades">' in page


def test_a_kind_that_does_not_exist_is_passed_over(opened):
    assert '<input type="hidden" name="kind" value="students">' in opened("?kind=unknown")


def test_a_date_that_could_be_two_days_is_asked_about_by_example(opened):
    page = text_of(opened())

    assert "03/04/2026 is 3 April 2026" in page
    assert "03/04/2026 is 4 March 2026" in page


@pytest.mark.parametrize("dates", [["2026-04-03", "2026-04-05"], ["31/01/2026", "03/04/2026"], ["soon", "04/04/2026"]])
def test_dates_that_speak_for_themselves_are_not_asked_about(ines, riverside, dates):
    sample = [[row[0], date, *row[2:]] for row, date in zip(UNNAMED["sample"], dates, strict=True)]
    told = told_uploads.upload(riverside, "mapping", summary=UNNAMED | {"sample": sample})

    assert 'name="date_format"' not in signed_in(ines).get(path(told, "columns/")).content.decode()


def test_an_order_that_the_whole_file_leaves_open_is_asked_even_if_the_first_rows_do_not_show_it(ines, riverside):
    doubt = {"sample": [["S-1", "04/04/2026", "A", "", "", ""]], "notes": ["“Absence Date” can be read in two ways."]}
    told = told_uploads.upload(riverside, "mapping", summary=UNNAMED | doubt)

    page = text_of(signed_in(ines).get(path(told, "columns/")).content.decode())

    assert "“Absence Date” can be read in two ways." in page
    assert "The day, as in 31/12/2026" in page


def test_what_was_said_is_kept_for_the_next_file_and_the_check_begins(name, unnamed, riverside):
    response = name(column_4="attribute", column_5="protected", holds="everything")

    (source,) = sources(riverside)
    told = again(unnamed)
    assert response["Location"] == path(unnamed)
    assert (told.stage, told.format, told.source, told.is_complete) == ("checking", "mapped", source, True)
    assert (source.name, source.shape_sha256) == ("PowerSchool attendance export", "shape of the export")
    assert source.mapping == {
        "kind": "attendance",
        "columns": {
            "student_id": "Student ID",
            "held_on": "Absence Date",
            "category": "Code",
            "attribute:room": "Room",
            "protected:bus": "Bus",
        },
        "date_format": "%d/%m/%Y",
    }


@pytest.mark.parametrize(
    ("fields", "field", "message"),
    [
        ({"column_4": "held_on"}, "column_1", "Only one column can be “the day”."),
        ({"column_4": "held_on"}, "column_4", "Only one column can be “the day”."),
        ({"column_4": "password"}, "column_4", "Select a valid choice"),
        ({"source_name": ""}, "source_name", "This field is required."),
        ({"date_format": ""}, "date_format", "This field is required."),
        ({"source_name": "Taken"}, "source_name", "Another source has this name"),
    ],
)
def test_what_is_wrong_stands_beside_its_field(name, unnamed, riverside, fields, field, message):
    with scope.entered(scope.of_institution(riverside)):
        Source.objects.create(
            institution=riverside, name="Taken", format="mapped", shape_sha256="another", created_at=timezone.now()
        )

    response = name(**fields)

    assert response.status_code == 422
    assert message in beside(response.content.decode(), field)
    assert again(unnamed).stage == "mapping"


def test_a_column_that_every_row_needs_must_be_named(name, unnamed):
    response = name(column_1="")

    assert response.status_code == 422
    assert "No column is named yet for: the day." in text_of(response.content.decode())
    assert again(unnamed).stage == "mapping"


def test_once_named_the_page_leads_back_to_the_story(ines, riverside):
    told = told_uploads.upload(riverside, "review")

    assert signed_in(ines).get(path(told, "columns/"))["Location"] == path(told)


def test_only_whoever_may_upload_here_names_columns(amara, otto, unnamed):
    assert signed_in(amara).get(path(unnamed, "columns/")).status_code == 403
    assert signed_in(otto).post(path(unnamed, "columns/"), NAMED).status_code == 404
