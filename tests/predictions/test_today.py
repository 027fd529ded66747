"""A morning's page: the names one can see, what changed since the last look, what is due, what goes well."""

import datetime as dt
import itertools
import re

import pytest
from django.utils import timezone

from accounts import scope
from accounts.models import AuditEntry
from predictions import good_news, today
from predictions.models import CurrentRisk
from students.models import AttendanceRecord, Caseload, DataCase, Enrolment, Outcome, SchoolDay
from students.outcomes import outcome_codes
from tests.people import signed_in
from tests.predictions.pages import names, text_of
from tests.predictions.test_caseloads import give, of_school


def open_today(person):
    answer = signed_in(person).get("/")
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.fixture
def a_day_later(monkeypatch):
    """Let it be a day later, once more at every call."""

    def go_on():
        later, seconds = timezone.now() + dt.timedelta(days=1), itertools.count()
        # Time goes on: the second of two looks is later than the first.
        monkeypatch.setattr(timezone, "now", lambda: later + dt.timedelta(seconds=next(seconds)))

    return go_on


def test_the_page_names_those_above_the_line_and_says_until_when(amara, northside):
    signed_in(amara).post("/lists/capacity", {"n": 3, "speaks_for": "me"})

    page = open_today(amara)

    first = names(signed_in(amara).get("/students/").content.decode())[:3]
    assert names(page) == first
    assert re.search(r"You can see 3 students before \w+day \d+ \w+ ?\.", text_of(page))
    assert "From tomorrow on this says who is new" in page


def test_ones_own_students_come_before_all_others(amara, ines, northside):
    mine = of_school(northside)
    give(mine, amara, ines)
    signed_in(amara).post("/lists/capacity", {"n": 2, "speaks_for": "me"})

    page = open_today(amara)

    assert names(page) == [student.name for student in mine[:2]]
    assert "They are the first of your own students." in page


@pytest.mark.parametrize(
    ("day", "end"),
    [
        ("2026-11-23", "2026-12-04"),
        ("2026-12-04", "2026-12-04"),
        ("2026-12-07", "2026-12-18"),
        ("2026-12-06", "2026-12-06"),
    ],
)
def test_a_fortnight_ends_on_its_second_friday(day, end):
    assert today.end_of_fortnight(dt.date.fromisoformat(day), []) == dt.date.fromisoformat(end)


def test_a_fortnight_ends_on_its_last_school_day_where_there_is_a_calendar(riverside, at_riverside):
    for held_on in ("2026-11-30", "2026-12-02"):
        SchoolDay.objects.create(institution=riverside, held_on=held_on)

    day = dt.date(2026, 11, 24)

    assert today.end_of_fortnight(day, today.school_days_to_come(day)) == dt.date(2026, 12, 2)


def test_who_is_new_is_said_since_the_last_morning(amara, northside, a_day_later):
    signed_in(amara).post("/lists/capacity", {"n": 2, "speaks_for": "me"})
    open_today(amara)
    a_day_later()
    signed_in(amara).post("/lists/capacity", {"n": 3, "speaks_for": "me"})

    page = open_today(amara)

    assert "1 student is new on your list." in text_of(page)
    assert "The list is the same: you see more of it" in page
    assert page.count("New since") == 1


def test_a_second_look_on_one_day_is_compared_with_the_day_before(amara, riverside, northside, a_day_later):
    open_today(amara)
    a_day_later()
    with scope.entered(scope.of_institution(riverside)):
        gone = CurrentRisk.objects.filter(school=northside, rank__gt=0).select_related("student").order_by("rank")[0]
    signed_in(amara).post(f"/students/{gone.student.public_id}/verdict", {"verdict-kind": "known"})

    first, second = open_today(amara), open_today(amara)

    for page in (first, second):
        assert "1 student left it:" in text_of(page)
        assert gone.student.name not in names(page)


