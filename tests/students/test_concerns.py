"""Concerns and kudos: said in two clicks, heard by who looks after the student, answered, and heard of again."""

import datetime as dt
import re
import threading
import uuid

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import scope
from accounts.models import AuditEntry, Membership, Role, User
from predictions.views import concerns as concerns_page
from students.models import Caseload, Concern, ConcernStep
from students.people import caseloads, concerns, student_merges
from tests import rows
from tests.people import SINCE, signed_in

FIRST = dt.date(2020, 1, 6)


def person(name, institution, role, *schools):
    user = User.objects.create_user(f"{name.lower()}@{institution.slug}.example", display_name=name)
    held = Membership.objects.create(
        user=user, institution=institution, role=role, every_school=not schools, starts_on=SINCE
    )
    held.schools.set(schools)
    return user


@pytest.fixture
def lena(riverside, northside):
    """School lead of Northside."""
    return person("Lena", riverside, Role.SCHOOL_LEAD, northside)


@pytest.fixture
def vera(riverside):
    """Auditor, every school."""
    return person("Vera", riverside, Role.AUDITOR)


@pytest.fixture
def amaras(amara, nora):
    """Nora is Amara's to look after."""
    return given_to(amara, nora)


def given_to(counsellor, student):
    with scope.entered(scope.of_institution(student.institution)):
        Caseload.objects.create(
            institution=student.institution, student=student, counsellor=counsellor, starts_on=FIRST
        )
    return student


def say(who, student, words="She sleeps in class", kind="concern", key=None):
    form = {"concern-kind": kind, "concern-words": words, "concern-request_key": key or str(uuid.uuid4())}
    return signed_in(who).post(f"/students/{student.public_id}/concern", form)


def kept(model, student):
    with scope.entered(scope.of_institution(student.institution)):
        return list(model.objects.filter(student=student).order_by("pk"))


def close(who, concern, words="We talked"):
    form = {f"{concern.public_id}-words": words}
    return signed_in(who).post(f"/concerns/{concern.public_id}/close", form)


def read(who, show="waiting", after=""):
    return signed_in(who).get("/concerns/", {"show": show} | ({"after": after} if after else {})).content.decode()


def today_of(who, since=None):
    membership = who.memberships.get()
    with scope.entered(scope.of_membership(membership)):
        found = concerns.for_today(membership, since=since or timezone.now() - dt.timedelta(days=1))
        return [concern.words for concern in found.waiting], [concern.words for concern in found.answered]


def test_a_concern_goes_to_the_counsellor_and_the_answer_to_who_raised_it(sam, amara, amaras):
    page = signed_in(sam).get(f"/students/{amaras.public_id}/").content.decode()
    answer = say(sam, amaras)
    (concern,) = kept(Concern, amaras)
    waiting, before = read(amara), today_of(amara)

    closed = close(amara, concern, "Her mother works nights; she naps at lunch now.")

    assert "It goes to Amara." in page
    assert answer["Location"] == f"/students/{amaras.public_id}/"
    assert concern.to == amara
    assert "She sleeps in class" in waiting
    assert before == (["She sleeps in class"], [])
    assert closed["Location"] == "/concerns/?show=waiting"
    assert "She sleeps in class" not in read(amara)
    assert "she naps at lunch now" in read(sam, "answered")
    assert today_of(sam) == ([], ["She sleeps in class"])
    assert today_of(sam, since=timezone.now() + dt.timedelta(hours=1)) == ([], [])


def test_without_a_counsellor_it_goes_to_the_leads_who_see_the_school(sam, amara, lena, ines, bo, nora):
    assert (
        "It goes to the school leads of Northside."
        in signed_in(sam).get(f"/students/{nora.public_id}/").content.decode()
    )
    say(sam, nora)

    (concern,) = kept(Concern, nora)
    heard = {who.display_name for who in (amara, lena, ines, bo, sam) if "She sleeps" in read(who)}

    assert concern.to is None
    assert heard == {"Lena", "Ines"}
    assert close(lena, concern).status_code == 302


