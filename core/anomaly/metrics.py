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
    """Return metrics of *result* under *decision*, by default the adaptive one; see `measure`.

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
    labels: labelled_events, false_alarms, false_alarms_per_day, false_alarm_rate (flagged share of
    the normal steps). With a labelled anomaly: of the scores, without a threshold, vus_pr, vus_roc,
    average_precision and roc_auc; precision, recall and F1 over steps (point_*) and over events
    that overlap (event_*); composite_f1 (Garg et al., TNNLS 2021: the harmonic mean of event
    recall and point precision); delay_steps and delay_seconds, from the start of a labelled
    anomaly to its first flagged step, mean over those caught. What is undefined is left out.
    """
    found = in_test(found, result)
    steps, tested = int((found.stops - found.starts).sum()), int(result.test.sum())
    metrics: dict[str, float] = {
        "cut": cut,
        "events": float(len(found)),
        "flagged_share": steps / tested if tested else 0.0,
    }
    days = days_of(result, tested)
    if days:
        metrics |= {"test_days": days, "alarms_per_day": len(found) / days}
    if truth is None:
        return metrics
    metrics |= _false(found, truth, days)
    if truth.positives == 0:
        return metrics
    scored = _point(found, truth) | _event(found, truth)
    scored["composite_f1"] = harmonic(scored.get("point_precision", 0.0), scored["event_recall"])
    return truth.ranked | metrics | scored | _delay(found, truth, result.seconds_per_step)


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


def days_of(result: Result, rows: int) -> float | None:
    """Return how many days the test rows last; None without time."""
    step = result.seconds_per_step
    return rows * step / DAY if step and rows else None


def _false(found: Intervals, truth: Truth, days: float | None) -> dict[str, float]:
    """Return what is flagged without a label, as steps and as events."""
    false = float(len(found) - right(found, truth).sum())
    metrics = {"labelled_events": float(len(truth.events)), "false_alarms": false}
    if days:
        metrics["false_alarms_per_day"] = false / days
    if truth.normal:
        steps = found.stops - found.starts
        metrics["false_alarm_rate"] = float((steps - hits(found, truth)).sum()) / truth.normal
    return metrics


def _point(found: Intervals, truth: Truth) -> dict[str, float]:
    """Return precision, recall and F1 over steps."""
    flagged = int((found.stops - found.starts).sum())
    caught = int(hits(found, truth).sum())
    return _scores("point", caught, flagged, caught, truth.positives)


def _event(found: Intervals, truth: Truth) -> dict[str, float]:
    """Return precision, recall and F1 over events: one that overlaps the other kind counts."""
    caught = int((first_flagged(truth.events, found) < truth.events.stops).sum())
    correct = int(right(found, truth).sum())
    return _scores("event", correct, len(found), caught, len(truth.events))


def _delay(found: Intervals, truth: Truth, seconds: float | None) -> dict[str, float]:
    """Return the mean delay to detection over the labelled anomalies that were caught."""
    first = first_flagged(truth.events, found)
    caught = first < truth.events.stops
    if not caught.any():
        return {}
    steps = float((first[caught] - truth.events.starts[caught]).mean())
    return {"delay_steps": steps} | ({"delay_seconds": steps * seconds} if seconds else {})


def hits(found: Intervals, truth: Truth) -> np.ndarray:
    """Return (events,) labelled steps in each of *found*."""
    return truth.before[found.stops] - truth.before[found.starts]


def right(found: Intervals, truth: Truth) -> np.ndarray:
    """Return (events,) bool: which of *found* overlap a labelled anomaly."""
    return hits(found, truth) > 0


def first_flagged(wanted: Intervals, found: Intervals) -> np.ndarray:
    """Return the first step of each of *wanted* in one of *found*; at or after its stop if none.

    Both are sorted, and neither overlaps itself.
    """
    # The first event that ends after a wanted one begins has to begin before that one ends.
    first = np.searchsorted(found.stops, wanted.starts, side="right")
    starts = np.append(found.starts, np.iinfo(np.int64).max)
    return np.maximum(starts[first], wanted.starts)


def _scores(kind: str, correct: int, flagged: int, caught: int, wanted: int) -> dict[str, float]:
    """Return precision, recall and F1; precision is left out where nothing is flagged."""
    recall = caught / wanted
    metrics = {f"{kind}_precision": correct / flagged} if flagged else {}
    precision = metrics.get(f"{kind}_precision", 0.0)
    return metrics | {f"{kind}_recall": recall, f"{kind}_f1": harmonic(precision, recall)}


def harmonic(precision: float, recall: float) -> float:
    """Return the harmonic mean, 0 where both are 0."""
    both = precision + recall
    return 2 * precision * recall / both if both else 0.0