def _left(riverside, student):
    day = timezone.localdate()
    code = "Graduated"
    Outcome.objects.create(
        institution=riverside,
        student=student,
        kind=outcome_codes.written().kind_of(code),
        exit_code=code,
        happened_on=day,
        known_on=day,
        source="staff",
        recorded_at=timezone.now(),
    )
    CurrentRisk.objects.filter(student=student).delete()


def _somebody_elses(riverside, student, sam):
    with scope.entered(scope.of_institution(riverside)):
        Caseload.objects.filter(student=student).update(ends_on=timezone.localdate())
    CurrentRisk.objects.filter(student=student).update(counsellor=sam)


@pytest.mark.parametrize(
    ("what", "sentence"),
    [
        ("verdict", r"Amara said on \d+ \w+: Not now\."),
        ("left", r"Recorded for \d+ \w+: Finished\."),
        ("given", r"Now Sam looks after this student\."),
        ("helped", r"Help began on \d+ \w+: Mentor\."),
    ],
)
def test_who_left_is_told_with_why(request, amara, riverside, northside, a_day_later, what, sentence):
    mine, sam, ines = of_school(northside), request.getfixturevalue("sam"), request.getfixturevalue("ines")
    give(mine, amara, ines)
    signed_in(amara).post("/lists/capacity", {"n": 2, "speaks_for": "me"})
    open_today(amara)
    a_day_later()
    gone, browser = mine[0], signed_in(amara)
    if what == "helped":
        browser.post(f"/students/{gone.public_id}/help", {"kind": "mentor", "started_on": str(timezone.localdate())})
    if what in {"verdict", "helped"}:
        browser.post(f"/students/{gone.public_id}/verdict", {"verdict-kind": "not_now"})
    with scope.entered(scope.of_institution(riverside)):
        if what == "left":
            _left(riverside, gone)
        if what == "given":
            _somebody_elses(riverside, gone, sam)

    page = open_today(amara)

    assert gone.name not in names(page)
    changed = page[page.index('id="changed-title"') : page.index('id="due-title"')]
    assert gone.name in changed
    assert re.search(sentence, text_of(changed))


def test_a_verdict_from_the_list_returns_there_and_is_taken_back_by_one_click(amara, northside):
    browser = signed_in(amara)
    page = browser.get("/students/?sort=name").content.decode()
    listed = browser.get("/").content.decode()
    first = names(listed)[0]
    address = re.search(r'formaction="(/students/[0-9a-f-]+/verdict)"', listed)[1]
    assert 'name="next" value="/students/?sort=name"' in page

    after = browser.post(address, {"verdict-kind": "known", "next": "/"}, follow=True)
    told = after.content.decode()
    assert after.redirect_chain == [("/", 302)]
    assert f"{first}: Already known." in text_of(told)
    assert first not in names(told)
    again = browser.get("/").content.decode()
    assert "Take back" not in again

    back = browser.post(address, {"verdict-kind": "taken_back", "next": "/"}, follow=True).content.decode()
    assert names(back)[0] == first


@pytest.mark.parametrize("elsewhere", ["https://elsewhere.example/", "//elsewhere.example", "javascript:alert(1)"])
def test_a_verdict_never_leads_out_of_the_portal(amara, northside, elsewhere):
    student = of_school(northside)[0]

    answer = signed_in(amara).post(
        f"/students/{student.public_id}/verdict", {"verdict-kind": "agree", "next": elsewhere}
    )

    assert answer["Location"] == f"/students/{student.public_id}/"


def test_what_is_due_and_what_was_answered_stand_there(amara, ines, riverside, northside):
    student = of_school(northside)[0]
    browser = signed_in(amara)
    begun = timezone.localdate() - dt.timedelta(days=20)
    browser.post(f"/students/{student.public_id}/help", {"kind": "mentor", "started_on": str(begun)})
    wrong = {"verdict-kind": "wrong_fact", "verdict-reason": "She moved in May"}
    browser.post(f"/students/{student.public_id}/verdict", wrong)
    with scope.entered(scope.of_institution(riverside)):
        case = DataCase.objects.get()
    signed_in(ines).post(
        f"/records/cases/{case.public_id}",
        {"state": "corrected", "words": "Taken out", **{f"case-{case.pk}-state": "corrected"}},
    )

    page = text_of(open_today(amara))

    assert f"Mentor · {student.name}" in page
    assert "Late" in page


