"""Caseloads by CSV: shown line by line before anybody is given, hostile files among them."""

import html

import pytest

from accounts import scope
from accounts.models import AuditEntry, Membership, Role, User
from predictions import caseloads
from predictions.models import CurrentRisk
from students.models import Caseload, StudentMerge
from tests import own_files, rows
from tests.own_files import given_back, told
from tests.people import SINCE, signed_in

ADDRESS = "/caseloads/file/"
HEADER = "student number,counsellor,note"
AMARA, BO = "amara@riverside.example", "bo@riverside.example"


@pytest.fixture
def three(northside, harbor):
    """Two listed students of Northside and one of Harbor, under the numbers N1, N2 and H1."""
    with scope.entered(scope.of_institution(northside.institution)):
        listed = CurrentRisk.objects.select_related("student__school").order_by("pk")
        students = [
            row.student for school, n in ((northside, 2), (harbor, 1)) for row in listed.filter(school=school)[:n]
        ]
        for student, number in zip(students, ("N1", "N2", "H1"), strict=True):
            student.external_id = number
            student.save(update_fields=["external_id"])
    return students


@pytest.fixture
def lena(riverside, northside):
    """Lead of Northside."""
    user = User.objects.create_user("lena@riverside.example", "correct horse battery", display_name="Lena")
    given = {"role": Role.SCHOOL_LEAD, "every_school": False, "starts_on": SINCE}
    Membership.objects.create(user=user, institution=riverside, **given).schools.set([northside])
    return user


def send(person, *lines):
    return own_files.send(person, ADDRESS, "\n".join([HEADER, *lines]))


def confirm(person, response, do="record"):
    return own_files.confirm(person, ADDRESS, response, do)


def held(institution):
    with scope.entered(scope.of_institution(institution)):
        found = Caseload.objects.filter(ends_on=None).order_by("student__external_id")
        return list(found.values_list("student__external_id", "counsellor__display_name", "note"))


def test_nobody_is_given_until_somebody_confirms_and_then_each_line_is_once(ines, amara, bo, three, riverside):
    shown = send(ines, f"N1,{AMARA.upper()},Call the aunt", f"N2,{AMARA},", f"H1,{BO},")
    before = held(riverside)

    done = [confirm(ines, shown)["Location"] for _ in range(2)]

    assert ([status for _line, status, _why in told(shown)], before) == (["new"] * 3, [])
    assert done == ["/caseloads/"] * 2
    assert held(riverside) == [("H1", "Bo", ""), ("N1", "Amara", "Call the aunt"), ("N2", "Amara", "")]
    with scope.entered(scope.of_institution(riverside)):
        assert CurrentRisk.objects.get(student=three[0]).counsellor == amara
        assert AuditEntry.objects.filter(action="caseload_given").count() == 3


def test_a_line_says_whose_the_student_is_and_from_whom_they_move(ines, amara, sam, three, riverside):
    confirm(ines, send(ines, f"N1,{AMARA},", f"N2,{AMARA},"))

    shown = send(ines, f"N1,{AMARA},", f"N2,{sam.email},")

    assert [status for _line, status, _why in told(shown)] == ["stands", "moves"]
    assert "Moves from Amara" in shown.content.decode()
    assert "Theirs already" in shown.content.decode()
    confirm(ines, shown)
    assert held(riverside) == [("N1", "Amara", ""), ("N2", "Sam", "")]


REFUSED = {
    f"X9,{AMARA},": "You see no student with this number.",
    "N1,,": "No counsellor is named.",
    "N1,nobody@riverside.example,": "Nobody with this address may help students of Northside.",
    f"N1,{BO},": "Nobody with this address may help students of Northside.",
    "N1,mika@riverside.example,": "Nobody with this address may help students of Northside.",
    "N1,otto@elsewhere.example,": "Nobody with this address may help students of Northside.",
    f"N1,{AMARA},{'x' * 301}": "longer than 300",
    f"N1,{AMARA},a,b": "has 4 values where 3 are expected",
}


@pytest.mark.parametrize("line", REFUSED)
@pytest.mark.usefixtures("amara", "bo", "mika", "otto", "three")
def test_a_line_that_cannot_be_given_says_why_and_the_good_ones_can(ines, riverside, line):
    shown = send(ines, line, f"N2,{AMARA},")

    assert REFUSED[line] in told(shown)[0][2]
    done = confirm(ines, shown)
    assert (done.status_code, "1 line was not recorded." in done.content.decode()) == (200, True)
    assert [number for number, *_rest in held(riverside)] == ["N2"]


def test_a_student_twice_in_the_file_is_refused_on_every_line_under_a_merged_number_too(
    ines, amara, bo, three, northside
):
    with scope.entered(scope.of_institution(northside.institution)):
        other = rows.student(northside, external_id="N9")
        rows.sound(StudentMerge, institution=northside.institution, kept=three[0], other=other, taken_back_at=None)

    shown = send(ines, f"N1,{AMARA},", f"N2,{AMARA},", f"N9,{AMARA},")

    assert [status for _line, status, _why in told(shown)] == ["refused", "new", "refused"]
    assert told(shown)[0][2] == "This student stands in lines 2, 4. Keep one of them."


