"""A cut that holds under drift: it rises with every flagged row and sinks slowly otherwise."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np

from core.anomaly.result import Result
from core.anomaly.rule import Cut, Rule, known_scores, streams
from core.config import setting

PIECE = 1 << 16  # rows at a time, so that a long recording needs little memory
TINY = float(np.finfo(np.float32).tiny)  # variance of scores that never vary


class Adaptive(Rule):
    """Follows the stream, so that in the long run no more than a chosen share is flagged.

    Quantile tracking (Angelopoulos, Candès and Tibshirani 2023, "Conformal PID Control for Time
    Series Prediction", NeurIPS), the form of adaptive conformal inference (Gibbs and Candès 2021,
    "Adaptive Conformal Inference Under Distribution Shift", NeurIPS) that moves the cut itself: a
    flagged row lifts it by (1 - rate) steps, any other lowers it by rate steps. However far the
    scores drift, the flagged share comes back to the rate; so an alarm that lasts is accepted as
    the new level. Two changes: a step is a share of the present spread of the scores, so that a
    recording that has become restless is got used to as fast as a calm one; and the cut does not
    sink below a quantile of the training scores, so that a calm recording is hardly flagged.
    """

    label: ClassVar[str] = "Adaptive"
    reads: ClassVar[str] = "the scores of the training rows, then past scores of the stream"

    kind: Literal["adaptive"] = "adaptive"
    rate: float = setting(
        0.03,
        label="Flagged share",
        help="Share of the rows that may be flagged in the long run, however the recording "
        "drifts. Lower: fewer alarms.",
        ge=1e-3,
        le=0.2,
    )
    floor: float = setting(
        0.99,
        label="Lowest cut",
        help="Quantile of the training scores that the cut never falls below, so that a recording "
        "like the training rows has as few alarms as these. Higher: fewer alarms.",
        ge=0.5,
        le=1.0,
    )
    step: float = setting(
        0.3,
        label="Step",
        help="How far a flagged row lifts the cut, in standard deviations of the last scores. "
        "Larger: alarms end sooner, and drift is accepted sooner.",
        unit="σ",
        ge=0.01,
        le=5.0,
        log=True,
        advanced=True,
    )
    memory: int = setting(
        250,
        label="Memory",
        help="How many of the last rows tell how much scores vary at present.",
        unit="rows",
        ge=10,
        le=10_000,
        log=True,
        advanced=True,
    )

    def cut(self, result: Result) -> Cut:
        """Return a cut a row, (rows,) float32, that reads scores before its row alone."""
        known = known_scores(result).astype(np.float64)
        value = np.empty(len(result), np.float32)
        for stream in streams(result):
            follower = _Follower(self, known)
            for start in range(stream.start, stream.stop, PIECE):
                rows = slice(start, min(start + PIECE, stream.stop))
                value[rows] = follower.follow(result.scores[rows].astype(np.float64))
        return Cut(value)


class _Follower:
    """The state of the rule amid a stream.

    Attributes:
        floor: The cut does not sink below it.
        level: The cut of the next row.
        least: Variance of the scores at least.
        past: (memory,) the scores before it; to begin with, of training rows.
    """

    past: np.ndarray

    def __init__(self, rule: Adaptive, known: np.ndarray) -> None:
        self.rule = rule
        self.floor = float(np.quantile(known, rule.floor))
        self.level = float(np.quantile(known, 1 - rule.rate))
        self.least = max(float(known.var()), TINY)
        self.past = known[-rule.memory :]

    def follow(self, scores: np.ndarray) -> np.ndarray:
        """Return the cuts of the next rows, (rows,), whose *scores* are these."""
        up = self.rule.step * self._spread(scores)
        # What unflagged rows take from the cut, summed up from the first row.
        sunk = np.r_[0.0, np.cumsum(self.rule.rate * up)]
        # Only rows above the floor can be flagged: between them the cut is known at once.
        near = np.flatnonzero(scores > self.floor)
        level, since, floor, rate = self.level, 0.0, self.floor, self.rule.rate
        starts, levels, bases = [0], [level], [since]
        columns = (near, scores[near], sunk[near], up[near])
        for row, score, gone, step in zip(*(one.tolist() for one in columns), strict=True):
            cut = max(level - (gone - since), floor)
            if score > cut:
                level, since = cut + (1 - rate) * step, gone + rate * step
                starts.append(row + 1)
                levels.append(level)
                bases.append(since)
        lengths = np.diff([*starts, len(scores)])
        fallen = sunk[:-1] - np.repeat(bases, lengths)
        self.level = max(level - (float(sunk[-1]) - since), floor)
        return np.maximum(np.repeat(levels, lengths) - fallen, floor)

    def _spread(self, scores: np.ndarray) -> np.ndarray:
        """Return the standard deviation of the last rows before each, (rows,), or of training."""
        joined = np.r_[self.past, scores]
        centred = joined - np.median(self.past)  # squares of what is left lose no digits
        total = np.r_[0.0, np.cumsum(centred)]
        power = np.r_[0.0, np.cumsum(np.square(centred))]
        stops = np.arange(len(self.past), len(joined))
        starts = np.maximum(stops - self.rule.memory, 0)
        count = stops - starts
        mean = (total[stops] - total[starts]) / count
        variance = (power[stops] - power[starts]) / count - mean**2
        self.past = joined[-self.rule.memory :]
        return np.sqrt(np.maximum(variance, self.least))
