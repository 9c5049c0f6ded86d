"""A cut that keeps to a number of alarms a day."""

from __future__ import annotations

from collections import deque
from typing import ClassVar, Literal

import numpy as np

from core.anomaly.result import Result
from core.anomaly.rule import Cut, Rule, known_scores, streams
from core.config import setting

DAY = 86_400.0  # seconds
ROWS = 1440  # in a day of a recording without time


class Budget(Rule):
    """At most so many alarms a day in each entity, the worst ones as far as one can know.

    Each day the lowest cut is taken under which the days before, the training rows first, would
    have kept to the budget. When a day's alarms are spent, the cut follows the score, so that no
    other one begins until the oldest is a day old; an alarm that has begun goes on.
    """

    label: ClassVar[str] = "Alarm budget"
    reads: ClassVar[str] = "the scores of the training rows, then past scores of the stream"

    kind: Literal["budget"] = "budget"
    alarms: int = setting(
        3,
        label="Alarms a day",
        help="At most so many alarms begin in any 24 hours of an entity.",
        unit="alarms",
        ge=1,
        le=100,
    )
    days: int = setting(
        7,
        label="Days to learn from",
        help="How many of the last days the cut is found on.",
        unit="days",
        ge=1,
        le=60,
        advanced=True,
    )

    def cut(self, result: Result) -> Cut:
        """Return a cut a row, (rows,) float32, that reads scores up to its row alone."""
        known = known_scores(result)
        seconds = result.seconds_per_step
        day = max(1, round(DAY / seconds)) if seconds else ROWS
        starts = np.zeros(len(result), bool)
        starts[result.boundaries] = True
        value = np.empty(len(result), np.float32)
        for stream in streams(result):
            value[stream] = self._follow(result.scores[stream], starts[stream], known, day)
        if seconds:
            return Cut(value)
        return Cut(value, (f"The recording has no time: {ROWS:,} rows are taken as a day.",))

    def _follow(
        self, scores: np.ndarray, starts: np.ndarray, known: np.ndarray, day: int
    ) -> np.ndarray:
        """Return the cuts of a stream; a run of flagged rows ends where *starts* holds."""
        cuts = np.empty(len(scores), np.float32)
        past, begun = known[-self.days * day :], deque([-day] * self.alarms, self.alarms)
        goes_on = spent = False
        for start in range(0, len(scores), day):
            rows = slice(start, start + day)
            part, level = scores[rows], _level(past, self.alarms * len(past) // day)
            cuts[rows] = level
            above = part > level
            fresh = above & (starts[rows] | ~np.r_[goes_on, above[:-1]])
            first = fresh.copy()
            first[0] = above[0]
            last = above & np.r_[first[1:] | ~above[1:], True]
            for a, b in zip(np.flatnonzero(first), np.flatnonzero(last) + 1, strict=True):
                if fresh[a]:
                    spent = bool(start + a - begun[0] < day)
                    if not spent:
                        begun.append(start + int(a))
                if spent:
                    cuts[start + a : start + b] = part[a:b]
            goes_on = bool(above[-1])
            past = np.r_[past, part][-self.days * day :]
        return cuts


def _level(scores: np.ndarray, alarms: int) -> float:
    """Return the lowest score that at most so many *alarms* rise above, as at all higher ones.

    A score that is exceeded half of the time is no cut: it is the median at least.
    """
    candidates = np.unique(scores)
    rises = scores[1:] > scores[:-1]
    below, above = np.sort(scores[:-1][rises]), np.sort(scores[1:][rises])
    count = np.searchsorted(below, candidates, "right") - np.searchsorted(
        above, candidates, "right"
    )
    count += scores[0] > candidates
    many = np.flatnonzero(count > alarms)
    lowest = candidates[many[-1] + 1] if len(many) else candidates[0]
    return max(float(lowest), float(np.quantile(scores, 0.5, method="higher")))
