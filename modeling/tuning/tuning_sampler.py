"""Asks Optuna what to try next; the trials it learns from are rows of ours, told to it anew each time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from modeling.core.tuning_space import Dimension, Parameters
from modeling.models import TuningTrial

if TYPE_CHECKING:
    import optuna

# Tries at random before the estimator is asked (its authors' own number is of this size: Bergstra et al., 2011).
AT_RANDOM = 10


def suggested(space: Sequence[Dimension], *, trials: Sequence[TuningTrial], seed: int) -> Parameters:
    """Return the settings to try next, in the light of all trials so far.

    The same trials and seed give the same settings. What others try at this moment counts as tried badly, so that two
    workers do not try the same.
    """
    import optuna  # takes a second to load; the web never does

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    sampler = optuna.samplers.TPESampler(seed=seed, n_startup_trials=AT_RANDOM, constant_liar=True)
    study = optuna.create_study(direction="minimize", sampler=sampler)
    distributions = {dimension.name: _distribution(dimension) for dimension in space}
    for trial in trials:
        # The configuration as it is may lie outside the search: the estimator cannot learn from it then.
        if all(dimension.holds(trial.parameters[dimension.name]) for dimension in space):
            study.add_trial(_told(trial, distributions))
    return dict(study.ask(distributions).params)


def _told(trial: TuningTrial, distributions: Mapping[str, optuna.distributions.BaseDistribution]) -> Any:
    import optuna

    states = {
        TuningTrial.State.RUNNING: optuna.trial.TrialState.RUNNING,
        TuningTrial.State.COMPLETE: optuna.trial.TrialState.COMPLETE,
        TuningTrial.State.PRUNED: optuna.trial.TrialState.PRUNED,
    }
    state = states.get(TuningTrial.State(trial.state), optuna.trial.TrialState.FAIL)
    return optuna.trial.create_trial(
        state=state,
        value=trial.log_loss if state == optuna.trial.TrialState.COMPLETE else None,
        params={name: trial.parameters[name] for name in distributions},
        distributions=dict(distributions),
        intermediate_values=dict(enumerate(trial.running_means)),
    )


def _distribution(dimension: Dimension) -> optuna.distributions.BaseDistribution:
    import optuna

    if dimension.kind == "choice":
        return optuna.distributions.CategoricalDistribution(list(dimension.choices))
    if dimension.kind == "int":
        return optuna.distributions.IntDistribution(int(dimension.low), int(dimension.high), log=dimension.log)
    return optuna.distributions.FloatDistribution(dimension.low, dimension.high, log=dimension.log)
