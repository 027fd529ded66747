"""What a person must say about a file before anything of it counts, and what they may answer.

A file says "A", "3" or "2", and only the school knows what of: a whole day or one class, four points or a hundred.
Such a question stops the file. What is answered holds for every later file of the same source.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from students.importing.file_errors import gettext_noop

Answers = Mapping[str, Any]

DAYS, DAYS_ARE_RIGHT, DAY_BEFORE, DAY_AFTER = "attendance.days", "right", "day_before", "day_after"
UNIT, CODES, STATUS = "attendance.unit", "attendance.codes", "students.status"
SCALE, MIXED = "grades.scale", "grades.mixed"
# Where low grades are low, and on no scale of their own.
ONE_SCALE = "one_scale"
# The best grades that a second scale may have; above them both scales overlap.
SECOND_BEST = (4, 5, 6, 10, 12, 15, 20)

# What one row of attendance may stand for. A row that counts its own days is none of these.
UNITS = ("day", "half_day", "period", "minutes", "repeated")
# What a code of attendance may mean: category, share of what the row stands for, and whether it was excused.
CODE_MEANINGS: Mapping[str, tuple[str, float, bool | None]] = {
    "absent": ("absent", 1.0, False),
    "absent_excused": ("absent", 1.0, True),
    "half_absent": ("absent", 0.5, False),
    "half_absent_excused": ("absent", 0.5, True),
    "tardy": ("tardy", 1.0, False),
    "tardy_excused": ("tardy", 1.0, True),
    "present": ("present", 1.0, None),
}
LEAVE_OUT = "leave_out"
OUTCOMES, HELP, YES_NO, GRADE_WORDS = "outcomes.codes", "interventions.kinds", "columns.yes_no", "grades.words"
# What a word may mean that stands for what became of a student, for help, for yes or no.
OUTCOME_MEANINGS = ("dropped_out", "graduated", "continued", "transferred", "died", "unknown")
HELP_MEANINGS = ("conversation", "mentor", "tutoring", "family_meeting", "attendance_contract", "other")
NOT_KNOWN, NO_GRADE = "not_known", "no_grade"
YES_NO_MEANINGS = ("yes", "no", NOT_KNOWN)
NUMBERS, REUSED, TWO_SCHOOLS = "students.numbers", "students.reused", "students.two_schools"
# Students open at two schools at once are at both, or moved and nobody closed the first.
BOTH, MOVED = "both", "moved"
# Stands for every number that is a known one without its leading zeros.
ZEROS = "zeros"
SAME, OTHER = "same", "other"
# What a number may be that belongs to a child of another name and birthday.
CORRECTED, BY_SCHOOL = "corrected", "by_school"
# Between a number and the school that gave it, where schools number for themselves.
AT = "@"
# What a status of a student may mean: here, not here yet, or left for a reason.
HERE, NOT_YET = "here", "not_yet"
STATUS_MEANINGS: Mapping[str, str] = {
    HERE: "",
    NOT_YET: "",
    "left_dropped_out": "Dropout",
    "left_graduated": "Graduated",
    "left_transferred": "Transferred",
    "left_died": "Died",
    "left_other": "Withdrawn",
}
MOST_PERIODS = 24
# A school day of fewer minutes is no day, one of more is longer than a day.
FEWEST_MINUTES, MOST_MINUTES = 60, 1440
OF_100 = 100
BEST_GRADE, MOST_VALUES, LONGEST_VALUE = 100_000.0, 300, 200

SENTENCES: Mapping[str, str] = {
    UNIT: gettext_noop(
        "%(file)s has more than one row for a student's day (%(n)s of %(of)s days), or says for which part or how many "
        "minutes of it. What is one row?"
    ),
    DAYS: gettext_noop(
        "%(n)s of %(of)s days of absence in %(file)s are Saturdays or Sundays. On which days was school held?"
    ),
    CODES: gettext_noop("What do these codes of attendance in %(file)s mean?"),
    STATUS: gettext_noop("What do these statuses of students in %(file)s mean?"),
    NUMBERS: gettext_noop(
        "Students in %(file)s have the name and birthday, or all but the zeros, of others with another number. "
        "Are they the same?"
    ),
    REUSED: gettext_noop("Numbers in %(file)s belong to students of another name and birthday. Who is meant?"),
    TWO_SCHOOLS: gettext_noop(
        "%(n)s students are open at two schools at once in %(file)s, such as %(example)s. Are they at both?"
    ),
    OUTCOMES: gettext_noop("What became of students with these words or codes in %(file)s?"),
    HELP: gettext_noop("Which kinds of help are these in %(file)s?"),
    YES_NO: gettext_noop("Do these words in %(file)s mean yes or no?"),
    GRADE_WORDS: gettext_noop("How good are these grades in %(file)s, out of 100?"),
    MIXED: gettext_noop(
        "Of %(of)s grades in %(file)s %(n)s are at most %(best)s, and hardly any of the others are low. Are these of "
        "%(best)s?"
    ),
    SCALE: gettext_noop("%(file)s has %(n)s grades, and the highest is %(highest)s. What is the best possible grade?"),
}


@dataclass(frozen=True, kw_only=True)
class Question:
    """One question about a file.

    Attributes
    ----------
    name : str
        Under which the answer is kept: "attendance.unit".
    arguments : dict of str to str or number
        What its sentence names.
    values : list of dict
        The values asked about, each with "value", "n" (rows) and "example" (a line of the file); empty where one
        answer is for all.
    proposal : dict
        The answer that fits what was seen, in the form of an answer; empty where nothing does.
    """

    name: str
    arguments: dict[str, Any] = field(default_factory=dict)
    values: list[dict[str, Any]] = field(default_factory=list)
    proposal: dict[str, Any] = field(default_factory=dict)

    def as_json(self, *, file: str) -> dict[str, Any]:
        """Return the question as plain JSON types, with its sentence in English."""
        arguments = {"file": file, **self.arguments}
        return {
            "name": self.name,
            "sentence": SENTENCES[self.name] % arguments,
            "arguments": arguments,
            "values": self.values,
            "proposal": self.proposal,
        }


def problems(answers: Any) -> list[str]:
    """Return what is wrong with answers, as whole sentences; nothing if a file can be read by them.

    Parameters
    ----------
    answers : mapping of name of a question to answer
        ``attendance.unit``: {"is": one of UNITS, "a_day": how many periods or minutes make a day}
        ``attendance.codes``: {code: one of CODE_MEANINGS or "leave_out"}
        ``attendance.days``: {"is": "right", "day_before" or "day_after"}
        ``students.status``: {status: one of STATUS_MEANINGS}
        ``students.numbers``: {number: the known number, or "other"; "zeros": "same" or "other"}
        ``students.reused``: {number: "corrected", "by_school" or "leave_out"}
        ``students.two_schools``: {"is": "both" or "moved"}
        ``outcomes.codes``: {word: one of OUTCOME_MEANINGS or "leave_out"}
        ``interventions.kinds``: {word: one of HELP_MEANINGS}
        ``columns.yes_no``: {word: one of YES_NO_MEANINGS}
        ``grades.scale``: {"best": number, "worst": number}
        ``grades.mixed``: {"up_to": number or "one_scale"}
        ``grades.words``: {word: 0 to 100, or "no_grade"}
    """
    if not isinstance(answers, Mapping):
        return ["Answers are a table of questions and what is answered."]
    found: list[str] = []
    for name, answer in answers.items():
        if name not in _CHECKS:
            found.append(f'"{name}" is no question. Known: {", ".join(_CHECKS)}.')
        elif not isinstance(answer, Mapping):
            found.append(f"{name}: write what is answered as a table.")
        else:
            found += [f"{name}: {problem}" for problem in _CHECKS[name](answer)]
    return found


def merged(known: Answers, more: Answers) -> dict[str, Any]:
    """Return answers with later ones on top: codes are added, everything else is replaced."""
    both = {name: dict(answer) for name, answer in known.items()}
    for name, answer in more.items():
        both[name] = {**both.get(name, {}), **answer} if name in _BY_VALUE else dict(answer)
    return both


def number(value: Any) -> float | None:
    """Return a number that is one, or None."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not -BEST_GRADE <= value <= BEST_GRADE:
        return None
    return float(value)


