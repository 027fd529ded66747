"""Questions about a file in words: what is asked, what was seen, and what may be answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from students.importing import questions
from students.models import Upload

CODE_CHOICES = (
    (
        gettext_lazy("Absent"),
        (
            ("absent", gettext_lazy("Absent, not excused")),
            ("absent_excused", gettext_lazy("Absent, excused")),
            ("half_absent", gettext_lazy("Absent half the time, not excused")),
            ("half_absent_excused", gettext_lazy("Absent half the time, excused")),
        ),
    ),
    (
        gettext_lazy("There, but late"),
        (("tardy", gettext_lazy("Tardy, not excused")), ("tardy_excused", gettext_lazy("Tardy, excused"))),
    ),
    (
        gettext_lazy("No absence"),
        (
            ("present", gettext_lazy("Not an absence: present, field trip, online")),
            (questions.LEAVE_OUT, gettext_lazy("Leave these rows out")),
        ),
    ),
)
STATUS_CHOICES = (
    ("here", gettext_lazy("Here")),
    ("not_yet", gettext_lazy("Not here yet: leave these rows out")),
    (
        gettext_lazy("Has left"),
        (
            ("left_dropped_out", gettext_lazy("Left school without finishing")),
            ("left_graduated", gettext_lazy("Finished school")),
            ("left_transferred", gettext_lazy("Went to another school")),
            ("left_died", gettext_lazy("Died")),
            ("left_other", gettext_lazy("Left, the reason is not known")),
        ),
    ),
)
REUSED_CHOICES = (
    (questions.CORRECTED, gettext_lazy("The same child: name and birthday were corrected")),
    (questions.BY_SCHOOL, gettext_lazy("Another child: schools give numbers for themselves")),
    (questions.LEAVE_OUT, gettext_lazy("I do not know: leave the row out")),
)
OUTCOME_CHOICES = (
    ("dropped_out", gettext_lazy("Left school without finishing")),
    ("graduated", gettext_lazy("Finished school")),
    ("continued", gettext_lazy("Is still at school")),
    ("transferred", gettext_lazy("Went to another school")),
    ("died", gettext_lazy("Died")),
    ("unknown", gettext_lazy("Left, the reason is not known")),
    (questions.LEAVE_OUT, gettext_lazy("Leave these rows out")),
)
HELP_CHOICES = (
    ("conversation", gettext_lazy("A conversation")),
    ("mentor", gettext_lazy("A mentor")),
    ("tutoring", gettext_lazy("Tutoring")),
    ("family_meeting", gettext_lazy("A meeting with the family")),
    ("attendance_contract", gettext_lazy("An agreement on attendance")),
    ("other", gettext_lazy("Other help")),
)
YES_NO_CHOICES = (
    ("yes", gettext_lazy("Yes")),
    ("no", gettext_lazy("No")),
    (questions.NOT_KNOWN, gettext_lazy("Not known")),
)
DAYS_CHOICES = (
    (questions.DAYS_ARE_RIGHT, gettext_lazy("The days are right: school was held then")),
    (questions.DAY_BEFORE, gettext_lazy("Each is one day late: the day before is meant")),
    (questions.DAY_AFTER, gettext_lazy("Each is one day early: the day after is meant")),
)
TWO_SCHOOLS_CHOICES = (
    (questions.BOTH, gettext_lazy("They are at both schools")),
    (questions.MOVED, gettext_lazy("They moved: the enrolment begun last holds")),
)
UNIT_CHOICES = (
    ("period", gettext_lazy("One period or class")),
    ("half_day", gettext_lazy("Half a day")),
    ("day", gettext_lazy("A whole day")),
    ("minutes", gettext_lazy("As many minutes or hours as it says")),
)


def number_choices(value: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return who a number may be: the student known under another one, or somebody else."""
    if value["value"] == questions.ZEROS:
        same = _("The same children: the numbers lost their zeros")
        return [(questions.SAME, same), (questions.OTHER, _("Other children"))]
    same = _("The same child as %(known)s") % {"known": value["known"]}
    return [(value["known"], same), (questions.OTHER, _("Another child"))]


def titles(upload: Upload) -> list[str]:
    """Return what is asked of a file, a sentence per question."""
    return [title(question) for question in upload.questions]


def title(question: Mapping[str, Any]) -> str:
    """Return what one question asks, in the reader's language."""
    return _(questions.SENTENCES[question["name"]]) % question["arguments"]


def about(name: str) -> str:
    """Return what an answer is about that is kept for a source."""
    return {
        questions.UNIT: _("What one row of attendance is"),
        questions.DAYS: _("On which days school was held"),
        questions.STATUS: _("What statuses of students mean"),
        questions.NUMBERS: _("Which numbers are of the same student"),
        questions.REUSED: _("Whose numbers are"),
        questions.TWO_SCHOOLS: _("Whether students are at two schools"),
        questions.CODES: _("What codes of attendance mean"),
        questions.OUTCOMES: _("What codes of leaving mean"),
        questions.HELP: _("Which kinds of help words mean"),
        questions.YES_NO: _("Which words mean yes or no"),
        questions.GRADE_WORDS: _("How good grades in words are, out of 100"),
        questions.SCALE: _("The scale of grades"),
        questions.MIXED: _("Whether low grades are on a scale of their own"),
    }[name]


def why(question: Mapping[str, Any]) -> str:
    """Return what depends on the answer."""
    return {
        questions.UNIT: _("Counted as whole days, one class missed on twenty days would be twenty days of absence."),
        questions.STATUS: _("Who has left must not stand on a list. Without a last day in the file it is yesterday."),
        questions.NUMBERS: _("Taken for others, they would be here twice, each with half of their records."),
        questions.REUSED: _("Taken for the same, one child would get the records of another."),
        questions.CODES: _("Each code is asked once. Later files of this source are read the same way."),
        questions.DAYS: _("Days in another time zone come out a day early or late. If neither fits, mend the file."),
        questions.TWO_SCHOOLS: _("Taken for moved, a student would be gone from one of their schools."),
        questions.OUTCOMES: _(
            "It is what a model learns from: who is taken for gone must have gone. "
            "Each code is asked once, for the files of every source."
        ),
        questions.HELP: _("What helped whom is counted by kind of help."),
        questions.YES_NO: _("Each word is asked once. Later files of this source are read the same way."),
        questions.GRADE_WORDS: _(
            "Words have no order of their own. Leave a word empty that is no grade, such as a pass."
        ),
        questions.MIXED: _("Read as percent, a good grade on the shorter scale would look like a failed course."),
        questions.SCALE: _("Read as percent, a good grade on a short scale would look like a failed course."),
    }[question["name"]]


def how_to_answer(asked: Sequence[Mapping[str, Any]]) -> str:
    """Return what may be written into a file of answers, as YAML, with what was seen filled in."""
    lines: list[str] = []
    for question in asked:
        lines.append(f"{question['name']}:")
        answer = dict(question["proposal"])
        if question["values"]:
            answer = {value["value"]: answer.get(value["value"], "…") for value in question["values"]}
        elif not answer and question["name"] in (questions.TWO_SCHOOLS, questions.DAYS):
            answer = {"is": "…"}
        elif not answer:
            answer = {"best": "…", "worst": 0}
        lines += [f"  {_quoted(key)}: {value}" for key, value in answer.items()]
    return "\n".join(lines)


def _quoted(key: str) -> str:
    return key if key.isidentifier() and key.lower() not in ("y", "n", "yes", "no", "on", "off") else f'"{key}"'
