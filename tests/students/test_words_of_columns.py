"""Words of an institution's own, in any column that holds words: asked once, and kept for the source."""

import pytest

from accounts import scope
from students.importing import code_lists, questions
from students.models import AttendanceRecord, GradeRecord, Intervention, Outcome, Upload
from students.outcomes import exit_code_map
from tests.people import signed_in
from tests.students.import_by_command import bring_in
from tests.students.two_schools import two_schools

__all__ = ["two_schools"]

Stage = Upload.Stage
EXITS = {"W12": "dropped_out", "G01": "graduated", "T03": "transferred"}


@pytest.fixture
def stored(two_schools):
    def rows(model, *columns, **only):
        with scope.entered(scope.of_institution(two_schools)):
            found = model.objects.filter(**only).order_by("student__external_id", "pk")
            return list(found.values_list("student__external_id", *columns))

    return rows


def exits(tmp_path, *codes, name="exits.csv", column="exit_code"):
    path = tmp_path / name
    rows = [f"00047{11 + n},2026-09-1{n % 8},{code}" for n, code in enumerate(codes)]
    path.write_text(f"student_id,happened_on,{column}\n" + "\n".join(rows) + "\n")
    return path


def test_codes_of_leaving_are_asked_with_how_often_and_where(two_schools, tmp_path):
    upload = bring_in(two_schools, exits(tmp_path, "W12", "G01", "W12", "Graduated"))

    (question,) = upload.questions
    assert (upload.stage, question["name"]) == (Stage.ASKING, "outcomes.codes")
    assert question["values"] == [{"value": "W12", "n": 2, "line": 2}, {"value": "G01", "n": 1, "line": 3}]


def test_what_codes_of_leaving_mean_is_stored_with_the_code(two_schools, stored, tmp_path):
    bring_in(two_schools, exits(tmp_path, "W12", "G01", "Graduated"), answers={"outcomes.codes": EXITS})

    assert stored(Outcome, "kind", "exit_code", student__external_id__gte="0004711") == [
        ("0004711", "dropped_out", "W12"),
        ("0004712", "graduated", "G01"),
        ("0004713", "graduated", "Graduated"),
    ]


def test_of_a_later_file_only_the_new_code_is_asked(two_schools, tmp_path):
    bring_in(two_schools, exits(tmp_path, "W12", "G01"), answers={"outcomes.codes": EXITS})

    (question,) = bring_in(two_schools, exits(tmp_path, "W12", "X99", "G01", "G01")).questions

    assert [value["value"] for value in question["values"]] == ["X99"]


@pytest.mark.parametrize(
    ("column", "word", "kind"),
    [("kind", "Withdrawn", "dropped_out"), ("exit_code", "dropped out", "dropped_out"), ("kind", "No show", "unknown")],
)
def test_what_one_column_of_outcomes_understands_the_other_does(two_schools, stored, tmp_path, column, word, kind):
    upload = bring_in(two_schools, exits(tmp_path, word, column=column))

    assert (upload.stage, upload.n_bad_rows) == (Stage.DONE, 0)
    assert stored(Outcome, "kind") == [("0004711", kind)]


def test_rows_of_a_code_can_be_left_out(two_schools, stored, tmp_path):
    meanings = {"W12": "dropped_out", "ERR": "leave_out"}
    bring_in(two_schools, exits(tmp_path, "W12", "ERR"), answers={"outcomes.codes": meanings})

    assert stored(Outcome, "kind") == [("0004711", "dropped_out")]


def grades(tmp_path, *values):
    path = tmp_path / "grades.csv"
    rows = [f"00047{11 + n % 12},2026-10-01,Art {n // 12},{value}" for n, value in enumerate(values)]
    path.write_text("student_id,awarded_on,course,value\n" + "\n".join(rows) + "\n")
    return path


def test_grades_in_words_are_asked_and_counted_of_100(two_schools, stored, tmp_path):
    path = grades(tmp_path, *["Excellent", "Developing", "Not seen"] * 4)
    (question,) = bring_in(two_schools, path).questions
    assert (question["name"], len(question["values"])) == ("grades.words", 3)

    upload = bring_in(
        two_schools, path, answers={"grades.words": {"Excellent": 95, "Developing": 55.5, "Not seen": "no_grade"}}
    )

    assert (upload.stage, upload.n_bad_rows) == (Stage.DONE, 0)
    found = stored(GradeRecord, "value", "scale_max", course__startswith="Art")
    assert found[:3] == [("0004711", 95, 100), ("0004712", 55.5, 100), ("0004713", None, 100)]


def test_a_word_may_be_worth_nothing(two_schools, stored, tmp_path):
    upload = bring_in(
        two_schools, grades(tmp_path, *["Pass", "Fail"] * 6), answers={"grades.words": {"Pass": 80, "Fail": 0}}
    )

    assert (upload.stage, upload.questions) == (Stage.DONE, [])
    assert stored(GradeRecord, "value", course__startswith="Art")[1] == ("0004712", 0)


def test_words_beside_numbers_of_another_scale_are_of_100(two_schools, stored, tmp_path):
    answers = {"grades.words": {"Excellent": 95}, "grades.scale": {"best": 4, "worst": 0}}

    bring_in(two_schools, grades(tmp_path, "3", "Excellent", "2", "4", "1", "Excellent", "3"), answers=answers)

    found = stored(GradeRecord, "value", "scale_max", course__startswith="Art")
    assert found[:2] == [("0004711", 3, 4), ("0004712", 95, 100)]


def test_a_slip_is_refused_with_its_row_and_not_asked(two_schools, tmp_path):
    upload = bring_in(two_schools, grades(tmp_path, *["88", "91"] * 11, "8o", "77"))

    assert (upload.questions, upload.n_bad_rows) == ([], 1)


