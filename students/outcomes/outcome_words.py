"""What an outcome counts as where a model learns, in words: the one place that says it to people."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

# What a kind is to a model: somebody who left, somebody who stayed, or nobody to learn from (modeling/core/labels.py).
_COUNTS_AS: dict[str, Promise] = {
    "dropped_out": _("Counts as: left before finishing."),
    "graduated": _("Counts as: finished; did not leave."),
    "continued": _("Counts as: stayed; did not leave."),
    "transferred": _("Counts as: moved elsewhere; not counted as leaving."),
    "died": _("Says nothing for a training."),
    "unknown": _("Says nothing for a training."),
}


def counts_as(kind: str) -> str:
    """Return what an outcome of a kind of outcome_codes.KINDS counts as."""
    return str(_COUNTS_AS[kind])
