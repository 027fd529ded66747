"""Words and rows about a version's list as it is shown: who gets no rank, and the figures without them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from monitoring.metric_rows import MEASURES

FOUND_OF_ALL = "found_of_all"


def shown_list_context(metrics: Mapping[str, Any], evaluation: Mapping[str, Any]) -> dict[str, Any]:
    """Return what components/model_shown_list.html prints; {} of a version that was not measured so."""
    found = evaluation.get("as_shown")
    if not found:
        return {}
    of_all, ranked = metrics["model"], found["ranked"]
    return {
        "sentences": [_who_is_ranked(found), *_who_left(found)],
        "rows": [
            {"measure": _(label), "ranked": ranked[name], "everybody": of_all.get(name)}
            for name, label, _more in MEASURES
            if name in ranked
        ]
        if found["n_ranked"] < found["n"]
        else [],
        "found_of_all": ranked.get(FOUND_OF_ALL),
    }


def _who_is_ranked(found: Mapping[str, Any]) -> str:
    n_unranked = found["n"] - found["n_ranked"]
    if not n_unranked:
        return _("Everybody tested would get a rank.")
    words = ngettext(
        "%(n)s of the %(all)s tested would get no rank: too little is recorded of them.",
        "%(n)s of the %(all)s tested would get no rank: too little is recorded of them.",
        n_unranked,
    )
    return words % {"n": f"{n_unranked:,}", "all": f"{found['n']:,}"}


def _who_left(found: Mapping[str, Any]) -> list[str]:
    """Say how many of those without a rank left, in counts: they may be few."""
    n_unranked = found["n"] - found["n_ranked"]
    if not n_unranked:
        return []
    words = _("Of these %(n)s, %(left)s left; of the %(ranked)s with a rank, %(ranked_left)s.") % {
        "n": f"{n_unranked:,}",
        "left": f"{found['n_left_unranked']:,}",
        "ranked": f"{found['n_ranked']:,}",
        "ranked_left": f"{found['n_left_ranked']:,}",
    }
    return [words]
