"""What exit codes count as is each institution's own: mapped by a person, changed for what comes, never unsaid."""

import datetime as dt
import threading

import pytest
from django.db import ProgrammingError, connection, transaction

from accounts import scope
from accounts.models import AuditEntry
from students.models import ExitCode, Outcome
from students.outcomes import exit_code_map, outcome_codes, outcomes_recorded
from tests.students.test_outcomes_recorded import LEFT, record

NOW = dt.datetime(2025, 7, 1, 17, tzinfo=dt.UTC)
ED_FI = "uri://riverside.example/ExitWithdrawTypeDescriptor#"


def kind_of(institution, code):
    with scope.entered(scope.of_institution(institution)):
        return exit_code_map.in_scope().kind_of(code)


def add(by, code="W7", kind="graduated"):
    exit_code_map.add(code=code, kind=kind, by=by, now=NOW)


def change(by, plain="withdrawn", kind="unknown", version=0):
    exit_code_map.change(plain=plain, kind=kind, version=version, by=by, now=NOW)


def audited():
    return list(
        AuditEntry.objects.filter(action__startswith="exit_code_").order_by("pk").values_list("purpose", "user")
    )


def test_an_institution_that_said_nothing_has_the_codes_of_the_file(at_riverside):
    assert exit_code_map.in_scope() == outcome_codes.written()


def test_what_an_institution_says_of_a_code_holds_there_alone(sam, riverside, elsewhere, at_riverside):
    add(sam)
    change(sam)

    assert [kind_of(riverside, code) for code in ("w7", "Withdrawn")] == ["graduated", "unknown"]
    assert kind_of(elsewhere, "Withdrawn") == "dropped_out"
    with pytest.raises(outcome_codes.UnknownExitCode):
        kind_of(elsewhere, "W7")
    assert audited() == [("W7: graduated", sam.pk), ("Withdrawn: dropped_out, now unknown", sam.pk)]


@pytest.mark.parametrize("spelling", ["W 7", " w  7 ", f"{ED_FI}W 7", "W\t7"])
def test_a_code_said_twice_in_other_spellings_stands_once(sam, at_riverside, spelling):
    add(sam, "W 7")

    add(sam, spelling)

    assert list(ExitCode.objects.values_list("plain", "code")) == [("w 7", "W 7")]
    assert len(audited()) == 1
    with pytest.raises(exit_code_map.Refused, match="“W 7” stands in the list already: Finished"):
        add(sam, spelling, "transferred")


def test_codes_with_a_number_sign_of_their_own_are_told_apart(sam, at_riverside):
    add(sam, "A#1")
    add(sam, "B#1", "died")

    assert exit_code_map.in_scope().kind_of("a#1") == "graduated"


@pytest.mark.parametrize(
    ("code", "kind", "sentence"),
    [
        ("", "graduated", "Give the code."),
        (ED_FI, "graduated", "Give the code."),
        (" \0 ", "graduated", "Give the code."),
        ("x" * 300, "graduated", "at most 60 characters"),
        ("Taken back", "graduated", "the portal itself writes"),
        ("W7", "gone", "no such kind"),
        ("W7", "leave_out", "no such kind"),
        ("dropout", "graduated", "“Dropout” stands in the list already: Left before finishing."),
    ],
)
def test_what_is_no_code_or_no_kind_is_refused(sam, at_riverside, code, kind, sentence):
    with pytest.raises(exit_code_map.Refused, match=sentence):
        add(sam, code, kind)

    assert not ExitCode.objects.exists()
    assert audited() == []


def test_a_changed_kind_leaves_what_is_on_record(sam, nora, hugo, at_riverside):
    before = record(nora, sam, exit_code="Withdrawn")

    change(sam)

    after = record(hugo, sam, exit_code="Withdrawn")
    assert list(Outcome.objects.order_by("pk").values_list("pk", "kind")) == [
        (before.pk, "dropped_out"),
        (after.pk, "unknown"),
    ]
    entry = next(entry for entry in exit_code_map.entries() if entry.plain == "withdrawn")
    assert (entry.kind, entry.recorded) == ("unknown", {"dropped_out": 1, "unknown": 1})


def test_an_outcome_said_again_after_the_change_stands_once(sam, nora, at_riverside):
    before = record(nora, sam, exit_code="Withdrawn")
    change(sam)

    assert record(nora, sam, exit_code="Withdrawn") == before
    with pytest.raises(outcomes_recorded.Refused, match="on record already"):
        record(nora, sam, exit_code="Withdrawn", evidence="Another letter")


def test_a_correction_gives_an_outcome_the_kind_its_code_has_now(sam, nora, at_riverside):
    before = record(nora, sam, exit_code="Withdrawn")
    change(sam)

    corrected = [record(nora, sam, exit_code="Withdrawn", corrects=before) for _ in range(2)]

    assert corrected[0] == corrected[1]
    assert (corrected[0].kind, corrected[0].happened_on) == ("unknown", LEFT)


def test_the_second_of_two_editors_sees_the_first_ones_change(sam, ines, at_riverside):
    change(ines)

    with pytest.raises(exit_code_map.Overtaken) as overtaken:
        change(sam, kind="transferred")

    assert (overtaken.value.standing.kind, overtaken.value.standing.changed_by) == ("unknown", ines)
    change(sam, kind="transferred", version=1)
    assert exit_code_map.in_scope().kind_of("Withdrawn") == "transferred"
    with pytest.raises(exit_code_map.Overtaken):
        change(ines, kind="dropped_out", version=1)


def test_the_same_change_sent_twice_is_made_once(sam, at_riverside):
    change(sam)
    change(sam)
    change(sam, plain="dropout", kind="dropped_out")

    assert len(audited()) == 1
    assert ExitCode.objects.get().version == 1


def test_a_code_that_is_not_in_the_map_is_not_changed(sam, at_riverside):
    with pytest.raises(exit_code_map.NoSuchCode):
        change(sam, plain="w7")


def test_no_code_is_ever_unsaid_by_the_application(sam, at_riverside):
    add(sam)

    with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
        ExitCode.objects.all().delete()


@pytest.mark.parametrize("kinds", [("graduated", "graduated"), ("graduated", "died")])
def test_two_who_map_a_code_at_once_map_it_once(transactional_db, ines, sam, riverside, kinds):
    refused = _at_once(
        riverside,
        lambda: add(ines, "W7", kinds[0]),
        lambda: add(sam, "w7", kinds[1]),
    )

    with scope.entered(scope.of_institution(riverside)):
        row = ExitCode.objects.get()
        assert len(audited()) == 1
    assert [type(error) for error in refused] == ([] if kinds[0] == kinds[1] else [exit_code_map.Refused])
    assert row.kind in kinds


def test_of_two_who_change_a_code_at_once_one_is_told(transactional_db, ines, sam, riverside):
    refused = _at_once(riverside, lambda: change(ines), lambda: change(sam, kind="transferred"))

    assert [type(error) for error in refused] == [exit_code_map.Overtaken]
    assert kind_of(riverside, "Withdrawn") == ("unknown" if refused[0].standing.changed_by == ines else "transferred")


def _at_once(institution, *deeds):
    """Do several things together, each in a transaction of its own; return what was raised."""
    raised, ready = [], threading.Barrier(len(deeds))

    def work(deed):
        try:
            with scope.entered(scope.of_institution(institution)):
                exit_code_map.in_scope()
                ready.wait(10)
                deed()
        except Exception as error:  # noqa: BLE001
            raised.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=[deed]) for deed in deeds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    return raised