@pytest.mark.parametrize(
    "ends", [{"ends_on": FIRST}, {"ended_at": timezone.now()}, {"awaits_link": True}, {"schools": []}]
)
def test_a_counsellor_who_no_longer_sees_the_student_is_not_told(sam, amara, amaras, ends):
    held = amara.memberships.get()
    held.schools.set([]) if "schools" in ends else Membership.objects.filter(pk=held.pk).update(**ends)

    say(sam, amaras)

    assert kept(Concern, amaras)[0].to is None


def test_what_counsellors_say_of_their_own_goes_to_the_leads(amara, lena, amaras):
    say(amara, amaras)

    assert kept(Concern, amaras)[0].to is None
    assert "She sleeps in class" in read(lena)


def test_kudos_are_seen_and_need_no_words(sam, amara, amaras):
    say(sam, amaras, "Won the spelling bee", kind="kudos")
    (kudos,) = kept(Concern, amaras)

    assert close(amara, kudos, "").status_code == 302
    assert re.search(r"<span class=\"subject\">Seen</span>", read(sam, "answered"))
    assert today_of(sam) == ([], [])


def test_a_concern_is_not_closed_without_words(sam, amara, amaras):
    say(sam, amaras)
    (concern,) = kept(Concern, amaras)

    refused = close(amara, concern, "   ")

    assert refused.status_code == 422
    assert "Say what happened. Whoever raised it reads it." in refused.content.decode()
    assert kept(ConcernStep, amaras) == []


def test_a_double_click_says_it_once_and_closes_it_once(sam, amara, amaras):
    key = str(uuid.uuid4())
    for _ in range(2):
        assert say(sam, amaras, key=key).status_code == 302
    (concern,) = kept(Concern, amaras)

    assert [close(amara, concern).status_code for _ in range(2)] == [302, 302]
    assert len(kept(ConcernStep, amaras)) == 1


def test_the_second_of_two_is_told_and_keeps_what_they_typed(sam, amara, ines, amaras):
    say(sam, amaras)
    (concern,) = kept(Concern, amaras)
    close(amara, concern, "Called home")

    second = close(ines, concern, "Spoke with the teacher")

    assert second.status_code == 422
    page = second.content.decode()
    assert "Somebody answered this meanwhile." in page
    assert "Spoke with the teacher" in page
    assert "Called home" in page
    assert [step.words for step in kept(ConcernStep, amaras)] == ["Called home"]


@pytest.mark.parametrize(
    "given",
    [{"words": ""}, {"words": "  "}, {"words": "x" * 1001}, {"kind": "gossip"}, {"key": "1"}],
)
def test_what_is_not_understood_is_not_kept(sam, amaras, given):
    assert say(sam, amaras, **given).status_code == 422
    assert kept(Concern, amaras) == []


@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("amara", 302),
        ("sam", 302),
        ("ines", 302),
        ("mika", 302),
        ("lena", 302),
        ("vera", 302),
        ("bo", 404),
        ("otto", 404),
    ],
)
def test_whoever_sees_a_student_may_say_something(request, nora, who, status):
    assert say(request.getfixturevalue(who), nora).status_code == status
    assert len(kept(Concern, nora)) == (status == 302)


@pytest.mark.parametrize(
    ("who", "status"),
    [("amara", 302), ("lena", 302), ("ines", 302), ("sam", 404), ("vera", 404), ("bo", 404), ("otto", 404)],
)
def test_only_who_receives_it_closes_it(request, mika, amaras, who, status):
    say(mika, amaras)
    (concern,) = kept(Concern, amaras)

    assert close(request.getfixturevalue(who), concern).status_code == status
    assert len(kept(ConcernStep, amaras)) == (status == 302)


@pytest.mark.parametrize(
    ("who", "reads"),
    [("amara", False), ("sam", False), ("vera", False), ("bo", False), ("otto", False), ("lena", True), ("ines", True)],
)
def test_everybodys_are_read_by_leads_who_see_the_student(request, mika, nora, who, reads):
    say(mika, nora)

    assert ("She sleeps" in read(request.getfixturevalue(who), "all")) == reads


@pytest.mark.parametrize("who", ["mika", "amara"])
def test_whoever_sees_the_student_no_longer_reads_nothing_of_them(request, riverside, harbor, mika, amaras, who):
    say(mika, amaras)
    user = request.getfixturevalue(who)
    held = user.memberships.get()
    held.every_school = False
    held.save()
    held.schools.set([harbor])

    assert "She sleeps" not in read(user) + read(user, "raised")
    assert today_of(user) == ([], [])


