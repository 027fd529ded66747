"""One school year of one area, week by week, and what it leaves behind: who moves up, who repeats, who has gone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from simulation import attendance, discipline, engagement, exits, grades, interventions, outcomes
from simulation.arrays import NEVER, Flags, Floats, Ints, lag_days
from simulation.calendar import DAYS_IN_TERM, DAYS_IN_YEAR, SchoolYear
from simulation.ledger import Ledger
from simulation.roll import NOT_THIS_YEAR, Path, Roll

# Credits needed to be promoted out of each grade (of 6 a year), the last one to graduate.
CREDITS_TO_PASS: Final = np.array([3.75, 9.0, 14.0, 18.5])


@dataclass(frozen=True)
class Schools:
    """How the schools of an area differ; arrays of shape (n_schools,) in log-odds, log-hazard and marks."""

    absence: Floats
    dropout: Floats
    strictness: Floats

    def __len__(self) -> int:
        return len(self.absence)


def draw_schools(n_schools: int, rng: np.random.Generator) -> Schools:
    """Draw how the schools of an area differ."""
    return Schools(
        absence=rng.normal(0.0, 0.12, n_schools),
        dropout=rng.normal(0.0, 0.15, n_schools),
        strictness=rng.normal(0.0, 1.2, n_schools),
    )


@dataclass
class YearUnderWay:
    """Everything that one school year needs at hand."""

    year: SchoolYear
    roll: Roll
    path: Path
    schools: Schools
    rng: np.random.Generator
    ledger: Ledger

    def run(self) -> Roll:
        """Live through the year and its summer, and return the roll of those who come back, a year older."""
        rng, year = self.rng, self.year
        register = attendance.draw_register(rng=rng, school_effect=self.schools.absence, n_days=DAYS_IN_YEAR)
        factor = year.absence_factor()
        aid = interventions.Help(self.roll)
        term_sum, term_weeks = np.zeros(len(self.roll), np.float32), 0
        for week in range(year.n_weeks):
            engagement.drift_one_week(self.roll, rng=rng, lift=aid.lift(self.roll))
            term_sum += self.roll.engagement
            term_weeks += 1
            days = year.days_in(week)
            if days.size == 0:
                continue
            self._come_and_go(week, days)
            self._attend(week, days, factor, register, aid.under(interventions.CONTRACT))
            discipline.record_incidents(
                self.roll, self.path, days=days, day_numbers=year.days, rng=rng, ledger=self.ledger
            )
            for term, last_day in enumerate((DAYS_IN_TERM - 1, DAYS_IN_YEAR - 1)):
                if last_day in days:
                    self._mark(term, last_day, term_sum / term_weeks, aid.under(interventions.TUTORING))
                    term_sum, term_weeks = np.zeros(len(self.roll), np.float32), 0
            self._help(aid, week, days)
        return self._end()

    def _come_and_go(self, week: int, days: Ints) -> None:
        hazards = exits.dropout_hazard(
            self.roll,
            today=int(self.year.days[days[0]]),
            terms_done=int(days[0] >= DAYS_IN_TERM),
            school_effect=self.schools.dropout,
        )
        exits.leave_this_week(self.roll, self.path, week=week, days=days, hazards=hazards, rng=self.rng)
        exits.move_this_week(self.roll, self.path, days=days, n_schools=len(self.schools), factor=1.0, rng=self.rng)

    def _attend(self, week: int, days: Ints, factor: Floats, register: attendance.Register, contract: Flags) -> None:
        usual = attendance.weekly_absence_share(self.roll, self.path, week=week, register=register, contract=contract)
        sick = attendance.sick_this_week(len(self.roll), winter=float(factor[days].mean()) ** 2, rng=self.rng)
        share = np.where(sick, np.maximum(usual, 0.65), usual)[:, None] * factor[days][None, :]
        records = attendance.record_week(self.roll, self.path, share=share, days=days, sick=sick, rng=self.rng)
        attendance.write_week(
            records,
            roll=self.roll,
            path=self.path,
            register=register,
            day_numbers=self.year.days,
            rng=self.rng,
            ledger=self.ledger,
        )

    def _mark(self, term: int, last_day: int, mean_engagement: Floats, tutored: Flags) -> None:
        rows = grades.give_marks(
            self.roll,
            self.path,
            term=term,
            last_day=last_day,
            day_number=int(self.year.days[last_day]),
            seen=grades.TermSeen(mean_engagement, tutored, self.schools.strictness),
            rng=self.rng,
        )
        grades.write_marks(rows, self.ledger)

    def _help(self, aid: interventions.Help, week: int, days: Ints) -> None:
        aid.offer(self.roll, self.path, week=week, days=days, rng=self.rng)
        is_last = week == self.year.n_weeks - 1
        closed = aid.close(
            self.roll,
            self.path,
            week=int(NOT_THIS_YEAR) if is_last else week,
            days=days,
            day_numbers=self.year.days,
            rng=self.rng,
        )
        interventions.write_help(closed, self.ledger)

    def _end(self) -> Roll:
        roll, path, rng = self.roll, self.path, self.rng
        finishing = path.exit_code == 0
        # A school lets a few pass with a missing credit, and holds back a few with all of them.
        needed = CREDITS_TO_PASS[roll.grade - 9] + rng.normal(0.0, 0.4, len(roll))
        passed = finishing & (roll.credits >= needed)
        graduates = passed & (roll.grade == 12)
        hazards = exits.dropout_hazard(
            roll, today=int(self.year.days[-1]), terms_done=2, school_effect=self.schools.dropout
        )
        summer = exits.pass_summer(roll, path, graduates=graduates, hazards=hazards, rng=rng)
        self._write_year(finishing, graduates, summer)
        roll.grade = (roll.grade + (passed & ~graduates)).astype(np.int8)
        roll.years_in = (roll.years_in + 1).astype(np.int8)
        roll.school = np.where(path.arrives < NOT_THIS_YEAR, path.second_school, roll.school).astype(np.int16)
        engagement.pass_summer(roll, rng=rng)
        back = roll.where(summer.stays)
        exits.change_schools_in_summer(back, n_schools=len(self.schools), rng=rng)
        return back

    def _write_year(self, finishing: Flags, graduates: Flags, summer: exits.Summer) -> None:
        roll, path, rng, days = self.roll, self.path, self.rng, self.year.days
        last_day = int(days[-1])
        left_in_year = ~finishing
        reason = np.select(
            [left_in_year, graduates, summer.stays],
            [path.exit_code, np.int8(exits.GRADUATED), np.int8(exits.YEAR_END)],
            summer.exit_code,
        ).astype(np.int8)
        exit_day = np.where(left_in_year, days[np.minimum(path.exits, DAYS_IN_YEAR - 1)], self.year.next_starts_on)
        exit_day = np.where(graduates, last_day + 1, exit_day).astype(np.int32)
        known_on = (exit_day + exits.exit_lag(reason, rng)).astype(np.int32)
        self._write_enrolments(exit_day, reason, known_on)
        ends_an_enrolment = ~summer.stays
        outcomes.write_outcomes(
            student=roll.student[ends_an_enrolment],
            reason=reason[ends_an_enrolment],
            happened_on=exit_day[ends_an_enrolment],
            known_on=(known_on + lag_days(rng, len(roll), mean=6.0, longest=60))[ends_an_enrolment],
            ledger=self.ledger,
        )
        # Who was still there on the last day has survived the year, whatever the summer brings.
        survived = finishing & ~graduates
        n = int(survived.sum())
        outcomes.write_outcomes(
            student=roll.student[survived],
            reason=np.full(n, exits.YEAR_END),
            happened_on=np.full(n, last_day),
            known_on=last_day + lag_days(rng, n, mean=5.0, shortest=2, longest=40),
            ledger=self.ledger,
        )

    def _write_enrolments(self, exit_day: Ints, reason: Ints, known_on: Ints) -> None:
        roll, path, days = self.roll, self.path, self.year.days
        entered_on = days[path.enters].astype(np.int32)
        moved = path.arrives < NOT_THIS_YEAR
        arrival = days[np.minimum(path.arrives, DAYS_IN_YEAR - 1)].astype(np.int32)
        departure = days[np.minimum(path.leaves_school, DAYS_IN_YEAR - 1)].astype(np.int32)
        # The old school learns of a move when the new one asks for the records.
        self.ledger.add(
            "enrolments",
            student=roll.student,
            school=roll.school,
            grade=roll.grade,
            entered_on=entered_on,
            exited_on=np.where(moved, departure, exit_day).astype(np.int32),
            reason=np.where(moved, exits.TRANSFERRED, reason).astype(np.int8),
            known_on=entered_on,
            exit_known_on=np.where(moved, arrival, known_on).astype(np.int32),
        )
        self.ledger.add(
            "enrolments",
            student=roll.student[moved],
            school=path.second_school[moved],
            grade=roll.grade[moved],
            entered_on=arrival[moved],
            exited_on=exit_day[moved],
            reason=reason[moved],
            known_on=arrival[moved],
            exit_known_on=known_on[moved],
        )


def hide_exits_after(columns: dict[str, np.ndarray], *, ends_on: int) -> dict[str, np.ndarray]:
    """Return enrolments as they stand on `ends_on`: an exit not known by then is still open."""
    unknown = columns["exit_known_on"] > ends_on
    return columns | {
        "exited_on": np.where(unknown, NEVER, columns["exited_on"]),
        "reason": np.where(unknown, 0, columns["reason"]).astype(np.int8),
        "exit_known_on": np.where(unknown, NEVER, columns["exit_known_on"]),
    }