def _unit(answer: Answers) -> Iterator[str]:
    if answer.get("is") not in UNITS:
        yield f'"is" must be one of {", ".join(UNITS)}.'
    elif answer["is"] == "period":
        n = answer.get("a_day")
        if isinstance(n, bool) or not isinstance(n, int) or not 1 <= n <= MOST_PERIODS:
            yield f'"a_day" must say how many periods a school day has, 1 to {MOST_PERIODS}.'
    elif answer["is"] == "minutes":
        n = number(answer.get("a_day"))
        if n is None or not FEWEST_MINUTES <= n <= MOST_MINUTES:
            yield f'"a_day" must say how many minutes a school day has, {FEWEST_MINUTES} to {MOST_MINUTES}.'


def _one_of(*meanings: str) -> Callable[[Answers], Iterator[str]]:
    """Return the check of answers by value, each one of some meanings."""

    def check(answer: Answers) -> Iterator[str]:
        if len(answer) > MOST_VALUES:
            yield f"At most {MOST_VALUES} values."
        for value, meaning in answer.items():
            if meaning not in meanings:
                yield f'"{str(value)[:LONGEST_VALUE]}" must be one of {", ".join(meanings)}.'

    return check


def _grade_words(answer: Answers) -> Iterator[str]:
    for word, of_100 in answer.items():
        grade = number(of_100)
        if of_100 != NO_GRADE and (grade is None or not 0 <= grade <= OF_100):
            yield f'"{str(word)[:LONGEST_VALUE]}" must be a number from 0 to 100, or {NO_GRADE}.'


