"""The ranked list of the students a person may see: filtered, sorted, paged, with the line drawn at capacity."""

from __future__ import annotations

import contextlib
import datetime as dt
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any
from urllib.parse import urlencode

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import Institution, Membership, School
from accounts.permissions import can
from modeling.promotion import model_switch
from predictions import capacities, list_counts, list_pages, list_rows, rule_wording, runs, wording
from predictions.capacities import Capacity, Whose
from predictions.list_counts import Counts
from predictions.list_pages import ORDERS, Place
from predictions.models import CurrentRisk, DecidedBy, HelpState, RiskScore, ScoringRun, Tier
from predictions.wording import grade_words
from students.models import Student
from students.people import caseloads

PAGE_SIZE = 50


class WhoseStudents(StrEnum):
    """Whose students a list is of."""

    MINE = "mine"
    ALL = "all"
    NOBODY = "nobody"


@dataclass(frozen=True, kw_only=True)
class Filters:
    """What the person asked for, as it stands in the address."""

    q: str = ""
    school: str = ""
    grade: str = ""
    tier: str = ""
    help: str = ""
    left: bool = False
    # "mine", "all", "nobody": whose students; "" where nobody asked, which is mine where there are any.
    whose: str = ""
    sort: str = "risk"
    estimates: bool = False
    place: Place = Place()

    @classmethod
    def from_query(cls, query: Any) -> Filters:
        """Read the address; what is not understood counts as not asked."""
        sort = query.get("sort", "risk")
        school = query.get("school", "")
        return cls(
            q=query.get("q", "").replace("\x00", "").strip()[:100],
            school=school if school.isascii() and school.isdigit() and len(school) < 19 else "",
            grade=query.get("grade", "").replace("\x00", "")[:20],
            tier=query.get("tier", "") if query.get("tier", "") in Tier.values else "",
            help=query.get("help", "") if query.get("help", "") in HelpState.values else "",
            sort=sort if sort in ORDERS else "risk",
            left=query.get("left") == "1",
            whose=query.get("whose", "") if query.get("whose", "") in list(WhoseStudents) else "",
            estimates=query.get("estimates") == "1",
            place=Place.from_query(query),
        )

    def url(self, **changes: Any) -> str:
        """Return the list's address with some of the filters changed; changing one returns to the first page."""
        asked = replace(self, **({"place": Place()} | changes))
        fields = {name: getattr(asked, name) for name in ("q", "whose", "school", "grade", "tier", "help")}
        query = {name: value for name, value in fields.items() if value}
        if asked.left:
            query["left"] = "1"
        if asked.sort != "risk":
            query["sort"] = asked.sort
        if asked.estimates:
            query["estimates"] = "1"
        query |= asked.place.as_query()
        return reverse("risk_list") + (f"?{urlencode(query)}" if query else "")

    @property
    def narrows(self) -> bool:
        """Tell whether anybody is filtered out."""
        return bool(self.q or self.school or self.grade or self.tier or self.help or self.left)


def listing(*, membership: Membership, filters: Filters, today: dt.date) -> dict[str, Any]:
    """Return everything the list's page shows to one person."""
    run = runs.shown_run()
    has_own, whose, seen = students_of(membership, filters)
    by_model = run is not None and run.decided_by == DecidedBy.MODEL
    # A rule estimates nothing, so there is nothing to ask for.
    filters = replace(filters, estimates=filters.estimates and by_model)
    left_out, narrowing = is_left_out(today), _narrowing(filters)
    is_whole = whose == WhoseStudents.ALL
    counts = list_counts.counts(seen=seen, is_whole=is_whole, filters=filters, narrowing=narrowing, left_out=left_out)
    n_students = counts.n_all - (0 if filters.left else counts.n_left_out)
    capacity = capacities.of(membership=membership)
    above = _above_the_line(seen.exclude(left_out), run, capacity, counts)
    # Part of a name is found by no index, and somebody's own students are few: there the planner may choose.
    chooses = bool(filters.q) or whose == WhoseStudents.MINE
    with contextlib.nullcontext() if chooses else list_pages.along_indexes():
        matching = seen.filter(narrowing & (left_out if filters.left else ~left_out))
        found, filters = _found(matching, filters, run, counts)
    rows, pages = _page(found, filters, run, above, counts)
    return {
        "rows": rows,
        "run": list_rows.run_words(run) if run else None,
        "n_students": n_students,
        "n_matching": counts.n_matching,
        "capacity": capacity.n,
        "whose_capacity": capacity.whose,
        "n_left_out": 0 if filters.left else counts.n_left_out,
        "left_out_url": filters.url(left=True),
        "n_above_line": above.n,
        "expected_true": above.expected,
        "filters": filters,
        "whose": whose,
        "others": _other_students(whose, filters, membership, has_own=has_own),
        "pages": pages,
        "shows_estimates": filters.estimates,
        "estimates_url": filters.url(estimates=not filters.estimates, place=filters.place) if by_model else None,
        "empty": _empty(run, n_students, counts, whose),
        **_choices(membership.institution, filters, counts),
    }


