"""Help as a queue: its parts, what narrows it, how it is turned over, and what is filtered as a file."""

import csv
import datetime as dt
import html
import io
import re

import pytest
from django.utils import timezone

from accounts import scope
from accounts.models import AuditEntry
from predictions import help_queue
from students.models import HelpPlan, Intervention, Student
from tests.people import signed_in

NEW_YORK = dt.timezone(dt.timedelta(hours=-5))
ROW = re.compile(r'<li class="pair">.*?</li>', re.DOTALL)


def here(days_ago=0):
    return timezone.now().astimezone(NEW_YORK).date() - dt.timedelta(days=days_ago)


@pytest.fixture
def students(riverside, northside):
    with scope.entered(scope.of_institution(riverside)):
        return list(
            Student.objects.filter(school=northside, intervention=None).select_related("school").order_by("pk")[:3]
        )


def given(by, student, **said):
    wanted = {"kind": "mentor", "started_on": str(here(30)), "goal": "Every Tuesday"} | said
    assert signed_in(by).post(f"/students/{student.public_id}/help", wanted).status_code == 302
    with scope.entered(scope.of_institution(student.institution)):
        return HelpPlan.objects.filter(student=student).latest("pk")


def end(by, plan, **said):
    wanted = {"end-happened": "yes", "end-ended_on": str(here()), "end-result": "Back in class"} | said
    assert signed_in(by).post(f"/help/{plan.public_id}/end", wanted).status_code == 302


def came_by_file(student, **said):
    wanted = {"kind": "tutoring", "owner": "Ms Ito", "started_on": here(10), "known_on": here(9)} | said
    with scope.entered(scope.of_institution(student.institution)):
        return Intervention.objects.create(institution_id=student.institution_id, student=student, **wanted)


def page(person, query=""):
    return signed_in(person).get(f"/interventions/{query}").content.decode()


def shown(person, query=""):
    """Return the rows of a page as words."""
    rows = ROW.findall(page(person, query))
    return [" ".join(html.unescape(re.sub(r"<[^>]*>", " ", row)).split()) for row in rows]


def names(person, query, students):
    rows = shown(person, query)
    return [student for row in rows for student in students if student.name in row]


def table(person, query):
    response = signed_in(person).get(f"/interventions/{query}&format=csv")
    assert (response.status_code, response["Content-Type"]) == (200, "text/csv; charset=utf-8")
    return list(csv.DictReader(io.StringIO(response.content.decode("utf-8-sig"))))


def test_each_part_holds_what_it_says(amara, students):
    late, fresh, over = students
    given(amara, late)
    given(amara, fresh, started_on=str(here()))
    end(amara, given(amara, over))

    parts = {show: names(amara, f"?show={show}", students) for show in ("due", "overdue", "open", "closed")}

    assert parts["due"] == parts["overdue"] == [late]
    assert (set(parts["open"]), parts["closed"]) == ({late, fresh}, [over])


def test_many_late_ones_are_not_counted_to_the_end(amara, students, monkeypatch):
    for student in students[:2]:
        given(amara, student)
    counted = page(amara)
    monkeypatch.setattr(help_queue, "MOST_COUNTED", 1)

    assert "2 pieces of help are late for a look." in counted
    assert "More than 1 pieces of help are late for a look." in page(amara)


def test_what_is_due_within_the_week_is_due_and_not_late(amara, students):
    given(amara, students[0], started_on=str(here(10)))

    (row,) = shown(amara, "?show=due")

    assert "look at it by" in row
    assert "Late" not in row
    assert shown(amara, "?show=overdue") == []


def test_help_by_file_and_help_recorded_here_read_as_one(amara, students):
    recorded, by_file = students[:2]
    given(amara, recorded)
    came_by_file(by_file)
    came_by_file(by_file, kind="mentor", ended_on=here(2), result="Passed")

    rows = shown(amara, "?show=open")

    assert [row for row in rows if by_file.name in row and "· Ms Ito since" in row and "Tutoring · " in row]
    assert [row for row in rows if recorded.name in row and "· Amara look at it by" in row]
    assert [row for row in shown(amara, "?show=closed") if by_file.name in row and row.endswith("Passed")]
    assert names(amara, "?show=open&owner=ms+ito", students) == [by_file]
    assert names(amara, "?show=open&owner=amara", students) == [recorded]


def test_who_carries_help_now_is_found_and_not_who_began_it(amara, sam, students):
    plan = given(amara, students[0])
    said = {"plan-owner": sam.pk, "plan-due_on": "", "plan-check_every_days": "7", "plan-version": "1"}
    assert signed_in(amara).post(f"/help/{plan.public_id}/plan", said).status_code == 302

    assert names(amara, "?show=open&owner=Sam", students) == [students[0]]
    assert names(amara, "?show=open&owner=Amara", students) == []
    assert names(amara, "?show=open&whose=mine", students) == []


def test_the_queue_begins_with_ones_own_where_anything_of_it_is_due(amara, sam, students):
    mine, his = students[:2]
    given(sam, his)
    assert names(amara, "", students) == [his]

    given(amara, mine)

    assert names(amara, "", students) == [mine]
    assert "Only what you carry." in page(amara)
    assert set(names(amara, "?show=due", students)) == {mine, his}


def test_kind_school_and_grade_narrow_it(sam, students, northside, harbor):
    student = students[0]
    given(sam, student)
    came_by_file(student)
    whole = f"?show=open&owner=Ms+Ito&kind=tutoring&school={northside.pk}&grade={student.grade_level}"

    assert names(sam, whole, students) == [student]
    for other in (whole.replace("tutoring", "mentor"), whole.replace(str(northside.pk), str(harbor.pk)), whole + "x"):
        assert "Nothing matches." in page(sam, other)
    assert "Remove the filters" in page(sam, whole + "x")


