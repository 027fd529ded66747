"""Before a version decides one sees who comes and goes and what the gate says; the click is by a named person."""

import pytest

from accounts import scope
from accounts.models import AuditEntry
from jobs import claims
from modeling.models import ModelVersion, Promotion
from modeling.promotion import promotion_gate
from predictions import promotion_preview
from predictions.models import CurrentRisk, PromotionPreview, ScoringRun
from students.models import Student
from tests.district_in_database import CAPACITY
from tests.people import SINCE, signed_in
from tests.predictions.pages import text_of


@pytest.fixture
def browser(mika, riverside):
    return signed_in(mika)


@pytest.fixture
def swapped(riverside):
    """The list as another model might have made it: one above the line stands below it, and the reverse."""
    with scope.entered(scope.of_institution(riverside)):
        ranked = list(CurrentRisk.objects.filter(rank__isnull=False).order_by("rank"))
        above, below = ranked[CAPACITY - 1], ranked[CAPACITY]
        CurrentRisk.objects.filter(pk=above.pk).update(rank=10_000)
        CurrentRisk.objects.filter(pk=below.pk).update(rank=CAPACITY)
        yield [Student.objects.get(pk=risk.student_id) for risk in (above, below)]


@pytest.fixture
def passing(monkeypatch):
    """A gate in which nothing speaks against."""
    checks = [{"check": "lift", "value": 2.0, "limit": 1.0, "passed": True, "sentence": "It is right more often."}]
    monkeypatch.setattr(promotion_gate, "gate", lambda version, **_: checks)


@pytest.fixture
def failing(monkeypatch):
    """A gate in which one check speaks against."""
    checks = [{"check": "lift", "value": 0.5, "limit": 1.0, "passed": False, "sentence": "The rule is better."}]
    monkeypatch.setattr(promotion_gate, "gate", lambda version, **_: checks)


def work_out(browser, institution):
    """Press the button, and do the work as a worker does."""
    asked = browser.post("/model/2/changes")
    with scope.entered(scope.of_institution(institution)):
        job_id = PromotionPreview.objects.latest("pk").job_id
    claims.run_job(job_id=job_id, work=promotion_preview.work_out)
    return asked


def deciding(institution):
    with scope.entered(scope.of_institution(institution)):
        return ModelVersion.objects.get(is_champion=True).number


def test_first_one_is_asked_to_look_who_changes(browser, riverside):
    words = text_of(browser.get("/model/2/promote").content.decode())

    assert "Who changes if Model 2 decides?" in words
    assert "Work out who changes" in words
    assert "Let it decide" not in words
    assert "Nobody has worked out yet who would come onto the list" in words


def test_the_page_follows_the_work_and_ends_with_itself(browser, riverside):
    browser.post("/model/2/changes")

    running = browser.get("/model/2/promote").content.decode()
    part = browser.get("/model/2/promote", headers={"HX-Request": "true"}).content.decode()

    assert 'hx-trigger="every 2s"' in running
    assert part.startswith('<section id="promotion-preview"')


def test_who_comes_and_who_goes_is_named(browser, riverside, swapped):
    work_out(browser, riverside)

    page = browser.get("/model/2/promote").content.decode()

    coming, going = swapped
    assert f"1 of {CAPACITY} names changes." in text_of(page)
    assert text_of(page).index(coming.name) < text_of(page).index("Would leave it: 1") < text_of(page).index(going.name)
    with scope.entered(scope.of_institution(riverside)):
        entry = AuditEntry.objects.filter(action="promotion_preview").latest("pk")
        assert set(entry.subject_ids) == {coming.public_id, going.public_id}


def test_names_of_another_school_are_counted_and_not_told(browser, riverside, mika, swapped, northside):
    membership = mika.memberships.get()
    membership.every_school = False
    membership.save()
    membership.schools.set([northside])
    work_out(browser, riverside)

    page = browser.get("/model/2/promote").content.decode()

    for student in swapped:
        assert (student.name in page) == (student.school_id == northside.pk)
    assert text_of(page).count("And 1 more.") == sum(student.school_id != northside.pk for student in swapped)


def test_the_gate_is_told_in_sentences_with_a_word_for_each(browser, riverside, failing):
    words = text_of(browser.get("/model/2/promote").content.decode())

    assert "1 thing speaks against it" in words
    assert "▲ Against The rule is better." in words


def test_letting_it_decide_is_one_click_once_nothing_speaks_against(browser, riverside, mika, passing):
    work_out(browser, riverside)
    assert "Let it decide" in browser.get("/model/2/promote").content.decode()

    page = browser.post("/model/2/promote", {"instead_of": 1}, follow=True).content.decode()

    assert "From the next list on, model 2 decides. It is being made." in page
    assert deciding(riverside) == 2
    with scope.entered(scope.of_institution(riverside)):
        assert AuditEntry.objects.get(action="model_promoted").user == mika
        assert ScoringRun.objects.order_by("-created_at").first().model_version.number == 2


def test_a_failed_check_asks_for_a_reason_next_to_the_field(browser, riverside, failing):
    work_out(browser, riverside)

    refused = browser.post("/model/2/promote", {"instead_of": 1, "reason": " "})

    assert refused.status_code == 422
    assert "Say why it should decide all the same." in text_of(refused.content.decode())
    assert deciding(riverside) == 1


def test_with_a_reason_it_decides_and_the_reason_stays(browser, riverside, failing):
    work_out(browser, riverside)

    browser.post("/model/2/promote", {"instead_of": 1, "reason": "The rule changed."})

    assert deciding(riverside) == 2
    with scope.entered(scope.of_institution(riverside)):
        assert Promotion.objects.first().reason == "The rule changed."


def test_nobody_decides_without_having_looked(browser, riverside, passing):
    refused = browser.post("/model/2/promote", {"instead_of": 1})

    assert refused.status_code == 409
    assert "See first who would come onto the list" in text_of(refused.content.decode())
    assert deciding(riverside) == 1


def test_the_second_of_two_is_told_so(browser, riverside, passing):
    work_out(browser, riverside)
    browser.post("/model/2/promote", {"instead_of": 1})

    refused = browser.post("/model/2/promote", {"instead_of": 1})

    assert refused.status_code == 409
    assert "Model 2 decides already." in text_of(refused.content.decode())


@pytest.mark.parametrize("person", ["ines", "amara", "sam"])
def test_only_who_may_promote_sees_the_page(request, riverside, person):
    browser = signed_in(request.getfixturevalue(person))

    assert browser.get("/model/2/promote").status_code == 403
    assert browser.post("/model/2/promote").status_code == 403
    assert browser.post("/model/2/changes").status_code == 403
    assert deciding(riverside) == 1


@pytest.mark.parametrize("number", [3, 10**6])
def test_a_model_that_is_not_there_cannot_be_promoted(browser, riverside, number):
    assert browser.get(f"/model/{number}/promote").status_code == 404
    assert browser.post(f"/model/{number}/promote").status_code == 404
    assert browser.post(f"/model/{number}/changes").status_code == 404


def test_otto_cannot_promote_what_is_riversides(otto, riverside):
    otto.memberships.update(role="model_owner", starts_on=SINCE)
    browser = signed_in(otto)

    assert browser.post("/model/2/promote", {"reason": "Mine."}).status_code == 404
    assert deciding(riverside) == 1


def test_a_stranger_is_sent_to_the_door(client, riverside):
    assert client.get("/model/2/promote").url.startswith("/login")
