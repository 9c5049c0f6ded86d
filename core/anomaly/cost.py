"""The cheapest cut, where labels say what was an anomaly."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np

from core.anomaly.intervals import Intervals, detect
from core.anomaly.result import Result
from core.anomaly.rule import Cut, Rule, known_scores
from core.config import setting
from core.errors import ConfigError

TRIED = 200  # cuts at most
STAND_IN = 0.99  # quantile of the training scores


class Cost(Rule):
    """The cut at which missed anomalies and false alarms cost least, on the first labelled rows.

    It is chosen on a share of the test rows, which then do not count in the metrics. An anomaly
    is missed when none of its rows is flagged. A false alarm that lasts counts once for each
    median length of the labelled anomalies, else to flag everything would be one cheap alarm; an
    alarm may begin early or end late by one such length. Candidates lie just below the peaks of
    the labelled anomalies: between two of them a lower cut catches nothing more.
    """

    label: ClassVar[str] = "Least cost"
    reads: ClassVar[str] = "scores and labels of the first test rows, which then do not count"
    needs_labels: ClassVar[bool] = True

    kind: Literal["cost"] = "cost"
    miss: float = setting(
        5.0,
        label="Cost of a miss",
        help="What a labelled anomaly that is missed costs, in false alarms. Higher: more alarms.",
        unit="false alarms",
        ge=0.01,
        le=1000.0,
        log=True,
    )
    share: float = setting(
        0.5,
        label="Share to choose on",
        help="Share of the test rows, the first ones, whose labels the cut is chosen by.",
        ge=0.05,
        le=0.95,
        advanced=True,
    )

    def cut(self, result: Result) -> Cut:
        """Return one number for all rows.

        Raises:
            ConfigError: the recording has no labels.
        """
        if result.labels is None:
            raise ConfigError(
                "The cheapest cut is chosen by labels, and the recording has none.",
                "Name the column of labels in its roles, or choose another threshold.",
            )
        chosen = self._chosen(result, result.labels)
        wanted = detect(result.labels & chosen, 0.5, result.boundaries)
        if len(wanted) == 0:
            note = (
                f"No labelled anomaly lies in the first {self.share:.0%} of the test rows: the "
                f"{STAND_IN:.0%} quantile of the training scores stands in."
            )
            return Cut(float(np.quantile(known_scores(result), STAND_IN)), (note,))
        scores = np.where(chosen, result.scores, np.float32(-np.inf))
        normal = np.where(result.labels, np.float32(-np.inf), scores)
        length = max(1, int(np.median(wanted.stops - wanted.starts)))
        edges = zip(wanted.starts, wanted.stops, strict=True)
        peaks = np.array([scores[start:stop].max() for start, stop in edges])
        cuts = np.r_[np.nextafter(_thinned(peaks), np.float32(-np.inf)), scores.max()]
        costs = [
            self.miss * np.count_nonzero(peaks <= cut)
            + _false(detect(normal, cut, result.boundaries), result.labels, length)
            for cut in cuts
        ]
        # Of equally cheap ones the highest: it alarms least.
        best = len(cuts) - 1 - int(np.argmin(costs[::-1]))
        return Cut(float(cuts[best]), chosen_on=chosen)

    def _chosen(self, result: Result, labels: np.ndarray) -> np.ndarray:
        """Return the rows to choose on, (rows,) bool; an anomaly is in or out as a whole."""
        rows = np.flatnonzero(result.test)
        chosen = np.zeros(len(result), bool)
        count = int(len(rows) * self.share)
        while 0 < count < len(rows) and labels[rows[count - 1]] and labels[rows[count]]:
            count += 1
        chosen[rows[:count]] = True
        return chosen


def _thinned(peaks: np.ndarray) -> np.ndarray:
    """Return the distinct peaks, sorted, or so many of them evenly."""
    peaks = np.unique(peaks)
    if len(peaks) <= TRIED:
        return peaks
    return peaks[np.linspace(0, len(peaks) - 1, TRIED).round().astype(int)]


def _false(found: Intervals, labels: np.ndarray, length: int) -> int:
    """Return how many times *length* the flagged stretches of normal rows last, each rounded up.

    One that adjoins an anomaly is only late, or early, for its first *length* rows.
    """
    padded = np.r_[False, labels, False]
    adjoins = padded[found.starts] | padded[found.stops + 1]
    lasting = found.stops - found.starts - length * adjoins
    return int(np.ceil(np.maximum(lasting, 0) / length).sum())
