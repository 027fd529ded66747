"""What the report on the data says in words: the same on the page and in the file."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

CENSORED = {
    "no_outcome": "no outcome on record",
    "window_open": "the time was not over yet",
    "transferred": "moved to another school elsewhere",
    "died": "died",
    "unknown": "outcome unknown",
}
# The middle of two distributions must lie this far apart, as a share of the whole width, to be called different.
NOTABLE_SHIFT = 0.03


def percent(share: float | None) -> str:
    """Write a share as "45%", with a decimal below ten."""
    if share is None:
        return "–"
    points = 100 * share
    return f"{points:.1f}%" if 0 < abs(points) < 10 else f"{points:.0f}%"


def number(value: float | None, unit: str) -> str:
    """Write a value in its unit: shares as per cent, the rest with as many decimals as it has, two at most."""
    if value is None:
        return "–"
    return percent(value) if unit == "share" else f"{value:.2f}".rstrip("0").rstrip(".")


def day(iso: str) -> str:
    """Write a day as "31 January 2025"."""
    return date_format(dt.date.fromisoformat(iso), "j F Y")


def value(row: dict[str, Any]) -> str:
    """Name a group."""
    if row["value"] is None:
        return _("not recorded")
    return _("all others") if row["is_rest"] else str(row["value"])


def label(words: str) -> str:
    """Translate a label of the catalogue; one of a cohort's own schema stays as it is."""
    return _(words) if words else words


def source(about: dict[str, Any]) -> str:
    """Say in a line from which data a report is."""
    first, last = about["snapshot_dates"][0], about["snapshot_dates"][-1]
    words = {
        "n": f"{about['n_students']:,}",
        "rows": f"{about['n_rows']:,}",
        "first": day(first),
        "last": day(last),
        "hash": about["dataset"][:12],
    }
    if first == last:
        return _("%(n)s students as of %(first)s · data %(hash)s") % words
    return _("%(n)s students in %(rows)s snapshots, %(first)s to %(last)s · data %(hash)s") % words


def headline(content: dict[str, Any]) -> str:
    """Say what the data are of."""
    outcome = content["outcome"]
    return _("Of 100 students on record, %(n)s left.") % {"n": round(100 * outcome["left_share_of_students"])}


def balance(content: dict[str, Any]) -> str:
    """Say how rare leaving is among the rows that a model learns from."""
    words = {
        "share": percent(content["outcome"]["left_share"]),
        "days": content["about"]["horizon_days"],
        "times": content["outcome"]["snapshots_per_student"],
    }
    return (
        _(
            "A student is looked at %(times)s times on average. After %(share)s of these looks the student left within "
            "%(days)s days."
        )
        % words
    )


def left_out(content: dict[str, Any]) -> list[tuple[str, str]]:
    """Return why snapshots have no label, and how many; single students are not counted."""
    minimum = content["minimum"]
    return [
        (_(CENSORED.get(why, why.replace("_", " "))).capitalize(), f"{n:,}" if n >= minimum else _("a few"))
        for why, n in sorted(content["about"]["censored"].items())
        if n
    ]


def sentences(content: dict[str, Any]) -> list[str]:
    """Return what a reader of the figures should bear in mind."""
    words = {
        "known_outcomes": _known_outcomes,
        "helped": _helped,
        "rates_differ": _rates_differ,
        "not_recorded": lambda note: (
            _("%(label)s is not recorded for %(share)s of the students.")
            % {"label": label(note["label"]), "share": percent(note["share"])}
        ),
        "missing_differs": lambda note: (
            _(
                "“%(label)s” is missing for %(left)s of those who left and %(stayed)s of those who stayed. A gap like "
                "this can tell the outcome."
            )
            % {"label": label(note["label"]), "left": percent(note["left"]), "stayed": percent(note["stayed"])}
        ),
        "mostly_missing": lambda note: (
            (
                _("“%(label)s” is missing throughout.")
                if note["share"] == 1
                else _("“%(label)s” is missing in %(share)s of the snapshots.")
            )
            % {"label": label(note["label"]), "share": percent(note["share"])}
        ),
        "constant": lambda note: (
            _("“%(label)s” is the same for everybody and tells nothing.") % {"label": label(note["label"])}
        ),
    }
    return [*(words[note["kind"]](note) for note in content["notes"]), *_repeated(content)]


def distribution_title(shown: dict[str, Any]) -> str:
    """Say whether those who left have more of it or less."""
    middles = [(low + high) / 2 for low, high in zip(shown["edges"], shown["edges"][1:], strict=False)]
    means = [sum(x * share for x, share in zip(middles, shown[who], strict=True)) for who in ("left", "stayed")]
    shift = (means[0] - means[1]) / (shown["edges"][-1] - shown["edges"][0])
    words = {"label": label(shown["label"])}
    if shift > NOTABLE_SHIFT:
        return _("Higher among those who left: %(label)s") % words
    if shift < -NOTABLE_SHIFT:
        return _("Lower among those who left: %(label)s") % words
    return _("About the same whether students left or stayed: %(label)s") % words


