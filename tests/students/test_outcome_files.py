"""Outcomes by CSV: shown line by line before anything is recorded, hostile files among them."""

import datetime as dt
import html

import pytest

from accounts import scope
from students.models import Enrolment, Outcome, StudentMerge
from tests import own_files, rows
from tests.own_files import given_back, signed, told
from tests.people import signed_in

LEFT = dt.date(2025, 3, 3)
HEADER = "student number,exit code,day,evidence"


@pytest.fixture
def two(nora, hugo):
    """Two students at two schools, N1 and H1, who left on days of their own."""
    with scope.entered(scope.of_institution(nora.institution)):
        for student, number, day in ((nora, "N1", LEFT), (hugo, "H1", dt.date(2025, 4, 4))):
            student.external_id = number
            student.save(update_fields=["external_id"])
            came = {"entered_on": dt.date(2024, 9, 3), "known_on": dt.date(2024, 9, 3)}
            went = {"exited_on": day, "exit_known_on": day}
            given = {"student": student, "school": student.school} | came | went
            rows.sound(Enrolment, institution=student.institution, **given)
    return [nora, hugo]


def send(person, content):
    return own_files.send(person, "/outcomes/file/", content)


def lines_of(*lines):
    return "\n".join([HEADER, *lines])


def confirm(person, response, do="record"):
    return own_files.confirm(person, "/outcomes/file/", response, do)


def on_record(institution):
    with scope.entered(scope.of_institution(institution)):
        found = Outcome.objects.order_by("student__external_id", "pk")
        return list(found.values_list("student__external_id", "exit_code", "happened_on", "evidence"))


def test_nothing_is_kept_until_somebody_confirms_and_then_each_line_is(sam, two, riverside):
    shown = send(sam, lines_of("N1,dropout,2025-03-05,A letter", "H1,Graduated,,"))
    before = on_record(riverside)

    done = [confirm(sam, shown).status_code for _ in range(2)]

    assert ([status for _line, status, _why in told(shown)], before, done) == (["new", "new"], [], [302, 302])
    assert on_record(riverside) == [
        ("H1", "Graduated", dt.date(2025, 4, 4), ""),
        ("N1", "Dropout", dt.date(2025, 3, 5), "A letter"),
    ]


REFUSED = {
    "X9,Dropout,2025-03-03,": "You see no student with this number.",
    "N1,Vanished,2025-03-03,": "counts as",
    "N1,Dropout,2999-01-01,": "lies ahead",
    "N1,Dropout,2024-09-02,": "first day here, 3 September 2024",
    "N1,Dropout,31/02/2025,": "is not a date",
    f"N1,Dropout,2025-03-03,{'x' * 301}": "longer than 300",
    "N1,Dropout": "has 2 values where 4 are expected",
}


@pytest.mark.parametrize("line", REFUSED)
def test_a_line_that_cannot_be_recorded_says_why_and_the_good_ones_can(sam, two, riverside, line):
    shown = send(sam, lines_of(line, "H1,Dropout,2025-04-04,Call"))

    assert REFUSED[line] in told(shown)[0][2]
    assert "Record the 1 good one" in shown.content.decode()
    done = confirm(sam, shown)
    assert done.status_code == 200
    assert "1 line was not recorded." in done.content.decode()
    assert [number for number, *_said in on_record(riverside)] == ["H1"]
    assert len(told(done)) == 1


def test_a_student_twice_in_the_file_is_refused_on_every_line(sam, two):
    shown = send(sam, lines_of("N1,Dropout,,", "H1,Dropout,,", "N1,Graduated,,"))

    assert [status for _line, status, _why in told(shown)] == ["refused", "new", "refused"]
    assert told(shown)[0][2] == told(shown)[2][2] == "This student stands in lines 2, 4. Keep one of them."


def test_whoever_is_at_another_school_is_as_unknown_as_nobody(sam, two, northside, riverside):
    membership = sam.memberships.get()
    membership.every_school = False
    membership.save(update_fields=["every_school"])
    membership.schools.set([northside])

    shown = send(sam, lines_of("H1,Dropout,,", "X9,Dropout,,"))

    assert told(shown)[0][1:] == told(shown)[1][1:]
    assert "Brackwater" not in shown.content.decode()


def test_what_stands_already_is_not_recorded_again_and_what_differs_is_refused(sam, ines, two, riverside):
    send_first = send(ines, lines_of("N1,Dropout,,", "H1,Graduated,,"))
    confirm(ines, send_first)

    shown = send(sam, lines_of("N1,uri://ed-fi.org/ExitWithdrawTypeDescriptor#Dropout,2025-03-03,x", "H1,Dropout,,"))

    assert [status for _line, status, _why in told(shown)] == ["stands", "refused"]
    assert "Ines said already: Finished, 4 April 2025." in told(shown)[1][2]


def test_if_somebody_said_otherwise_meanwhile_nothing_is_recorded(sam, ines, two, riverside):
    shown = send(sam, lines_of("N1,Dropout,,", "H1,Dropout,,"))
    confirm(ines, send(ines, lines_of("N1,Graduated,,")))

    done = confirm(sam, shown)

    assert done.status_code == 409
    assert "Something changed since you looked" in done.content.decode()
    assert [said[:2] for said in on_record(riverside)] == [("N1", "Graduated")]


