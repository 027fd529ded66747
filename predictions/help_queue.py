"""The queue of help: what is due, late, under way or over; narrowed, turned over by key, and as a file.

What people recorded and what came by file stand in it as one: who carries help is a person of the plan, or the name
that the file gave.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from django.db.models import Exists, OuterRef, Q, QuerySet, TextChoices
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import scope
from accounts.models import School, User
from predictions.models import ListCount
from predictions.wording import grade_words
from students.help import help_due, help_kinds, interventions
from students.help.help_kinds import KindOfHelp
from students.importing import spreadsheet_cells
from students.models import HelpEnd, HelpPlan, Intervention
from students.records.day_places import Place

PAGE_SIZE = 50
# Beyond this many late ones no number helps, and to count them all reads them all.
MOST_COUNTED = 99
# A file is put together in memory.
MOST_IN_FILE = 5_000
MINE, EVERYBODY = "mine", "everybody"


class Show(TextChoices):
    """The parts of the queue."""

    DUE = "due", gettext_lazy("Due this week or late")
    OVERDUE = "overdue", gettext_lazy("Late")
    OPEN = "open", gettext_lazy("Under way")
    CLOSED = "closed", gettext_lazy("Over")

    @property
    def is_by_plan(self) -> bool:
        """Tell whether it is found by the day on which something is due, the earliest first."""
        return self in (Show.DUE, Show.OVERDUE)


@dataclass(frozen=True, kw_only=True)
class Filters:
    """What the person asked for, as it stands in the address."""

    show: Show = Show.DUE
    whose: str = EVERYBODY
    school: str = ""
    kind: str = ""
    owner: str = ""
    grade: str = ""
    after: Place | None = None

    @classmethod
    def from_query(cls, query: Any, *, user: User, today: dt.date) -> Filters:
        """Read the address; what is not understood counts as not asked.

        Where nothing is said of it, the queue begins with what is due of one's own, if anything is.
        """
        show, whose, school = (query.get(name, "") for name in ("show", "whose", "school"))
        words = {name: query.get(name, "").replace("\x00", "").strip()[:150] for name in ("kind", "owner", "grade")}
        found = cls(
            show=Show(show) if show in Show.values else Show.DUE,
            whose=MINE if whose == MINE else EVERYBODY,
            school=school if school.isascii() and school.isdigit() and len(school) < 19 else "",
            after=Place.from_text(query.get("after", "")),
            **words,
        )
        if show or whose or found.narrows:
            return found
        mine = replace(found, whose=MINE)
        return mine if _plans(mine, user, today).exists() else found

    def url(self, **changes: Any) -> str:
        """Return the queue's address with some of the filters changed; changing one returns to the first page."""
        asked = replace(self, **({"after": None} | changes))
        narrowed = {name: getattr(asked, name) for name in ("school", "kind", "owner", "grade", "after")}
        query = {"show": asked.show.value, "whose": asked.whose} | {
            name: str(value) for name, value in narrowed.items() if value
        }
        return f"{reverse('interventions')}?{urlencode(query)}"

    @property
    def narrows(self) -> bool:
        """Tell whether the person chose among what a part holds."""
        return bool(self.school or self.kind or self.owner or self.grade)


def queue(*, user: User, filters: Filters, today: dt.date) -> dict[str, Any]:
    """Return everything the queue's page shows to one person."""
    keys = _keys(user, filters, today, n=PAGE_SIZE + 1)
    if filters.after and not keys:
        # What stood there is done, or the address was made up.
        filters = replace(filters, after=None)
        keys = _keys(user, filters, today, n=PAGE_SIZE + 1)
    kinds = help_kinds.by_code()
    shown = keys[:PAGE_SIZE]
    last = Place(day=shown[-1][0], row=shown[-1][1]) if len(keys) > PAGE_SIZE else None
    # Whatever narrows the page: among many that do not match, few are found late.
    late = Filters(show=Show.OVERDUE, whose=filters.whose)
    return {
        "filters": filters,
        "rows": [_row(given, today, kinds) for given in _given(shown)],
        "n_late": _plans(late, user, today)[: MOST_COUNTED + 1].count(),
        "most_counted": MOST_COUNTED,
        "tabs": [{"url": filters.url(show=show), "label": show.label, "is_on": show is filters.show} for show in Show],
        "everybodys_url": filters.url(whose=EVERYBODY),
        "first_url": filters.url() if filters.after else None,
        "next_url": filters.url(after=last) if last else None,
        "file_url": filters.url() + "&format=csv",
        "empty": None if shown else _empty(filters),
        **_choices(filters, kinds),
    }


