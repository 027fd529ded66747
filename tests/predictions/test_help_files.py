"""Help by CSV: shown line by line before anything is recorded, hostile files among them."""

import datetime as dt
import html

import pytest
from django.utils import timezone

from accounts import scope
from accounts.models import AuditEntry
from predictions.models import CurrentRisk, HelpState
from students.help import help_catalogue, help_kinds
from students.models import Enrolment, HelpPlan, Intervention
from tests import own_files
from tests.own_files import given_back, told
from tests.people import signed_in

ADDRESS = "/help/file/"
HEADER = "student number,kind,since,goal"
SINCE = "2026-03-02"


@pytest.fixture
def three(northside, harbor):
    """Two listed students of Northside and one of Harbor, without help, under the numbers N1, N2 and H1."""
    with scope.entered(scope.of_institution(northside.institution)):
        listed = CurrentRisk.objects.filter(help_state=HelpState.NONE).select_related("student__school").order_by("pk")
        students = [
            row.student for school, n in ((northside, 2), (harbor, 1)) for row in listed.filter(school=school)[:n]
        ]
        for student, number in zip(students, ("N1", "N2", "H1"), strict=True):
            student.external_id = number
            student.save(update_fields=["external_id"])
    return students


def send(person, *lines):
    return own_files.send(person, ADDRESS, "\n".join([HEADER, *lines]))


def confirm(person, response, do="record"):
    return own_files.confirm(person, ADDRESS, response, do)


def given(students):
    with scope.entered(scope.of_institution(students[0].institution)):
        found = Intervention.objects.filter(student__in=students).order_by("student__external_id", "pk")
        return list(found.values_list("student__external_id", "kind", "started_on", "goal", "owner"))


def test_nothing_is_recorded_until_somebody_confirms_and_then_each_line_is_once(amara, three):
    shown = send(amara, f"N1,mentor,{SINCE},Every Tuesday", f"N2,Family MEETING,{SINCE},")
    before = given(three)

    done = [confirm(amara, shown)["Location"] for _ in range(2)]

    day = dt.date.fromisoformat(SINCE)
    assert ([status for _line, status, _why in told(shown)], before) == (["new"] * 2, [])
    assert done == ["/interventions/"] * 2
    assert given(three) == [
        ("N1", "mentor", day, "Every Tuesday", "Amara"),
        ("N2", "family_meeting", day, "", "Amara"),
    ]
    with scope.entered(scope.of_institution(three[0].institution)):
        assert HelpPlan.objects.filter(student__in=three, owner=amara).count() == 2
        assert set(CurrentRisk.objects.filter(student__in=three[:2]).values_list("help_state", flat=True)) == {"open"}
        assert AuditEntry.objects.filter(action="intervention_begun").count() == 2


REFUSED = {
    f"X9,mentor,{SINCE},": "You see no student with this number.",
    f"N1,Astrology,{SINCE},": '"Astrology" is no kind of help here. Use one of these: Conversation,',
    f"N1,tutoring,{SINCE},": '"tutoring" is not offered any more. Use one of these: Conversation,',
    "N1,mentor,,": "Nothing says since when.",
    "N1,mentor,2999-01-01,": "lies ahead",
    "N1,mentor,31/02/2026,": "is not a date",
    "N1,mentor,1990-01-01,": "before the student's first day here",
    f"N1,mentor,{SINCE},{'x' * 301}": "longer than 300",
    "N1,mentor": "has 2 values where 4 are expected",
}


@pytest.mark.parametrize("line", REFUSED)
def test_a_line_that_cannot_be_recorded_says_why_and_the_good_ones_can(amara, ines, three, riverside, line):
    with scope.entered(scope.of_institution(riverside)):
        assert Enrolment.objects.filter(student=three[0]).exists()
        help_catalogue.retire(code="tutoring", by=ines, now=timezone.now())

    shown = send(amara, line, f"N2,mentor,{SINCE},")

    assert REFUSED[line] in told(shown)[0][2]
    assert "Tutoring" not in told(shown)[0][2]
    done = confirm(amara, shown)
    assert (done.status_code, "1 line was not recorded." in done.content.decode()) == (200, True)
    assert [number for number, *_rest in given(three)] == ["N2"]


def test_the_same_help_twice_is_refused_and_other_help_of_the_same_student_is_not(amara, three):
    shown = send(amara, f"N1,mentor,{SINCE},", f"N1,Mentor,{SINCE},x", "N1,mentor,2026-03-03,")

    assert [status for _line, status, _why in told(shown)] == ["refused", "refused", "new"]
    assert told(shown)[0][2] == "This help stands in lines 2, 3. Keep one of them."


