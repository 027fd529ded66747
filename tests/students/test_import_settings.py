"""What is let through: proposed by the portal, changed by admins, on record; and the sources they name and forget."""

import re

import pytest
from django.conf import settings
from django.utils import timezone

from accounts import scope
from accounts.models import AuditEntry
from students.importing import plausibility, record_kinds
from students.models import ImportSettings, Source, Upload
from students.uploads import import_settings, source_settings
from tests.people import signed_in
from tests.predictions.pages import text_of
from tests.students import records_history as history

ADDRESS = "/records/settings/"
FIXED = [name for name, rule in plausibility.RULES.items() if rule.is_fixed]


def choices(**changed):
    """Return what the form sends when somebody leaves it as it is, but for what is given."""
    rules = {f"rule_{name}": rule.severity for name, rule in plausibility.RULES.items() if not rule.is_fixed}
    return rules | {"most_gone": "2", "most_bad": "1"} | changed


def set_to(institution, by=None, **rules):
    shares = {"most_gone_share": 0.02, "most_bad_share": 0.01}
    return import_settings.change(institution=institution, **shares, rules=rules, by=by, now=timezone.now())


def within(institution):
    return scope.entered(scope.of_institution(institution))


@pytest.fixture
def sis(riverside):
    with within(riverside):
        return history.source(riverside, name="SIS", format="mapped", mapping={"kind": "attendance"})


@pytest.fixture
def send(ines):
    """Send one of the forms as Ines does, and follow where it leads."""

    def posted(address=ADDRESS, person=ines, **fields):
        return signed_in(person).post(address, fields, follow=True)

    return posted


def test_every_rule_and_every_column_of_our_own_files_is_explained_to_admins():
    guide = (settings.BASE_DIR / "docs" / "records.md").read_text(encoding="utf-8")
    quoted = set(re.findall(r"`([^`]+)`", guide))
    columns = {name for kind in record_kinds.kinds().values() for name in (kind.name, *kind.columns)}

    assert set(plausibility.RULES) | columns <= quoted, sorted((set(plausibility.RULES) | columns) - quoted)


def test_whoever_never_chose_has_what_the_portal_proposes(riverside, at_riverside):
    holding = import_settings.for_institution(riverside)

    assert (holding.most_gone_share, holding.most_bad_share) == (0.02, 0.01)
    assert holding.severities == {name: rule.severity for name, rule in plausibility.RULES.items()}
    assert not ImportSettings.objects.exists()


def test_only_what_differs_from_the_proposal_is_kept(riverside, at_riverside):
    set_to(riverside, birth_age="off", date_in_future="refuse")

    assert ImportSettings.objects.get().rules == {"birth_age": "off"}
    assert import_settings.for_institution(riverside).severities["birth_age"] == "off"


@pytest.mark.parametrize("rule", FIXED)
def test_a_rule_without_which_nothing_can_be_stored_cannot_be_softened(riverside, at_riverside, rule):
    with pytest.raises(import_settings.UnknownRule):
        set_to(riverside, **{rule: "off"})


@pytest.mark.parametrize("chosen", [{"birth_age": "maybe"}, {"no_such_rule": "off"}], ids=["strictness", "rule"])
def test_what_is_no_rule_or_no_strictness_is_refused(riverside, at_riverside, chosen):
    with pytest.raises(import_settings.UnknownRule):
        set_to(riverside, **chosen)


def test_a_change_is_on_record_with_what_it_was_before(riverside, ines, at_riverside):
    set_to(riverside, by=ines, birth_age="off")
    set_to(riverside, by=ines, birth_age="off")

    (entry,) = AuditEntry.objects.all()
    assert (entry.action, entry.user, entry.purpose) == ("change_import_settings", ines, "birth_age warn > off")


def test_the_page_shows_what_holds_and_keeps_what_is_chosen(send, riverside):
    page = send(**choices(most_gone="12.5", rule_birth_age="off")).content.decode()

    with within(riverside):
        holding = import_settings.for_institution(riverside)
    assert (holding.most_gone_share, holding.severities["birth_age"]) == (0.125, "off")
    assert 'name="most_gone" value="12.5"' in page
    assert '<option value="off" selected>Do not check</option>' in page
    assert "Saved. It holds from the next file on." in page


@pytest.mark.parametrize(
    "wrong",
    [
        {"most_gone": "101"},
        {"most_bad": "-1"},
        {"most_bad": "nan"},
        {"most_gone": ""},
        {"rule_birth_age": "maybe"},
    ],
    ids=lambda wrong: "=".join(*wrong.items()),
)
def test_what_cannot_hold_is_refused_beside_its_field(send, riverside, wrong):
    response = send(**choices(**wrong))

    (field,) = wrong
    assert response.status_code == 422
    assert f'id="id_{field}_error"' in response.content.decode()
    with within(riverside):
        assert not ImportSettings.objects.exists()


@pytest.mark.parametrize("person", ["amara", "sam", "mika"])
def test_whoever_may_not_bring_in_files_may_not_set_rules_either(request, send, sis, person):
    user = request.getfixturevalue(person)

    assert signed_in(user).get(ADDRESS).status_code == 403
    assert send(person=user, **choices()).status_code == 403
    for address in (f"/records/sources/{sis.public_id}/", f"/records/sources/{sis.public_id}/forget"):
        assert send(address, person=user, name="Mine").status_code == 403


def test_otto_neither_sees_nor_changes_the_sources_of_riverside(send, otto, sis):
    page = signed_in(otto).get(ADDRESS).content.decode()

    assert "SIS" not in text_of(page)
    for address in (f"/records/sources/{sis.public_id}/", f"/records/sources/{sis.public_id}/forget"):
        assert send(address, person=otto, name="Mine").status_code == 404


def test_a_source_gets_a_name_and_a_rhythm(send, sis, riverside):
    saved = send(f"/records/sources/{sis.public_id}/", name="Front office", expected_every_days="7")

    page = text_of(saved.content.decode())
    with within(riverside):
        source = Source.objects.get()
        assert (source.name, source.expected_every_days) == ("Front office", 7)
        assert AuditEntry.objects.get(action="change_source").purpose == "SIS > Front office, every 7 days"
    assert "Front office" in page
    assert "a file every 7 days" in page


def test_a_name_that_another_source_has_is_refused_beside_its_field(send, sis, riverside):
    with within(riverside):
        history.source(riverside, name="Gradebook")

    response = send(f"/records/sources/{sis.public_id}/", name="Gradebook")

    assert response.status_code == 422
    page = response.content.decode()
    assert "Another source is called “Gradebook”." in text_of(page[page.index(f"id_{sis.public_id}_name_error") :])


def test_a_source_that_is_forgotten_leaves_what_its_files_brought(send, sis, riverside):
    with within(riverside):
        history.merged(riverside, timezone.localdate(), source=sis)

    send(f"/records/sources/{sis.public_id}/forget")

    with within(riverside):
        assert not Source.objects.exists()
        assert Upload.objects.get().source is None
        assert AuditEntry.objects.get(action="forget_source").purpose == "SIS"


def test_a_source_whose_file_is_under_way_is_not_forgotten(send, sis, riverside):
    with within(riverside):
        history.merged(riverside, timezone.localdate(), source=sis, stage="review", merged_at=None)
        with pytest.raises(source_settings.UnderWay):
            source_settings.forget(source=sis, by=None, now=timezone.now())

    page = send(f"/records/sources/{sis.public_id}/forget").content.decode()

    assert "A file of this source is under way." in text_of(page)
    with within(riverside):
        assert Source.objects.exists()
