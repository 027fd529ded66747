"""Each institution has its own catalogue of help: kinds are added, changed, retired and brought back, never deleted."""

import datetime as dt
import re
import threading

import pytest
from django.db import ProgrammingError, connection, transaction

from accounts import people, scope
from accounts.models import AuditEntry, Membership, Role
from students.forms import InterventionForm
from students.help import help_catalogue, help_kinds, interventions
from students.models import HelpKind
from tests.people import SINCE, signed_in

NOW = dt.datetime(2025, 3, 20, 17, tzinfo=dt.UTC)
NEW = {"label": "Breakfast club", "tier": "2", "usual_days": "40", "what_for": "Mornings"}


def kinds_of(institution):
    with scope.entered(scope.of_institution(institution)):
        return help_kinds.by_code()


def audited(institution):
    with scope.entered(scope.of_institution(institution)):
        entries = AuditEntry.objects.filter(action__startswith="help_kind_").order_by("pk")
        return list(entries.values_list("action", "purpose"))


def add(person, **said):
    return signed_in(person).post("/help/kinds/add", NEW | said)


def change(person, code="mentor", **said):
    wanted = {"label": "Mentor", "tier": "2", "usual_days": "90", "check_every_days": "14", "version": "1"} | said
    return signed_in(person).post(
        f"/help/kinds/{code}/change", {f"{code}-{name}": value for name, value in wanted.items()}
    )


def deed(person, name, code="mentor"):
    return signed_in(person).post(f"/help/kinds/{code}/{name}")


@pytest.fixture
def lead(riverside):
    """A school lead of every school."""
    address = {"email": "lea@riverside.example", "display_name": "Lea", "password": None}
    return people.add_person(**address, institution=riverside, role=Role.SCHOOL_LEAD, now=NOW)


def test_an_institution_that_edited_nothing_has_the_kinds_of_the_file(ines, riverside):
    page = signed_in(ines).get("/help/kinds/").content.decode()

    assert list(kinds_of(riverside)) == [kind.code for kind in help_kinds.written()]
    assert "6 kinds are offered" in page
    with scope.entered(scope.of_institution(riverside)):
        assert not HelpKind.objects.exists()


def test_the_first_edit_makes_the_catalogue_the_institutions_own(ines, riverside, elsewhere):
    assert change(ines).status_code == 302

    assert len(kinds_of(riverside)) == len(help_kinds.written())
    assert (kinds_of(riverside)["mentor"].usual_days, kinds_of(elsewhere)["mentor"].usual_days) == (90, 120)
    assert audited(riverside) == [("help_kind_changed", "mentor")]


def test_a_kind_added_twice_stands_once_and_can_be_given(ines, amara, nora, riverside):
    assert [add(ines).status_code for _ in range(2)] == [302, 302]

    assert kinds_of(riverside)["breakfast_club"].what_for == "Mornings"
    assert audited(riverside) == [("help_kind_added", "breakfast_club")]
    given = {"kind": "breakfast_club", "started_on": "2025-03-03", "goal": ""}
    assert signed_in(amara).post(f"/students/{nora.public_id}/help", given).status_code == 302
    with scope.entered(scope.of_institution(riverside)):
        assert nora.help_plans.get().due_on == dt.date(2025, 4, 12)


def test_a_kind_of_another_institution_is_not_there(ines, otto, riverside, elsewhere):
    add(ines)

    answers = [change(otto, "breakfast_club"), deed(otto, "retire", "breakfast_club")]
    answers += [deed(otto, "bring-back", "breakfast_club"), change(otto, "breakfast_club", label="")]

    assert [answer.status_code for answer in answers] == [404] * 4
    assert "breakfast_club" not in kinds_of(elsewhere)
    assert audited(elsewhere) == []


def test_a_retired_kind_keeps_its_name_and_is_offered_no_more(ines, amara, nora, riverside):
    add(ines)
    with scope.entered(scope.of_institution(riverside)):
        said = {"kind": "breakfast_club", "started_on": NOW.date(), "goal": "", "by": amara, "now": NOW}
        plan = interventions.begin(student=nora, **said).plan
    assert [deed(ines, "retire", "breakfast_club").status_code for _ in range(2)] == [302, 302]

    browser = signed_in(amara)
    page = browser.get(f"/students/{nora.public_id}/").content.decode()
    assert "Breakfast club" in page
    assert 'value="breakfast_club"' not in page
    assert "Breakfast club for" in browser.get(f"/help/{plan.public_id}/").content.decode()
    given = {"kind": "breakfast_club", "started_on": "2025-03-03", "goal": "again"}
    assert browser.post(f"/students/{nora.public_id}/help", given).status_code == 422
    assert audited(riverside) == [("help_kind_added", "breakfast_club"), ("help_kind_retired", "breakfast_club")]


def test_a_retired_kind_is_brought_back(ines, riverside):
    deed(ines, "retire")
    assert "No longer offered" in signed_in(ines).get("/help/kinds/").content.decode()

    assert [deed(ines, "bring-back").status_code for _ in range(2)] == [302, 302]

    assert not kinds_of(riverside)["mentor"].is_retired
    assert [action for action, _code in audited(riverside)] == ["help_kind_retired", "help_kind_brought_back"]


