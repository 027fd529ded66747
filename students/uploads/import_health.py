"""How well the records arrive, source by source, and what whoever reads a list must be warned of."""

from __future__ import annotations

import datetime as dt
import statistics
from dataclasses import dataclass

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts import scope
from students.models import Term
from students.records import attendance_days, record_words
from students.records.attendance_days import MissingDays, Newest
from students.uploads import source_files
from students.uploads.source_files import MergedFile, SourceFiles

FEWER_SHARE = 0.4
# Below ten rows forty percent are nothing but chance.
FEWEST_ROWS = 10
# After a month a small file is no news any more.
NEWS_FOR = dt.timedelta(days=30)
# No summer and no holiday within the terms lasts longer: after that the calendar itself is out of date.
LONGEST_SUMMER = dt.timedelta(days=100)
LONGEST_HOLIDAY = dt.timedelta(days=21)
TERM_REMEMBERED = dt.timedelta(days=120)
SCHOOL_DAYS_FOR_GRADES = 10
# Within a fifth of the usual rows nothing is worth a word.
STEADY_SHARE = 0.2
STRETCHES_NAMED = 4
FRIDAY = 4
BAR_HEIGHT, BAR_STEP = 24, 9


@dataclass(frozen=True, kw_only=True)
class DataWarning:
    """What whoever reads a list must know of its records, since when, and what to do about it."""

    kind: str
    sentence: str
    advice: str
    since: dt.date


@dataclass(frozen=True, kw_only=True)
class Bar:
    """One file in the little drawing of a source's last files: a bar as high as it had rows, the largest 24."""

    n_rows: int
    x: int
    y: int
    height: int


@dataclass(frozen=True, kw_only=True)
class SourceHealth:
    """How one source does, in words and bars, the oldest file first."""

    name: str
    kinds: str
    last: MergedFile | None
    bars: tuple[Bar, ...]
    trend: str
    expected_on: dt.date | None
    sentences: tuple[str, ...]

    @property
    def bars_width(self) -> int:
        """Return how wide the drawing of the bars is."""
        return BAR_STEP * len(self.bars)


@dataclass(frozen=True, kw_only=True)
class Health:
    """Everything the page of the records says of how they arrive."""

    sources: tuple[SourceHealth, ...]
    warnings: tuple[DataWarning, ...]
    missing: tuple[str, ...]


def health(*, today: dt.date) -> Health | None:
    """Return how the records arrive; None as long as nothing came."""
    sources = tuple(health_of_sources(today=today))
    old = tuple(_of_calendar(today=today))
    missing = tuple(_missing_words(days) for days in attendance_days.missing_days(today=today))
    return Health(sources=sources, warnings=old, missing=missing) if sources or old or missing else None


def health_of_sources(*, today: dt.date) -> list[SourceHealth]:
    """Return how each source does, those that want attention first."""
    found = [_health_of(source, today) for source in source_files.sources(today=today)]
    return sorted(found, key=lambda source: (not source.sentences, source.name.lower()))


def warnings(*, today: dt.date, school_id: int | None = None) -> list[DataWarning]:
    """Return what readers of a list must know of its records; with `school_id`, of one school's.

    Without a calendar nobody can say how old attendance is: a flat cohort comes once and never grows old.
    """
    found = _of_calendar(today=today, school_id=school_id)
    return found + [warning for source in source_files.sources(today=today) for warning in _of_source(source, today)]


def _of_calendar(*, today: dt.date, school_id: int | None = None) -> list[DataWarning]:
    """Warn of what is old by the institution's own calendar."""
    days = attendance_days.school_days_until(today=today)
    if not days:
        return []
    terms = list(Term.objects.filter(institution_id=scope.current().institution_id).order_by("ends_on"))
    in_term = any(term.starts_on <= today <= term.ends_on for term in terms)
    if today - days[0] > (LONGEST_HOLIDAY if in_term else LONGEST_SUMMER):
        sentence = _("The newest school day on record is %(day)s.") % {"day": _written(days[0])}
        advice = _("Newer absences cannot be counted until the calendar is brought in.")
        return [DataWarning(kind="calendar", sentence=sentence, advice=advice, since=days[0])]
    overall, *schools = attendance_days.newest(today=today, school_id=school_id)
    told_apart = [one for one in schools if one.n_students >= attendance_days.FEWEST_STUDENTS]
    attendance = _of_attendance([overall], days, today) or _of_attendance(told_apart, days, today)
    return attendance + _of_grades(overall, terms, days, today)


