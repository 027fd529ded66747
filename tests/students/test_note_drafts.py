"""Drafts are one's own until they are notes; of two students who are one child, notes and drafts go along."""

import uuid

import pytest
from django.db import connection, transaction
from django.utils import timezone

from accounts import scope
from students.models import NoteDraft
from students.people import student_merges
from tests import rows
from tests.people import signed_in
from tests.students.notes_typed import (
    READERS,
    SECRET,
    counted,
    form_of,
    nils,
    page_of,
    revise,
    vera,
    within,
    write,
    written,
)

__all__ = ["nils", "vera"]


def keep(who, student, words=SECRET, **given):
    headers = {"HX-Request": "true"} if given.pop("by_htmx", False) else {}
    return signed_in(who).post(f"/students/{student.public_id}/note/draft", form_of(words, **given), headers=headers)


def drafts_of(who):
    with within(who):
        return counted("students_notedraft"), list(NoteDraft.objects.values_list("words", flat=True))


def test_a_draft_is_ones_own_and_gone_once_it_is_a_note(amara, nils, sam, ines, riverside, nora):
    kept = keep(amara, nora, "Half a", by_htmx=True)
    keep(amara, nora, "Half a thought", visibility="named", named=[sam])

    assert kept.content.decode().startswith('<p id="note-draft"')
    assert "Draft kept" in kept.content.decode()
    assert "Half a thought" in page_of(amara, nora)
    assert drafts_of(amara) == (1, ["Half a thought"])
    for other in (nils, sam, ines):
        assert drafts_of(other) == (0, [])
        assert "Half a" not in page_of(other, nora)
    with scope.entered(scope.of_institution(riverside)):
        assert counted("students_notedraft") == 0

    written(amara, nora, visibility="role")
    assert drafts_of(amara) == (0, [])


def test_a_draft_that_comes_after_its_note_is_dropped(amara, nora):
    key = str(uuid.uuid4())
    write(amara, nora, request_key=key)
    keep(amara, nora, request_key=key, by_htmx=True)

    assert drafts_of(amara) == (0, [])


def test_an_emptied_draft_goes(amara, nora):
    keep(amara, nora)

    assert keep(amara, nora, "").status_code == 302
    assert drafts_of(amara) == (0, [])


@pytest.mark.parametrize(("who", "status"), [("bo", 404), ("otto", 404), ("mika", 302), ("vera", 302)])
def test_a_draft_is_of_a_student_one_sees(request, nora, who, status):
    assert keep(request.getfixturevalue(who), nora).status_code == status


def test_a_draft_too_long_is_told_so(amara, nora):
    told = keep(amara, nora, "x" * 4001, by_htmx=True)

    assert "Not kept yet" in told.content.decode()
    assert keep(amara, nora, "x" * 4001).status_code == 422


@pytest.fixture
def twin(northside, nora):
    """Nora under a second number."""
    with scope.entered(scope.of_institution(northside.institution)):
        return rows.student(northside)


@pytest.mark.parametrize("visibility", READERS)
def test_of_two_who_are_one_child_notes_go_along_though_the_admin_reads_none(amara, sam, ines, nora, twin, visibility):
    note = written(amara, nora, visibility=visibility, named=[sam])
    keep(amara, nora, "Half a thought")
    with within(ines):
        merge = student_merges.merge(keep=twin, other=nora, reason="One child", by=ines, now=timezone.now())
    after = page_of(amara, twin)
    by_ines = SECRET in page_of(ines, twin)

    assert merge.moved["students.Note"] == [note.pk]
    assert SECRET in after
    assert "Half a thought" in after
    assert by_ines == (visibility == "all")
    assert revise(amara, note, "Worded anew").status_code == 302

    with within(ines):
        student_merges.take_back(merge=merge, by=ines, now=timezone.now())
    assert SECRET not in page_of(amara, twin)
    assert "Worded anew" in page_of(amara, nora)
    assert drafts_of(amara) == (1, ["Half a thought"])


def test_a_second_draft_of_one_child_stays_where_it_is(amara, ines, nora, twin):
    keep(amara, nora, "Of Nora")
    keep(amara, twin, "Of her twin number")
    with within(ines):
        merge = student_merges.merge(keep=twin, other=nora, reason="One child", by=ines, now=timezone.now())

    assert "students.NoteDraft" not in merge.moved
    assert "Of her twin number" in page_of(amara, twin)


@pytest.mark.parametrize("who", ["amara", "otto", None])
def test_the_function_that_moves_notes_moves_none_between_students_out_of_sight(request, sam, nora, hugo, who):
    written(sam, nora, visibility="role")
    asking = within(request.getfixturevalue(who)) if who else transaction.atomic()

    with asking, connection.cursor() as cursor:
        cursor.execute("SELECT students_note_given(%s, %s, NULL)", [nora.pk, hugo.pk])
        moved = cursor.fetchone()[0]

    assert moved == []
    assert SECRET in page_of(sam, nora)