def test_the_last_kind_that_is_offered_stays(ines, riverside):
    codes = list(kinds_of(riverside))
    for code in codes:
        deed(ines, "retire", code)

    assert [code for code, kind in kinds_of(riverside).items() if not kind.is_retired] == codes[-1:]


def test_the_second_of_two_editors_sees_the_first_ones_change_and_loses_nothing(ines, lead, riverside):
    assert change(lead, usual_days="60", what_for="Trust").status_code == 302

    refused = change(ines, usual_days="30")

    page = refused.content.decode()
    assert refused.status_code == 409
    assert "days it usually takes: 60; days between looks: 14; what for: Trust" in page
    assert re.search(r'name="mentor-usual_days" value="30"', page)
    assert kinds_of(riverside)["mentor"].usual_days == 60
    assert change(ines, usual_days="30", version="2").status_code == 302
    assert kinds_of(riverside)["mentor"].usual_days == 30


def test_the_same_change_sent_twice_is_made_once(ines, riverside):
    assert [change(ines).status_code for _ in range(2)] == [302, 302]

    assert kinds_of(riverside)["mentor"].version == 2
    assert len(audited(riverside)) == 1


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"label": ""}, "This field is required."),
        ({"label": "mentor", "code": "buddy"}, "Another kind of help has this name."),
        ({"code": "mentor"}, "There is a kind with this code already"),
        ({"label": "!!"}, "Give it a name with letters in it."),
        ({"code": "a b"}, "Letters, digits"),
        ({"tier": "4"}, "Select a valid choice"),
        ({"usual_days": "0"}, "greater than or equal to 1"),
        ({"evidence_note": "x" * 301}, "at most 300 characters"),
    ],
)
def test_what_is_not_understood_is_said_and_kept_out(ines, riverside, said, message):
    response = add(ines, **said)

    assert response.status_code == 422
    assert message in response.content.decode()
    assert len(kinds_of(riverside)) == len(help_kinds.written())


def test_a_name_that_another_kind_has_is_refused_in_a_change_too(ines, riverside):
    response = change(ines, label="TUTORING")

    assert response.status_code == 422
    assert "Another kind of help has this name." in response.content.decode()
    assert kinds_of(riverside)["mentor"].label == "Mentor"


@pytest.mark.parametrize(
    ("person", "status"), [("ines", 302), ("lead", 302), ("amara", 403), ("sam", 403), ("mika", 403)]
)
def test_only_those_who_lead_every_school_edit_the_catalogue(request, riverside, person, status):
    user = request.getfixturevalue(person)

    answers = [add(user), change(user), deed(user, "retire"), deed(user, "bring-back")]

    assert [answer.status_code for answer in answers] == [status] * 4
    assert signed_in(user).get("/help/kinds/").status_code == (200 if status == 302 else 403)
    assert bool(audited(riverside)) == (status == 302)


@pytest.mark.parametrize("role", [Role.SCHOOL_LEAD, Role.INSTITUTION_ADMIN])
def test_who_leads_one_school_does_not_edit_what_every_school_offers(bo, role, riverside):
    Membership.objects.filter(user=bo).update(role=role, starts_on=SINCE)

    assert add(bo).status_code == 403
    assert signed_in(bo).get("/help/kinds/").status_code == 403
    assert "/help/kinds/" not in signed_in(bo).get("/interventions/").content.decode()


def test_the_page_of_help_leads_to_the_catalogue(ines, riverside):
    assert 'href="/help/kinds/"' in signed_in(ines).get("/interventions/").content.decode()


def test_the_catalogue_is_read_in_one_statement(ines, riverside, django_assert_num_queries):
    add(ines)
    with scope.entered(scope.of_institution(riverside)), django_assert_num_queries(1):
        assert "breakfast_club" in dict(InterventionForm().fields["kind"].choices)


def test_no_kind_is_ever_deleted_by_the_application(ines, riverside):
    add(ines)
    with (
        scope.entered(scope.of_institution(riverside)),
        pytest.raises(ProgrammingError, match="permission denied"),
        transaction.atomic(),
    ):
        HelpKind.objects.all().delete()


def test_two_first_edits_at_once_make_one_catalogue(transactional_db, ines, riverside):
    codes, failed = ["mentor", "tutoring"], []
    ready = threading.Barrier(2)

    def edit(code):
        try:
            with scope.entered(scope.of_institution(riverside)):
                kind = help_kinds.by_code()[code]
                ready.wait(10)
                wanted = help_kinds.KindOfHelp(**vars(kind) | {"usual_days": 33})
                help_catalogue.change(kind=wanted, version=1, by=ines, now=NOW)
        except Exception as error:  # noqa: BLE001
            failed.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=edit, args=[code]) for code in codes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)

    assert failed == []
    kinds = kinds_of(riverside)
    assert len(kinds) == len(help_kinds.written())
    assert [kinds[code].usual_days for code in codes] == [33, 33]
