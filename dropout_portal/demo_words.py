"""What the demo's people say and do, in their words. The students are invented; days are days back from today."""

from __future__ import annotations

from dataclasses import dataclass

from predictions.models import Verdict
from students.models import DataCase
from students.models.help import Happened, OnTrack

Kind = Verdict.Kind
# Whom the list of a morning did not name. A contested fact besides, until somebody answered.
LEFT_OUT = (Kind.KNOWN, Kind.NOT_NOW, Kind.NOT_APPLICABLE)


@dataclass(frozen=True, kw_only=True)
class Help:
    """A piece of help: the days it began and was looked at, what each look said, a goal, and how it ended."""

    kind: str
    what_for: str
    days: tuple[int, ...]
    looks: tuple[tuple[str, str], ...] = ()
    # Percent of school days attended, and by when, in days ahead.
    attendance_goal: tuple[int, int] | None = None
    end: tuple[int, str, str] | None = None


@dataclass(frozen=True, kw_only=True)
class Opinion:
    """A verdict: its kind ("" for none), how long ago, why, until when in days ahead, and what was answered."""

    kind: str
    back: int = 0
    reason: str = ""
    until: int | None = None
    answer: tuple[int, str, str] | None = None

    @property
    def leaves_out(self) -> bool:
        """Tell whether this keeps a student off the list today."""
        return self.kind in LEFT_OUT or (self.kind == Kind.WRONG_FACT and self.answer is None)


# The counsellor's, for the first of her students who get no help yet.
HELP = (
    Help(
        kind="mentor",
        what_for="A familiar face every Tuesday before the first lesson",
        days=(44, 30, 16),
        looks=(
            (OnTrack.PARTLY, "They met twice. The bus comes too late for the early time."),
            (OnTrack.YES, "They meet at lunch now, and both say it is easier."),
        ),
    ),
    Help(
        kind="tutoring",
        what_for="Catch up in mathematics, twice a week",
        days=(53, 39, 25, 11),
        looks=(
            (OnTrack.NO, "The group was full. A place is free from next week."),
            (OnTrack.PARTLY, "Comes once a week and asks good questions."),
            (OnTrack.YES, "Comes twice a week. The last test went better."),
        ),
    ),
    Help(
        kind="attendance_contract",
        what_for="Be there on four of five days, and call when it is hard",
        days=(30, 23, 16, 4),
        looks=(
            (OnTrack.PARTLY, "Mondays are hard. We agreed on a call on Sunday evening."),
            (OnTrack.YES, "The calls help. Mondays are easier now."),
            (OnTrack.PARTLY, "Not every day yet, but we hear of it in time."),
        ),
        attendance_goal=(80, 15),
    ),
    Help(
        kind="family_meeting",
        what_for="Find out together what makes mornings difficult",
        days=(42, 35),
        looks=((OnTrack.PARTLY, "A good first talk with the grandmother. The parents come next time."),),
        end=(22, Happened.PARTLY, "Two of three meetings took place. The family knows now whom to call."),
    ),
    Help(kind="conversation", what_for="How the last weeks went, and what would help", days=(12,)),
    Help(
        kind="attendance_contract",
        what_for="A quiet place to arrive in the morning",
        days=(20, 13),
        looks=((OnTrack.YES, "Uses the library before school and likes it."),),
    ),
)
HELP_OF_ANOTHER = (
    Help(
        kind="mentor",
        what_for="Somebody from the robotics club who looks out for them",
        days=(33, 19, 5),
        looks=(
            (OnTrack.PARTLY, "They found a time that suits both."),
            (OnTrack.YES, "They build something together every week."),
        ),
    ),
    Help(kind="tutoring", what_for="Reading, in a small group", days=(26,)),
    Help(
        kind="family_meeting",
        what_for="Plan the return after a long illness",
        days=(37, 30),
        looks=((OnTrack.YES, "The doctor, the family and the teachers agree on shorter days at first."),),
        end=(16, Happened.YES, "Back for half days. The next step is a full week."),
    ),
)
# What the counsellor said of her students, from the first on the list on.
OPINIONS = (
    Opinion(kind=Kind.AGREE, back=12, reason="We talk on Thursday."),
    Opinion(kind=Kind.NOT_NOW, back=1, until=13, reason="We spoke this week. I look again in two weeks."),
    Opinion(
        kind=Kind.WRONG_FACT,
        back=9,
        reason="Some of the absences were days with the orchestra.",
        answer=(
            2,
            DataCase.State.UPHELD,
            "The orchestra's days are on record as excused visits already. The other days were absences.",
        ),
    ),
    Opinion(kind=Kind.KNOWN, back=10, reason="The whole team is in touch with the family already."),
    Opinion(kind=Kind.AGREE, back=5),
    Opinion(kind=Kind.NOT_NOW, back=7, until=10, reason="Just changed classes. Let them settle in first."),
    Opinion(kind=""),
    Opinion(
        kind=Kind.WRONG_FACT,
        back=2,
        reason="The grade of the last test belongs to another student of the same name.",
    ),
)
# Of students of whom the records say little more than that they left: what staff found out, the last word holds.
OUTCOMES_FROM = 14
OUTCOMES = (
    (
        (14, "Dropout", "No answer to two letters."),
        (6, "Transferred to another district or school", "The new school asked for the transcript."),
    ),
    ((11, "Moved out of state", "The family wrote to the office."),),
    ((8, "Enrolled in a high school diploma program", "A call with the student, who starts next term."),),
    ((4, "Dropout", "A call with the parents. The door stays open."),),
)
