"""An empty list says why, and offers what would fill it to whoever may do that."""

import pytest
from django.utils import timezone

from accounts import scope
from accounts.models import Institution, Membership, Role, School, User
from modeling.promotion import model_switch
from predictions.models import ScoringRun
from tests import rows
from tests.people import SINCE, signed_in
from tests.predictions.pages import text_of

MAY_TRAIN, MAY_UPLOAD, MAY_LOOK = Role.MODEL_OWNER, Role.INSTITUTION_ADMIN, Role.COUNSELLOR


@pytest.fixture
def oakdale(district, db):
    """An institution that begins."""
    return Institution.objects.create(slug="oakdale", name="Oakdale")


@pytest.fixture
def page(oakdale):
    """Open the list there in one of the roles."""

    def open_as(role, query=""):
        user = User.objects.create_user(f"{role}@oakdale.example", "never typed", display_name=role.label)
        Membership.objects.create(user=user, institution=oakdale, role=role, every_school=True, starts_on=SINCE)
        return signed_in(user).get(f"/students/{query}").content.decode()

    return open_as


@pytest.fixture
def a_student(oakdale):
    school = School.objects.create(institution=oakdale, external_id="O", name="Oakdale")
    with scope.entered(scope.of_institution(oakdale)):
        return rows.student(school)


@pytest.fixture
def a_silenced_model(oakdale, a_student):
    """The model is switched off, and its last list was made without a rule that could take over."""
    with scope.entered(scope.of_institution(oakdale)):
        rows.sound(ScoringRun, institution=oakdale, published_at=timezone.now())
        model_switch.turn_off(institution=oakdale, reason="Look into it", by=None, now=timezone.now())


def offered(page):
    """Return where the button of an empty list leads."""
    empty = page[page.index('<div class="empty">') :]
    empty = empty[: empty.index("</div>")]
    return empty.partition('class="button" href="')[2].partition('"')[0]


@pytest.mark.parametrize(("role", "way_out"), [(MAY_UPLOAD, "/records/"), (MAY_LOOK, ""), (MAY_TRAIN, "")])
def test_without_students_records_are_brought_in(page, role, way_out):
    markup = page(role)

    assert "No students here yet." in markup
    assert offered(markup) == way_out
    assert 'id="risk-filters"' not in markup


@pytest.mark.parametrize(("role", "way_out"), [(MAY_TRAIN, "/model/"), (MAY_LOOK, ""), (MAY_UPLOAD, "")])
def test_without_a_list_one_is_made(page, a_student, role, way_out):
    markup = page(role)

    assert "No list has been made yet." in markup
    assert offered(markup) == way_out


@pytest.mark.parametrize(("role", "way_out"), [(MAY_TRAIN, "/model/rule"), (MAY_LOOK, ""), (MAY_UPLOAD, "/model/rule")])
def test_without_model_and_rule_a_rule_is_written(page, a_silenced_model, role, way_out):
    markup = page(role)

    assert "The model is switched off, and there is no rule." in markup
    assert offered(markup) == way_out


def test_whoever_finds_nobody_is_led_back_to_everybody(amara):
    markup = signed_in(amara).get("/students/?q=nobody+is+called+this&estimates=1").content.decode()

    assert "Nobody matches." in markup
    assert "Remove a filter to see all" in text_of(markup)
    assert offered(markup) == "/students/"
