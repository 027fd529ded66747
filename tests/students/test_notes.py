"""Notes are read by their readers alone, on the page and in the database; every wording stays; drafts are one's own."""

import datetime as dt
import re
import uuid

import pytest
from django.db import ProgrammingError, connection, connections
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import scope
from accounts.models import AuditEntry, Role
from students.models import Note, NoteRevision
from students.people import notes
from tests import rows
from tests.people import signed_in
from tests.predictions.pages import text_of
from tests.students.notes_typed import (
    EVERYBODY,
    READERS,
    SECRET,
    counted,
    in_database,
    nils,
    page_of,
    person,
    revise,
    vera,
    within,
    write,
    written,
)

__all__ = ["nils", "vera"]


CASES = [(visibility, who) for visibility in READERS for who in EVERYBODY]


@pytest.mark.parametrize(("visibility", "who"), CASES)
def test_a_note_is_read_by_its_readers_alone_on_the_page_and_in_the_database(
    request, amara, sam, nora, visibility, who
):
    user = request.getfixturevalue(who)
    note = written(amara, nora, visibility=visibility, named=[sam])
    reads = who in READERS[visibility]

    assert in_database(user) == ((1, 1) if reads else (0, 0))
    assert (SECRET in page_of(user, nora)) == reads
    with within(user):
        assert Note.objects.filter(pk=note.pk).exists() == NoteRevision.objects.exists() == reads


@pytest.mark.parametrize("visibility", ["role", "named"])
def test_a_job_a_system_and_whoever_has_no_scope_read_no_restricted_note(
    riverside, elsewhere, amara, sam, nora, visibility
):
    written(amara, nora, visibility=visibility, named=[sam])

    for institution in (riverside, elsewhere):
        with scope.entered(scope.of_institution(institution)):
            assert (counted("students_note"), counted("students_noterevision")) == (0, 0)
            assert not Note.objects.exists()
    assert counted("students_note") == 0


def test_a_role_of_the_same_name_at_another_school_reads_nothing(amara, bo, nora):
    written(amara, nora, visibility="role")

    assert in_database(bo) == (0, 0)


def test_an_author_who_no_longer_sees_the_student_reads_their_note_no_more(amara, nora, harbor):
    written(amara, nora, visibility="role")
    amara.memberships.get().schools.set([harbor])

    assert in_database(amara) == (0, 0)


def test_whoever_works_in_another_role_reads_what_is_for_that_role(amara, riverside, nora):
    written(amara, nora, visibility="role")
    held = amara.memberships.get()
    other = person("Kim", riverside, Role.OUTCOME_STAFF)
    before = in_database(other)
    other.memberships.update(role=held.role)

    assert (before, in_database(other)) == ((0, 0), (1, 1))


@pytest.mark.parametrize("visibility", ["role", "named"])
def test_restricted_words_stand_nowhere_else(client, amara, sam, ines, riverside, nora, visibility):
    written(amara, nora, visibility=visibility, named=[sam])
    browser = signed_in(ines)

    pages = ["/", "/today/", "/students/", "/interventions/", "/interventions/?format=csv"]
    pages += ["/concerns/", f"/students/{nora.public_id}/", "/caseloads/", "/records/merges/"]
    for page in pages:
        assert SECRET not in browser.get(page, follow=True).content.decode(), page
    assert nora.family_name not in browser.get("/students/", {"q": SECRET}).content.decode()
    with scope.entered(scope.of_institution(riverside)):
        entries = list(AuditEntry.objects.values())
    assert SECRET not in str(entries)
    assert [entry["purpose"] for entry in entries if entry["action"] == "note_written"] == [""]


def test_the_database_refuses_a_note_in_somebody_elses_name(amara, nils, nora):
    with pytest.raises(ProgrammingError, match="row-level security"), within(amara):
        rows.sound(Note, institution=nora.institution, student=nora, author=nils)


def test_the_database_refuses_a_wording_in_somebody_elses_name_or_of_a_note_out_of_sight(amara, nils, sam, nora):
    note = written(amara, nora, visibility="role")
    given = {"institution": nora.institution, "note": note, "number": 2}

    for who, by in ((nils, amara), (sam, sam)):
        with pytest.raises(ProgrammingError, match="row-level security"), within(who):
            rows.sound(NoteRevision, by=by, **given)


@pytest.mark.parametrize("who", EVERYBODY)
def test_whoever_sees_a_student_may_write_a_note(request, nora, who):
    user = request.getfixturevalue(who)
    may = who not in ("bo", "otto")

    assert write(user, nora).status_code == (302 if may else 404)
    assert in_database(user) == ((1, 1) if may else (0, 0))


@pytest.mark.parametrize(
    "given",
    [
        {"words": "  "},
        {"words": "x" * 4001},
        {"visibility": "named"},
        {"visibility": "friends"},
        {"kind": "hand_over", "visibility": "role"},
        {"kind": "gossip"},
    ],
)
def test_what_is_not_understood_is_not_kept(amara, nora, given):
    assert write(amara, nora, **given).status_code == 422
    assert in_database(amara) == (0, 0)


def test_nobody_is_named_who_does_not_see_the_student(amara, bo, nora):
    assert write(amara, nora, visibility="named", named=[bo]).status_code == 422
    assert "Bo" not in re.findall(r"<option[^>]*>([^<]+)</option>", page_of(amara, nora))


