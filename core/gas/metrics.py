"""How well leaks are detected and gases identified, counted on test rows alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from core.errors import ConfigError
from core.gas.decision import Decision, alarms, chosen, false_alarms, spells
from core.gas.result import Result

Metrics = dict[str, float]
RECALL = 0.99  # share of the rows with gas that a threshold nobody chose is made to find
BINS = 10  # of the calibration curve


def evaluate(result: Result, truth: np.ndarray | None = None, decision: Any = None) -> Metrics:
    """Return the metrics of the labelled test rows; empty without any.

    Args:
        result: Of any recording.
        truth: Labelled rows of other tasks; not used, since the result knows its classes.
        decision: A `Decision`; without one, the threshold that finds 99 % of the validation rows
            with gas, or one half where there are none.

    Returns:
        accuracy and macro_f1 of identification; of detection roc_auc and average_precision, and at
        the decision's threshold recall (share of rows with gas that have an alarm), misses,
        false_alarm_rate (share of rows without gas that have one), false_alarms_an_hour,
        delay_seconds (median over exposures that were found) and exposures_found; calibration_error
        of the named class. What is undefined is left out.
    """
    rows = result.test
    if not rows.any():
        return {}
    decision = decision or usual(result)
    labels, gas = result.labels[rows], result.labels[rows] > 0
    metrics = {
        "accuracy": float((result.gas[rows].argmax(axis=1) == labels).mean()),
        "macro_f1": float(by_class(result)["f1"].mean()),
        "calibration_error": calibration_error(result),
        "threshold": decision.threshold,
    }
    alarm = alarms(result.leak, decision, result.sessions)
    metrics |= detection(result, alarm)
    if gas.any() and not gas.all():
        from sklearn.metrics import average_precision_score, roc_auc_score

        leak = result.leak[rows]
        metrics["roc_auc"] = float(roc_auc_score(gas, leak))
        metrics["average_precision"] = float(average_precision_score(gas, leak))
    return metrics | exposures(result, alarm)


def usual(result: Result) -> Decision:
    """Return the decision where nobody has chosen one."""
    try:
        return chosen(result, recall=RECALL)
    except ConfigError:
        return Decision()


def detection(result: Result, alarm: np.ndarray) -> Metrics:
    """Return recall, misses, false_alarm_rate and false_alarms_an_hour of *alarm* (rows,) bool.

    Counted on the test rows; what is undefined is left out.
    """
    metrics: Metrics = {}
    rows = result.test
    gas, clean = rows & (result.labels > 0), rows & (result.labels == 0)
    if gas.any():
        found = float(alarm[gas].mean())
        metrics |= {"recall": found, "misses": 1 - found}
    if clean.any():
        metrics["false_alarm_rate"] = float(alarm[clean].mean())
        metrics["false_alarms_an_hour"] = false_alarms(alarm, clean, result)
    return metrics


def exposures(result: Result, alarm: np.ndarray) -> Metrics:
    """Return exposures_found and delay_seconds (median of those found); see `delays`."""
    waits = delays(result, alarm)
    if not waits:
        return {}
    found = [wait for wait in waits if np.isfinite(wait)]
    metrics = {"exposures_found": len(found) / len(waits)}
    return metrics | ({"delay_seconds": float(np.median(found))} if found else {})


def delays(result: Result, alarm: np.ndarray) -> list[float]:
    """Return the seconds from each exposure to its alarm; infinite where it got none.

    An exposure is a run of rows in which gas was there in truth, where the recording knows; else a
    session with a gas. Those count whose first row is a test row. An alarm that was already on
    counts as 0: gas of an exposure before may still be there.

    Args:
        result: Of a recording.
        alarm: (rows,) bool.
    """
    known = "exposed" in result.steps
    there = result.steps["exposed"].to_numpy(bool) if known else result.labels > 0
    waits = []
    for rows in spells(there, result.sessions):
        begins = known or any(rows.start == session.start for session in result.sessions)
        if begins and result.test[rows.start]:
            hits = np.flatnonzero(alarm[rows])
            waits.append(float(hits[0]) * result.seconds if len(hits) else np.inf)
    return waits


def confusion(result: Result) -> pd.DataFrame:
    """Return the test rows of each true class (index) whose likeliest class is each (columns)."""
    return counted(result, result.gas.argmax(axis=1))


def counted(result: Result, named: np.ndarray) -> pd.DataFrame:
    """Return the test rows of each true class (index) by their place in *named* (rows,) int."""
    names, rows = list(result.classes), result.test
    counts = np.zeros((len(names), len(names)), int)
    np.add.at(counts, (result.labels[rows], named[rows]), 1)
    return pd.DataFrame(counts, index=pd.Index(names, name="true"), columns=names)


def by_class(result: Result) -> pd.DataFrame:
    """Return precision, recall, f1 and rows of each class (index) that the test rows have.

    Precision is 0 where a class was never named.
    """
    return scores_of(confusion(result).to_numpy(), result.classes)


def scores_of(counts: np.ndarray, classes: tuple[str, ...]) -> pd.DataFrame:
    """Return what `by_class` does, of *counts* (C, C): true classes by given ones."""
    hits, true, named = counts.diagonal(), counts.sum(axis=1), counts.sum(axis=0)
    table = pd.DataFrame(
        {
            "precision": hits / np.maximum(named, 1),
            "recall": hits / np.maximum(true, 1),
            "f1": 2 * hits / np.maximum(true + named, 1),
            "rows": true,
        },
        index=pd.Index(classes, name="class"),
    )
    return table[table["rows"] > 0]


def curves(result: Result) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the ROC and the precision-recall curve of detection, by threshold.

    Returns:
        [threshold, false_alarm_rate, recall] and [threshold, recall, precision], empty unless the
        test rows have gas and none.
    """
    from sklearn.metrics import precision_recall_curve, roc_curve

    rows = result.test
    gas, leak = result.labels[rows] > 0, result.leak[rows]
    if not gas.any() or gas.all():
        none = pd.DataFrame(columns=["threshold", "recall"], dtype=float)
        return none.assign(false_alarm_rate=0.0), none.assign(precision=0.0)
    false, true, at = roc_curve(gas, leak)
    precision, recall, cuts = precision_recall_curve(gas, leak)
    return (
        pd.DataFrame({"threshold": at, "false_alarm_rate": false, "recall": true})[1:],
        pd.DataFrame({"threshold": cuts, "recall": recall[:-1], "precision": precision[:-1]}),
    )


