"""Peaks over threshold on a stream that drifts: the local mean is taken off, the tail learns on."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np

from core.anomaly.pot import level_setting, risk_setting, thin
from core.anomaly.result import Result
from core.anomaly.rule import Cut, Rule, known_scores, streams
from core.anomaly.tail import LEAST, fit_tail
from core.config import setting

FIRST, LARGEST = 256, 1 << 16  # rows looked at together, fewest and most
GROWN = 0.2  # the tail is fitted again when it has grown by this share


class Dspot(Rule):
    """Peaks over threshold on what a score exceeds the mean of the last normal rows by.

    DSPOT of Siffer et al. 2017, "Anomaly Detection in Streams with Extreme Value Theory", KDD.
    Peaks below the cut join the tail; it is fitted again when a fifth more have come, not after
    each one. Flagged rows enter neither mean nor tail, so that a level that stays is flagged for
    as long as it stays.
    """

    label: ClassVar[str] = "Drifting peaks (DSPOT)"
    reads: ClassVar[str] = "the scores of the training rows, then past scores of the stream"

    kind: Literal["dspot"] = "dspot"
    risk: float = risk_setting()
    depth: int = setting(
        200,
        label="Depth",
        help="How many of the last normal rows the local mean is taken over. Fewer: drift is "
        "followed sooner, and slow anomalies are missed.",
        unit="rows",
        ge=2,
        le=10_000,
        log=True,
    )
    level: float = level_setting()

    def cut(self, result: Result) -> Cut:
        """Return a cut a row, (rows,) float32; a quantile where there are too few tail points."""
        known = known_scores(result).astype(np.float64)
        calibrated = _Stream(self, known) if len(known) > 1 else None
        if calibrated is None or len(calibrated.peaks) < LEAST:
            peaks = 0 if calibrated is None else len(calibrated.peaks)
            return Cut(float(np.quantile(known, 1 - self.risk)), (thin(peaks, self.level),))
        value = np.empty(len(result), np.float32)
        for stream in streams(result):
            value[stream] = _Stream(self, known).follow(result.scores[stream].astype(np.float64))
        return Cut(value)


class _Stream:
    """State amid a stream.

    Attributes:
        window: (depth,) the last normal scores.
        start: Where the tail begins, above the local mean.
        peaks: Excesses over it.
        seen: Normal rows so far.
        cut: Above the local mean.
    """

    def __init__(self, rule: Dspot, known: np.ndarray) -> None:
        self.risk, self.depth = rule.risk, min(rule.depth, len(known) // 2)
        self.window = known[: self.depth]
        apart = known[self.depth :] - self._means(known[self.depth :])[:-1]
        self.window = known[len(known) - self.depth :]
        self.start = float(np.quantile(apart, rule.level))
        self.peaks = (apart[apart > self.start] - self.start).tolist()
        self.seen, self.due, self.cut = len(apart), 0, np.inf
        if len(self.peaks) >= LEAST:
            self._fit()

    def follow(self, scores: np.ndarray) -> np.ndarray:
        """Return the cuts of all rows of a stream, (rows,)."""
        cuts, at, size = np.empty(len(scores)), 0, FIRST
        while at < len(scores):
            part = scores[at : at + size]
            used = self._calm(part, cuts[at : at + size])
            size = min(2 * size, LARGEST) if used == len(part) else FIRST
            at += used
            if used < len(part) and at < len(scores):
                at += self._alarm(scores[at:], cuts[at:])
        return cuts

    def _calm(self, part: np.ndarray, cuts: np.ndarray) -> int:
        """Take in normal rows up to the first flagged one, or the next fit; return how many."""
        means = self._means(part)
        apart = part - means[:-1]
        above = np.flatnonzero(apart > self.cut)
        stop = int(above[0]) if len(above) else len(part)
        peaks = np.flatnonzero(apart[:stop] > self.start)
        room = self.due - len(self.peaks)
        fit = len(peaks) >= room
        if fit:
            stop = int(peaks[room - 1]) + 1
            peaks = peaks[:room]
        cuts[:stop] = means[:stop] + self.cut
        self.peaks += (apart[peaks] - self.start).tolist()
        self.window = np.r_[self.window, part[:stop]][-self.depth :]
        self.seen += stop
        if fit:
            self._fit()
        return stop

    def _alarm(self, rest: np.ndarray, cuts: np.ndarray) -> int:
        """Pass over the flagged rows that *rest* begins with; return how many."""
        mean, size, at = self._means(rest[:0])[0], FIRST, 0
        while at < len(rest):
            calm = np.flatnonzero(rest[at : at + size] - mean <= self.cut)
            if len(calm):
                at += int(calm[0])
                break
            at, size = min(at + size, len(rest)), min(2 * size, LARGEST)
        cuts[:at] = mean + self.cut
        return at

    def _means(self, part: np.ndarray) -> np.ndarray:
        """Return the mean of the last `depth` rows before each row of *part*, and behind it."""
        joined = np.r_[self.window, part]
        total = np.r_[0.0, np.cumsum(joined)]
        return (total[self.depth :] - total[: -self.depth]) / self.depth

    def _fit(self) -> None:
        tail = fit_tail(np.array(self.peaks))
        self.cut = self.start + tail.excess(self.risk * self.seen / len(self.peaks))
        self.due = len(self.peaks) + max(LEAST, int(GROWN * len(self.peaks)))
