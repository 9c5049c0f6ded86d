"""A threshold without a distribution: the cut that separates best what has been seen lately."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np

from core.anomaly.result import Result
from core.anomaly.rule import Cut, Rule, known_scores, streams
from core.config import setting

DEVIATIONS = np.arange(2.0, 10.5, 0.5)  # candidates, in standard deviations above the mean
BATCHES = 20  # in a window: the cut is found anew for each


class Dynamic(Rule):
    """The cut that would lower mean and spread of the last rows most, for as few flagged rows.

    Hundman et al. 2018, "Detecting Spacecraft Anomalies Using LSTMs and Nonparametric Dynamic
    Thresholding", KDD, sections 3.2 and 3.3. It is found on the rows before a batch and holds for
    the batch, so that nothing is looked up ahead and each batch is judged once. Flagged rows are
    left out of later windows: the cut is not lifted while an anomaly lies in its window, nor does
    it fall as it leaves; only where more than half of a window is flagged, its rows are taken as
    they are, as the new normal. Pruning asks an event to rise above the highest normal score by a
    share of its own height. Scores are taken as they are: their smoothing is the scorer's.
    """

    label: ClassVar[str] = "Dynamic"
    reads: ClassVar[str] = "the scores of the training rows, then past scores of the stream"

    kind: Literal["dynamic"] = "dynamic"
    prune: float = setting(
        0.13,
        label="Pruning",
        help="By what share of its height an event has to stand out from the highest normal "
        "score. Higher: fewer alarms.",
        ge=0.0,
        le=0.9,
    )
    window: int = setting(
        2000,
        label="Window",
        help="How many of the last rows the cut is found on. Fewer: drift is followed sooner.",
        unit="rows",
        ge=50,
        le=100_000,
        log=True,
    )

    def cut(self, result: Result) -> Cut:
        """Return a cut a row, (rows,) float32, that reads scores before its batch alone."""
        known = known_scores(result).astype(np.float64)
        value = np.empty(len(result), np.float32)
        for stream in streams(result):
            value[stream] = self._follow(result.scores[stream].astype(np.float64), known)
        return Cut(value)

    def _follow(self, scores: np.ndarray, known: np.ndarray) -> np.ndarray:
        """Return the cuts of a stream, (rows,)."""
        cuts, batch = np.empty(len(scores)), max(1, self.window // BATCHES)
        flagged = np.zeros(len(scores), bool)
        normal = known[-self.window :]
        for start in range(0, len(scores), batch):
            rows = slice(start, start + batch)
            cuts[rows] = separating(normal, self.prune)
            flagged[rows] = scores[rows] > cuts[rows]
            normal = np.r_[normal, scores[rows][~flagged[rows]]][-self.window :]
            last = slice(max(0, start + batch - self.window), start + batch)
            if flagged[last].sum() > self.window / 2:
                normal = scores[last]
        return cuts


def separating(scores: np.ndarray, prune: float) -> float:
    """Return the cut that separates *scores*, (n,), from what is anomalous.

    Args:
        scores: In the order of time.
        prune: Least relative drop from one event's peak to the next lower one; events below the
            last such drop are normal after all.
    """
    mean, spread = float(scores.mean()), float(scores.std())
    levels = mean + DEVIATIONS * spread
    levels = levels[levels < scores.max()]
    level = np.inf
    if len(levels) and mean > 0:
        rows = np.flatnonzero(scores > levels[0])
        heights = scores[rows] - mean
        gains = [
            _gain(rows[above], heights[above], len(scores), mean, spread)
            for above in (heights[None, :] > (levels - mean)[:, None])
        ]
        level = float(levels[int(np.argmax(gains))])
    return max(level if np.isfinite(level) else 0.0, _highest_normal(scores, level, prune))


def _gain(rows: np.ndarray, heights: np.ndarray, count: int, mean: float, spread: float) -> float:
    """Return the drop in mean and spread without some rows, by how many and how long they are.

    Args:
        rows: (k,) of the window, flagged.
        heights: (k,) their scores above the mean.
        count: Rows of the window.
        mean: Of the window's scores.
        spread: Their standard deviation.
    """
    if len(rows) == 0:
        return 0.0
    left = count - len(rows)
    shift = -heights.sum() / left  # of the mean; deviations from it sum to 0
    variance = (count * spread**2 - np.square(heights).sum()) / left - shift**2
    drop = -shift / mean + 1 - np.sqrt(max(variance, 0.0)) / spread
    events = 1 + np.count_nonzero(np.diff(rows) > 1)
    return float(drop / (len(rows) + events**2))


def _highest_normal(scores: np.ndarray, level: float, prune: float) -> float:
    """Return the height that an event's peak has to reach, from the highest normal score."""
    above = np.r_[False, scores > level, False]
    edges = np.flatnonzero(np.diff(above.astype(np.int8)))
    peaks = [scores[a:b].max() for a, b in edges.reshape(-1, 2)]
    heights = np.r_[np.sort(peaks)[::-1], scores[scores <= level].max()]
    kept = np.flatnonzero(heights[:-1] - heights[1:] > prune * heights[:-1])
    highest = heights[kept[-1] + 1] if len(kept) else heights[0]
    return float(highest / (1 - prune))
