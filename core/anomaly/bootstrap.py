"""How sure metrics are, given how few anomalies there are: intervals by resampling events."""

from __future__ import annotations

import numpy as np

from core.anomaly.intervals import Intervals
from core.anomaly.metrics import first_flagged, hits, in_test, right
from core.anomaly.result import Result
from core.anomaly.truth import Truth

BLOCK, FEWEST, MOST = 100, 10, 100  # rows in a block of normal ones; blocks


def bootstrap(
    result: Result,
    found: Intervals,
    truth: Truth | None,
    *,
    resamples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> dict[str, tuple[float, float]]:
    """Return intervals of metrics of *found*, by their names in `measure`.

    Steps of one anomaly, or of one false alarm, are not independent: so labelled anomalies are
    drawn with replacement, each with the alarms that meet it, and blocks of neighbouring normal
    rows, each with its false alarms (percentile bootstrap, Efron and Tibshirani, An Introduction to
    the Bootstrap, 1993). Where all anomalies are caught, or none, the interval of recall is a
    point, however few they are.

    Args:
        result: Scores of a recording.
        found: Events in it.
        truth: Labels; None for no labels.
        resamples: How often to draw.
        level: Share of the draws that an interval holds.
        seed: Of the draws.

    Returns:
        Lower and upper end of point_precision, event_precision, event_recall and composite_f1; what
        is undefined is left out, and all of it with fewer than two labelled anomalies.
    """
    if truth is None or len(truth.events) < 2:
        return {}
    found = in_test(found, result)
    anomalies, blocks = _anomalies(found, truth), _blocks(found, truth)
    rng = np.random.default_rng(seed)
    caught, hit, spilt, met = _draws(anomalies, resamples, rng).T
    false_steps, false_alarms = _draws(blocks, resamples, rng).T
    recall = caught / len(anomalies)
    with np.errstate(invalid="ignore"):  # a draw without an alarm has no precision
        point = hit / (hit + spilt + false_steps)
        event = met / (met + false_alarms)
        composite = np.nan_to_num(2 * point * recall / (point + recall))
    metrics = {
        "point_precision": point,
        "event_precision": event,
        "event_recall": recall,
        "composite_f1": composite,
    }
    tails = np.array([1 - level, 1 + level]) / 2
    known = {name: values[~np.isnan(values)] for name, values in metrics.items()}
    ends = {name: np.quantile(values, tails) for name, values in known.items() if len(values)}
    return {name: (float(low), float(high)) for name, (low, high) in ends.items()}


def _anomalies(found: Intervals, truth: Truth) -> np.ndarray:
    """Return for each labelled anomaly: caught, steps hit, normal steps of its alarms, alarms.

    An alarm that meets several belongs to the first of them.
    """
    events, meets = truth.events, right(found, truth)
    owner = np.searchsorted(events.stops, found.starts[meets], side="right")
    spilt = (found.stops - found.starts - hits(found, truth))[meets]
    return np.column_stack(
        [
            first_flagged(events, found) < events.stops,
            _covered(found, events.stops) - _covered(found, events.starts),
            np.bincount(owner, spilt, minlength=len(events)),
            np.bincount(owner, minlength=len(events)),
        ]
    )


def _blocks(found: Intervals, truth: Truth) -> np.ndarray:
    """Return for each block of normal rows: steps in false alarms that begin in it, and these."""
    false = ~right(found, truth)
    starts, stops = found.starts[false], found.stops[false]
    count = min(int(np.clip(truth.normal // BLOCK, FEWEST, MOST)), truth.normal)
    normal = _covered(truth.spans, starts) - truth.before[starts]
    block = normal * count // max(truth.normal, 1)
    return np.column_stack(
        [np.bincount(block, stops - starts, minlength=count), np.bincount(block, minlength=count)]
    )


def _covered(intervals: Intervals, rows: np.ndarray) -> np.ndarray:
    """Return how many rows before each of *rows* lie in *intervals*."""
    number = np.searchsorted(intervals.starts, rows)  # begin before the row
    total = np.cumsum(np.r_[0, intervals.stops - intervals.starts])[number]
    last = np.r_[0, intervals.stops][number]
    return total - np.maximum(last - rows, 0)


def _draws(units: np.ndarray, resamples: int, rng: np.random.Generator) -> np.ndarray:
    """Return (resamples, columns) sums over as many *units*, (units, columns), as there are."""
    count = len(units)
    if count == 0:
        return np.zeros((resamples, units.shape[1]))
    even = np.full(count, 1 / count)
    return np.stack([rng.multinomial(count, even) @ units for _ in range(resamples)])
