"""Classifiers side by side: the same rows, each with its own alarm rule."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations

import numpy as np
import pandas as pd

from core import beside
from core.beside import LEVEL, Contest, Courses, Curve, Decisions
from core.errors import DataError
from core.gas.compare import accuracies, exact
from core.gas.decision import Decision, alarms
from core.gas.metrics import curves as curves_of
from core.gas.metrics import evaluate, usual
from core.gas.result import Result

METRIC: str = "accuracy"
BETTER: beside.Better = "higher"
TEST = "McNemar's test of the named classes, and intervals by blocks of rows"
SPLIT = ("protocol", "fold", "embargo", "warm_up")
SHOWN = {
    "accuracy": "Accuracy",
    "macro_f1": "Macro F1",
    "roc_auc": "AUC-ROC",
    "recall": "Gas found",
    "false_alarm_rate": "False alarm rate",
    "false_alarms_an_hour": "False alarms an hour",
    "delay_seconds": "Delay (s)",
    "calibration_error": "Calibration error",
}
POINTS = 200  # of a curve


def contest(results: Mapping[str, Result], decisions: Decisions) -> Contest:
    """Hold classifiers against one another by the classes that they name.

    Raises:
        DataError: they are not of the same rows, or have no labelled test rows in common.
    """
    rows, first = _shared(results), next(iter(results.values()))
    measured = {
        name: evaluate(result, decision=_rule(result, decisions.get(name)))
        for name, result in results.items()
    }
    labels = first.labels[rows]
    right = {name: one.gas[rows].argmax(axis=1) == labels for name, one in results.items()}
    drawn = dict(zip(right, accuracies(list(right.values()), first, rows), strict=True))
    values = {name: float(one.mean()) for name, one in right.items()}
    spans, _ = beside.by_draws(values, drawn)
    test = {}
    for one, other in combinations(right, 2):
        alone = int((right[one] & ~right[other]).sum())
        without = int((right[other] & ~right[one]).sum())
        low, high = np.quantile(drawn[one] - drawn[other], [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
        gain = values[one] - values[other]
        test[one, other] = (gain, float(low), float(high), exact(alone, without))
    return Contest(measured, spans, beside.paired(list(right), test), len(rows))


def _shared(results: Mapping[str, Result]) -> np.ndarray:
    """Return the labelled test rows that all results have."""
    first = next(iter(results.values()))
    for one in results.values():
        same = len(one) == len(first) and one.classes == first.classes
        if not same or not np.array_equal(one.labels, first.labels):
            raise DataError(
                "Only results of the same recording can be compared row by row.",
                "Choose runs on one recording.",
            )
    rows = np.flatnonzero(np.logical_and.reduce([one.test for one in results.values()]))
    if not len(rows):
        raise DataError(
            "The runs have no labelled test rows in common.", "Choose runs of one fold."
        )
    return rows


def _rule(result: Result, decision: Mapping[str, object] | None) -> Decision:
    return usual(result) if decision is None else Decision.parse(dict(decision))


def courses(
    results: Mapping[str, Result], decisions: Decisions, target: str = "", step: int = 1
) -> Courses:
    """Return probabilities of a leak and alarms row by row; *target* and *step* mean nothing."""
    rows, first = _shared(results), next(iter(results.values()))
    rules = {name: _rule(one, decisions.get(name)) for name, one in results.items()}
    counted = np.zeros(len(first), bool)
    counted[rows] = True
    return Courses(
        title="Probability of a leak",
        time=None,  # sessions may overlap in time
        values={name: one.leak for name, one in results.items()},
        cuts={name: rule.threshold for name, rule in rules.items()},
        fired={name: alarms(one.leak, rules[name], one.sessions) for name, one in results.items()},
        nearer=None,
        actual=None,
        truth=first.labels > 0 if (first.labels >= 0).any() else None,
        counted=counted,
    )


def curves(results: Mapping[str, Result], decisions: Decisions) -> list[Curve]:
    """Return ROC, precision-recall, and what every threshold finds and costs."""
    roc, precision, found, false = [], [], [], []
    for name, result in results.items():
        one, other = (_thinned(frame) for frame in curves_of(result))
        if one.empty:
            continue
        roc.append(beside.line(name, one["false_alarm_rate"], one["recall"]))
        precision.append(beside.line(name, other["recall"], other["precision"]))
        inside = one[one["threshold"].between(0, 1)]
        found.append(beside.line(name, inside["threshold"], inside["recall"]))
        false.append(beside.line(name, inside["threshold"], inside["false_alarm_rate"]))
    if not roc:
        return []
    alone = "Of single rows: hold time and hysteresis are left out."
    return [
        Curve(
            "pr",
            "Precision and recall",
            "Gas found",
            "Precision",
            beside.lines(precision),
            "xy",
            alone,
        ),
        Curve("roc", "ROC", "False alarm rate", "Gas found", beside.lines(roc), "xy", alone),
        Curve(
            "found", "Gas found by threshold", "Threshold", "Gas found", beside.lines(found), "xy"
        ),
        Curve("false", "False alarms by threshold", "Threshold", "Rate", beside.lines(false), "xy"),
    ]


def _thinned(frame: pd.DataFrame) -> pd.DataFrame:
    """Return few of the points of a curve, the first and the last among them."""
    kept = np.unique(np.linspace(0, max(len(frame) - 1, 0), POINTS).round().astype(int))
    return frame.iloc[kept] if len(frame) else frame
