"""What is known of the gap between the groups of an attribute: a gap, none that matters, or that one cannot tell.

That an interval holds 0 does not make a gap small: with few students it holds 0 and a harmful gap as well.
"""

from __future__ import annotations

from typing import Any, Literal

from django.utils.translation import gettext as _

Verdict = Literal["too_few", "gap", "none", "cannot_tell"]


def verdict(gap: dict[str, Any], *, tolerance: float) -> Verdict:
    """Return what the interval of a gap allows to be said.

    `tolerance` is the widest gap that the gate lets pass (`promotion.maximum_recall_gap`). "No clear gap" is said only
    where the whole interval lies within it.
    """
    if gap["verdict"] == "too_few" or gap["gap"] is None:
        return "too_few"
    if gap["verdict"] == "gap":
        return "gap"
    ends = gap["low"], gap["high"]
    return "none" if None not in ends and max(abs(end) for end in ends) <= tolerance else "cannot_tell"


def in_words(gap: dict[str, Any], *, tolerance: float) -> str:
    """Say what is known of the gap between the groups of one attribute; a difference of shares is said in points."""
    found = verdict(gap, tolerance=tolerance)
    words = {"attribute": _capitalised(str(gap["attribute"]))}
    if found == "too_few":
        return _("%(attribute)s: too few to tell.") % words
    words |= {name: _points(gap[name]) for name in ("gap", "low", "high")}
    words |= {"most": str(gap["between"][0]), "least": str(gap["between"][1]), "tolerance": _points(tolerance)}
    said = {
        "gap": _(
            "%(attribute)s: of those who left, %(gap)s percentage points more are found of %(most)s than of %(least)s, "
            "between %(low)s and %(high)s."
        ),
        "none": _(
            "%(attribute)s: no clear gap. The widest, of %(most)s and %(least)s, is %(gap)s percentage points, between "
            "%(low)s and %(high)s, within the %(tolerance)s tolerated."
        ),
        "cannot_tell": _(
            "%(attribute)s: cannot tell: %(gap)s of 100, between %(low)s and %(high)s, for %(most)s and %(least)s. "
            "That may be none, or more than the %(tolerance)s tolerated."
        ),
    }[found]
    return said % words


def without_figures(gap: dict[str, Any], *, tolerance: float) -> str:
    """Say no more than the verdict: the figures of an attribute with a few people in a group are not for the public."""
    said = {
        "too_few": _("%(attribute)s: too few to tell."),
        "gap": _("%(attribute)s: there is a gap. Its size is not told, as few people of a group stand behind it."),
        "none": _("%(attribute)s: no clear gap within the %(tolerance)s percentage points tolerated."),
        "cannot_tell": _(
            "%(attribute)s: cannot tell. There may be no gap, or one of more than the %(tolerance)s percentage points "
            "tolerated."
        ),
    }[verdict(gap, tolerance=tolerance)]
    return said % {"attribute": _capitalised(str(gap["attribute"])), "tolerance": _points(tolerance)}


def _points(share: float) -> str:
    return str(round(100 * share))


def _capitalised(name: str) -> str:
    words = name.replace("_", " ")
    return words[:1].upper() + words[1:]