def as_file(*, user: User, filters: Filters, today: dt.date) -> tuple[str, list[Any], bool]:
    """Return what is filtered as CSV, the help in it, and whether there is more than a file holds."""
    keys = _keys(user, replace(filters, after=None), today, n=MOST_IN_FILE + 1)
    found = _given(keys[:MOST_IN_FILE])
    kinds = help_kinds.by_code()
    written = io.StringIO(newline="")
    writer = csv.writer(written, lineterminator="\r\n")
    names = ("student", "number", "school", "grade", "kind", "carried by", "since", "planned end", "next due")
    writer.writerow([*names, "ended on", "what for", "what came of it"])
    for given in found:
        row, student = _row(given, today, kinds), given.student
        days = [given.started_on, row["planned_end"], row["due"], row["ended_on"]]
        cells = [row["student_name"], student.external_id, student.school.name, student.grade_level, row["kind_label"]]
        cells += [row["owner"], *("" if day is None else day.isoformat() for day in days), given.goal, row["result"]]
        writer.writerow([spreadsheet_cells.safe(cell) for cell in cells])
    return written.getvalue(), found, len(keys) > MOST_IN_FILE


def _plans(filters: Filters, user: User, today: dt.date) -> QuerySet[HelpPlan]:
    due = help_due.due_soon(user, today=today)
    due = due.filter(next_due__lt=today) if filters.show == Show.OVERDUE else due
    return due.filter(_narrowing(filters, user, plan="", given="intervention__"))


def _keys(user: User, filters: Filters, today: dt.date, *, n: int) -> list[tuple[dt.date, int, int]]:
    """Return day, number and help of the first rows beyond a place, as an index has them."""
    at = filters.after
    if filters.show.is_by_plan:
        plans = _plans(filters, user, today)
        if at:
            plans = plans.filter(Q(next_due__gt=at.day) | Q(pk__gt=at.row), next_due__gte=at.day)
        keys = plans.order_by("next_due", "pk").values_list("next_due", "pk", "intervention_id")
        return [(day, pk, given) for day, pk, given in keys[:n] if day is not None]
    is_over = Q(ended_on__isnull=False) | Exists(HelpEnd.objects.filter(intervention_id=OuterRef("pk")))
    rows = Intervention.objects.visible_to(user).filter(is_over if filters.show == Show.CLOSED else ~is_over)
    rows = rows.filter(_narrowing(filters, user, plan="plan__", given=""))
    if at:
        rows = rows.filter(Q(started_on__lt=at.day) | Q(pk__lt=at.row), started_on__lte=at.day)
    return [(day, pk, pk) for day, pk in rows.order_by("-started_on", "-pk").values_list("started_on", "pk")[:n]]


def _narrowing(filters: Filters, user: User, *, plan: str, given: str) -> Q:
    """Return what the filters ask.

    :param plan: the way to the plan, where it is not the row itself
    :param given: the way to the help, where it is not the row itself
    """
    wanted = {"student__school_id": filters.school, "student__grade_level": filters.grade, f"{given}kind": filters.kind}
    asked = Q(**{name: value for name, value in wanted.items() if value})
    if filters.owner:
        named = Q(**{f"{plan}owner": None, f"{given}owner__icontains": filters.owner})
        asked &= named | Q(**{f"{plan}owner__display_name__icontains": filters.owner})
    if filters.whose == MINE:
        asked &= Q(**{f"{plan}owner": user})
    return asked


