"""Forecasts without learning, which every model has to beat."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from core.forecast.config import Config
from core.forecast.forecaster import Training, last_of, pieces
from core.forecast.samples import Samples
from core.task import Reporter

CHUNK = 4_096  # windows that are read at once: bounds the memory of a long recording


class _Untrained:
    """What the two have in common: there is nothing to learn, and nothing to keep."""

    def __init__(self, config: Config) -> None:
        self.config = config

    def fit(
        self, training: Training, reporter: Reporter | None, checkpoint: Path | None
    ) -> list[dict[str, float]]:
        """Learn nothing."""
        return []

    def save(self, folder: Path) -> None:
        """Write nothing."""

    def load(self, folder: Path) -> None:
        """Read nothing."""


class Persistence(_Untrained):
    """Nothing changes: the last reading, at every step ahead."""

    def forecast(self, samples: Samples) -> np.ndarray:
        """Return (W, H, M) float32, scaled."""
        return np.repeat(last_of(samples)[:, None], samples.horizon, axis=1)


class SeasonalNaive(_Untrained):
    """What was read one season before, such as at the same time of the day before.

    Steps further ahead than a season take the last season that is known. Without a season, or
    where a segment is younger than one, nothing changes.
    """

    def forecast(self, samples: Samples) -> np.ndarray:
        """Return (W, H, M) float32, scaled."""
        season, horizon = samples.calendar.season, samples.horizon
        said = np.repeat(last_of(samples)[:, None], horizon, axis=1)
        if season <= 1:
            return said
        starts = np.array([segment.start for segment in samples.panel.segments])
        steps = np.arange(horizon)
        before = steps - season * (steps // season + 1)
        for indices in pieces(len(samples), CHUNK):
            origins = samples.origins[indices]
            first = starts[np.searchsorted(starts, origins - 1, "right") - 1]
            rows = origins[:, None] + before
            known = rows >= first[:, None]
            values = samples.scaled[np.where(known, rows, 0)][:, :, samples.panel.targets, 0]
            said[indices] = np.where(known[..., None], values, said[indices])
        return said
