"""Questions about stored gas runs that need the model, scikit-learn or scipy: a worker answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd

from core import gas, runs
from core import task as tasks
from core.data.dataset import Cleaning, Dataset, Roles
from core.errors import ConfigError, DataError
from core.gas import Fitted, Result
from core.gas.calibrate import Temperatures
from core.gas.classifier import Answer
from core.gas.explain import Explanation
from core.gas.faults import Fault
from core.gas.result import column


@dataclass(frozen=True, eq=False)
class Curves:
    """What the test rows say whatever the threshold is.

    Attributes:
        roc: threshold, false_alarm_rate, recall.
        precision: threshold, recall, precision.
        calibrated: `core.gas.calibration` of the stored probabilities.
        raw: The same without temperature scaling.
        errors: Calibration error of both, in this order.
        heat: Temperature that the class probabilities were scaled by.
        intervals: lower and upper by metric, `core.gas.intervals`.
    """

    roc: pd.DataFrame
    precision: pd.DataFrame
    calibrated: pd.DataFrame
    raw: pd.DataFrame
    errors: tuple[float, float]
    heat: float
    intervals: pd.DataFrame


def curves(name: str, decision: dict[str, Any] | None = None) -> Curves:
    """Return the curves of a stored run.

    Args:
        name: Of the run, or its id.
        decision: A `core.gas.Decision` as plain values, for the intervals; the usual one when None.
    """
    run = runs.get(name)
    result: Result = run.result()
    heats = _fitted(run.id).temperatures
    raw = _under(result, Temperatures(*(1 / heat for heat in heats)).apply(_answer(result)))
    roc, precision = gas.curves(result)
    rule = None if decision is None else gas.Decision.parse(decision)
    return Curves(
        roc,
        precision,
        gas.calibration(result),
        gas.calibration(raw),
        (_error(result), _error(raw)),
        heats.gas,
        gas.intervals(result, rule),
    )


def faulty(name: str, fault: Fault) -> Result:
    """Return what a run says of its recording when something is broken.

    Args:
        name: Of the run, or its id.
        fault: What is broken.

    Raises:
        ConfigError: the recording has no such sensor.
    """
    fitted, dataset = _opened(name)
    stored: Result = runs.get(name).result()
    _, _, samples = gas.asked(fitted, dataset)
    answer = fitted.temperatures.apply(fitted.classifier.predict(fault.of(samples)))
    return _under(stored, answer)


def explained(name: str, row: int, code: int | None = None) -> Explanation:
    """Return why a run called a row what it called it.

    Args:
        name: Of the run, or its id.
        row: Row of the recording.
        code: Place of the class to explain; the likeliest one when None.
    """
    fitted, dataset = _opened(name)
    return gas.explain(fitted, dataset, row, code)


def compare(names: Sequence[str]) -> tuple[pd.DataFrame, str, str | None]:
    """Return stored runs side by side.

    Args:
        names: Of runs, or their ids, on one recording and of one split.

    Returns:
        One row a run, in this order: name, its metrics, and how its accuracy differs from that of
        the best baseline (difference, lower, upper, p of McNemar; NaN for that one itself). The
        reference: the name of the best baseline, or of the best run where there is no baseline.
        And the best run, if it is better than the reference by more than luck: its interval by
        blocks of rows lies above 0 and p is below 5 %.

    Raises:
        ConfigError: no run was named.
    """
    if not names:
        raise ConfigError("There is no run to compare.", "Name two or more.")
    known = {name: runs.get(name) for name in names}
    results: dict[str, Result] = {name: run.result() for name, run in known.items()}
    metrics = {name: gas.evaluate(result) for name, result in results.items()}

    def accuracy(name: str) -> float:
        return metrics[name].get("accuracy", 0.0)

    baselines = [name for name, run in known.items() if run.baseline]
    reference, best = max(baselines or names, key=accuracy), max(names, key=accuracy)
    rows = []
    for name in names:
        found = None if name == reference else gas.mcnemar(results[name], results[reference])
        rows.append(
            {"name": name}
            | metrics[name]
            | {
                "difference": np.nan if found is None else found.accuracy,
                "lower": np.nan if found is None else found.lower,
                "upper": np.nan if found is None else found.upper,
                "p": np.nan if found is None else found.p,
            }
        )
    table = pd.DataFrame(rows)
    won = table[table["name"] == best].iloc[0]
    sure = won["lower"] > 0 and won["p"] < 0.05
    return table, reference, best if sure else None


def _error(result: Result) -> float:
    from core.gas.metrics import calibration_error

    return calibration_error(result) if result.test.any() else float("nan")


def _answer(result: Result) -> Answer:
    return Answer(result.leak, result.gas)


def _under(result: Result, answer: Answer) -> Result:
    """Return *result* with other probabilities."""
    classes = {column(name): answer.gas[:, i] for i, name in enumerate(result.classes)}
    return replace(result, steps=result.steps.assign(leak=answer.leak, **classes))


def _opened(name: str) -> tuple[Fitted, Dataset]:
    """Return the model of a run and its recording; they stay in memory for the next question."""
    run = runs.get(name)
    return _fitted(run.id), _dataset(run.id)


@lru_cache(maxsize=2)
def _fitted(identifier: str) -> Fitted:
    fitted: Fitted = runs.get(identifier).fitted()
    return fitted


@lru_cache(maxsize=1)
def _dataset(identifier: str) -> Dataset:
    run = runs.get(identifier)
    dataset = tasks.reopened(run.task, run.source, Roles(**run.roles), Cleaning(**run.cleaning))
    if dataset.fingerprint != run.fingerprint:
        raise DataError("The file has changed since the run was trained.", "Train a new run.")
    return dataset