def students_of(membership: Membership, filters: Filters) -> tuple[bool, WhoseStudents, QuerySet[CurrentRisk]]:
    """Return whether somebody has students of their own, whose are asked for, and the rows of these.

    One's own where one has any and nobody asked otherwise.
    """
    everybody = CurrentRisk.objects.visible_to(membership.user)
    own = everybody.filter(counsellor_id=membership.user_id)
    # Asked of the caseloads: of the list, a planner without statistics may look through a whole school.
    has_own = caseloads.has_students(membership.user)
    whose = WhoseStudents(filters.whose or (WhoseStudents.MINE if has_own else WhoseStudents.ALL))
    rows = {WhoseStudents.MINE: own, WhoseStudents.NOBODY: everybody.filter(counsellor_id=None)}
    return has_own, whose, rows.get(whose, everybody)


def _other_students(
    whose: WhoseStudents, filters: Filters, membership: Membership, *, has_own: bool
) -> list[dict[str, str]]:
    """Return the ways to other people's students, with the filters kept; who has none goes to them as a filter."""
    labels = {
        WhoseStudents.MINE: _("Your students"),
        WhoseStudents.ALL: _("Everybody's students"),
        WhoseStudents.NOBODY: _("Without a counsellor"),
    }
    if not has_own:
        del labels[WhoseStudents.MINE]
    if not can(membership, "assign_students"):
        del labels[WhoseStudents.NOBODY]
    return [{"url": filters.url(whose=each.value), "label": label} for each, label in labels.items() if each != whose]


def is_left_out(today: dt.date) -> Q:
    """Say of whom staff said that nobody need talk about them now; "not now" ends by itself on its day."""
    return Q(is_left_out=True) & (Q(left_out_until=None) | Q(left_out_until__gt=today))


@dataclass(frozen=True, kw_only=True)
class Above:
    """How many stand above the line, and how many of them are expected to leave."""

    n: int
    expected: float | None


def _above_the_line(
    everyone: QuerySet[CurrentRisk], run: ScoringRun | None, capacity: Capacity, counts: Counts
) -> Above:
    """Return who stands above the line: the first of those this person sees, or the institution's where nobody said.

    Without a sign of the rule nobody stands above it, however many could be seen.
    """
    if capacity.whose == Whose.INSTITUTION:
        n = counts.n_review_first
        return Above(n=n, expected=counts.risk_review_first if n else None)
    with list_pages.along_indexes():
        first = list_pages.first_ranked(everyone, capacity.n)
    if run is not None and run.decided_by == DecidedBy.RULE:
        scores = [score for _risk, score in first]
        signed = set(RiskScore.objects.filter(pk__in=scores, rule_points__gt=0).values_list("pk", flat=True))
        first = [row for row in first if row[1] in signed]
    risks = [risk for risk, _score in first if risk is not None]
    return Above(n=len(first), expected=sum(risks) if risks else None)


def _narrowing(filters: Filters) -> Q:
    wanted = {
        "school_id": filters.school,
        "grade_level": filters.grade,
        "tier": filters.tier,
        "help_state": filters.help,
    }
    narrowing = Q(**{name: value for name, value in wanted.items() if value})
    for word in filters.q.lower().split():
        narrowing &= Q(search_name__contains=word)
    return narrowing


def _empty(run: ScoringRun | None, n_students: int, counts: Counts, whose: WhoseStudents) -> str | None:
    if run is None:
        if not Student.objects.exists():
            return "no_students"
        return "no_run" if model_switch.is_on() else "switched_off"
    if not n_students:
        if counts.n_left_out:
            return "left_out"
        return {WhoseStudents.MINE: "not_yours", WhoseStudents.NOBODY: "all_have_one"}.get(whose, "no_students")
    return None if counts.n_matching else "no_match"


def _found(
    matching: QuerySet[CurrentRisk], filters: Filters, run: ScoringRun | None, counts: Counts
) -> tuple[list[CurrentRisk], Filters]:
    """Return the rows of the page asked for, and the filters with the place where it begins.

    A page of a list that was replaced meanwhile, or beyond the end of the list, is the first one.
    """
    if run is None:
        return [], replace(filters, place=Place())
    is_there = filters.place.list == str(run.public_id) and filters.place.start <= counts.n_matching
    asked = filters.place if is_there else Place()
    found, place = list_pages.page(matching, filters.sort, asked, size=PAGE_SIZE)
    return found, replace(filters, place=place)


