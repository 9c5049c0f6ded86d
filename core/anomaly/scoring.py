"""Which scorer turns residuals into scores, and how its scores are smoothed.

How residuals become scores matters more than the network that made them (Garg et al., "An
Evaluation of Anomaly Detection and Diagnosis in Multivariate Time Series", IEEE TNNLS 2021). A
run stores residuals, so another scorer costs one pass over them and no training.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np

from core.anomaly.residuals import GROUP_ROWS, Residuals
from core.anomaly.scorers import SCORERS, Scorer
from core.config import Config, setting


class Scoring(Config):
    """From residuals to one score a step; higher is more anomalous."""

    kind: Literal["mean-square", "largest", "mahalanobis", "rolling", "mixture"] = setting(
        "mean-square",
        label="Scorer",
        help="How the residuals of all channels become one score a step.",
    )
    area: int = setting(
        1,
        label="Area",
        help="Residuals are averaged over so many rows before they are scored (area error): noise "
        "cancels out, and a small deviation that lasts counts. 1 scores each row by itself.",
        unit="rows",
        ge=1,
        le=500,
    )
    smoothing: int = setting(
        1,
        label="Smoothing",
        help="Scores are averaged over so many rows. More: fewer false alarms from single rows, "
        "and events with softer ends. 1 leaves them as they are.",
        unit="rows",
        ge=1,
        le=500,
    )
    causal: bool = setting(
        False,
        label="Look back only",
        help="Area and smoothing end with their row instead of lying around it: for streams.",
    )

    @property
    def behind(self) -> int:
        """Rows before a row that its score depends on."""
        spans = self.area + self.smoothing - 2
        return SCORERS[self.kind].reach + (spans if self.causal else (spans + 1) // 2 + 1)

    @property
    def ahead(self) -> int:
        """Rows after a row that its score depends on."""
        return 0 if self.causal else (self.area + self.smoothing) // 2


@dataclass(frozen=True)
class Fit:
    """A scorer that has seen the residuals of the training rows.

    Attributes:
        scoring: The choice.
        scorer: What was fitted.
    """

    scoring: Scoring
    scorer: Scorer

    def contributions(self, part: np.ndarray) -> np.ndarray:
        """(rows, N) residuals -> (rows, N), none below 0: what each channel adds to the score."""
        averaged = running_mean(part, self.scoring.area, causal=self.scoring.causal)
        return self.scorer.contributions(averaged)

    def scores(self, part: np.ndarray) -> np.ndarray:
        """(rows, N) residuals of rows that follow one another -> (rows,) float32 scores."""
        joined = self.scorer.join(self.contributions(part))
        smooth = running_mean(joined, self.scoring.smoothing, causal=self.scoring.causal)
        return smooth.astype(np.float32, copy=False)


def fit_scorer(scoring: Scoring, training: Residuals, starts: np.ndarray) -> Fit:
    """Fit the scorer of *scoring* on the residuals of the training rows.

    Args:
        scoring: The choice.
        training: (training rows, N).
        starts: Sorted first rows of the stretches that follow one another without a gap.
    """
    scorer = SCORERS[scoring.kind]()
    if scorer.learns:
        averaged = [
            running_mean(training.read(a, b), scoring.area, causal=scoring.causal)
            for a, b in _blocks(starts, len(training))
        ]
        scorer.fit(np.concatenate(averaged) if averaged else np.empty((0, 1), np.float32))
    return Fit(scoring, scorer)


def scores_of(fitted: Fit, residuals: Residuals, starts: np.ndarray) -> np.ndarray:
    """Return (rows,) float32 scores, piece by piece, so that long recordings need little memory.

    Args:
        fitted: The scorer.
        residuals: (rows, N).
        starts: Sorted first rows of blocks; no score looks across the beginning of one.
    """
    scores = np.empty(len(residuals), np.float32)
    for start, stop in _blocks(starts, len(residuals)):
        for at in range(start, stop, GROUP_ROWS):
            end = min(at + GROUP_ROWS, stop)
            first = max(start, at - fitted.scoring.behind)
            part = residuals.read(first, min(end + fitted.scoring.ahead, stop))
            scores[at:end] = fitted.scores(part)[at - first : end - first]
    return scores


def running_mean(values: np.ndarray, span: int, *, causal: bool) -> np.ndarray:
    """Return the mean of *span* rows around each row, or up to it; fewer at the ends.

    Args:
        values: (rows,) or (rows, N).
        span: Rows to average; 1 returns *values*.
        causal: Whether the span ends with its row.
    """
    if span <= 1 or len(values) == 0:
        return values
    total = np.zeros((len(values) + 1, *values.shape[1:]))
    np.cumsum(values, axis=0, dtype=np.float64, out=total[1:])
    rows = np.arange(len(values))
    after = 0 if causal else span // 2
    low = np.maximum(rows + after - span + 1, 0)
    high = np.minimum(rows + after + 1, len(values))
    count = (high - low).reshape(-1, *[1] * (values.ndim - 1))
    return ((total[high] - total[low]) / count).astype(np.float32)


def shares_of(energies: np.ndarray) -> np.ndarray:
    """(N,) -> (N,) each channel's share of the score; they sum to 1, evenly if there is none."""
    total = energies.sum()
    return energies / total if total > 0 else np.full(len(energies), 1 / len(energies))


def _blocks(starts: np.ndarray, rows: int) -> list[tuple[int, int]]:
    """Return first row and end of each block."""
    edges = np.append(starts, rows)
    return [(int(a), int(b)) for a, b in pairwise(edges) if b > a]