@pytest.mark.parametrize("query", ["?show=all&school=x&after=soon", "?after=2026-99-01.3", "?after=2026-01-01.-3"])
def test_what_is_not_understood_is_the_first_page(amara, students, query):
    given(amara, students[0])

    assert names(amara, query + "&kind=%00&whose=hers", students) == [students[0]]


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("?show=due", "Nothing is due this week."),
        ("?show=overdue", "Nothing is late."),
        ("?show=open", "No help is under way."),
        ("?show=closed", "No help has ended yet."),
        ("?whose=mine", "Nothing of yours is due this week."),
        ("?show=overdue&whose=mine", "Nothing of yours is late."),
        ("?show=open&whose=mine", "You carry no help now."),
        ("?show=closed&whose=mine", "No help of yours has ended yet."),
        ("?grade=9", "Nothing matches."),
    ],
)
def test_an_empty_part_says_what_would_fill_it(otto, query, words):
    assert words in html.unescape(page(otto, query))


@pytest.mark.parametrize("show", ["due", "open", "closed"])
def test_every_row_is_on_one_page_once(amara, students, monkeypatch, show):
    for student in students:
        for kind in ("mentor", "tutoring"):
            plan = given(amara, student, kind=kind)
            if show == "closed":
                end(amara, plan)
    monkeypatch.setattr(help_queue, "PAGE_SIZE", 1_000)
    whole = shown(amara, f"?show={show}")
    monkeypatch.setattr(help_queue, "PAGE_SIZE", 4)

    turned, query, n_pages = [], f"?show={show}", 0
    while query is not None:
        turned += shown(amara, query)
        following = re.search(r'href="/interventions/(\?[^"]*)" rel="next"', page(amara, query))
        query, n_pages = html.unescape(following[1]) if following else None, n_pages + 1

    assert turned == whole
    assert len(set(turned)) == len(turned) >= 6
    assert n_pages == -(-len(whole) // 4)


def test_a_place_beyond_the_end_is_the_first_page(amara, students):
    given(amara, students[0])

    assert names(amara, "?show=due&after=2999-01-01.1", students) == [students[0]]


@pytest.mark.parametrize(("person", "status"), [("amara", 200), ("sam", 200), ("mika", 200), ("ines", 200)])
def test_it_opens_for_those_who_see_students(request, students, person, status):
    assert signed_in(request.getfixturevalue(person)).get("/interventions/").status_code == status


def test_nobody_sees_help_of_another_school_or_institution(amara, bo, otto, students, northside):
    given(amara, students[0])
    came_by_file(students[1])

    for person in (bo, otto):
        for query in ("?show=due", "?show=open", f"?show=open&school={northside.pk}", "?show=open&owner=Ms+Ito"):
            assert names(person, query, students) == []
            assert [row for row in table(person, query) if row["carried by"] in ("Ms Ito", "Amara")] == []


def test_the_file_holds_what_is_filtered_from_every_page(amara, students, monkeypatch):
    monkeypatch.setattr(help_queue, "PAGE_SIZE", 1)
    given(amara, students[0])
    came_by_file(students[1], kind="mentor")
    came_by_file(students[2])

    rows = table(amara, "?show=open&kind=mentor&after=2020-01-01.1")

    found = {row["student"]: row for row in rows}
    assert {students[0].name, students[1].name} <= set(found)
    assert students[2].name not in found
    row = found[students[0].name]
    assert (row["kind"], row["carried by"], row["since"]) == ("Mentor", "Amara", str(here(30)))
    assert (row["planned end"], row["next due"]) == (str(here(-90)), str(here(16)))


def test_a_spreadsheet_runs_no_cell_of_it(amara, students):
    came_by_file(students[0], owner='=HYPERLINK("http://evil.example")', goal="+1 to all", result="-3")

    (row,) = table(amara, "?show=open&owner=HYPERLINK")

    assert row["carried by"] == '\'=HYPERLINK("http://evil.example")'
    assert (row["what for"], row["what came of it"]) == ("'+1 to all", "-3")


def test_the_file_is_on_record_with_whoever_is_in_it(amara, students):
    given(amara, students[0])

    table(amara, "?show=due")

    with scope.entered(scope.of_institution(students[0].institution)):
        entry = AuditEntry.objects.get(action="interventions_as_file")
    assert (entry.user, entry.subject_ids) == (amara, [students[0].public_id])


def test_a_file_that_was_cut_says_so_by_its_name(amara, students, monkeypatch):
    monkeypatch.setattr(help_queue, "MOST_IN_FILE", 1)
    given(amara, students[0])
    whole = signed_in(amara).get("/interventions/?show=due&format=csv")
    given(amara, students[1])

    cut = signed_in(amara).get("/interventions/?show=due&format=csv")

    assert "first" not in whole["Content-Disposition"]
    assert f'filename="help due {here()} first 1.csv"' in cut["Content-Disposition"]
    assert len(cut.content.decode().splitlines()) == 2


@pytest.mark.parametrize("query", ["?show=due", "?show=open", "?show=closed", "?show=open&format=csv"])
def test_a_longer_queue_asks_no_more_of_the_database(amara, students, query, django_assert_max_num_queries):
    def fill(kind):
        for student in students:
            given(amara, student, kind=kind)
            end(amara, given(amara, student, kind=kind, goal="over"))
            came_by_file(student, kind=kind)

    browser = signed_in(amara)
    fill("mentor")
    with django_assert_max_num_queries(30) as few:
        browser.get(f"/interventions/{query}")
    n_queries = len(few)
    fill("tutoring")

    with django_assert_max_num_queries(n_queries):
        browser.get(f"/interventions/{query}")
