"""A search in words and as a figure: settings as sentences, the best so far as a falling line."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from modeling.models import TuningTrial
from modeling.tuning.tuning_progress import Progress

FEWEST_TRIALS = 2
SHOWN = 10


def in_words(trial: TuningTrial) -> list[str]:
    """Return what a trial's settings mean, a sentence each."""
    given = trial.parameters
    words = [
        _("Each tree has up to %(n)s leaves.") % {"n": given["num_leaves"]},
        _("A leaf speaks for at least %(n)s rows.") % {"n": given["min_data_in_leaf"]},
        _("Each tree sees %(rows)s of the rows and %(features)s of the features.")
        % {"rows": f"{given['bagging_fraction']:.0%}", "features": f"{given['feature_fraction']:.0%}"},
        _("Each tree mends %(share)s of what is still wrong.") % {"share": f"{100 * given['learning_rate']:.2g}%"},
        _("Small leaves are held back with a strength of %(n)s.") % {"n": f"{given['lambda_l2']:.3g}"},
    ]
    if given["imbalance"] != "none":
        words.append(_method(given["imbalance"]))
    if trial.n_trees:
        n_trees = round(sum(trial.n_trees) / len(trial.n_trees))
        words.append(ngettext("About %(n)s tree is enough.", "About %(n)s trees are enough.", n_trees) % {"n": n_trees})
    return words


def gain_in_words(progress: Progress) -> str:
    """Say what the best settings gain over the current ones, and whether chance could do as much."""
    gain = progress.gain
    if gain is None:
        return _("No settings tried so far do better than the current ones.")
    figures = {
        "loss": f"{gain.log_loss:.4f}",
        "error": f"{gain.standard_error:.4f}",
        "auc": f"{gain.roc_auc:+.3f}".replace("-", "\N{MINUS SIGN}"),
        "n": gain.n_folds,
    }
    gained = _(
        "Log loss is %(loss)s lower than with the current settings "
        "(standard error %(error)s over %(n)s folds), AUC %(auc)s."
    )
    clear = _("That is more than chance.") if gain.is_clear else _("That may be chance.")
    return f"{gained % figures} {clear}"


def figure(progress: Progress) -> dict[str, Any] | None:
    """Return the best log loss over the trials, as components/chart.html takes it; None before the second one."""
    complete = [trial for trial in progress.trials if trial.state == TuningTrial.State.COMPLETE]
    if len(complete) < FEWEST_TRIALS:
        return None
    numbers = [trial.number + 1 for trial in complete]
    losses = [trial.running_means[-1] for trial in complete]
    best = [min(losses[: place + 1]) for place in range(len(losses))]
    last = numbers[best.index(best[-1])]
    title = _("Trial %(n)s is the best so far") % {"n": last} if last > 1 else _("Nothing beats the current settings")
    both = {"type": "scatter", "x": numbers, "hovertemplate": _("trial %{x}: log loss %{y:.4f}") + "<extra></extra>"}
    tried = both | {"mode": "markers", "y": losses, "marker": {"color": "var(--chart-second)"}}
    line = both | {"mode": "lines", "y": best, "line": {"color": "var(--chart-student)", "shape": "hv"}}
    axes = {
        "xaxis": {"title": {"text": _("Trial")}, "tick0": 1, "dtick": max(1, round(numbers[-1] / 10))},
        "yaxis": {"title": {"text": _("Log loss (lower is better)")}},
    }
    return {
        "id": "tuning-chart",
        "title": title,
        "alt": title,
        "figure": {"data": [tried, line], "layout": axes},
        "columns": [_("Trial"), _("Log loss"), _("Best so far")],
        "rows": [[n, f"{loss:.4f}", f"{low:.4f}"] for n, loss, low in zip(numbers, losses, best, strict=True)],
    }


def best_trials(progress: Progress) -> list[dict[str, Any]]:
    """Return a line for each of the best trials, the best first."""
    complete = [trial for trial in progress.trials if trial.state == TuningTrial.State.COMPLETE]
    ranked = sorted(complete, key=lambda trial: (trial.running_means[-1], trial.number))
    return [
        {
            "number": trial.number + 1,
            "is_current": trial.number == 0,
            "log_loss": f"{trial.running_means[-1]:.4f}",
            "roc_auc": trial.roc_auc,
            "num_leaves": trial.parameters["num_leaves"],
            "min_data_in_leaf": trial.parameters["min_data_in_leaf"],
            "learning_rate": f"{trial.parameters['learning_rate']:.3f}",
            "lambda_l2": f"{trial.parameters['lambda_l2']:.3g}",
            "n_trees": round(sum(trial.n_trees) / len(trial.n_trees)),
        }
        for trial in ranked[:SHOWN]
    ]


def _method(imbalance: str) -> str:
    return {
        "class_weights": _("Students who left weigh as much as those who stayed."),
        "smote": _("Students who left get made-up neighbours until there are as many (SMOTE)."),
    }[imbalance]
