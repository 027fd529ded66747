"""The students of a school by name, with whose they are: where they are ticked, to be given or helped."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, Q, Sum, prefetch_related_objects
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import Membership, School, User
from predictions import list_pages, runs
from predictions.list_pages import Place
from predictions.models import CurrentRisk, ListCount
from predictions.wording import grade_words
from students.models import Caseload, HelpPlan

PAGE_SIZE = 50
MOST_TICKED = 500
NOBODY = "nobody"


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What the address asks for: a school, a grade level, whose students; what is not understood is not asked."""

    school: School | None
    schools: tuple[School, ...]
    grade: str = ""
    # "nobody", the public id of a counsellor, or "" for everybody's.
    whose: str = NOBODY
    place: Place = Place()
    # The name of the page's address.
    page: str = "caseloads"

    @classmethod
    def from_query(
        cls,
        query: Any,
        *,
        schools: Sequence[School],
        page: str = "caseloads",
        begins_with: tuple[School | None, str] = (None, NOBODY),
    ) -> Asked:
        """Read the address; where it does not say, the page begins with a school and somebody's students."""
        by_key = {str(school.pk): school for school in schools}
        school, first_whose = begins_with
        whose = query.get("whose", first_whose)
        return cls(
            page=page,
            school=by_key.get(query.get("school", ""), school or (schools[0] if schools else None)),
            schools=tuple(schools),
            grade=query.get("grade", "").replace("\x00", "")[:20],
            whose=whose if not whose or is_key(whose) else NOBODY,
            place=Place.from_query(query),
        )

    def url(self, place: Place = Place()) -> str:  # noqa: B008 - it cannot change
        """Return the page's address."""
        query = {"school": str(self.school.pk) if self.school else "", "grade": self.grade, "whose": self.whose}
        return f"{reverse(self.page)}?{urlencode(query | place.as_query())}"


def is_key(text: str) -> bool:
    """Tell whether a text can be a public id."""
    try:
        return bool(uuid.UUID(text))
    except ValueError:
        return False


def schools_of(membership: Membership) -> list[School]:
    """Return the schools of a membership by name."""
    everywhere = School.objects.filter(institution_id=membership.institution_id)
    own = everywhere if membership.every_school else everywhere.filter(pk__in=membership.schools.all())
    return list(own.order_by("name", "pk"))


def ticked(data: Any) -> list[str]:
    """Return the public ids of whom somebody ticked, each once."""
    return [key for key in dict.fromkeys(data.getlist("student")[:MOST_TICKED]) if is_key(key)]


def begins_with(user: User) -> tuple[School | None, str]:
    """Return a school where somebody looks after students, and that these are shown; else everybody's anywhere."""
    own = CurrentRisk.objects.visible_to(user).filter(counsellor=user).select_related("school")
    first = own.order_by("school__name", "school_id").first()
    return (first.school, str(user.public_id)) if first else (None, "")


def page(*, user: User, asked: Asked, counsellors: Sequence[User]) -> dict[str, Any]:
    """Return everything the page shows, by name, fifty at a time."""
    everybody = CurrentRisk.objects.visible_to(user).filter(school=asked.school)
    # Said twice, the school is the narrower condition of the two that an index begins with. Said once, a planner whose
    # statistics are older than most rows may as well walk along the names of the whole institution.
    twice = Q(school__gte=asked.school.pk) if asked.school else Q()
    matching = everybody.filter(_narrowing(asked), twice)
    run = runs.latest_run()
    is_there = run is not None and asked.place.list == str(run.public_id)
    # Along the names of one school: without statistics the planner would rather read the whole institution.
    with list_pages.along_indexes():
        found, place = list_pages.page(
            matching, "name", asked.place if is_there else Place(), size=PAGE_SIZE, of_one_school=True
        )
    shown = found[-PAGE_SIZE:] if place.before else found[:PAGE_SIZE]
    prefetch_related_objects(shown, "student", "counsellor")
    counted = ListCount.objects.filter(school=asked.school)
    n_all = counted.aggregate(n=Sum("n"))["n"] or 0
    with_one = everybody.filter(counsellor__isnull=False).values("counsellor").order_by().annotate(n=Count("pk"))
    n_of = {part["counsellor"]: part["n"] for part in with_one}
    return {
        "asked": asked,
        "here_url": asked.url(asked.place),
        "list_url": reverse(asked.page),
        "rows": [_row(row) for row in shown],
        "n_nobody": n_all - sum(n_of.values()),
        "schools": [{"value": school.pk, "label": school.name} for school in asked.schools],
        "grades": _grades(set(counted.values_list("grade_level", flat=True))),
        "whose": [
            {"value": NOBODY, "label": _("Without a counsellor")},
            *(
                {"value": str(each.public_id), "label": f"{each.display_name} ({n_of.get(each.pk, 0)})"}
                for each in counsellors
            ),
        ],
        **_neighbours(asked, place, shown, has_next=bool(place.before) or len(found) > PAGE_SIZE, run=run),
    }


def holders() -> list[User]:
    """Return who has open work here, whether or not they still work here, by name."""
    with_students = Caseload.objects.filter(ends_on=None).values("counsellor")
    with_help = HelpPlan.objects.exclude(next_due=None).values("owner")
    known = Q(pk__in=with_students) | Q(pk__in=with_help)
    return list(User.objects.filter(known).order_by("display_name", "pk"))


def _narrowing(asked: Asked) -> Q:
    narrowing = Q(grade_level=asked.grade) if asked.grade else Q()
    if asked.whose == NOBODY:
        return narrowing & Q(counsellor=None)
    return narrowing & Q(counsellor__public_id=asked.whose) if asked.whose else narrowing


def _row(row: CurrentRisk) -> dict[str, Any]:
    return {
        "public_id": str(row.student.public_id),
        "url": reverse("student_page", args=[row.student.public_id]),
        "name": row.student.name,
        "grade_level": row.grade_level,
        "counsellor": row.counsellor.display_name if row.counsellor else "",
    }


def _grades(levels: set[str]) -> list[dict[str, str]]:
    ordered = sorted(levels - {""}, key=lambda level: (not level.isdigit(), level.zfill(3)))
    return [{"value": level, "label": grade_words(level)} for level in ordered]


def _neighbours(asked: Asked, place: Place, shown: list[CurrentRisk], *, has_next: bool, run: Any) -> dict[str, Any]:
    if not shown or run is None:
        return {"previous_url": None, "next_url": None}
    of = str(run.public_id)
    back = Place(before=str(shown[0].student.public_id), start=max(1, place.start - PAGE_SIZE), list=of)
    onward = Place(after=str(shown[-1].student.public_id), start=place.start + len(shown), list=of)
    return {
        "previous_url": asked.url(back if back.start > 1 else Place()) if place.start > 1 else None,
        "next_url": asked.url(onward) if has_next else None,
    }