def test_yes_and_no_of_another_language_are_one_question(two_schools, stored, tmp_path):
    path = tmp_path / "absences.csv"
    rows = [f"00047{11 + n},2026-09-08,absent,{word}" for n, word in enumerate(["Ya", "Tidak", "Ya", "Tidak", "?"])]
    path.write_text("student_id,held_on,category,excused\n" + "\n".join(rows) + "\n")
    (question,) = bring_in(two_schools, path).questions
    assert {value["value"] for value in question["values"]} == {"Ya", "Tidak", "?"}

    bring_in(two_schools, path, answers={"columns.yes_no": {"Ya": "yes", "Tidak": "no", "?": "not_known"}})

    found = stored(AttendanceRecord, "excused", held_on="2026-09-08")
    assert [excused for _student, excused in found] == [True, False, True, False, False]


def flags(tmp_path, *marks):
    path = tmp_path / "absences.csv"
    rows = [f"00047{11 + n},2026-09-08,{absence},{tardy}" for n, (absence, tardy) in enumerate(marks)]
    path.write_text("student_id,held_on,absence,tardy\n" + "\n".join(rows) + "\n")
    return path


def test_a_flag_in_words_of_its_own_is_asked_about_and_never_taken_for_present(two_schools, stored, tmp_path):
    path = flags(tmp_path, ("Ya", "Tidak"), ("Tidak", "Ya"), ("Tidak", "Tidak"))
    (question,) = bring_in(two_schools, path).questions
    assert question["name"] == "columns.yes_no"

    bring_in(two_schools, path, answers={"columns.yes_no": {"Ya": "yes", "Tidak": "no"}})

    found = stored(AttendanceRecord, "category", held_on="2026-09-08")
    assert found == [("0004711", "absent"), ("0004712", "tardy")]


def test_a_slip_in_a_flag_is_refused_with_its_row(two_schools, stored, tmp_path):
    upload = bring_in(two_schools, flags(tmp_path, *[("1", "0")] * 10, ("l", "0")), "--confirm", "--leave-out-bad-rows")

    assert (upload.questions, upload.n_bad_rows) == ([], 1)
    assert len(stored(AttendanceRecord, held_on="2026-09-08")) == 10


def test_kinds_of_help_are_asked_too(two_schools, stored, tmp_path):
    path = tmp_path / "interventions.csv"
    path.write_text("student_id,kind,started_on\n0004711,Reading club,2026-09-08\n0004712,Reading club,2026-09-09\n")
    (question,) = bring_in(two_schools, path).questions
    assert question["name"] == "interventions.kinds"

    bring_in(two_schools, path, answers={"interventions.kinds": {"Reading club": "tutoring"}})

    assert stored(Intervention, "kind") == [("0004711", "tutoring"), ("0004712", "tutoring")]


def test_the_page_asks_for_words_and_takes_what_is_chosen(two_schools, ines, stored, tmp_path):
    upload = bring_in(two_schools, exits(tmp_path, "W12", "Graduation 2026"))
    browser, address = signed_in(ines), f"/records/{upload.public_id}/answers/"
    page = browser.get(address).content.decode()
    assert "What became of students with these words or codes" in page
    assert '<option value="graduated" selected>' in page

    browser.post(address, {"outcome_0": "graduated", "outcome_1": "dropped_out"})

    with scope.entered(scope.of_institution(two_schools)):
        codes = exit_code_map.in_scope()
        upload = Upload.objects.get(public_id=upload.public_id)
    assert [codes.kind_of(code) for code in ("Graduation 2026", "W12")] == ["graduated", "dropped_out"]
    assert (upload.stage, upload.answers) == (Stage.CHECKING, {"outcomes.codes": {}})


@pytest.mark.parametrize(
    ("answers", "sentence"),
    [
        ({"grades.words": {"Good": 101}}, "a number from 0 to 100, or no_grade"),
        ({"grades.words": {"Good": True}}, "a number from 0 to 100, or no_grade"),
        ({"outcomes.codes": {"W": "gone"}}, "must be one of dropped_out"),
        ({"columns.yes_no": {"Ya": True}}, "must be one of yes, no"),
    ],
)
def test_an_answer_that_cannot_be_is_named(answers, sentence):
    (problem,) = questions.problems(answers)

    assert sentence in problem


@pytest.mark.parametrize(
    ("codes", "proposal"),
    [
        (("E230", "E140", "T160", "N470"), ("graduated", "dropped_out", "transferred", "leave_out")),
        (("1921", "1927", "1908", "1923"), ("graduated", "dropped_out", "transferred", "died")),
        (("799", "340", "170", "459"), ("graduated", "dropped_out", "transferred", "died")),
        (("C1", "D07", "T3", "Z1"), ("graduated", "dropped_out", "transferred", "died")),
    ],
    ids=["california", "nces", "new_york", "mississippi"],
)
def test_codes_that_are_documented_in_public_are_proposed(two_schools, tmp_path, codes, proposal):
    (question,) = bring_in(two_schools, exits(tmp_path, *codes)).questions

    assert question["proposal"] == dict(zip(codes, proposal, strict=True))


def test_every_documented_meaning_can_be_answered():
    for lists, meanings in (
        (code_lists.EXITS, (*questions.OUTCOME_MEANINGS, questions.LEAVE_OUT)),
        (code_lists.ATTENDANCE, (*questions.CODE_MEANINGS, questions.LEAVE_OUT)),
    ):
        assert {meaning for one in code_lists.lists(lists).values() for meaning in one.values()} <= set(meanings)
