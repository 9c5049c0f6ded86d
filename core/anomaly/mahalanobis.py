"""Mahalanobis distance: how far a row is from the training mean, given what moves together.

Mahalanobis 1936, "On the generalised distance in statistics"; the covariance is shrunk as by
Ledoit and Wolf 2004, "A well-conditioned estimator for large-dimensional covariance matrices",
so that channels which copy one another do no harm.
"""

from __future__ import annotations

import numpy as np

from core.anomaly.config import Config
from core.anomaly.contributions import Contributing


class Mahalanobis(Contributing):
    """The squared distance, divided by the number of channels: about 1 where all is normal.

    The whitened row has the distance as its length, and with the symmetric root each of its
    entries still belongs to one channel (Kessy et al. 2018, "Optimal whitening", section 3: ZCA).

    Attributes:
        center: (N,) mean of the training rows.
        whitening: (N, N) symmetric root of the inverse of their covariance.
    """

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        self.center = np.empty(0, np.float32)
        self.whitening = np.empty((0, 0), np.float32)

    def learn(self, rows: np.ndarray, segments: list[slice]) -> np.ndarray:
        """Learn mean and covariance."""
        from sklearn.covariance import ledoit_wolf

        self.center = rows.mean(axis=0)
        covariance, _ = ledoit_wolf((rows - self.center).astype(np.float64), assume_centered=True)
        powers, vectors = np.linalg.eigh(covariance)
        powers = np.maximum(powers, 1e-6 * max(powers[-1], 1.0))  # also where nothing varies
        self.whitening = ((vectors / np.sqrt(powers)) @ vectors.T).astype(np.float32)
        return self.contributions(rows, segments, own=True)

    def judge(self, part: np.ndarray, first: int | None = None) -> np.ndarray:
        """Return (rows, N): the squares of the whitened rows, over N."""
        return np.square((part - self.center) @ self.whitening) / np.float32(part.shape[1])

    def arrays(self) -> dict[str, np.ndarray]:
        """Return mean and whitening."""
        return {"center": self.center, "whitening": self.whitening}

    def restore(self, arrays: dict[str, np.ndarray]) -> None:
        """Take what `arrays` returned."""
        self.center, self.whitening = arrays["center"], arrays["whitening"]