def bins(shown: dict[str, Any]) -> list[str]:
    """Name the bins of a distribution."""
    ends = [number(edge, shown["unit"]) for edge in shown["edges"]]
    return [f"{low.rstrip('%')}–{high}" for low, high in zip(ends, ends[1:], strict=False)]


def trend_title(content: dict[str, Any]) -> str:
    """Say between which shares left, from snapshot to snapshot."""
    shares = [day["share"] for day in content["trends"]["days"] if day["share"] is not None]
    days = content["about"]["horizon_days"]
    if not shares:
        return _("Too few left after each snapshot to tell apart")
    words = {"low": percent(min(shares)), "high": percent(max(shares)), "days": days}
    if len(shares) == 1:
        return _("%(low)s left within %(days)s days") % words
    return _("From snapshot to snapshot %(low)s to %(high)s left within %(days)s days") % words


def correlation_title(content: dict[str, Any]) -> str:
    """Say what goes most with leaving."""
    found = content["correlation"]
    if not found["names"]:
        return _("No two numbers go together")
    place = max(range(len(found["names"])), key=lambda at: abs(found["with_outcome"][at]))
    words = {"label": feature_labels(content)[found["names"][place]], "rho": f"{found['with_outcome'][place]:+.2f}"}
    return _("Goes most with leaving: %(label)s (%(rho)s)") % words


def feature_labels(content: dict[str, Any]) -> dict[str, str]:
    """Return the words of every column by its name."""
    return {column["name"]: label(column["label"]) for column in content["columns"]}


def hidden_words(group: dict[str, Any]) -> str:
    """Say how many groups are not told of; "" where all are."""
    said = ngettext(
        "%(n)s group is not shown: it is too small.",
        "%(n)s groups are not shown: too small, or beside one that is.",
        group["n_hidden"],
    )
    return said % {"n": group["n_hidden"]} if group["n_hidden"] else ""


def duplicate_words(content: dict[str, Any]) -> str:
    """Say how many rows repeat others."""
    found = content["duplicates"]
    words = {"n": f"{found['n_same_features']:,}", "both": f"{found['n_of_both_outcomes']:,}"}
    said = _(
        "%(n)s rows repeat another of the same day in every column; %(both)s rows have a twin that ended otherwise."
    )
    twice = found["n_student_twice"]
    return said % words + (
        " "
        + ngettext("%(n)s student stands twice in a snapshot.", "%(n)s rows are a student's second.", twice)
        % {"n": twice}
        if twice
        else " " + _("No student stands twice in a snapshot.")
    )


def _known_outcomes(note: dict[str, Any]) -> str:
    low, high = note["lowest"], note["highest"]
    if not note["differs"]:
        return _("Outcomes are known for %(n)s of 100 students, about as many at each school.") % {
            "n": round(100 * note["share"])
        }
    return _(
        "Outcomes are known for %(low)s of 100 students at %(lowest)s and %(high)s at %(highest)s: what is said of "
        "the first rests on those whose outcome somebody knew."
    ) % {
        "low": round(100 * low["share"]),
        "high": round(100 * high["share"]),
        "lowest": low["school"],
        "highest": high["school"],
    }


def _helped(note: dict[str, Any]) -> str:
    if note["n"] is None:
        return _("A few students got help in the time looked at: without it some might have left.")
    if not note["n"]:
        return _("No help is on record in the time looked at.")
    said = ngettext(
        "%(n)s student got help in the time looked at: without it some might have left.",
        "%(n)s students got help in the time looked at: without it some of them might have left.",
        note["n"],
    )
    return said % {"n": f"{note['n']:,}"}


def _rates_differ(note: dict[str, Any]) -> str:
    low, high = note["lowest"], note["highest"]
    words = {
        "label": label(note["label"]),
        "low": percent(low["share"]),
        "high": percent(high["share"]),
        "lowest": value(low),
        "highest": value(high),
    }
    said = _("By “%(label)s”, %(high)s left of “%(highest)s” and %(low)s of “%(lowest)s”.") % words
    return said + " " + _("The model never sees it.") if note["is_protected"] else said


def _repeated(content: dict[str, Any]) -> list[str]:
    times = content["outcome"]["snapshots_per_student"]
    if times < 2:
        return []
    return [
        _("The same student is looked at %(times)s times on average, so the rows are fewer people than they seem.")
        % {"times": times}
    ]
