"""Whether a model has shown enough to make the list in the rule's place."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Literal

Why = Literal["", "few_labels", "not_better"]


def why_rule(figures: Mapping[str, Any], *, n_labels: int, minimum_labels: int, minimum_gain: float) -> Why:
    """Return why the rule makes the list although there is a model; "" where the model has earned it.

    Parameters
    ----------
    figures : mapping
        Of "model" and "rule" to figures of `evaluation.metrics`; where the rule could not be judged, it was no match.
    n_labels : int
        Students with a known outcome that the model learned from.
    minimum_labels, minimum_gain
        As configured under "handover".
    """
    if n_labels < minimum_labels:
        return "few_labels"
    if "rule" in figures and not is_better(figures["model"], figures["rule"], minimum_gain=minimum_gain):
        return "not_better"
    return ""


def is_better(model: Mapping[str, float], rule: Mapping[str, float], *, minimum_gain: float) -> bool:
    """Tell whether a model is better than the rule at the team's capacity.

    The precision at capacity decides where it can. A team that sees twelve students is judged on a handful of the rows
    tested, and there one name more or less is chance: a rule of thumb would then hand the list to and fro with every
    training. So a difference counts only beyond one standard error, as in the choice of a calibration (Breiman et al.,
    1984, section 3.4.3); within it the ROC-AUC over every row tested decides, which is far less noisy.

    Parameters
    ----------
    model, rule : mapping
        Figures of `evaluation.metrics` on the same rows, which neither saw.
    minimum_gain : float
        By how much the model's precision at capacity must exceed the rule's.
    """
    gain = gain_at_capacity(model, rule)
    if gain is not None:
        difference, error = gain
        if abs(difference - minimum_gain) > error:
            return difference > minimum_gain
    return model["roc_auc"] > rule["roc_auc"]


def gain_at_capacity(model: Mapping[str, float], rule: Mapping[str, float]) -> tuple[float, float] | None:
    """Return by how much the model's precision at capacity exceeds the rule's, and its standard error.

    The two lists count as independent. They share names, so that the true error is smaller: the more cautious choice.

    Returns
    -------
    (float, float), or None where the capacity was not known
    """
    if "precision_at_capacity" not in model or "precision_at_capacity" not in rule:
        return None
    k = max(1.0, model.get("capacity", 1.0))
    precisions = [model["precision_at_capacity"], rule["precision_at_capacity"]]
    # Two more students, one who left and one who stayed (Agresti and Coull, 1998): three of three is not certainty.
    cautious = [(precision * k + 1) / (k + 2) for precision in precisions]
    error = math.sqrt(sum(share * (1 - share) / (k + 2) for share in cautious))
    return precisions[0] - precisions[1], error