def _given(keys: list[tuple[dt.date, int, int]]) -> list[Any]:
    """Return the help of a page in its order: looked up by their keys once these are known."""
    of_page = interventions.with_ends(Intervention.objects.filter(pk__in=[given for _day, _row, given in keys]))
    found = {given.pk: given for given in of_page.select_related("student__school", "plan__owner")}
    return [found[given] for _day, _row, given in keys if given in found]


def _row(given: Any, today: dt.date, kinds: dict[str, KindOfHelp]) -> dict[str, Any]:
    plan, student = getattr(given, "plan", None), given.student
    student_url = reverse("student_page", args=[student.public_id])
    ended_on = given.last_day or given.ended_on
    due = plan.next_due if plan and not ended_on else None
    return {
        "public_id": student.public_id,
        "student_name": student.name,
        "grade_level": student.grade_level,
        "school_name": student.school.name,
        "url": reverse("help_page", args=[plan.public_id]) if plan else student_url,
        "kind_label": help_kinds.label(given.kind, kinds=kinds),
        "owner": plan.owner.display_name if plan and plan.owner else given.owner,
        "started_on": given.started_on,
        "ended_on": ended_on,
        "result": given.last_result or given.result,
        "goal": given.goal,
        "planned_end": plan.due_on if plan else None,
        "due": due,
        "is_late": due is not None and due < today,
        # The planned end and not only a look: the question is whether it really happened.
        "is_end": plan is not None and due is not None and due == plan.due_on,
    }


def _choices(filters: Filters, kinds: dict[str, KindOfHelp]) -> dict[str, Any]:
    """Return what can be chosen: the schools one sees, where they are several, the grades there, and every kind."""
    seen = scope.current()
    schools = School.objects.filter(institution_id=seen.institution_id).order_by("name")
    if seen.school_ids is not None:
        schools = schools.filter(pk__in=seen.school_ids)
    names = [{"value": str(school.pk), "label": school.name} for school in schools]
    # Counted with the list: to ask the students themselves reads them all.
    levels = set(ListCount.objects.order_by().values_list("grade_level", flat=True).distinct()) - {""}
    grades = sorted(levels, key=lambda level: (not level.isdigit(), level.zfill(3)))
    return {
        "schools": names if len(names) > 1 else [],
        "grades": [{"value": level, "label": grade_words(level)} for level in grades],
        "kinds": [
            {"value": kind.code, "label": kind.label}
            for kind in sorted(kinds.values(), key=lambda kind: kind.label.casefold())
        ],
        "whose": [{"value": EVERYBODY, "label": _("Everybody's")}, {"value": MINE, "label": _("Mine")}],
    }


def _empty(filters: Filters) -> dict[str, Any]:
    """Say what would fill an empty page, and where to look instead."""
    if filters.narrows:
        everything = filters.url(school="", kind="", owner="", grade="")
        return _said(_("Nothing matches."), _("Remove a filter to see more."), everything, _("Remove the filters"))
    if filters.whose == MINE:
        titles = {
            Show.DUE: _("Nothing of yours is due this week."),
            Show.OVERDUE: _("Nothing of yours is late."),
            Show.OPEN: _("You carry no help now."),
            Show.CLOSED: _("No help of yours has ended yet."),
        }
        words = _("Help whose plan names you appears here.")
        return _said(titles[filters.show], words, filters.url(whose=EVERYBODY), _("Show everybody's"))
    if filters.show.is_by_plan:
        title = _("Nothing is due this week.") if filters.show == Show.DUE else _("Nothing is late.")
        words = _("Looks and planned ends appear here a week ahead.")
        return _said(title, words, filters.url(show=Show.OPEN), _("See what is under way"))
    if filters.show == Show.OPEN:
        words = _("Open a student's page and record what was done. It appears here.")
        return {"title": _("No help is under way."), "sentence": words}
    return {"title": _("No help has ended yet."), "sentence": _("What came of it stands here once somebody says so.")}


def _said(title: str, sentence: str, url: str, label: str) -> dict[str, Any]:
    return {"title": title, "sentence": sentence, "action": {"url": url, "label": label}}
