"""Labels, made ready so that a moved threshold costs no pass over the rows."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from core.anomaly.intervals import detect


class Truth:
    """Labelled anomalies among the test rows of a result.

    Attributes:
        before: (rows + 1,) int32, labelled test rows before each row.
        positives: Labelled test rows.
        normal: Test rows without a label.
        events: Labelled anomalies as runs of rows.
    """

    def __init__(
        self, labels: np.ndarray, scores: np.ndarray, test: np.ndarray, boundaries: np.ndarray
    ) -> None:
        """Count *labels*, (rows,) bool, where *test*, (rows,) bool, holds."""
        self._scores, self._test = scores, test
        self._labels = labels & test
        self.before = np.r_[np.int32(0), np.cumsum(self._labels, dtype=np.int32)]
        self.positives = int(self.before[-1])
        self.normal = int(test.sum()) - self.positives
        self.events = detect(self._labels, 0.5, boundaries)

    @cached_property
    def average_precision(self) -> float | None:
        """Of the scores of the test rows; see `average_precision`."""
        return average_precision(self._scores[self._test], self._labels[self._test])


def average_precision(scores: np.ndarray, labels: np.ndarray) -> float | None:
    """Return the area under the precision-recall curve, ties taken together; None without both.

    The sum of precision times the gain in recall, as scikit-learn defines it.
    """
    positives = int(labels.sum())
    if positives == 0 or positives == len(labels):
        return None
    order = np.argsort(-scores, kind="stable")
    ranked, hits = scores[order], np.cumsum(labels[order])
    ends = np.flatnonzero(np.r_[ranked[1:] != ranked[:-1], True])  # last of each tie
    precision = hits[ends] / (ends + 1)
    gain = np.diff(np.r_[0, hits[ends]]) / positives
    return float((precision * gain).sum())