def _of_attendance(newest: list[Newest], days: list[dt.date], today: dt.date) -> list[DataWarning]:
    """Warn where the newest day lies more school days back than files take to arrive."""
    found = []
    for one in newest:
        if one.attendance is None or sum(day > one.attendance for day in days) <= attendance_days.DAYS_OF_GRACE:
            continue
        n_days = (today - one.attendance).days
        words = {"n": n_days, "school": one.school}
        if one.school:
            sentence = ngettext(
                "Attendance of %(school)s is %(n)s day old.", "Attendance of %(school)s is %(n)s days old.", n_days
            )
        else:
            sentence = ngettext("Attendance is %(n)s day old.", "Attendance is %(n)s days old.", n_days)
        advice = _("The newest is of %(day)s. Ask the school before you call a family about absences.")
        found.append(
            DataWarning(
                kind="attendance",
                sentence=sentence % words,
                advice=advice % {"day": _written(one.attendance)},
                since=one.attendance,
            )
        )
    return found


def _of_grades(newest: Newest, terms: list[Term], days: list[dt.date], today: dt.date) -> list[DataWarning]:
    """Warn where a term ended a while ago and no grade of it came, though grades are kept."""
    if newest.grade is None or len(days) < SCHOOL_DAYS_FOR_GRADES:
        return []
    due_on = days[SCHOOL_DAYS_FOR_GRADES - 1]
    ended = [term for term in terms if today - TERM_REMEMBERED <= term.ends_on < due_on]
    if not ended or newest.grade >= ended[-1].starts_on:
        return []
    ended_on = ended[-1].ends_on
    n_days = (today - ended_on).days
    sentence = ngettext(
        "The last term ended %(n)s day ago, and its grades are not here.",
        "The last term ended %(n)s days ago, and its grades are not here.",
        n_days,
    )
    advice = _("The newest grade is of %(day)s.") % {"day": _written(newest.grade)}
    return [DataWarning(kind="grades", sentence=sentence % {"n": n_days}, advice=advice, since=ended_on)]


def _of_source(source: SourceFiles, today: dt.date) -> list[DataWarning]:
    """Warn of a source that is late, and of a last file that was empty or much smaller than the one before."""
    found = _of_rows(source, today) if source.files else []
    if source.expected_on and today > source.expected_on:
        n_days = (today - source.expected_on).days
        sentence = ngettext(
            "The file from “%(name)s” is %(n)s day late.", "The file from “%(name)s” is %(n)s days late.", n_days
        )
        advice = _("It was expected on %(day)s. Newer records may be missing.")
        found.append(
            DataWarning(
                kind="late",
                sentence=sentence % {"name": source.name, "n": n_days},
                advice=advice % {"day": _written(source.expected_on)},
                since=source.expected_on,
            )
        )
    return found


def _of_rows(source: SourceFiles, today: dt.date) -> list[DataWarning]:
    last, *before = [file for file in source.files if file.is_complete == source.files[0].is_complete]
    if today - last.merged_on > NEWS_FOR:
        return []
    if not last.n_rows and not set(source.kinds) & set(_file_words()):
        return [_of_one_file(_("The last file from “%(name)s” was empty.") % {"name": source.name}, "empty", last)]
    found = []
    for kind, words in _file_words().items():
        rows = [file.rows.get(kind, 0) for file in before]
        n_rows, n_before = last.rows.get(kind, 0), rows[0] if rows else 0
        # The one before may have been a whole year at once: the files before it have a say as well.
        if kind in source.kinds and not n_rows:
            found.append(_of_one_file(_("The last %(kind)s file was empty.") % {"kind": words}, "empty", last))
        elif n_before >= FEWEST_ROWS and n_rows <= (1 - FEWER_SHARE) * min(n_before, statistics.median(rows)):
            sentence = _("The last %(kind)s file had %(share)s fewer rows than the one before.")
            share = f"{int(100 * (1 - n_rows / n_before))}%"
            found.append(_of_one_file(sentence % {"kind": words, "share": share}, "smaller", last))
    return found