def test_what_is_on_record_stands_whoever_recorded_it(amara, sam, three):
    confirm(sam, send(sam, f"N1,mentor,{SINCE},Sam's goal"))

    shown = send(amara, f"N1,mentor,{SINCE},", f"N2,mentor,{SINCE},")

    assert [status for _line, status, _why in told(shown)] == ["stands", "new"]
    confirm(amara, shown)
    assert [(number, owner) for number, *_rest, owner in given(three)] == [("N1", "Sam"), ("N2", "Amara")]


def test_a_counsellor_learns_nothing_of_another_schools_or_institutions_students(amara, three, ella):
    with scope.entered(scope.of_institution(ella.institution)):
        ella.external_id = "E1"
        ella.save(update_fields=["external_id"])

    shown = send(amara, *(f"{number},mentor,{SINCE}," for number in ("N1", "H1", "E1", "X9")))

    assert told(shown)[0][1] == "new"
    assert {answer[1:] for answer in told(shown)[1:]} == {
        ("refused", "You see no student with this number. Correct the number.")
    }
    assert three[2].name not in shown.content.decode()


@pytest.mark.parametrize(("person", "status"), [("amara", 200), ("sam", 200), ("ines", 200), ("mika", 403)])
def test_only_who_records_help_may_send_a_file(request, three, person, status):
    who = request.getfixturevalue(person)

    assert signed_in(who).get(ADDRESS).status_code == status
    assert send(who, f"N1,mentor,{SINCE},").status_code == status


def test_lines_that_were_shown_to_somebody_else_are_not_recorded(amara, sam, three):
    shown = send(amara, f"N1,mentor,{SINCE},")

    assert confirm(sam, shown).status_code == 422
    assert given(three) == []


def test_if_a_kind_is_retired_meanwhile_nothing_is_recorded(amara, ines, three, riverside):
    shown = send(amara, f"N1,mentor,{SINCE},", f"N2,conversation,{SINCE},")
    with scope.entered(scope.of_institution(riverside)):
        help_catalogue.retire(code="mentor", by=ines, now=timezone.now())

    done = confirm(amara, shown)

    assert (done.status_code, given(three)) == (409, [])
    assert "Something changed since you looked" in done.content.decode()


def test_the_others_come_back_as_csv_that_no_spreadsheet_runs_and_that_can_be_sent_again(amara, three):
    shown = send(amara, f'@N,=cmd|x,{SINCE},"+1;""a"""', f"N2,mentor,{SINCE},")

    returned = confirm(amara, shown, do="refused")

    header, line = given_back(returned)
    assert header == ["student number", "kind", "since", "goal", "why"]
    assert line[:4] == ["'@N", "'=cmd|x", SINCE, '\'+1;"a"']
    (again,) = own_files.send(amara, ADDRESS, returned.content).context["lines"]
    assert (again.said.number, again.said.kind, again.said.goal) == ("@N", "=cmd|x", '+1;"a"')


@pytest.mark.parametrize(
    "content",
    [
        '\ufeffStudent Number;Kind;Since;Goal\r\nN1;Mentor;13.3.2026;"a; ""b"""\r\n'.encode(),
        'StudentNumber\tHelp\tBegan\tWhat for\nN1\tmentor\t2026-03-13\t"a; ""b"""\n'.encode("utf-16"),
        b'student_id|kind|started_on|goal\nN1|mentor|3/13/2026|"a; ""b"""',
    ],
)
def test_a_file_is_read_whatever_its_signs_and_encoding(amara, three, content):
    confirm(amara, own_files.send(amara, ADDRESS, content))

    assert given(three) == [("N1", "mentor", dt.date(2026, 3, 13), 'a; "b"', "Amara")]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("student number,kind\nN1,mentor", 'Column "since" is missing'),
        ("\n".join([HEADER, "N1,mentor,3/4/2026,", "N2,mentor,5/6/2026,"]), "month/day or as day/month"),
        ("\n".join([HEADER, *["N1,mentor,,"] * 2001]), "at most 2,000"),
    ],
)
def test_what_is_no_list_of_help_is_refused_whole(amara, three, content, message):
    response = own_files.send(amara, ADDRESS, content)

    assert response.status_code == 422
    assert message in html.unescape(response.content.decode())


def test_the_page_names_the_kinds_that_are_offered(amara, three):
    page = signed_in(amara).get(ADDRESS).content.decode()

    with scope.entered(scope.of_institution(three[0].institution)):
        assert all(html.escape(kind.label) in page for kind in help_kinds.offered())