def test_it_goes_along_when_students_are_given_to_somebody_else(sam, amara, ines, lena, amaras, northside, riverside):
    next_one = person("Nils", riverside, Role.COUNSELLOR, northside)
    say(sam, amaras)
    with scope.entered(scope.of_membership(ines.memberships.get())):
        caseloads.assign(students=[amaras], counsellor=next_one, by=ines, now=timezone.now())

    assert "She sleeps" not in read(amara)
    assert "She sleeps" in read(next_one)


def test_pages_follow_each_other_and_ask_the_same_number_of_statements(sam, amara, amaras, monkeypatch):
    monkeypatch.setattr(concerns_page, "SHOWN", 2)

    def pages_of(who, show):
        found, after, n_asked = [], "", []
        while True:
            with CaptureQueriesContext(connection) as asked:
                page = read(who, show, after)
            n_asked.append(len(asked))
            found += re.findall(r"<p>(Words \d)</p>", page)
            link = re.search(r'href="[^"]*after=([^"&]+)"[^>]*rel="next"', page)
            if link is None:
                return found, n_asked
            after = link[1]

    for n in range(5):
        say(sam, amaras, f"Words {n}")
        close(amara, kept(Concern, amaras)[-1]) if n % 2 else None
    waiting, asked = pages_of(amara, "waiting")

    assert waiting == ["Words 0", "Words 2", "Words 4"]
    assert pages_of(sam, "raised")[0] == ["Words 4", "Words 3", "Words 2", "Words 1", "Words 0"]
    assert pages_of(sam, "answered")[0] == ["Words 3", "Words 1"]
    say(sam, amaras, "Words 5")
    say(sam, amaras, "Words 6")
    assert max(pages_of(amara, "waiting")[1]) <= max(asked)


def test_an_address_that_names_nothing_shows_the_first_page(sam, amaras, hugo, amara):
    say(sam, amaras)

    for after in ("nonsense", str(uuid.uuid4())):
        assert "She sleeps" in read(amara, "waiting", after)


def test_what_was_said_and_answered_is_on_record_without_its_words(sam, amara, amaras, riverside):
    say(sam, amaras)
    close(amara, kept(Concern, amaras)[0])

    with scope.entered(scope.of_institution(riverside)):
        entries = AuditEntry.objects.filter(action__in=["concern_raised", "concern_closed"]).order_by("pk")
        assert [(entry.action, entry.user, entry.subject_id, entry.purpose) for entry in entries] == [
            ("concern_raised", sam, amaras.public_id, ""),
            ("concern_closed", amara, amaras.public_id, ""),
        ]


def test_of_two_students_who_are_one_child_concerns_go_along_and_come_back(sam, amara, ines, amaras, northside):
    with scope.entered(scope.of_institution(amaras.institution)):
        kept_one = rows.student(northside)
    say(sam, amaras)
    close(amara, kept(Concern, amaras)[0])
    with scope.entered(scope.of_membership(ines.memberships.get())):
        merge = student_merges.merge(keep=kept_one, other=amaras, reason="One child", by=ines, now=timezone.now())

    assert [concern.words for concern in kept(Concern, kept_one)] == ["She sleeps in class"]
    assert "We talked" in read(sam, "answered")

    with scope.entered(scope.of_membership(ines.memberships.get())):
        student_merges.take_back(merge=merge, by=ines, now=timezone.now())
    assert len(kept(Concern, amaras)) == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_who_close_it_at_once_one_does(sam, amara, ines, amaras):
    say(sam, amaras)
    (concern,) = kept(Concern, amaras)
    start, answers = threading.Barrier(2), []

    def press(who):
        try:
            browser = signed_in(who)
            start.wait()
            form = {f"{concern.public_id}-words": f"{who.display_name} talked"}
            answers.append(browser.post(f"/concerns/{concern.public_id}/close", form).status_code)
        finally:
            connections.close_all()

    pressing = [threading.Thread(target=press, args=(who,)) for who in (amara, ines)]
    for thread in pressing:
        thread.start()
    for thread in pressing:
        thread.join()

    assert sorted(answers) == [302, 422]
    assert len(kept(ConcernStep, amaras)) == 1
