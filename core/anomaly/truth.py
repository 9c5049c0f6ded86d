"""Labels, made ready so that a moved threshold costs no pass over the rows."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from core.anomaly.intervals import Intervals, detect
from core.anomaly.pate import pate
from core.anomaly.ranking import Ranking
from core.anomaly.volume import volume


@dataclass(frozen=True)
class Tested:
    """The test rows of a result, one after the other.

    Attributes:
        scores: (rows,).
        labels: (rows,) bool.
        boundaries: First rows of segments, from 0.
    """

    scores: np.ndarray
    labels: np.ndarray
    boundaries: np.ndarray


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
        self._scores, self._test, self._boundaries = scores, test, boundaries
        self._labels = labels & test
        self.before = np.r_[np.int32(0), np.cumsum(self._labels, dtype=np.int32)]
        self.positives = int(self.before[-1])
        self.normal = int(test.sum()) - self.positives
        self.events = detect(self._labels, 0.5, boundaries)

    @cached_property
    def spans(self) -> Intervals:
        """The segments of test rows."""
        return detect(self._test, 0.5, self._boundaries)

    @property
    def tested(self) -> Tested:
        """The test rows alone."""
        boundaries = np.cumsum(np.r_[0, self.spans.stops - self.spans.starts])[:-1]
        return Tested(self._scores[self._test], self._labels[self._test], boundaries)

    @cached_property
    def ranked(self) -> dict[str, float]:
        """What the scores are worth without a threshold; empty without both kinds of rows.

        vus_pr and vus_roc (`volume`), average_precision and roc_auc (`Ranking`).
        """
        rows = self.tested
        area = volume(rows.scores, rows.labels, rows.boundaries)
        if area is None:
            return {}
        ranking = Ranking(rows.scores, rows.labels)
        return {
            "vus_pr": area.pr,
            "vus_roc": area.roc,
            "average_precision": ranking.average_precision,
            "roc_auc": ranking.roc_auc,
        }

    @cached_property
    def pate(self) -> float | None:
        """What the scores are worth by nearness in time; see `pate`."""
        rows = self.tested
        return pate(rows.scores, rows.labels, rows.boundaries)
