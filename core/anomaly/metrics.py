"""How good events and scores are, where there are labels; counted on test rows alone."""

from __future__ import annotations

import numpy as np

from core.anomaly.decide import decide
from core.anomaly.intervals import Intervals
from core.anomaly.result import Result
from core.anomaly.thresholds import Decision
from core.anomaly.truth import Truth

DAY = 86_400.0  # seconds
TOO_MANY = 0.3  # flagged share of the test rows above which a cut tells little


def evaluate(
    result: Result, truth: np.ndarray | None = None, decision: Decision | None = None
) -> dict[str, float]:
    """Return metrics of *result* under *decision*, three sigma by default; see `measure`.

    Args:
        result: Scores of a recording.
        truth: (rows,) bool labels; None reads those of *result*.
        decision: Threshold and event rules.
    """
    outcome = decide(result, decision)
    known = outcome.result.truth if truth is None else outcome.result.truth_from(truth)
    return measure(outcome.result, outcome.found, outcome.level, known)


def measure(result: Result, found: Intervals, cut: float, truth: Truth | None) -> dict[str, float]:
    """Return metrics of the events *found* in *result*, counted on its test rows.

    Always: cut, events, flagged_share. With time: alarms_per_day (all events), test_days. With
    labels: average_precision (of the scores, without a threshold), precision, recall and F1 over
    steps (point_*) and over events that overlap (event_*), false_alarm_rate (flagged share of the
    normal steps), labelled_events, false_alarms and, with time, false_alarms_per_day. What is
    undefined (no labelled anomaly, no event) is left out.
    """
    found = in_test(found, result)
    steps, tested = int((found.stops - found.starts).sum()), int(result.test.sum())
    metrics: dict[str, float] = {
        "cut": cut,
        "events": float(len(found)),
        "flagged_share": steps / tested if tested else 0.0,
    }
    days = _days(result, tested)
    if days:
        metrics |= {"test_days": days, "alarms_per_day": len(found) / days}
    if truth is None:
        return metrics
    if truth.average_precision is not None:
        metrics = {"average_precision": truth.average_precision} | metrics
    return metrics | _point(found, truth) | _event(found, truth, days)


def advice(metrics: dict[str, float]) -> list[str]:
    """Return what *metrics* say should be changed, one line each with the setting."""
    lines = []
    share = metrics["flagged_share"]
    if share > TOO_MANY:
        lines.append(
            f"The cut flags {share:.0%} of the test rows: raise it, or train on rows that are "
            "more like them. Where a recording drifts away from its training rows, "
            "a cut that was fitted on these is too low."
        )
    if metrics["events"] == 0:
        lines.append("The cut flags nothing in the test rows: lower it to see the next events.")
    return lines


def in_test(found: Intervals, result: Result) -> Intervals:
    """Return the events of the test part; none spans two parts."""
    keep = result.test[found.starts] if len(found) else np.zeros(0, bool)
    return Intervals(found.starts[keep], found.stops[keep])


def flags(found: Intervals, rows: int) -> np.ndarray:
    """Return (rows,) bool, True inside an event."""
    edges = np.zeros(rows + 1, np.int32)
    np.add.at(edges, found.starts, 1)
    np.add.at(edges, found.stops, -1)
    return np.cumsum(edges[:-1]) > 0


def _days(result: Result, rows: int) -> float | None:
    """Return how many days the test rows last; None without time."""
    step = result.seconds_per_step
    return rows * step / DAY if step and rows else None


def _point(found: Intervals, truth: Truth) -> dict[str, float]:
    """Return precision, recall and F1 over steps, and the share of normal steps flagged."""
    flagged = int((found.stops - found.starts).sum())
    hits = int((truth.before[found.stops] - truth.before[found.starts]).sum())
    metrics = _scores("point", hits, flagged, hits, truth.positives)
    if truth.normal:
        metrics["false_alarm_rate"] = (flagged - hits) / truth.normal
    return metrics


def _event(found: Intervals, truth: Truth, days: float | None) -> dict[str, float]:
    """Return precision, recall and F1 over events: one that overlaps the other kind counts."""
    right = int((truth.before[found.stops] > truth.before[found.starts]).sum())
    caught = int(_overlapped(truth.events, found).sum())
    false = float(len(found) - right)
    metrics = {"labelled_events": float(len(truth.events)), "false_alarms": false}
    if days:
        metrics["false_alarms_per_day"] = false / days
    return metrics | _scores("event", right, len(found), caught, len(truth.events))


def _overlapped(wanted: Intervals, found: Intervals) -> np.ndarray:
    """Return for each of *wanted* whether one of *found* overlaps it; both are sorted."""
    # The first event that ends after a wanted one begins has to begin before that one ends.
    first = np.searchsorted(found.stops, wanted.starts, side="right")
    starts = np.append(found.starts, np.iinfo(np.int64).max)
    return starts[first] < wanted.stops


def _scores(kind: str, right: int, flagged: int, caught: int, wanted: int) -> dict[str, float]:
    """Return precision, recall and F1; one that has nothing to divide by is left out."""
    metrics = {}
    if flagged:
        metrics[f"{kind}_precision"] = right / flagged
    if wanted:
        metrics[f"{kind}_recall"] = caught / wanted
        precision = right / flagged if flagged else 0.0
        recall = caught / wanted
        both = precision + recall
        metrics[f"{kind}_f1"] = 2 * precision * recall / both if both else 0.0
    return metrics