def test_a_double_click_writes_it_once(amara, nora):
    key = str(uuid.uuid4())

    assert [write(amara, nora, request_key=key).status_code for _ in range(2)] == [302, 302]
    assert in_database(amara) == (1, 1)


@pytest.mark.parametrize(
    ("visibility", "told"),
    [
        ("all", "Read by everybody who sees this student"),
        ("role", "Read by those with the role Counsellor"),
        ("named", "Read by Sam"),
    ],
)
def test_the_page_says_who_else_reads_it(amara, sam, nora, visibility, told):
    written(amara, nora, visibility=visibility, named=[sam])

    assert told in text_of(page_of(amara, nora))


def test_a_hand_over_is_for_everybody(amara, sam, nora):
    written(amara, nora, kind="hand_over")

    assert f"Hand-over to the next year or school {SECRET}" in text_of(page_of(sam, nora))


def test_a_named_person_words_it_anew_and_every_wording_stays(amara, sam, nora):
    note = written(amara, nora, visibility="named", named=[sam])

    assert revise(sam, note, "Now with her father").status_code == 302
    page = text_of(page_of(amara, nora))

    assert page.index("Now with her father") < page.index(SECRET)
    assert "Changed by Sam" in page
    with within(amara):
        assert list(NoteRevision.objects.order_by("number").values_list("words", "by__display_name")) == [
            (SECRET, "Amara"),
            ("Now with her father", "Sam"),
        ]


@pytest.mark.parametrize(
    ("visibility", "who", "status"),
    [
        *[("all", who, 403) for who in ("nils", "sam", "ines", "vera")],
        *[("role", "nils", 403), ("role", "sam", 404), ("named", "nils", 404), ("named", "ines", 404)],
        *[(visibility, who, 404) for visibility in READERS for who in ("bo", "otto")],
        *[("all", "amara", 302), ("role", "amara", 302), ("named", "sam", 302)],
    ],
)
def test_only_its_author_and_the_named_change_a_note(request, amara, sam, nora, visibility, who, status):
    note = written(amara, nora, visibility=visibility, named=[sam])

    assert revise(request.getfixturevalue(who), note, "Something else").status_code == status
    assert in_database(amara) == (1, 1 + (status == 302))


def test_the_second_of_two_who_change_it_is_told_and_keeps_what_they_typed(amara, sam, nora):
    note = written(amara, nora, visibility="named", named=[sam])
    answers = [revise(sam, note, "From Sam").status_code for _ in range(2)]

    late = revise(amara, note, "From Amara")

    assert answers == [302, 302]
    assert late.status_code == 422
    assert "Somebody changed this note meanwhile." in late.content.decode()
    assert "From Amara" in late.content.decode()
    assert in_database(amara) == (1, 2)


@pytest.mark.parametrize("table", ["students_note", "students_noterevision"])
@pytest.mark.parametrize("deed", ["DELETE FROM {}", "UPDATE {} SET id = id"])
def test_the_application_changes_no_note(amara, nora, table, deed):
    written(amara, nora)

    with pytest.raises(ProgrammingError, match="permission denied"), within(amara), connection.cursor() as cursor:
        cursor.execute(deed.format(table))


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_what_must_be_erased_the_owner_erases_whoever_reads_it(amara, nora):
    written(amara, nora, visibility="named", named=[amara])

    with connections["owner"].cursor() as cursor:
        cursor.execute("DELETE FROM students_noterevision r USING students_note n WHERE n.id = r.note_id")
        cursor.execute("DELETE FROM students_note WHERE student_id = %s", [nora.pk])
        assert cursor.rowcount == 1
    assert in_database(amara) == (0, 0)


def test_the_page_asks_no_more_for_many_notes_than_for_one(amara, sam, nora):
    def asked():
        with CaptureQueriesContext(connection) as captured:
            page_of(amara, nora)
        return len(captured), [query["sql"] for query in captured]

    none, _sql = asked()
    for n in range(6):
        note = written(amara, nora, words=f"Words {n}", visibility="named", named=[sam])
        revise(sam, note, f"Other words {n}")
    many, sql = asked()

    assert many == none
    of_notes = [one for one in sql if "students_note" in one or 'FROM "accounts_user" WHERE EXISTS' in one]
    assert len(of_notes) == 3


def test_notes_are_written_under_the_role_one_works_as(amara, nora):
    note = written(amara, nora, visibility="role")

    assert (note.role, note.named) == (Role.COUNSELLOR, [])
    assert note.written_at > timezone.now() - dt.timedelta(minutes=1)


def test_a_note_is_on_record_without_its_words_or_readers(amara, sam, riverside, nora):
    note = written(amara, nora, visibility="named", named=[sam])
    revise(amara, note, "Other words")

    with scope.entered(scope.of_institution(riverside)):
        entries = list(AuditEntry.objects.filter(action__startswith="note_").order_by("pk"))
    assert [(entry.action, entry.user, entry.subject_ids) for entry in entries] == [
        ("note_written", amara, [nora.public_id]),
        ("note_revised", amara, [nora.public_id]),
    ]


def test_the_rule_itself_refuses_whoever_only_reads(amara, nils, nora):
    note = written(amara, nora, visibility="role")

    with within(nils), pytest.raises(notes.NotTheirs):
        notes.revise(note=Note.objects.get(), words="Mine now", after=1, by=nils, now=timezone.now())
    assert note.may_be_revised_by(amara)