def test_attendance_that_rose_is_good_news_and_a_file_that_is_late_is_not(amara, ines, riverside, northside):
    mine = of_school(northside)
    give(mine, amara, ines)
    with scope.entered(scope.of_institution(riverside)):
        days = list(SchoolDay.objects.order_by("-held_on").values_list("held_on", flat=True)[:40])
        AttendanceRecord.objects.filter(student__in=mine, held_on__gte=days[-1]).delete()
        rose, missing = mine[0], mine[1]
        for student, absent in ((rose, [*days[25:32], days[0]]), (missing, days[25:30])):
            for day in absent:
                AttendanceRecord.objects.create(
                    institution=riverside,
                    student=student,
                    school=northside,
                    held_on=day,
                    known_on=day,
                    category="absent",
                    n_sessions=1,
                )
        seen = CurrentRisk.objects.filter(counsellor=amara)
        news = good_news.of(seen, is_own=True, today=days[0], kinds={})
        assert [each["name"] for each in news] == [rose.name, missing.name]
        assert re.match(r"Missed 1 of the 20 school days up to .*; 7 of the 20 before\.", news[0]["sentences"][0])
        # Of the school nothing newer than this came: the days since are not days without absences.
        AttendanceRecord.objects.filter(student=rose, held_on=days[0]).delete()
        assert good_news.of(seen, is_own=True, today=days[0], kinds={}) == []


def test_who_came_back_is_good_news(amara, ines, riverside, northside):
    mine = of_school(northside)
    give(mine, amara, ines)
    with scope.entered(scope.of_institution(riverside)):
        day = timezone.localdate()
        Enrolment.objects.filter(student=mine[0]).update(
            exited_on=day - dt.timedelta(days=90), exit_known_on=day - dt.timedelta(days=90)
        )
        back = day - dt.timedelta(days=5)
        Enrolment.objects.create(
            institution=riverside, student=mine[0], school=northside, entered_on=back, known_on=back, grade_level="10"
        )
        news = good_news.of(CurrentRisk.objects.filter(counsellor=amara), is_own=True, today=day, kinds={})

    assert [each["name"] for each in news] == [mine[0].name]
    assert news[0]["sentences"][0].startswith("Back at school since")


def test_a_lead_reads_how_many_have_no_counsellor(ines, amara):
    assert "Give students to counsellors" in open_today(ines)
    assert "/caseloads/" not in open_today(amara)


@pytest.mark.parametrize(("person", "status"), [("mika", 302), ("sam", 302), ("bo", 200)])
def test_others_begin_elsewhere(request, riverside, person, status):
    assert signed_in(request.getfixturevalue(person)).get("/").status_code == status


def test_the_look_is_on_record_with_whom_it_named(amara, riverside, northside):
    shown = names(open_today(amara))

    with scope.entered(scope.of_institution(riverside)):
        entry = AuditEntry.objects.get(action="today")
        assert len(entry.subject_ids) == len(shown)


def test_the_page_asks_the_same_of_the_database_however_much_there_is(
    amara, ines, northside, a_day_later, django_assert_max_num_queries
):
    for n in (2, 6):
        give(of_school(northside, n), amara, ines)
        open_today(amara)
        a_day_later()
        with django_assert_max_num_queries(52):
            open_today(amara)


def test_who_was_given_since_is_told_apart(amara, ines, northside, a_day_later):
    first, *others = of_school(northside, 3)
    give(others, amara, ines)
    signed_in(amara).post("/lists/capacity", {"n": 3, "speaks_for": "me"})
    open_today(amara)
    a_day_later()
    give([first], amara, ines, now=timezone.now())

    assert "1 student is new on your list. They are newly yours." in text_of(open_today(amara))
