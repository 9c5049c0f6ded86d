"""Detectors without a network, which every network has to beat."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from core.anomaly.config import Config
from core.anomaly.detector import TrainingRows
from core.task import Reporter


class Stateless:
    """A detector that learns nothing beyond the scaler."""

    def __init__(self, config: Config) -> None:
        self.config = config

    def fit(
        self, training: TrainingRows, reporter: Reporter | None, checkpoint: Path | None
    ) -> list[dict[str, float]]:
        """Nothing to learn."""
        return []

    def save(self, folder: Path) -> None:
        """Nothing to write."""

    def load(self, folder: Path) -> None:
        """Nothing to read."""


class Random(Stateless):
    """Uniform noise: what a detector scores that has seen nothing."""

    whole = True  # one stream of noise over all rows: blocks would repeat it

    def residuals(self, values: np.ndarray, segments: list[slice]) -> np.ndarray:
        """Return the same noise in all channels, for it knows of none that is worse."""
        rng = np.random.default_rng(self.config.seed)
        noise = rng.random((len(values), 1), dtype=np.float32)
        return np.repeat(noise, values.shape[1], axis=1)


class Always(Stateless):
    """One score for all rows: whatever is flagged, all is flagged."""

    def residuals(self, values: np.ndarray, segments: list[slice]) -> np.ndarray:
        """Return ones, which blame no channel more than another."""
        return np.ones_like(values)


class MaxZ(Stateless):
    """The scaled reading itself: how many standard deviations a channel is from its mean."""

    def residuals(self, values: np.ndarray, segments: list[slice]) -> np.ndarray:
        """Return *values*, which the scaler has made z-scores; the score is the largest."""
        return values.copy()


class Pca:
    """Reading minus its projection on the principal components of the training rows.

    Shyu et al. 2003, "A novel anomaly detection scheme based on principal component classifier",
    with the minor components alone.
    """

    def __init__(self, config: Config) -> None:
        self.config = config
        self.components = np.empty((0, 0), dtype=np.float32)  # (K, N)

    def fit(
        self, training: TrainingRows, reporter: Reporter | None, checkpoint: Path | None
    ) -> list[dict[str, float]]:
        """Keep the components that explain the share of variance that the config names."""
        rows = training.rows  # centred by the scaler
        variances, vectors = np.linalg.eigh(
            np.cov(rows, rowvar=False, ddof=0).reshape(2 * rows.shape[1:])
        )
        variances, vectors = variances[::-1].clip(min=0), vectors[:, ::-1]
        explained = np.cumsum(variances) / max(variances.sum(), np.finfo(float).tiny)
        # At least one component is left out, else there would be no residual at all.
        keep = min(int(np.searchsorted(explained, self.config.variance)) + 1, rows.shape[1] - 1)
        keep = keep if variances[0] > 0 else 0  # nothing varies, so nothing is explained
        self.components = np.ascontiguousarray(vectors[:, :keep].T, dtype=np.float32)
        return []

    def residuals(self, values: np.ndarray, segments: list[slice]) -> np.ndarray:
        """Return what the kept components do not explain."""
        return values - (values @ self.components.T) @ self.components

    def save(self, folder: Path) -> None:
        """Write `model.npz`."""
        np.savez(folder / "model.npz", components=self.components)

    def load(self, folder: Path) -> None:
        """Read `model.npz`."""
        with np.load(folder / "model.npz", allow_pickle=False) as arrays:
            self.components = arrays["components"]
