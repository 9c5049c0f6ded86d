"""Optuna: what to try next, what to stop, and what matters. Runs in a worker, and keeps nothing.

The study lives in the database; here it is built anew from its trials for every question. The
sampler is TPE (Bergstra et al. 2011, NeurIPS), the pruner Hyperband (Li et al. 2018, JMLR).
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import optuna
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.trial import FrozenTrial, TrialState, create_trial

from core.sweeps.space import Span

optuna.logging.set_verbosity(optuna.logging.WARNING)

DIGITS = 3
STATES = {
    "waiting": TrialState.RUNNING,
    "running": TrialState.RUNNING,
    "done": TrialState.COMPLETE,
    "pruned": TrialState.PRUNED,
    "failed": TrialState.FAIL,
}


def suggest(request: dict[str, Any]) -> dict[str, Any]:
    """Return the values that the next trial of a study tries, by field.

    The same trials and the same seed give the same values. The first trial takes the values that
    the study began with, where its ranges hold them.

    Args:
        request: See `coordinator.request_of`.
    """
    spans = [Span.read(span) for span in request["space"]]
    start = request["start"]
    if not request["trials"] and all(span.holds(start[span.name]) for span in spans):
        return {span.name: start[span.name] for span in spans}
    asked = _study(request).ask(_distributions(spans)).params
    return {span.name: _short(span, asked[span.name]) for span in spans}


def _short(span: Span, value: Any) -> Any:
    """Return *value* with as many digits as a person would write."""
    if span.kind != "float":
        return value
    return min(max(float(f"{value:.{DIGITS}g}"), span.low), span.high)


def judge(request: dict[str, Any]) -> dict[str, Any]:
    """Say which running trials fall behind, by their curves so far.

    What is compared is the smallest loss so far, since a run ends with the weights of its best
    epoch. A trial behind its last epoch has nothing left to save.

    Args:
        request: See `coordinator.request_of`.

    Returns:
        stop: Numbers of the trials to stop. rungs: What to remember of each running trial, by
        number; give it back the next time.
    """
    study = _study(request)
    pruner = _pruner(request)
    stop, rungs = [], {}
    for trial in request["trials"]:
        if trial["state"] != "running":
            continue
        number = trial["number"]
        steps = range(1, min(len(trial["curve"]) + 1, trial["epochs"]))
        if any(_falls_behind(study, pruner, number, step) for step in steps):
            stop.append(number)
        rungs[number] = dict(study.trials[number].system_attrs)
    return {"stop": stop, "rungs": rungs}


def importance(request: dict[str, Any]) -> dict[str, float]:
    """Return how much each field matters, the most important first; empty after few trials.

    PED-ANOVA (Watanabe et al. 2023, IJCAI) on the trials that are done; shares of 1.
    """
    study = _study(request)
    values = [trial.value for trial in study.get_trials(states=(TrialState.COMPLETE,))]
    if len(values) < 4 or len(set(values)) < 2:
        return {}
    return {
        name: float(share) for name, share in optuna.importance.get_param_importances(study).items()
    }


def _falls_behind(study: optuna.Study, pruner: Any, number: int, step: int) -> bool:
    """Whether the trial is to be stopped after *step*; it is told step by step, as it went."""
    trial = study.trials[number]
    trial.intermediate_values = {
        known: value for known, value in trial.intermediate_values.items() if known <= step
    }
    return bool(pruner.prune(study, trial))


def _study(request: dict[str, Any]) -> optuna.Study:
    """Build the study from its trials; their numbers stay."""
    distributions = _distributions([Span.read(span) for span in request["space"]])
    count = len(request["trials"])
    seed = np.random.SeedSequence([request["seed"], count]).generate_state(1)[0]
    study = optuna.create_study(
        # Hyperband deals trials out to its brackets by the name of the study and their number.
        study_name=request["name"],
        direction="maximize" if request["more"] else "minimize",
        sampler=optuna.samplers.TPESampler(
            seed=int(seed), n_startup_trials=min(10, max(4, request["planned"] // 3))
        ),
        pruner=_pruner(request),
    )
    study.add_trials([_trial(trial, distributions, request["more"]) for trial in request["trials"]])
    return study


def _pruner(request: dict[str, Any]) -> optuna.pruners.BasePruner:
    if not request["prune"] or request["epochs"] < 2:
        return optuna.pruners.NopPruner()
    return optuna.pruners.HyperbandPruner(1, max_resource=int(request["epochs"]))


def _trial(
    trial: dict[str, Any], distributions: dict[str, BaseDistribution], more: bool
) -> FrozenTrial:
    # Curves are losses: where more of the metric is better, the best curve is the lowest as well.
    sign = -1.0 if more else 1.0
    known = STATES[trial["state"]]
    return create_trial(
        state=known,
        value=trial["value"] if known == TrialState.COMPLETE else None,
        params=trial["params"],
        distributions=distributions,
        system_attrs=dict(trial["rungs"]),
        intermediate_values={
            step: sign * loss
            for step, loss in enumerate(itertools.accumulate(trial["curve"], min), start=1)
        },
    )


def _distributions(spans: list[Span]) -> dict[str, BaseDistribution]:
    return {span.name: _distribution(span) for span in spans}


def _distribution(span: Span) -> BaseDistribution:
    if span.kind == "choice":
        return CategoricalDistribution(span.choices)
    if span.kind == "float":
        return FloatDistribution(span.low, span.high, log=span.log)
    step = 1 if span.log else span.step
    return IntDistribution(int(span.low), int(span.high), log=span.log, step=step)
