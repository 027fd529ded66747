"""The model card that anybody may read."""

import re

import pytest
from django.test import Client
from django.utils import timezone

from accounts import scope
from accounts.models import Institution, User
from modeling.models import ModelVersion, Promotion
from modeling.promotion import model_switch
from students.models import ProtectedAttribute, Student
from tests.people import signed_in
from tests.predictions.pages import text_of


def read(address, person=None):
    browser = signed_in(person) if person else Client()
    return browser.get(address).content.decode()


@pytest.fixture
def promoted(mika, riverside):
    """A promotion of model 1 by Mika, against a check."""
    with scope.entered(scope.of_institution(riverside)):
        version = ModelVersion.objects.get(number=1)
        return Promotion.objects.create(
            institution=riverside, version=version, kind="promoted", reason="Asked by Nora", at=timezone.now(), by=mika
        )


def test_a_stranger_reads_the_card_of_the_model_that_makes_the_list(riverside):
    said = text_of(read("/card/riverside/"))

    with scope.entered(scope.of_institution(riverside)):
        version = ModelVersion.objects.get(is_champion=True)
    assert "Model card: model 1" in said
    assert "Riverside Unified" in said
    assert f"{version.metrics['model']['roc_auc']:.3f}" not in said
    assert version.sha256 in said


def test_every_version_has_a_card_of_its_own(riverside):
    assert "Model card: model 2" in read("/card/riverside/2/")


@pytest.mark.parametrize("address", ["/card/nowhere/", "/card/riverside/9/", "/card/nowhere/1/"])
def test_what_is_not_there_is_not_found(riverside, address):
    assert Client().get(address).status_code == 404


def test_nobody_is_named_in_public(riverside, mika, promoted):
    page = read("/card/riverside/")

    people = [word for user in User.objects.all() for word in (user.display_name, user.email)]
    with scope.entered(scope.of_institution(riverside)):
        people += [student.name for student in Student.objects.all()]
    assert [word for word in people if re.search(rf"\b{re.escape(word)}\b", page)] == []
    assert "Asked by Nora" not in page
    assert "a named person" in page


def test_who_works_there_reads_who_decided_and_why(mika, promoted):
    page = read("/card/riverside/", mika)

    assert "Mika let it decide" in text_of(page)
    assert "Asked by Nora" in page
    assert mika.email not in page.partition("<main")[2]


def test_who_works_elsewhere_is_a_stranger(otto, promoted):
    page = read("/card/riverside/", otto)

    assert "Mika" not in page
    assert "Asked by Nora" not in page


def tables_of(page):
    """Return the rows of each table by its caption."""
    found = {}
    for table in re.findall(r"<table>.*?</table>", page, re.DOTALL):
        caption = text_of(re.search(r"<caption>(.*?)</caption>", table, re.DOTALL)[1])
        rows = re.findall(r"<tr>(.*?)</tr>", table.partition("<tbody>")[2], re.DOTALL)
        found[caption] = [[text_of(cell) for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row)] for row in rows]
    return found


@pytest.mark.parametrize("name", ["riverside", "lakeside"])
def test_no_group_of_fewer_than_ten_is_on_the_card(request, name):
    institution = request.getfixturevalue(name)

    tables = tables_of(read(f"/card/{name}/"))

    with scope.entered(scope.of_institution(institution)):
        groups = ModelVersion.objects.get(is_champion=True).evaluation["groups"]
        recorded = {attribute for attribute in ProtectedAttribute.objects.values_list("name", flat=True)}
    shown = {caption: rows for caption, rows in tables.items() if caption.lower().replace(" ", "_") in recorded}
    for caption, rows in shown.items():
        of_attribute = [row for row in groups if row["attribute"] == caption.lower().replace(" ", "_")]
        assert [row[0] for row in rows] == [str(row["value"]) for row in of_attribute]
        assert all(row[1] == "–" or int(row[1].replace(",", "")) >= 10 for row in rows)


def test_while_the_rule_decides_the_card_says_so_with_the_rules_words(riverside, mika):
    with scope.entered(scope.of_institution(riverside)):
        model_switch.turn_off(institution=riverside, reason="Nora's import", by=mika, now=timezone.now())

    said = text_of(read("/card/riverside/"))

    assert "The school's own rule makes the list now: the model is switched off." in said
    assert "A student moves up the list for each of these:" in said
    assert "Nora" not in said


def test_an_institution_without_a_model_has_a_card_too(elsewhere):
    assert "There is no model here" in read("/card/elsewhere/")


def test_caches_may_keep_what_strangers_get_and_it_sets_no_cookie(riverside):
    answer = Client().get("/card/riverside/")

    assert answer["Cache-Control"] == "public, max-age=300"
    assert not answer.cookies
    assert "csrfmiddlewaretoken" not in answer.content.decode()
    again = Client().get("/card/riverside/", headers={"If-None-Match": answer["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_whatever_is_decided_changes_what_caches_ask_by(riverside, mika):
    before = Client().get("/card/riverside/")["ETag"]

    with scope.entered(scope.of_institution(riverside)):
        model_switch.turn_off(institution=riverside, reason="A test", by=mika, now=timezone.now())

    assert Client().get("/card/riverside/")["ETag"] != before


def test_what_a_member_reads_is_kept_nowhere(mika, riverside):
    answer = signed_in(mika).get("/card/riverside/")

    assert answer["Cache-Control"] == "no-store"
    assert "ETag" not in answer


@pytest.mark.parametrize("address", ["/card/riverside/", "/card/riverside/1/", "/card/riverside/?download=1"])
def test_the_card_keeps_to_the_content_policy(riverside, address):
    answer = Client().get(address)

    assert "style-src 'self'" in answer["Content-Security-Policy"]
    assert "'unsafe-inline'" not in answer["Content-Security-Policy"]
    assert answer["X-Frame-Options"] == "DENY"


def test_the_file_stands_alone_and_is_never_shown_as_a_page(riverside):
    answer = Client().get("/card/riverside/1/?download=1")

    html = answer.content.decode()
    assert re.fullmatch(r'attachment; filename="model-card-riverside-1\.\d+\.html"', answer["Content-Disposition"])
    assert not re.search(r"https?:|<script|<link|\bsrc=", html)


def test_a_hostile_name_of_an_institution_stays_a_name(riverside):
    Institution.objects.filter(pk=riverside.pk).update(name='"><script>alert(1)</script>')

    for address in ("/card/riverside/", "/card/riverside/?download=1"):
        assert "<script>alert" not in read(address)


def test_a_card_is_read_and_nothing_is_sent_to_it(riverside):
    assert Client().post("/card/riverside/").status_code == 405
    assert Client().head("/card/riverside/").status_code == 200


def test_the_page_of_the_models_leads_to_the_card_and_to_the_data(mika, riverside):
    page = read("/model/", mika)

    assert 'href="/card/riverside/"' in page
    assert 'href="/model/data/"' in page
