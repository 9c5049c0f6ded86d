"""Volume under the surface: scores judged over all thresholds and many tolerances at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.anomaly.intervals import detect
from core.anomaly.ranking import two_kinds

BUFFER = 100  # widest tolerance in steps
CUTS = 250  # thresholds, at even ranks of the scores


@dataclass(frozen=True)
class Volume:
    """Means over the windows of the areas under the curves: precision-recall and ROC."""

    pr: float
    roc: float


def volume(
    scores: np.ndarray, labels: np.ndarray, boundaries: np.ndarray, buffer: int = BUFFER
) -> Volume | None:
    """Return VUS-PR and VUS-ROC (Paparrizos et al., Volume Under the Surface, PVLDB 2022).

    For each window from 0 to *buffer* steps, half a window on each side of a labelled anomaly
    counts in part (the root of 1 - distance / window; 1 where two such ramps meet), and recall is
    multiplied by the share of the anomalies, so widened, that were met at all. Thresholds lie at
    250 even ranks. With one segment this equals the authors' TSB-AD 1.5.

    One sort; then each wider window adds only the rows at its rim, counted by the first threshold
    that flags them, so that no window and no threshold passes over the rows.

    Args:
        scores: (rows,).
        labels: (rows,) bool.
        boundaries: Sorted first rows of segments, from 0: no ramp crosses one.
        buffer: Widest window in steps.

    Returns:
        None where not both normal and anomalous rows exist.
    """
    if not two_kinds(labels):
        return None
    ordered = np.sort(scores)
    rows = len(scores)
    cuts = ordered[::-1][np.linspace(0, rows - 1, CUTS).astype(int)]
    flagged = rows - np.searchsorted(ordered, cuts)
    ramps = _Ramps(scores, labels, boundaries, cuts, buffer // 2)
    soft, met = np.zeros((2, buffer + 1, CUTS))
    for reach in range(buffer // 2 + 1):
        if reach:
            ramps.widen(reach)
        both = slice(2 * reach, 2 * reach + 2)  # windows of the same reach
        met[both] = ramps.met(reach)
        for window in range(both.start, min(both.stop, buffer + 1)):
            soft[window] = ramps.soft(window, reach)
    return _volume(ramps.hits, soft, met, flagged, rows)


def _volume(
    hits: np.ndarray, soft: np.ndarray, met: np.ndarray, flagged: np.ndarray, rows: int
) -> Volume:
    """Return the means of the areas under the curves of all windows.

    Args:
        hits: (CUTS,) labelled rows that each threshold flags.
        soft: (windows, CUTS) the sum of the ramps in the rows it flags.
        met: (windows, CUTS) share of the anomalies that it meets.
        flagged: (CUTS,) rows that it flags.
        rows: How many there are.
    """
    right = hits + soft
    positives = hits[-1] + soft / 2  # the last threshold flags all
    recall = np.pad(np.minimum(right / positives, 1) * met, ((0, 0), (1, 0)))
    false = np.pad((flagged - right) / (rows - positives), ((0, 0), (1, 0)))
    pr = (np.diff(recall) * (right / flagged)).sum(axis=1)
    # Both curves end at 1.
    roc = np.trapezoid(recall, false) + (1 - false[:, -1]) * (1 + recall[:, -1]) / 2
    return Volume(float(pr.mean()), float(roc.mean()))


class _Ramps:
    """Soft labels that grow by one step at a time, counted by threshold.

    Attributes:
        hits: (CUTS,) labelled rows that each threshold flags.
    """

    def __init__(
        self,
        scores: np.ndarray,
        labels: np.ndarray,
        boundaries: np.ndarray,
        cuts: np.ndarray,
        reach: int,
    ) -> None:
        self._scores, self._labels, self._falling = scores, labels, -cuts
        self._events = detect(labels, 0.5, boundaries)
        segment = np.searchsorted(boundaries, self._events.starts, side="right") - 1
        self._low = boundaries[segment]
        self._high = np.append(boundaries[1:], len(scores))[segment]
        inside = self._rank(np.flatnonzero(labels))
        self.hits = np.cumsum(_count(inside))
        lengths = self._events.stops - self._events.starts
        # The first threshold that meets each anomaly.
        self._first = np.minimum.reduceat(inside, np.r_[0, np.cumsum(lengths)[:-1]])
        # How many steps lie between an anomaly and the one before it in its segment.
        same = np.r_[False, self._low[1:] == self._low[:-1]]
        gap = self._events.starts - np.r_[0, self._events.stops[:-1]]
        self._apart = np.where(same, gap, np.inf)
        # Distance of the one anomaly in reach of a row; 0 for none, -1 for more than one.
        self._near = np.zeros(len(scores), np.int32)
        self._alone = np.zeros((reach + 1, len(cuts)))  # rows near one anomaly, by distance
        self._shared = np.zeros(len(cuts))  # rows near several

    def widen(self, reach: int) -> None:
        """Add the rows that lie *reach* steps from an anomaly."""
        after, before = self._events.stops - 1 + reach, self._events.starts - reach
        for rows, inside in ((after, after < self._high), (before, before >= self._low)):
            rank = self._rank(rows[inside])
            self._first[inside] = np.minimum(self._first[inside], rank)
            self._add(rows[inside], rank, reach)

    def _add(self, rows: np.ndarray, rank: np.ndarray, reach: int) -> None:
        """Count *rows*, none of them twice, where they are not labelled."""
        free = ~self._labels[rows]
        rows, rank = rows[free], rank[free]
        near = self._near[rows]
        new, second = near == 0, near > 0
        self._alone[reach] += _count(rank[new])
        np.subtract.at(self._alone, (near[second], rank[second]), 1)
        # A ramp is at least the root of a half: two of them are more than 1 together.
        self._shared += _count(rank[second])
        self._near[rows] = np.where(new, reach, -1)

    def soft(self, window: int, reach: int) -> np.ndarray:
        """Return (CUTS,) the sum of the ramps of *window* in the rows each threshold flags."""
        distance = np.arange(1, reach + 1)
        height = np.sqrt(1 - distance / max(window, 1))
        return np.cumsum(height @ self._alone[1 : reach + 1] + self._shared)

    def met(self, reach: int) -> np.ndarray:
        """Return (CUTS,) the share of anomalies, joined where they touch, with a flagged row."""
        groups = np.flatnonzero(self._apart >= 2 * reach)
        first = np.minimum.reduceat(self._first, groups)
        return np.cumsum(_count(first)) / len(groups)

    def _rank(self, rows: np.ndarray) -> np.ndarray:
        """Return the first threshold that each of *rows* reaches."""
        return np.searchsorted(self._falling, -self._scores[rows])


def _count(ranks: np.ndarray) -> np.ndarray:
    return np.bincount(ranks, minlength=CUTS)