def _numbers(answer: Answers) -> Iterator[str]:
    for number, known in answer.items():
        if number == ZEROS and known not in (SAME, OTHER):
            yield f'"{ZEROS}" must be {SAME} or {OTHER}.'
        elif not isinstance(known, str) or not 0 < len(known) <= LONGEST_VALUE:
            yield f'"{str(number)[:LONGEST_VALUE]}" must be the known number of the student, or {OTHER}.'


def _two_schools(answer: Answers) -> Iterator[str]:
    if answer.get("is") not in (BOTH, MOVED):
        yield f'"is" must be {BOTH} or {MOVED}.'


def _days(answer: Answers) -> Iterator[str]:
    if answer.get("is") not in (DAYS_ARE_RIGHT, DAY_BEFORE, DAY_AFTER):
        yield f'"is" must be one of {DAYS_ARE_RIGHT}, {DAY_BEFORE}, {DAY_AFTER}.'


def _mixed(answer: Answers) -> Iterator[str]:
    best = number(answer.get("up_to"))
    if answer.get("up_to") != ONE_SCALE and (best is None or best <= 0):
        yield f'"up_to" must be the best grade of the lower scale, or {ONE_SCALE}.'


def _scale(answer: Answers) -> Iterator[str]:
    best, worst = number(answer.get("best")), number(answer.get("worst", 0))
    if best is None or worst is None:
        yield '"best" and "worst" must be numbers.'
    elif best == worst:
        yield "The best grade and the worst cannot be the same."


_CHECKS: Mapping[str, Callable[[Answers], Iterator[str]]] = {
    UNIT: _unit,
    DAYS: _days,
    CODES: _one_of(*CODE_MEANINGS, LEAVE_OUT),
    SCALE: _scale,
    MIXED: _mixed,
    STATUS: _one_of(*STATUS_MEANINGS),
    NUMBERS: _numbers,
    TWO_SCHOOLS: _two_schools,
    REUSED: _one_of(CORRECTED, BY_SCHOOL, LEAVE_OUT),
    OUTCOMES: _one_of(*OUTCOME_MEANINGS, LEAVE_OUT),
    HELP: _one_of(*HELP_MEANINGS),
    YES_NO: _one_of(*YES_NO_MEANINGS),
    GRADE_WORDS: _grade_words,
}
# Whose answers are added to those before: one more code is one more answer.
_BY_VALUE = set(_CHECKS) - {UNIT, DAYS, SCALE, MIXED, TWO_SCHOOLS}