def test_a_lead_learns_nothing_of_another_schools_or_institutions_students(lena, amara, bo, three, ella):
    with scope.entered(scope.of_institution(ella.institution)):
        ella.external_id = "E1"
        ella.save(update_fields=["external_id"])

    shown = send(lena, f"N1,{AMARA},", f"H1,{BO},", f"E1,{AMARA},", f"X9,{AMARA},")

    assert told(shown)[0][1] == "new"
    assert {answer[1:] for answer in told(shown)[1:]} == {
        ("refused", "You see no student with this number. Correct the number.")
    }
    assert three[2].name not in shown.content.decode()
    assert "Fernsby" not in shown.content.decode()


@pytest.mark.parametrize(
    ("person", "status"), [("amara", 403), ("sam", 403), ("mika", 403), ("ines", 200), ("lena", 200)]
)
def test_only_who_gives_students_may_send_a_file(request, three, person, status):
    who = request.getfixturevalue(person)

    assert signed_in(who).get(ADDRESS).status_code == status
    assert send(who, f"N1,{AMARA},").status_code == status


def test_lines_that_were_shown_to_somebody_else_or_for_another_file_are_not_recorded(
    ines, lena, amara, three, riverside
):
    shown = send(ines, f"N1,{AMARA},")

    assert confirm(lena, shown).status_code == 422
    assert own_files.confirm(ines, "/outcomes/file/", shown).status_code == 422
    assert held(riverside) == []


def test_what_somebody_else_gave_meanwhile_is_shown_again_and_nothing_is_given(
    ines, lena, amara, sam, three, riverside
):
    shown = send(ines, f"N1,{AMARA},", f"N2,{AMARA},")
    confirm(lena, send(lena, f"N1,{sam.email},"))

    done = confirm(ines, shown)

    assert done.status_code == 409
    assert "Something changed since you looked" in done.content.decode()
    assert "Moves from Sam" in done.content.decode()
    assert held(riverside) == [("N1", "Sam", "")]


def test_if_one_counsellor_leaves_between_the_check_and_the_giving_none_is_given(
    ines, amara, bo, three, riverside, monkeypatch
):
    assign = caseloads.assign

    def leaves_first(**given):
        if given["counsellor"] == bo:
            bo.memberships.update(ends_on=SINCE)
        return assign(**given)

    shown = send(ines, f"N1,{AMARA},", f"H1,{BO},")
    monkeypatch.setattr(caseloads, "assign", leaves_first)

    assert confirm(ines, shown).status_code == 409
    assert held(riverside) == []


def test_the_others_come_back_as_csv_that_no_spreadsheet_runs_and_that_can_be_sent_again(ines, amara, three):
    shown = send(ines, '@N,=cmd|x,"+1;""a"""', f"N2,{AMARA},")

    given = confirm(ines, shown, do="refused")

    header, line = given_back(given)
    assert header == ["student number", "counsellor", "note", "why"]
    assert line[:3] == ["'@N", "'=cmd|x", '\'+1;"a"']
    (again,) = own_files.send(ines, ADDRESS, given.content).context["lines"]
    assert (again.said.number, again.said.counsellor, again.said.note) == ("@N", "=cmd|x", '+1;"a"')


@pytest.mark.parametrize(
    "content",
    [
        f'\ufeffStudent Number;Counsellor;Note\r\nN1;{AMARA};"a; ""b"""\r\n'.encode(),
        f'StudentNumber\tCounselor e-mail\tNotes\nN1\t{AMARA}\t"a; ""b"""\n'.encode("utf-16"),
        f'student_id|e-mail|note\nN1|{AMARA}|"a; ""b"""'.encode(),
    ],
)
def test_a_file_is_read_whatever_its_signs_and_encoding(ines, amara, three, riverside, content):
    confirm(ines, own_files.send(ines, ADDRESS, content))

    assert held(riverside) == [("N1", "Amara", 'a; "b"')]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "empty"),
        ("student number,note\nN1,x", 'Column "counsellor" is missing'),
        ("\n".join([HEADER, *["N1,a,"] * 2001]), "at most 2,000"),
        (b"PK\x03\x04 no zip at all", "cut off"),
    ],
)
def test_what_is_no_list_of_caseloads_is_refused_whole(ines, three, content, message):
    response = own_files.send(ines, ADDRESS, content)

    assert response.status_code == 422
    assert message in html.unescape(response.content.decode())


def test_a_whole_school_costs_no_more_questions_than_a_few(
    ines, amara, bo, three, northside, django_assert_max_num_queries
):
    with scope.entered(scope.of_institution(northside.institution)):
        numbers = CurrentRisk.objects.filter(school=northside).values_list("student__external_id", flat=True)[:90]
        lines = [f"{number},{AMARA}," for number in numbers]
    # Of them fourteen are for signing in.
    for some in (lines[:2], lines):
        with django_assert_max_num_queries(30):
            shown = send(ines, *some)
        with django_assert_max_num_queries(55):
            confirm(ines, shown)