def calibration(result: Result, bins: int = BINS) -> pd.DataFrame:
    """Return how sure the model is and how often it is right, in bins of equal width.

    Returns:
        said (mean probability of the class that is named), right (share of rows in which it is
        the true one), rows; bins without rows are left out.
    """
    rows = result.test
    said, named = result.gas[rows].max(axis=1), result.gas[rows].argmax(axis=1)
    place = np.minimum((said * bins).astype(int), bins - 1)
    table = pd.DataFrame({"said": said, "right": named == result.labels[rows], "rows": 1})
    return table.groupby(place).agg({"said": "mean", "right": "mean", "rows": "sum"})


def calibration_error(result: Result) -> float:
    """Return the mean distance between how sure and how often right (Guo et al. 2017)."""
    table = calibration(result)
    return float(np.average((table["said"] - table["right"]).abs(), weights=table["rows"]))


def advice(metrics: Metrics) -> list[str]:
    """Return what *metrics* say should be changed, one line each with the setting."""
    lines = []
    if metrics.get("false_alarm_rate", 0.0) > 0.25:
        lines.append(
            f"At the threshold that finds {metrics.get('recall', 0.0):.0%} of the gas, "
            f"{metrics['false_alarm_rate']:.0%} of the rows without gas have an alarm: raise the "
            "threshold or the hold time, or leave the warm-up out."
        )
    if metrics.get("calibration_error", 0.0) > 0.15:
        lines.append(
            "Probabilities are off by "
            f"{metrics['calibration_error']:.0%} on average: read them as an order, not as shares."
        )
    return lines
