"""What a page says of how many there are is what is there, whatever is filtered for and whoever asks."""

import datetime as dt
import itertools

import pytest
from django.db.models import Q

from accounts import scope
from predictions import list_counts
from predictions.models import CurrentRisk, HelpState, ListCount, Tier
from predictions.risk_list import Filters, _narrowing, is_left_out

TODAY = dt.date(2025, 3, 3)


@pytest.fixture
def listed(riverside):
    """The list, of which some get help or got it, and some were left out, for good, until today and beyond."""
    with scope.entered(scope.of_institution(riverside)):
        rows = list(CurrentRisk.objects.order_by("rank"))
        for place, row in enumerate(rows):
            row.help_state = [HelpState.NONE, HelpState.NONE, HelpState.OPEN, HelpState.ENDED][place % 4]
            row.is_left_out = place % 3 == 0
            row.left_out_until = [None, TODAY, TODAY + dt.timedelta(days=1)][place // 3 % 3]
        CurrentRisk.objects.bulk_update(rows, ["help_state", "is_left_out", "left_out_until"])
    return rows


def brute(filters):
    """Count the hard way."""
    rows = [row for row in CurrentRisk.objects.all()]
    gone = {row.pk for row in rows if row.is_left_out and (row.left_out_until is None or row.left_out_until > TODAY)}
    matching = set(CurrentRisk.objects.filter(_narrowing(filters)).values_list("pk", flat=True))
    matching = matching & gone if filters.left else matching - gone
    first = [row.risk for row in rows if row.tier == Tier.REVIEW_FIRST and row.pk not in gone]
    return len(rows), len(gone), len(matching), len(first), pytest.approx(sum(first))


def counted(filters, *, is_whole=True):
    found = list_counts.counts(
        seen=CurrentRisk.objects.all(),
        is_whole=is_whole,
        filters=filters,
        narrowing=_narrowing(filters),
        left_out=is_left_out(TODAY),
    )
    return found.n_all, found.n_left_out, found.n_matching, found.n_review_first, found.risk_review_first


@pytest.mark.parametrize("role", ["every school", "one school", "two schools"])
def test_counts_of_every_filter_are_those_of_the_rows(riverside, listed, role):
    schools = sorted({row.school_id for row in listed})
    own = {"every school": None, "one school": tuple(schools[:1]), "two schools": tuple(schools[:2])}[role]
    grades = sorted({row.grade_level for row in listed})[:2]
    asked = itertools.product(["", str(schools[0])], ["", *grades], ["", "check_in"], ["", *HelpState.values], [0, 1])

    with scope.entered(scope.Scope(institution_id=riverside.pk, school_ids=own)):
        for school, grade, tier, help_state, left in asked:
            filters = Filters(school=school, grade=grade, tier=tier, help=help_state, left=bool(left))
            assert counted(filters) == counted(filters, is_whole=False) == brute(filters), filters
        search = Filters(q=listed[0].search_name[:3])
        assert counted(search) == brute(search)


def test_a_list_made_anew_is_counted_anew(riverside, listed):
    with scope.entered(scope.of_institution(riverside)):
        CurrentRisk.objects.filter(pk__in=[row.pk for row in listed[:10]]).delete()
        list_counts.count_anew()
        parts = ListCount.objects.all()

        assert sum(part.n for part in parts) == len(listed) - 10
        for part in parts:
            rows = CurrentRisk.objects.filter(Q(school=part.school, grade_level=part.grade_level, tier=part.tier))
            assert part.n == len(rows)
