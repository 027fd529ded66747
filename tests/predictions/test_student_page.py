"""One student's page: reasons in their boxes, records, charts with their numbers, and on record who looked."""

import json
import re
import uuid

import pandas as pd
import pytest
from django.template.loader import render_to_string

from accounts import scope
from accounts.models import AuditEntry
from modeling import scoring
from predictions import answers, list_rows, student_page
from predictions.answers import features_by_name
from predictions.models import CurrentRisk
from students.models import ProtectedAttribute, Student
from tests.people import PASSWORD, SINCE, signed_in
from tests.predictions.pages import box, text_of, values, without_tokens


def first_of(institution, **wanted):
    with scope.entered(scope.of_institution(institution)):
        listed = CurrentRisk.objects.filter(**wanted).select_related("student", "score", "run__model_version")
        return listed.order_by("rank")[0]


def path_of(student):
    return f"/students/{student.public_id}/"


def looks(institution):
    with scope.entered(scope.of_institution(institution)):
        return list(AuditEntry.objects.filter(action="student_page").order_by("pk"))


@pytest.fixture
def first(riverside, northside):
    """The first of Northside on the list, with the score."""
    return first_of(riverside, school=northside)


@pytest.fixture
def page(amara, first):
    """What Amara reads of the first of Northside."""
    browser = signed_in(amara)

    def open_page(query=""):
        response = browser.get(path_of(first.student) + query)
        assert response.status_code == 200
        return response.content.decode()

    return open_page


def test_whoever_is_not_amaras_looks_like_nobody(amara, riverside, harbor, elsewhere, ella):
    browser = signed_in(amara)
    strangers = [first_of(riverside, school=harbor).student.public_id, ella.public_id, uuid.uuid4()]

    answers = [browser.get(f"/students/{public_id}/") for public_id in strangers]

    assert {answer.status_code for answer in answers} == {404}
    assert len({without_tokens(answer.content.decode()) for answer in answers}) == 1
    assert looks(riverside) == []


def test_from_what_is_not_theirs_everybody_finds_the_way_to_their_own_first_page(sam, amara, riverside):
    missing = f"/students/{uuid.uuid4()}/"

    for person, refused in ((sam, "/students/"), (amara, missing)):
        browser = signed_in(person)
        way_out = re.search(r'<a class="button" href="([^"]+)"', browser.get(refused).content.decode())[1]
        assert browser.get(way_out, follow=True).status_code == 200


def test_bo_and_otto_do_not_find_amaras_student(bo, otto, first):
    assert [signed_in(person).get(path_of(first.student)).status_code for person in (bo, otto)] == [404, 404]


def test_a_stranger_is_sent_to_the_door(client, first):
    assert client.get(path_of(first.student))["Location"].startswith("/login/?next=/students/")


def test_each_reason_stands_in_its_box(page, first):
    features = features_by_name(first.run.model_version)
    reasons = first.run.reasons_of(first.score)
    raising = [reason for reason in reasons if reason["direction"] == "raises"]
    n_changeable = sum(reason["changeable"] for reason in raising)
    n_strengths = sum(
        reason["direction"] == "lowers" and reason["changeable"] and features[reason["code"]].risk_direction != 0
        for reason in reasons
    )

    markup = page()

    assert len(box(markup, "What we can change")) == n_changeable > 0
    assert len(box(markup, "Going well")) == n_strengths
    assert len(box(markup, "Context")) == len(reasons) - n_changeable - n_strengths


def test_numbers_are_hidden_until_asked_for(page, first):
    assert values(page()) == []
    assert values(page("?estimates=1")) == [f"{first.risk:.4f}"]
    n_ranked = first.run.n_scored - first.run.n_insufficient
    assert f"Number {first.rank} of {n_ranked} at Riverside Unified." in text_of(page("?estimates=1"))
    assert "Of 100 students with records like this" not in page()


def test_each_look_is_on_record_and_one_at_the_number_says_so(page, amara, first, riverside):
    page()
    page("?estimates=1")

    without, with_number = looks(riverside)
    assert {(entry.user_id, tuple(entry.subject_ids)) for entry in (without, with_number)} == {
        (amara.pk, (first.student.public_id,))
    }
    assert (without.purpose, with_number.purpose) == ("", "estimate shown")


def test_who_looked_before_stands_on_the_page(page, ines, first):
    signed_in(ines).get(path_of(first.student))

    assert "1 look at this page Ines" in text_of(page())


def test_whoever_records_outcomes_sees_the_records_and_no_score(sam, first):
    markup = signed_in(sam).get(f"{path_of(first.student)}?estimates=1").content.decode()

    assert "Grades" in markup
    assert "Schools attended" in markup
    assert values(markup) == []
    for word in ("What we can change", "Review first", "Context", "Not on a list yet", 'id="risk-chart"', "Estimate"):
        assert word not in markup, word


def test_every_chart_has_its_numbers_beside_it_and_is_a_line(page):
    markup = page()

    charts = re.findall(r"<figure.*?</figure>", markup, re.DOTALL)
    assert [re.search(r'data-chart="([^"]+)"', chart)[1] for chart in charts] == ["attendance-chart", "risk-chart"]
    for chart in charts:
        figure = json.loads(
            re.search(r'<script id="[^"]+" type="application/json">(.*?)</script>', chart, re.DOTALL)[1]
        )
        assert {trace["type"] for trace in figure["data"]} == {"scatter"}
        assert chart.count("<tr>") > 2
        assert re.search(r'<p class="visually-hidden">[^<]+</p>', chart)


