"""How far a search is, and what it found so far: read from its rows, for the page and the command."""

from __future__ import annotations

import datetime as dt
import math
import statistics
from dataclasses import dataclass

from jobs.models import State
from modeling.models import TuningStudy, TuningTrial
from modeling.tuning import tuning_trials

# Two standard errors: a smaller gain is what another cut of the folds gives and takes.
CLEAR = 2.0


@dataclass(frozen=True, kw_only=True)
class Gain:
    """What the best settings gain over the current ones, mean over the same folds.

    `log_loss` is by how much it fell, `standard_error` that of the folds' differences; `roc_auc` by how much it rose.
    """

    log_loss: float
    roc_auc: float
    standard_error: float
    n_folds: int

    @property
    def is_clear(self) -> bool:
        """Tell whether it is more than chance between folds explains."""
        return self.log_loss > CLEAR * self.standard_error


@dataclass(frozen=True, kw_only=True)
class Progress:
    """A search as it stands."""

    study: TuningStudy
    state: str
    error: str
    trials: list[TuningTrial]
    best: TuningTrial | None
    gain: Gain | None
    minutes_left: float | None
    eta_minutes: float | None

    @property
    def n_done(self) -> int:
        """Return how many trials came to an end."""
        return sum(trial.state != TuningTrial.State.RUNNING for trial in self.trials)

    @property
    def n_pruned(self) -> int:
        """Return how many of them were given up early."""
        return sum(trial.state == TuningTrial.State.PRUNED for trial in self.trials)

    @property
    def done_share(self) -> float:
        """Return how much of trials or minutes is spent, whichever is more; in 0..1."""
        if self.state == State.DONE:
            return 1.0
        of_minutes = 0.0 if self.minutes_left is None else 1 - self.minutes_left / self.study.minutes
        return min(1.0, max(self.n_done / self.study.n_trials, of_minutes))


def of(study: TuningStudy, *, now: dt.datetime) -> Progress:
    """Return how far a search is."""
    trials = list(study.trials.all())
    best = tuning_trials.best_of(trials)
    state, error = _state(study)
    minutes_left = max(0.0, (study.ends_at - now).total_seconds() / 60) if study.ends_at else None
    return Progress(
        study=study,
        state=state,
        error=error,
        trials=trials,
        best=best,
        gain=gain(best, trials[tuning_trials.CURRENT]) if best is not None else None,
        minutes_left=minutes_left,
        eta_minutes=_eta(study, trials, now=now, minutes_left=minutes_left),
    )


def gain(best: TuningTrial, current: TuningTrial) -> Gain | None:
    """Return what the best settings gain over the current ones, fold by fold; None where these were not tried."""
    if best.pk == current.pk or len(current.log_losses) != len(best.log_losses):
        return None
    fell = [before - after for before, after in zip(current.log_losses, best.log_losses, strict=True)]
    rose = [after - before for before, after in zip(current.roc_aucs, best.roc_aucs, strict=True)]
    spread = statistics.stdev(fell) if len(fell) > 1 else 0.0
    return Gain(
        log_loss=statistics.fmean(fell),
        roc_auc=statistics.fmean(rose),
        standard_error=spread / math.sqrt(len(fell)),
        n_folds=len(fell),
    )


def _state(study: TuningStudy) -> tuple[str, str]:
    """Return where a study is, by its jobs, and the sentence of one that failed."""
    if study.finished_at is not None:
        return State.DONE, ""
    jobs = [worker.job for worker in study.workers.select_related("job")]
    states = {job.state for job in jobs}
    for state in (State.RUNNING, State.QUEUED):
        if state in states:
            return state, ""
    return State.FAILED, next((job.error for job in jobs if job.error), "")


def _eta(
    study: TuningStudy, trials: list[TuningTrial], *, now: dt.datetime, minutes_left: float | None
) -> float | None:
    """Return the minutes until trials or minutes are spent, at the pace so far."""
    n_done = sum(trial.state != TuningTrial.State.RUNNING for trial in trials)
    if study.finished_at or study.started_at is None or minutes_left is None or not n_done:
        return None
    minutes_a_trial = (now - study.started_at).total_seconds() / 60 / n_done
    return min(minutes_left, minutes_a_trial * (study.n_trials - n_done))