def _of_one_file(sentence: str, kind: str, file: MergedFile) -> DataWarning:
    advice = _("It came on %(day)s. Some records may be missing.") % {"day": _written(file.merged_on)}
    return DataWarning(kind=kind, sentence=sentence, advice=advice, since=file.merged_on)


def _file_words() -> dict[str, str]:
    """Return what a file of each kind that lists are made from is called, the most telling first."""
    return {
        "attendance": _("attendance"),
        "grades": _("grades"),
        "discipline": _("incidents"),
        "students": _("students"),
        "enrolments": _("enrolments"),
        "attributes": _("attributes"),
    }


def _health_of(source: SourceFiles, today: dt.date) -> SourceHealth:
    labels = [str(record_words.LABELS[kind]) for kind in source.kinds]
    return SourceHealth(
        name=source.name,
        kinds=", ".join([*labels[:1], *[label.lower() for label in labels[1:]]]),
        last=source.files[0] if source.files else None,
        bars=_bars([file.n_rows for file in reversed(source.files)]),
        trend=_trend(source.files),
        expected_on=source.expected_on,
        sentences=tuple(warning.sentence for warning in _of_source(source, today)),
    )


def _bars(rows: list[int]) -> tuple[Bar, ...]:
    heights = [max(1, round(BAR_HEIGHT * n_rows / max(1, *rows))) for n_rows in rows]
    return tuple(
        Bar(n_rows=n_rows, x=place * BAR_STEP, y=BAR_HEIGHT - height, height=height)
        for place, (n_rows, height) in enumerate(zip(rows, heights, strict=True))
    )


def _trend(files: tuple[MergedFile, ...]) -> str:
    """Say how the last file compares with those before."""
    if len(files) < 2:
        return ""
    usual = statistics.median(file.n_rows for file in files[1:])
    if files[0].n_rows < (1 - STEADY_SHARE) * usual:
        return _("Fewer rows than usual")
    if files[0].n_rows > (1 + STEADY_SHARE) * usual:
        return _("More rows than usual")
    return _("About as many rows as usual")


def _missing_words(missing: MissingDays) -> str:
    """Say on which school days attendance is missing, and where."""
    n, stretches = len(missing.days), _stretches(missing.days)
    days = ", ".join(stretches[-STRETCHES_NAMED:])
    if len(stretches) > STRETCHES_NAMED:
        days = _("the last ones %(days)s") % {"days": days}
    if missing.school:
        sentence = ngettext(
            "%(school)s: no attendance on %(n)s school day (%(days)s).",
            "%(school)s: no attendance on %(n)s school days (%(days)s).",
            n,
        )
    else:
        sentence = ngettext(
            "No attendance on %(n)s school day (%(days)s).", "No attendance on %(n)s school days (%(days)s).", n
        )
    return sentence % {"n": n, "school": missing.school, "days": days}


def _stretches(days: tuple[dt.date, ...]) -> list[str]:
    """Write days that follow each other, but for a weekend, as one stretch: "3 March, 9–11 March"."""
    stretches: list[list[dt.date]] = []
    for day in days:
        before = stretches[-1][-1] if stretches else dt.date.min
        follows = (day - before).days == 1 or ((day - before).days == 3 and before.weekday() == FRIDAY)
        if follows:
            stretches[-1].append(day)
        else:
            stretches.append([day])
    return [_stretch(stretch[0], stretch[-1]) for stretch in stretches]


def _stretch(first: dt.date, last: dt.date) -> str:
    written = date_format(last, _("j F"))
    if first == last:
        return written
    if first.month == last.month:
        return f"{date_format(first, _('j'))}–{written}"
    return f"{date_format(first, _('j F'))} – {written}"


def _written(day: dt.date) -> str:
    return date_format(day, _("j F Y"))