def _page(
    found: list[CurrentRisk], filters: Filters, run: ScoringRun | None, above: Above, counts: Counts
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Return the rows of a page, and the way to its neighbours."""
    if run is None:
        return [], {"number": 1, "n_pages": 1, "previous_url": None, "next_url": None}
    place = filters.place
    has_next = bool(place.before) or len(found) > PAGE_SIZE
    rows = _rows(found[-PAGE_SIZE:] if place.before else found[:PAGE_SIZE], filters, run, above)
    previous, following = max(1, place.start - PAGE_SIZE), place.start + len(rows)
    back = Place(before=str(rows[0]["public_id"]), start=previous, list=str(run.public_id)) if rows else Place()
    onward = Place(after=str(rows[-1]["public_id"]), start=following, list=str(run.public_id)) if rows else Place()
    return rows, {
        "number": (place.start - 1) // PAGE_SIZE + 1,
        "n_pages": max(1, -(-counts.n_matching // PAGE_SIZE)),
        "previous_url": filters.url(place=back if previous > 1 else Place()) if place.start > 1 else None,
        "next_url": filters.url(place=onward) if rows and has_next else None,
    }


def _rows(found: list[CurrentRisk], filters: Filters, run: ScoringRun, above: Above) -> list[dict[str, Any]]:
    """Return what a page says of its rows, with the line where it falls among them."""
    draws_line = filters.sort == "risk" and not filters.narrows
    rows = []
    worded = list_rows.rows_of(found, run, shows_estimates=filters.estimates, is_left_out=filters.left)
    for number, (risk, row) in enumerate(zip(found, worded, strict=True), start=filters.place.start):
        line_after = draws_line and number == above.n
        rows.append(
            row
            | {
                # Counted within what this person sees: a place among others says nothing to them.
                "rank": number if filters.sort == "risk" and risk.rank else None,
                "line_after": line_after,
                "line_words": _shared_at_the_line(run, risk) if line_after else "",
            }
        )
    return rows


def _shared_at_the_line(run: ScoringRun, last_above: CurrentRisk) -> str:
    """Say aloud where the rule draws the line among students it cannot tell apart."""
    n = rule_wording.sharing(run, last_above.score)
    if run.decided_by == DecidedBy.MODEL or n < 2:
        return ""
    return _(
        "%(n)s students have as many points as the last one above. Of these, who is further past the first sign of "
        "the rule stands first."
    ) % {"n": n}


def _choices(institution: Institution, filters: Filters, counts: Counts) -> dict[str, Any]:
    """Return what can be filtered and sorted by, and a chip for each filter that is on."""
    # Who sees one school has none to choose from.
    among = counts.schools if len(counts.schools) > 1 else ()
    schools = School.objects.filter(institution=institution, pk__in=among).order_by("name")
    school_names = {str(school.pk): school.name for school in schools}
    grades = sorted(counts.grade_levels - {""}, key=lambda level: (not level.isdigit(), level.zfill(3)))
    sorts = {"risk": _("Worth a conversation first"), "new": _("New on the list first"), "name": _("Name")}
    chips = [
        (filters.q, f"“{filters.q}”", "q"),
        (filters.school, school_names.get(filters.school, _("Another school")), "school"),
        (filters.grade, grade_words(filters.grade) if filters.grade else "", "grade"),
        (filters.tier, wording.tier_label(filters.tier) if filters.tier else "", "tier"),
        (filters.help, HelpState(filters.help).label if filters.help else "", "help"),
        (filters.left, _("Left out by your team"), "left"),
    ]
    return {
        "schools": [{"value": pk, "label": name} for pk, name in school_names.items()] if len(school_names) > 1 else [],
        "grades": [{"value": level, "label": grade_words(level)} for level in grades],
        "helps": [{"value": state.value, "label": state.label} for state in HelpState],
        "tiers": [{"value": tier, "label": wording.tier_label(tier)} for tier in Tier.values],
        "sorts": [
            {"value": name, "label": label, "url": filters.url(sort=name), "is_current": name == filters.sort}
            for name, label in sorts.items()
        ],
        # Without a filter its field says again what it says when nobody asks.
        "chips": [
            {"label": label, "remove_url": filters.url(**{name: getattr(Filters(), name)})}
            for on, label, name in chips
            if on
        ],
    }
