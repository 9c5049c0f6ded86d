"""Trees and a linear model, on statistics of windows of several lengths.

A single window is either too short for the slow course of a MOX sensor or too long for a puff: four
of them, each twice as long as the one before, show both. Extremely randomised trees (Geurts, Ernst
and Wehenkel 2006, Machine Learning) find the thresholds; a multinomial regression with a strong
penalty goes on where readings drift beyond all that was learned from, at which trees stand still.
The two are off in different rows, and their mean is off less often than either.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from scipy.special import softmax

from core.gas.baselines import Stored
from core.gas.classifier import Answer, Training, answer_of, pieces
from core.gas.forest import ask, grow
from core.gas.forests import statistics
from core.gas.samples import Samples
from core.task import Reporter

LENGTHS = (15, 30, 60, 120)  # rows
LONGEST = max(LENGTHS)
LEAF = 3  # rows of a leaf at least
CHUNK = 1_024  # rows whose windows are read at once: bounds the memory
PENALTY = 0.2  # on squared weights, beside the mean loss


class Windows(Stored):
    """The mean of extremely randomised trees and of a multinomial regression."""

    def fit(
        self, training: Training, reporter: Reporter | None, checkpoint: Path | None
    ) -> list[dict[str, float]]:
        """Grow the trees, solve the regression."""
        samples = training.train
        rows = np.concatenate(list(self._features(samples)))
        codes, classes = samples.labels, len(samples.recording.classes)
        trees = grow(rows, codes, classes, self.config.seed, LEAF, extra=True)
        self.arrays = trees | _regression(rows, codes, classes)
        return []

    def predict(self, samples: Samples) -> Answer:
        """Return the mean of both."""
        return answer_of(np.concatenate([self._asked(rows) for rows in self._features(samples)]))

    def reading(self, samples: Samples) -> Callable[[np.ndarray], np.ndarray]:
        """Return what gives the windows (B, T, N) of decisions, by their numbers (B,)."""
        return lambda indices: samples.sensors(indices, LONGEST)

    def _features(self, samples: Samples) -> Iterator[np.ndarray]:
        """Return the statistics (B, 28 N) of the windows of every length, piece by piece."""
        read = self.reading(samples)
        for indices in pieces(len(samples), CHUNK):
            yield of_lengths(read(indices))

    def _asked(self, rows: np.ndarray) -> np.ndarray:
        level = (rows - self.arrays["center"]) / self.arrays["spread"]
        linear = softmax(level @ self.arrays["weights"] + self.arrays["offsets"], axis=1)
        return (ask(self.arrays, rows) + linear) / 2


def of_lengths(windows: np.ndarray) -> np.ndarray:
    """Return the statistics (B, 28 N) of the ends of *windows* (B, T, N), one after another."""
    return np.concatenate([statistics(windows[:, -one:]) for one in LENGTHS], axis=1)


def _regression(rows: np.ndarray, codes: np.ndarray, classes: int) -> dict[str, np.ndarray]:
    """Return center, spread, weights (D, C) and offsets (C,); a class without rows is never said.

    Args:
        rows: (W, D).
        codes: (W,) places of classes.
        classes: C.
    """
    from sklearn.linear_model import LogisticRegression

    center, spread = rows.mean(axis=0), rows.std(axis=0)
    spread = np.where(spread > 0, spread, 1)
    model = LogisticRegression(
        C=1 / (PENALTY * len(rows)), class_weight="balanced", max_iter=1000
    ).fit((rows - center) / spread, codes)
    # Of two classes there is one row, the logit of the second.
    coef, intercept = model.coef_, model.intercept_
    if len(coef) == 1:
        coef, intercept = np.r_[-coef, coef] / 2, np.r_[-intercept, intercept] / 2
    weights, offsets = np.zeros((rows.shape[1], classes)), np.full(classes, -np.inf)
    weights[:, model.classes_], offsets[model.classes_] = coef.T, intercept
    return {"center": center, "spread": spread, "weights": weights, "offsets": offsets}
