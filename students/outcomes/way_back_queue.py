"""Cases of the way back as a queue: one's own, late, open or ended; by school; turned over by key."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from django.db.models import Q, TextChoices
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import scope
from accounts.models import School, User
from accounts.scope import ScopedQuerySet
from students.models import ReengagementCase
from students.records.day_places import Place

PAGE_SIZE = 50
# Beyond this many late ones no number helps, and to count them all reads them all.
MOST_COUNTED = 99


class Show(TextChoices):
    """The parts of the queue."""

    MINE = "mine", gettext_lazy("Mine")
    OVERDUE = "overdue", gettext_lazy("Late")
    OPEN = "open", gettext_lazy("Open")
    ENDED = "ended", gettext_lazy("Ended")


@dataclass(frozen=True, kw_only=True)
class Filters:
    """What the person asked for, as it stands in the address."""

    show: Show = Show.OPEN
    school: str = ""
    after: Place | None = None

    @classmethod
    def from_query(cls, query: Any, *, user: User) -> Filters:
        """Read the address; what is not understood counts as not asked.

        Where nothing is said of it, the queue begins with one's own cases, if there are any.
        """
        show, school = query.get("show", ""), query.get("school", "")
        found = cls(
            show=Show(show) if show in Show.values else Show.OPEN,
            school=school if school.isascii() and school.isdigit() and len(school) < 19 else "",  # noqa: PLR2004
            after=Place.from_text(query.get("after", "")),
        )
        if show in Show.values or found.school:
            return found
        has_own = _open_ones(user).filter(owner=user).exists()
        return replace(found, show=Show.MINE if has_own else Show.OPEN)

    def url(self, **changes: Any) -> str:
        """Return the queue's address with some of the filters changed; changing one returns to the first page."""
        asked = replace(self, **({"after": None} | changes))
        narrowed = {name: str(value) for name in ("school", "after") if (value := getattr(asked, name))}
        return f"{reverse('way_back')}?{urlencode({'show': asked.show.value} | narrowed)}"


def queue(*, user: User, filters: Filters, today: dt.date) -> dict[str, Any]:
    """Return everything the queue's page shows to one person."""
    keys = _keys(user, filters, today)
    if filters.after and not keys:
        # What stood there is done, or the address was made up.
        filters = replace(filters, after=None)
        keys = _keys(user, filters, today)
    shown = keys[:PAGE_SIZE]
    last = Place(day=shown[-1][0], row=shown[-1][1]) if len(keys) > PAGE_SIZE else None
    found = ReengagementCase.objects.select_related("student__school", "owner", "outcome")
    by_key = found.in_bulk([pk for _day, pk in shown])
    cases = [by_key[pk] for _day, pk in shown if pk in by_key]
    return {
        "filters": filters,
        "rows": [{"case": case, "is_late": case.due_on is not None and case.due_on < today} for case in cases],
        "subjects": sorted({case.student.public_id for case in cases}),
        "n_late": _open_ones(user).filter(due_on__lt=today)[: MOST_COUNTED + 1].count(),
        "most_counted": MOST_COUNTED,
        "tabs": [{"url": filters.url(show=show), "label": show.label, "is_on": show is filters.show} for show in Show],
        "first_url": filters.url() if filters.after else None,
        "next_url": filters.url(after=last) if last else None,
        "schools": _schools(),
        "empty": None if shown else _empty(filters),
    }


def _open_ones(user: User) -> ScopedQuerySet:
    return ReengagementCase.objects.visible_to(user).filter(due_on__isnull=False)


def _keys(user: User, filters: Filters, today: dt.date) -> list[tuple[dt.date, int]]:
    """Return day and number of the first cases beyond a place, one more than a page holds, as an index has them."""
    if filters.show == Show.ENDED:
        rows, day = ReengagementCase.objects.visible_to(user).filter(ended_on__isnull=False), "ended_on"
        order = ("-ended_on", "-pk")
    else:
        rows, day, order = _open_ones(user), "due_on", ("due_on", "pk")
    if filters.show == Show.MINE:
        rows = rows.filter(owner=user)
    if filters.show == Show.OVERDUE:
        rows = rows.filter(due_on__lt=today)
    if filters.school:
        rows = rows.filter(student__school_id=filters.school)
    if at := filters.after:
        on, past = ("lte", "lt") if filters.show == Show.ENDED else ("gte", "gt")
        # The first condition is where the index begins; the second leaves out who has the same day.
        beyond = Q(**{f"{day}__{past}": at.day}) | Q(**{f"pk__{past}": at.row})
        rows = rows.filter(beyond, **{f"{day}__{on}": at.day})
    return list(rows.order_by(*order).values_list(day, "pk")[: PAGE_SIZE + 1])


def _schools() -> list[dict[str, str]]:
    """Return the schools one sees, where they are several."""
    seen = scope.current()
    schools = School.objects.filter(institution_id=seen.institution_id).order_by("name")
    if seen.school_ids is not None:
        schools = schools.filter(pk__in=seen.school_ids)
    names = [{"value": str(school.pk), "label": school.name} for school in schools]
    return names if len(names) > 1 else []


def _empty(filters: Filters) -> dict[str, Any]:
    """Say what would fill an empty page, and where to look instead."""
    if filters.school:
        action = {"url": filters.url(school=""), "label": _("Show every school")}
        return {"title": _("Nothing matches."), "sentence": _("Choose every school to see more."), "action": action}
    if filters.show == Show.MINE:
        action = {"url": filters.url(show=Show.OPEN), "label": _("Show everybody's")}
        return {
            "title": _("You carry no case now."),
            "sentence": _("Cases given to you appear here."),
            "action": action,
        }
    if filters.show == Show.OVERDUE:
        action = {"url": filters.url(show=Show.OPEN), "label": _("See what is open")}
        return {"title": _("Nothing is late."), "sentence": _("Every step is within its days."), "action": action}
    if filters.show == Show.OPEN:
        sentence = _("When somebody leaves before finishing, a case opens here by itself.")
        return {"title": _("No case is open."), "sentence": sentence}
    return {"title": _("No case has ended yet."), "sentence": _("How each one ended stands here.")}
