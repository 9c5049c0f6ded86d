"""PATE: precision and recall by nearness in time, over all thresholds."""

from __future__ import annotations

import numpy as np

from core.anomaly.intervals import Intervals, detect
from core.anomaly.ranking import Ranking, two_kinds

BUFFER = 100  # steps before and after an anomaly in which an alarm is early or late, not false
CUTS = 250


def pate(
    scores: np.ndarray, labels: np.ndarray, boundaries: np.ndarray, buffer: int = BUFFER
) -> float | None:
    """Return the area under PATE's precision-recall curve (Ghorbani et al., KDD 2024).

    A flagged row counts as right inside an anomaly; in part up to *buffer* rows after it (late), or
    before it (early) where the anomaly itself is met, less the farther away; else as false. A
    row of an anomaly that is not flagged counts as missed, less the later it lies where the anomaly
    was met. The mean over early and late buffers of 0 and *buffer* rows, at 250 thresholds, as in
    the authors' package.

    Args:
        scores: (rows,).
        labels: (rows,) bool.
        boundaries: Sorted first rows of segments, from 0: no buffer crosses one.
        buffer: Rows.

    Returns:
        None where not both normal and anomalous rows exist.
    """
    if not two_kinds(labels):
        return None
    scores = scores.astype(np.float64)
    cuts = _cuts(scores, labels)
    flagged = np.cumsum(_count(scores, cuts))
    hits = np.cumsum(_count(scores[labels], cuts))
    events = detect(labels, 0.5, boundaries)
    missed = _missed(scores, events, cuts)
    segment = np.searchsorted(boundaries, events.starts, side="right") - 1
    low, high = boundaries[segment], np.append(boundaries[1:], len(scores))[segment]
    areas = []
    for late in (0, buffer):
        stops = np.minimum(
            events.stops + late, np.minimum(np.append(events.starts[1:], high[-1]), high)
        )
        after = _late(scores, events, stops, cuts)
        for early in (0, buffer):
            starts = np.maximum(events.starts - early, np.maximum(np.r_[0, stops[:-1]], low))
            right = hits + after + _early(scores, events, starts, cuts)
            areas.append(_area(right / flagged, right / (right + missed)))
    return float(np.mean(areas))


def _cuts(scores: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return (CUTS,) thresholds, falling: even percentiles of those where recall changes."""
    ranking = Ranking(scores, labels)
    cuts = ranking.cuts
    if len(cuts) > 2:
        change = np.diff(ranking.hits) != 0
        cuts = cuts[np.r_[True, change[:-1] | change[1:], True]]
    return np.percentile(cuts, np.linspace(100, 0, CUTS))


def _late(scores: np.ndarray, events: Intervals, stops: np.ndarray, cuts: np.ndarray) -> np.ndarray:
    """Return (CUTS,) what the flagged rows after the anomalies count, up to *stops*."""
    rows, event = _rows(events.stops, stops)
    centre = (events.starts + events.stops - 1)[event] / 2
    weights = 1 - (rows - centre) / (stops[event] - 1 - centre)
    return np.cumsum(_count(scores[rows], cuts, weights))


def _early(
    scores: np.ndarray, events: Intervals, starts: np.ndarray, cuts: np.ndarray
) -> np.ndarray:
    """Return (CUTS,) what the flagged rows before the anomalies count, from *starts* on."""
    rows, event = _rows(starts, events.starts)
    centre = (events.starts + events.stops - 1)[event] / 2
    weights = 1 - (centre - rows) / (centre - starts[event])
    inside, _ = _rows(events.starts, events.stops)
    highest = np.maximum.reduceat(scores[inside], _heads(events))
    # An early alarm counts from the threshold on that meets the anomaly, too.
    return np.cumsum(_count(np.minimum(scores[rows], highest[event]), cuts, weights))


def _missed(scores: np.ndarray, events: Intervals, cuts: np.ndarray) -> np.ndarray:
    """Return (CUTS,) the weight of the labelled rows that each threshold misses.

    An anomaly that is not met at all weighs its length. In one that is met, rows up to the length
    of its first run of flagged rows weigh 1; later ones 1 less their summed distance to these,
    divided by the summed distance of the last row to all.
    """
    rows, event = _rows(events.starts, events.stops)
    values, offset, heads = scores[rows], rows - events.starts[event], _heads(events)
    length = events.stops - events.starts
    whole = np.maximum(length * (length - 1) / 2, 1)
    total = np.empty(len(cuts))
    for at, cut in enumerate(cuts):
        lost = values < cut
        first = np.minimum.reduceat(np.where(lost, length[event], offset), heads)
        after = lost & (offset > first[event])
        run = np.minimum.reduceat(np.where(after, offset, length[event]), heads) - first
        later = lost & (offset > run[event])
        distance = (run + 1) * np.add.reduceat(offset * later, heads)
        distance = distance - run * (run + 1) / 2 * np.add.reduceat(later, heads, dtype=np.int64)
        total[at] = lost.sum() - (distance / whole)[first < length].sum()
    return total


def _area(precision: np.ndarray, recall: np.ndarray) -> float:
    """Return the area under the curve, from (0, 1) on, without the points where recall falls."""
    precision, recall = np.r_[1, precision], np.r_[0, recall]
    rising = recall >= np.maximum.accumulate(recall)
    return float(np.trapezoid(precision[rising], recall[rising]))


def _count(scores: np.ndarray, cuts: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    """Return (CUTS,) how many *scores*, or what weight, each threshold is the first to flag."""
    rank = np.searchsorted(-cuts, -scores)
    return np.bincount(rank, weights, minlength=len(cuts))[: len(cuts)]


def _rows(starts: np.ndarray, stops: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows from each start to its stop, and the number of the pair of each."""
    counts = np.maximum(stops - starts, 0)
    pair = np.repeat(np.arange(len(starts)), counts)
    return np.arange(len(pair)) + (starts - np.cumsum(counts) + counts)[pair], pair


def _heads(events: Intervals) -> np.ndarray:
    """Return where the rows of each event begin among those of all."""
    return np.cumsum(np.r_[0, events.stops - events.starts])[:-1]
