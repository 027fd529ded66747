"""Until when help still fits into this term."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import Count, DurationField, ExpressionWrapper, F, Q

from accounts import scope
from students.models import Intervention, Term


@dataclass(frozen=True, kw_only=True)
class Deadline:
    """The end of the term a day lies in, and the last day on which help of the usual length ends before it.

    `act_by` may lie before the day that was asked about: then help of the usual length no longer fits into the term.
    """

    term_ends_on: dt.date
    act_by: dt.date
    usual_help_days: int


def deadline(*, as_of: dt.date, default_help_days: int) -> Deadline | None:
    """Return the deadline of the institution in scope; in the holidays that of the next term.

    None without a calendar of terms, and after its last one.
    """
    import pandas as pd

    from modeling.core import term_deadline

    coming = Term.objects.filter(institution_id=scope.current().institution_id, ends_on__gte=as_of)
    terms = pd.DataFrame(list(coming.values("starts_on", "ends_on")), columns=["starts_on", "ends_on"])
    terms = terms.astype("datetime64[s]")
    term_end = term_deadline.term_ends_on(terms, as_of=as_of)
    if term_end is None:
        return None
    help_days = term_deadline.usual_help_days(_ended_help(as_of), default_days=default_help_days)
    return Deadline(
        term_ends_on=term_end,
        act_by=term_deadline.act_by(term_end=term_end, help_days=help_days),
        usual_help_days=help_days,
    )


def _ended_help(as_of: dt.date) -> dict[int, int]:
    """Count the help that had ended by a day, and was known then, by how many days it lasted."""
    lasted = ExpressionWrapper(F("ended_on") - F("started_on"), output_field=DurationField())
    known = Intervention.every_version.filter(
        Q(replaced_on=None) | Q(replaced_on__gt=as_of), known_on__lte=as_of, ended_on__lte=as_of
    )
    counted = known.order_by().values_list(lasted).annotate(n=Count("pk"))
    return {length.days: n for length, n in counted}