def test_the_chart_of_places_has_no_estimate_until_asked_for(page, first):
    asked, not_asked = page("?estimates=1"), page()

    shown = f"{first.risk:.0%}"
    of_chart = re.compile(r'data-chart="risk-chart".*?</figure>', re.DOTALL)
    assert f">{shown}<" in of_chart.search(asked)[0]
    assert "%<" not in of_chart.search(not_asked)[0]
    assert str(round(first.risk, 4)) not in of_chart.search(not_asked)[0]


def test_a_student_too_little_known_gets_no_estimate_even_if_asked(ines, riverside):
    unknown = first_of(riverside, rank=None).student

    markup = signed_in(ines).get(f"{path_of(unknown)}?estimates=1").content.decode()

    assert "We don&#x27;t know this student well enough yet." in markup
    assert values(markup) == []
    assert "What we can change" not in markup


def test_a_student_of_a_flat_cohort_shows_their_background(lakeside_admin, lakeside):
    student = first_of(lakeside).student

    markup = signed_in(lakeside_admin).get(path_of(student)).content.decode()

    assert "Background" in markup
    assert 'id="attendance-chart"' not in markup


@pytest.fixture
def lakeside_admin(lakeside, django_user_model):
    user = django_user_model.objects.create_user("lea@lakeside.example", PASSWORD, display_name="Lea")
    user.memberships.create(institution=lakeside, role="institution_admin", every_school=True, starts_on=SINCE)
    return user


def test_protected_attributes_never_stand_on_a_page(lakeside_admin, lakeside):
    student = first_of(lakeside).student
    with scope.entered(scope.of_institution(lakeside)):
        marked = ProtectedAttribute.objects.filter(student=student, name__in=["gender", "nationality"])
        assert marked.update(value="told in confidence") == 2

    markup = signed_in(lakeside_admin).get(f"{path_of(student)}?estimates=1").content.decode()

    assert "told in confidence" not in markup
    for label in ("Gender", "Nationality", "Marital status", "Displaced", "International"):
        assert label not in markup, label


def test_any_student_of_the_district_has_a_page(ines, riverside):
    browser = signed_in(ines)
    with scope.entered(scope.of_institution(riverside)):
        some = list(Student.objects.order_by("pk")[::40])

    answers = {student.name: browser.get(path_of(student)).status_code for student in some}

    assert len(answers) > 15
    assert set(answers.values()) == {200}


def test_what_made_a_score_is_one_click_away(amara, mika, first):
    def leads_to(person, path):
        return re.search(r'<a href="([^"]+)">model \d+</a>', signed_in(person).get(path).content.decode())[1]

    for path in ("/students/", path_of(first.student)):
        version, card = leads_to(mika, path), leads_to(amara, path)

        assert version == f"/model/{first.run.model_version.number}/"
        assert 'id="data"' in signed_in(mika).get(version).content.decode()
        assert card.startswith("/card/")
        assert signed_in(amara).get(card).status_code == 200


def test_page_list_and_api_say_alike_what_is_not_recorded_and_new_here(first, riverside):
    """Published scores cannot be changed, so the score is changed in memory alone."""
    score, version = first.score, first.run.model_version
    score.unknown = {"not_recorded": ["grade_level"], "unknown_categories": {"grade_level": "13"}}

    with scope.entered(scope.of_institution(riverside)):
        boxes = student_page._reasons(first, version)
        page = render_to_string("components/reason_boxes.html", boxes)
        listed = list_rows.why(score, first.run)
        answer = answers.for_score(score)

    for text in (text_of(page), " ".join(listed)):
        assert "New or rare here, so it counts neither way: Grade level: 13th grade." in text
        assert "Not recorded, so it counts neither way: grade level." in text
    assert (answer["not_recorded"], answer["unknown_categories"]) == (["grade_level"], {"grade_level": "13"})


def test_a_published_score_says_what_was_not_recorded(first, riverside):
    with scope.entered(scope.of_institution(riverside)):
        version, as_of = first.run.model_version, first.run.as_of
        frame = scoring.snapshot(version, as_of=as_of, student_ids=[first.student_id])
        answer = answers.for_score(first.score)

    row = frame.loc[first.student_id]
    assert answer["not_recorded"] == [name for name in frame.columns if pd.isna(row[name])]
    assert answer["unknown_categories"] == {}


def test_of_an_older_version_a_gap_counts_neither_way_where_its_scores_averaged_over_it(first):
    version = first.run.model_version
    seen = {"n": 1000, "missing_share": 0.049}
    version.specification = {
        **{name: part for name, part in version.specification.items() if name != "unknowns"},
        "reference": {"course_average": seen, "core_failures_term": seen | {"missing_share": 0.05}},
    }

    shown = answers.counting_neither_way(version, {"not_recorded": ["course_average", "core_failures_term"]})

    assert shown["not_recorded"] == ["course_average"]


def test_a_gap_that_the_model_learned_has_words_of_its_own(first):
    version = first.run.model_version
    learned = version.specification["unknowns"]["learned_missing"]

    shown = answers.counting_neither_way(version, {"not_recorded": ["grade_level", *learned]})

    assert shown["not_recorded"] == ["grade_level"]
