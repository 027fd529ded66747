"""One page of the list: by keyset, so that page 1,000 costs what page 1 does, and the rows of the list alone.

Of 300,000 students an index names the 50 of a page; only of these are names and scores looked up, by their keys. Joined
first and cut after, the planner may read the whole institution (docs/decisions/0021).
"""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import F, Q, QuerySet

from accounts import planner, scope
from predictions.models import CurrentRisk, Tier
from students.models import Student

# Each of few schools has an index of its own, and what they give is merged; of many, one walk over all finds enough.
MOST_MERGED = 24


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where in the list a page begins: after or before a student, whose number in the list is known from there."""

    after: str = ""
    before: str = ""
    # The number of the page's first student.
    start: int = 1
    # The list that was turned over; of a newer one the first page is shown.
    list: str = ""

    @classmethod
    def from_query(cls, query: Any) -> Place:
        """Read the address; what is not understood is the first page."""
        start = query.get("from", "")
        after, before = (_as_key(query.get(name, "")) for name in ("after", "before"))
        if not (start.isascii() and start.isdigit() and len(start) < 9 and int(start)) or bool(after) == bool(before):
            return cls()
        return cls(after=after, before=before, start=int(start), list=_as_key(query.get("list", "")))

    def as_query(self) -> dict[str, str]:
        """Return what stands of it in an address."""
        if not (self.after or self.before):
            return {}
        key = {"after": self.after} if self.after else {"before": self.before}
        return {**key, "from": str(self.start), "list": self.list}


def _as_key(text: str) -> str:
    try:
        return str(uuid.UUID(text)) if text else ""
    except ValueError:
        return ""


@dataclass(frozen=True, kw_only=True)
class Part:
    """A part of an order that one index walks through, by a column and then by student."""

    key: str
    which: Q
    holds: Callable[[CurrentRisk], bool]

    def of(self, rows: QuerySet[CurrentRisk], at: CurrentRisk | None, *, back: bool) -> QuerySet[CurrentRisk]:
        """Return the part's rows beyond a student, or all of it."""
        rows = rows.filter(self.which)
        if at is None:
            return rows
        value, on, past = getattr(at, self.key), *(("lte", "lt") if back else ("gte", "gt"))
        if value is None:
            return rows.filter(**{f"student_id__{past}": at.student_id})
        # The first condition is where the index begins; the second leaves out who has the same value.
        beyond = Q(**{f"{self.key}__{past}": value}) | Q(**{f"student_id__{past}": at.student_id})
        return rows.filter(beyond, **{f"{self.key}__{on}": value})


_UNRANKED = Part(key="rank", which=Q(rank=None), holds=lambda row: row.rank is None)
# Students too little known have no rank; they come last, never first.
ORDERS: dict[str, tuple[Part, ...]] = {
    "risk": (Part(key="rank", which=Q(rank__isnull=False), holds=lambda row: row.rank is not None), _UNRANKED),
    "new": (
        Part(key="rank", which=Q(rank__isnull=False, is_new=True), holds=lambda row: row.is_new),
        Part(
            key="rank",
            which=Q(rank__isnull=False, is_new=False),
            holds=lambda row: row.rank is not None and not row.is_new,
        ),
        _UNRANKED,
    ),
    "name": (Part(key="search_name", which=Q(), holds=lambda _row: True),),
}


def along_indexes() -> contextlib.AbstractContextManager[None]:
    """Have the planner walk along indexes in their order for the length of a block.

    Every order of the list has its index. Without statistics, as right after a list was made, the planner takes an
    institution for a handful of rows, and reads and sorts them all.
    """
    return planner.without("sort", "seqscan", "bitmapscan")


def page(
    rows: QuerySet[CurrentRisk], order: str, place: Place, *, size: int, of_one_school: bool = False
) -> tuple[list[CurrentRisk], Place]:
    """Return the rows of a page, and where it begins.

    One more than `size` where there are more students in the direction that was asked for. A student who is not seen
    any more begins the first page.

    :param rows: all rows that the filters leave
    :param of_one_school: whether they are of one school alone, whose index is enough
    """
    at = _of(place.after or place.before) if place.list else None
    if at is None:
        place = Place()
    back = bool(place.before)
    found = _walked(rows, ORDERS[order], at, back=back, n=size + 1, merges=not of_one_school)
    if back:
        # The extra one is the first of the page before.
        found = found[::-1]
    return found, place


def _of(public_id: str) -> CurrentRisk | None:
    """Return the row of a student; by the key, for which the list has an index."""
    # Not first(): it puts the rows in an order, and the planner walks along all of them in it.
    students = Student.objects.filter(public_id=public_id).order_by().values_list("pk", flat=True)
    return next((CurrentRisk.objects.filter(pk=pk).first() for pk in students), None)


def _walked(  # noqa: PLR0913
    rows: QuerySet[CurrentRisk], parts: Sequence[Part], at: CurrentRisk | None, *, back: bool, n: int, merges: bool
) -> list[CurrentRisk]:
    parts = parts[::-1] if back else parts
    first = 0 if at is None else next(place for place, part in enumerate(parts) if part.holds(at))
    found: list[CurrentRisk] = []
    for part in parts[first:]:
        if len(found) < n:
            found += _nearest(part.of(rows, at, back=back), part.key, n - len(found), back=back, merges=merges)
        at = None
    return found


def _nearest(rows: QuerySet[Any], key: str, n: int, *, back: bool = False, merges: bool = True) -> QuerySet[Any]:
    """Return the first rows by a key, or the last ones first."""
    order = [F(name).desc() if back else F(name).asc() for name in (key, "student_id")]
    schools = scope.current().school_ids
    if not merges or schools is None or not 1 < len(schools) <= MOST_MERGED:
        return rows.order_by(*order)[:n]
    each = [rows.filter(school_id=school).order_by(*order)[:n] for school in schools]
    return each[0].union(*each[1:], all=True).order_by(*order)[:n]


def first_ranked(rows: QuerySet[CurrentRisk], n: int) -> list[tuple[float | None, int]]:
    """Return risk and score of the first of a list by rank."""
    columns = rows.filter(rank__isnull=False).values_list("rank", "student_id", "risk", "score_id")
    return [(risk, score) for _rank, _student, risk, score in _nearest(columns, "rank", n)]


def above_the_line(rows: QuerySet[CurrentRisk]) -> QuerySet[CurrentRisk]:
    """Return of some rows those of the first tier, which is a stretch of ranks: no walk for them goes beyond it.

    With the tier alone, whoever asks for more than there are has the whole institution read.
    """
    others = rows.filter(rank__isnull=False).exclude(tier=Tier.REVIEW_FIRST).values_list("rank", "student_id")
    with along_indexes():
        beyond = next(iter(_nearest(others, "rank", 1)), None)
    above = rows.filter(tier=Tier.REVIEW_FIRST)
    return above if beyond is None else above.filter(rank__lte=beyond[0])


def first_rows(rows: QuerySet[CurrentRisk], n: int, *, is_own: bool) -> list[CurrentRisk]:
    """Return the first of a list by rank.

    :param is_own: whether they are one counsellor's students, who are few: the planner may choose
    """
    ranked = rows.filter(rank__isnull=False)
    if is_own:
        return list(ranked.order_by("rank", "student_id")[:n])
    with along_indexes():
        return list(_nearest(ranked, "rank", n))