def test_the_others_come_back_as_csv_that_no_spreadsheet_runs_and_that_can_be_sent_again(sam, two):
    evidence = '=HYPERLINK("http://x";"y")'
    shown = send(sam, lines_of(f'@N,Dropout,2025-03-03,"{evidence.replace(chr(34), chr(34) * 2)}"', "H1,Dropout,,"))

    given = confirm(sam, shown, do="refused")

    header, line = given_back(given)
    assert (given["Content-Type"], "attachment" in given["Content-Disposition"]) == ("text/csv; charset=utf-8", True)
    assert header == ["student number", "exit code", "day", "evidence", "why"]
    assert line[:4] == ["'@N", "Dropout", "2025-03-03", f"'{evidence}"]
    again = send(sam, given.content).context["lines"]
    assert [(one.said.number, one.said.evidence) for one in again] == [("@N", evidence)]


@pytest.mark.parametrize(
    "content",
    [
        '\ufeffStudent Number;Exit Code;Day;Evidence\r\nN1;Dropout;3.3.2025;"said; ""gone"""\r\n'.encode(),
        'StudentNumber\tCode\tDay\tEvidence\nN1\tDropout\t2025-03-03\t"said; ""gone"""\n'.encode("utf-16"),
        b'student_id|exit_code|happened_on|evidence\nN1|Dropout|2025-03-03|"said; ""gone"""',
    ],
)
def test_a_file_is_read_whatever_its_signs_and_encoding(sam, two, riverside, content):
    confirm(sam, send(sam, content))

    assert on_record(riverside) == [("N1", "Dropout", LEFT, 'said; "gone"')]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "empty"),
        ("student number,day\nN1,2025-03-03", "exit code"),
        (HEADER, "has a header but no students"),
        ("%PDF-1.4", "This is a PDF"),
        (b"PK\x03\x04 no zip at all", "cut off"),
        (lines_of("N1,Dropout,3/4/2025,", "H1,Dropout,5/6/2025,"), "month/day or as day/month"),
        (lines_of(*["N1,Dropout,,"] * 2001), "at most 2,000"),
        (b"x" * (2 * 1024**2 + 1), "larger than 2 MB"),
    ],
)
def test_what_is_no_list_of_outcomes_is_refused_whole(sam, two, content, message):
    response = send(sam, content)

    assert response.status_code == 422
    assert message in html.unescape(response.content.decode())


@pytest.mark.parametrize("of", ["ines", "otto", "changed"])
def test_lines_that_were_shown_to_somebody_else_are_not_recorded(request, sam, two, riverside, of):
    lines = signed(send(sam, lines_of("N1,Dropout,,")))
    person = sam if of == "changed" else request.getfixturevalue(of)
    lines = lines[:-2] if of == "changed" else lines

    response = signed_in(person).post("/outcomes/file/", {"lines": lines, "do": "record"})

    assert (response.status_code, on_record(riverside)) == (422, [])
    assert "too old" in response.content.decode()


@pytest.mark.parametrize(("person", "status"), [("amara", 403), ("mika", 403), ("ines", 200), ("sam", 200)])
def test_only_who_records_outcomes_may_send_a_file(request, two, person, status):
    who = request.getfixturevalue(person)

    assert signed_in(who).get("/outcomes/file/").status_code == status
    assert send(who, lines_of("N1,Dropout,,")).status_code == status


def test_the_number_of_a_merged_student_is_the_kept_ones(sam, two, riverside, northside):
    with scope.entered(scope.of_institution(riverside)):
        other = rows.student(northside, external_id="N2")
        rows.sound(StudentMerge, institution=riverside, kept=two[0], other=other, taken_back_at=None)

    confirm(sam, send(sam, lines_of("N2,Dropout,,")))

    assert [said[0] for said in on_record(riverside)] == ["N1"]


def test_a_number_merged_into_somebody_of_another_school_is_unknown(sam, two, riverside, northside):
    with scope.entered(scope.of_institution(riverside)):
        other = rows.student(northside, external_id="N2")
        rows.sound(StudentMerge, institution=riverside, kept=two[1], other=other, taken_back_at=None)
    membership = sam.memberships.get()
    membership.every_school = False
    membership.save(update_fields=["every_school"])
    membership.schools.set([northside])

    shown = send(sam, lines_of("N2,Dropout,2025-03-03,", "N1,Dropout,,"))

    assert told(shown)[0][1:] == ("refused", "You see no student with this number. Correct the number.")


def test_an_old_page_is_not_gone_on_from(sam, two, riverside, settings):
    shown = send(sam, lines_of("N1,Dropout,,"))
    settings.SESSION_COOKIE_AGE = -1

    response = signed_in(sam).post("/outcomes/file/", {"lines": signed(shown), "do": "record"})

    assert response.status_code in (302, 422)
    assert on_record(riverside) == []
