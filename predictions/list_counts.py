"""How many students a person sees on the list, and how many match: read off what was counted when it was made."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import connection
from django.db.models import Count, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from accounts import scope
from predictions.models import CurrentRisk, HelpState, ListCount, Tier

if TYPE_CHECKING:
    from predictions.risk_list import Filters


@dataclass(frozen=True, kw_only=True)
class Counts:
    """Students of the list as one person sees it: all, those left out, those the filters leave, those to review first.

    Of the last, without those left out, also the sum of their risks; None where nobody estimated any.
    """

    n_all: int
    n_left_out: int
    n_matching: int
    n_review_first: int
    risk_review_first: float | None
    # Where anybody of the list stands.
    schools: frozenset[int]
    grade_levels: frozenset[str]


def count_anew() -> None:
    """Count the list of the institution in scope, in the transaction that makes it."""
    institution = scope.current().institution_id
    ListCount.objects.all().delete()
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO predictions_listcount (institution_id, school_id, grade_level, tier, n, risk_sum)
            SELECT institution_id, school_id, grade_level, tier, count(*), sum(risk)
            FROM predictions_currentrisk WHERE institution_id = %s
            GROUP BY institution_id, school_id, grade_level, tier
            """,
            [institution],
        )


def counts(*, seen: QuerySet[CurrentRisk], is_whole: bool, filters: Filters, narrowing: Q, left_out: Q) -> Counts:
    """Return the counts of a page of the list.

    :param seen: the list as the person sees it
    :param is_whole: whether that is all of it, as it was counted, or some counsellor's students
    :param narrowing: what the filters ask for, whether they ask for those left out aside
    :param left_out: whom staff left out today
    """
    part, first = _part(filters), Q(tier=Tier.REVIEW_FIRST)
    kept = list(_counted(part, first) if is_whole else _counted_now(seen, part, first))
    gone = seen.filter(left_out).aggregate(
        n=Count("pk"),
        n_matching=Count("pk", filter=narrowing),
        n_part=Count("pk", filter=part),
        n_first=Count("pk", filter=first),
        risk_first=Coalesce(Sum("risk", filter=first), 0.0),
    )
    if filters.left:
        n_matching = gone["n_matching"]
    elif filters.q or filters.help in {HelpState.OPEN, HelpState.ENDED}:
        n_matching = seen.filter(narrowing & ~left_out).count()
    else:
        n_matching = sum(row["n_part"] for row in kept) - gone["n_part"]
        if filters.help:
            # Everybody less the few with help.
            n_matching -= seen.filter(part & ~Q(help_state=HelpState.NONE) & ~left_out).count()
    risks = [row["risk_first"] for row in kept if row["risk_first"] is not None]
    return Counts(
        n_all=sum(row["n_all"] for row in kept),
        n_left_out=gone["n"],
        n_matching=n_matching,
        n_review_first=sum(row["n_first"] for row in kept) - gone["n_first"],
        risk_review_first=sum(risks) - gone["risk_first"] if risks else None,
        schools=frozenset(row["school_id"] for row in kept),
        grade_levels=frozenset(row["grade_level"] for row in kept),
    )


def _counted(part: Q, first: Q) -> Iterable[Any]:
    return (
        ListCount.objects.values("school_id", "grade_level")
        .order_by()
        .annotate(
            n_all=Sum("n"),
            n_part=Coalesce(Sum("n", filter=part), 0),
            n_first=Coalesce(Sum("n", filter=first), 0),
            risk_first=Sum("risk_sum", filter=first),
        )
    )


def _counted_now(seen: QuerySet[CurrentRisk], part: Q, first: Q) -> Iterable[Any]:
    return (
        seen.values("school_id", "grade_level")
        .order_by()
        .annotate(
            n_all=Count("pk"),
            n_part=Count("pk", filter=part),
            n_first=Count("pk", filter=first),
            risk_first=Sum("risk", filter=first),
        )
    )


def _part(filters: Filters) -> Q:
    """Return what the filters ask of a part that is counted with the list."""
    wanted = {"school_id": filters.school, "grade_level": filters.grade, "tier": filters.tier}
    return Q(**{name: value for name, value in wanted.items() if value})
