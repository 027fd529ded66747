"""What a role allows, and who gets no further than the door."""

import pytest
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.urls import reverse

from accounts import permissions
from accounts.models import Membership, Role, User
from tests.people import SINCE, signed_in

PAGES = {
    "risk_list": "see_predictions",
    "interventions": "see_students",
    "capacity": "set_capacity",
    "data_cases": "keep_data_cases",
    "missing_outcomes": "record_outcomes",
    "outcome_file": "record_outcomes",
    "exit_codes": "record_outcomes",
    "caseload_file": "assign_students",
    "help_many": "record_help",
    "help_file": "record_help",
    "uploads": "upload_records",
    "models": "see_models",
    "people": "manage_people",
    "concerns": "see_students",
    "help_kinds": "edit_help_kinds",
    "way_back": "work_cases",
    "case_deadlines": "set_case_deadlines",
    "digest": "see_students",
    "drift": "see_monitoring",
}


def membership(role):
    return Membership(role=role)


@pytest.mark.parametrize("role", Role.values)
def test_every_role_may_do_something(role):
    assert any(permissions.can(membership(role), permission) for permission in PAGES.values())


@pytest.fixture
def read_anew():
    """What roles allow is read from the file by this test, and again by the next."""
    permissions._allowed.cache_clear()
    yield
    permissions._allowed.cache_clear()


@pytest.mark.parametrize("listed", ["counsellor: [see_students]", "caretaker: [see_students]"])
def test_a_file_that_misses_a_role_or_knows_another_is_refused_by_name(settings, tmp_path, read_anew, listed):
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs" / "roles.yaml").write_text(listed)
    settings.BASE_DIR = tmp_path

    with pytest.raises(ValueError, match="auditor"):
        permissions._allowed()


def test_a_person_needs_an_address_to_sign_in(db):
    with pytest.raises(ValueError, match="e-mail address"):
        User.objects.create_user("", "correct horse battery")
    assert not User.objects.exists()


def test_nobody_without_a_membership_may_do_anything():
    assert not any(permissions.can(None, permission) for permission in PAGES.values())


def test_a_view_refuses_the_role_that_does_not_allow_it():
    @permissions.needs("upload_records")
    def view(request):
        return HttpResponse("done")

    request = RequestFactory().get("/")
    request.membership = membership(Role.INSTITUTION_ADMIN)
    allowed = view(request)
    request.membership = membership(Role.COUNSELLOR)

    assert allowed.content == b"done"
    with pytest.raises(PermissionDenied):
        view(request)


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("person", ["amara", "ines", "sam", "mika", "otto"])
def test_a_page_opens_for_the_roles_that_may_and_for_no_other(request, page, person):
    user = request.getfixturevalue(person)
    may = permissions.can(user.memberships.get(), PAGES[page])

    response = signed_in(user).get(reverse(page))

    assert response.status_code == (200 if may else 403)


@pytest.mark.parametrize("page", PAGES)
def test_a_stranger_is_sent_to_the_door(db, page):
    response = Client().get(reverse(page))

    assert (response.status_code, response["Location"]) == (302, f"/login/?next={reverse(page)}")


def test_whoever_left_sees_nothing_though_still_signed_in(amara, nora):
    browser = signed_in(amara)
    before = browser.get(reverse("student_page", args=[nora.public_id]))
    amara.memberships.update(ends_on=SINCE)

    after = browser.get(reverse("student_page", args=[nora.public_id]))

    assert (before.status_code, after.status_code) == (200, 403)
    assert b"Quillfeather" not in after.content


def test_whoever_is_locked_out_is_a_stranger_at_once(amara):
    browser = signed_in(amara)
    User.objects.update(is_active=False)

    assert browser.get(reverse("risk_list")).status_code == 302


def test_whoever_moves_school_sees_the_new_one_alone(amara, nora, hugo):
    browser = signed_in(amara)
    amara.memberships.get().schools.set([hugo.school])

    pages = [browser.get(reverse("student_page", args=[student.public_id])) for student in (nora, hugo)]

    assert [page.status_code for page in pages] == [404, 200]


def test_another_persons_student_looks_like_nobody(amara, hugo, ella):
    browser = signed_in(amara)
    nobody = "018f0000-0000-7000-8000-000000000000"

    answers = [browser.get(f"/students/{public_id}/") for public_id in (hugo.public_id, ella.public_id, nobody)]

    assert [answer.status_code for answer in answers] == [404, 404, 404]
    assert len({_without_token(answer) for answer in answers}) == 1


def _without_token(answer):
    return answer.content.decode().replace(answer.context["csrf_token"].__str__(), "")
