"""Forecasts without learning, which every model has to beat."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from core.forecast.config import Config
from core.forecast.forecaster import Training, last_of, pieces
from core.forecast.samples import Samples
from core.task import Reporter

SEASON = "season.json"
CHUNK = 4_096  # windows that are read at once: bounds the memory of a long recording


class Persistence:
    """Nothing changes: the last reading, at every step ahead."""

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

    def forecast(self, samples: Samples) -> np.ndarray:
        """Return (W, H, M) float32, scaled."""
        return np.repeat(last_of(samples)[:, None], samples.horizon, axis=1)


class SeasonalNaive:
    """What was read one season before, such as at the same time of the day before.

    Where the days of the week are told apart and no season is set, it may be the week before: the
    validation rows say which. Steps further ahead than a season take the last season that is known.
    Without a season, or where a segment is younger than one, nothing changes.

    Attributes:
        season: Rows back; 1 where nothing repeats.
    """

    def __init__(self, config: Config) -> None:
        self.config = config
        self.season = 1

    def fit(
        self, training: Training, reporter: Reporter | None, checkpoint: Path | None
    ) -> list[dict[str, float]]:
        """Choose between the season of the calendar and the week."""
        origins = training.validation.origins
        chosen = np.linspace(0, len(origins) - 1, min(CHUNK, len(origins))).astype(int)
        samples = replace(training.validation, origins=origins[chosen])
        truth = samples.targets(np.arange(len(samples)))
        self.season = min(
            _seasons(samples, self.config),
            key=lambda season: np.nanmean(np.abs(_before(samples, season) - truth)),
        )
        return []

    def forecast(self, samples: Samples) -> np.ndarray:
        """Return (W, H, M) float32, scaled."""
        return _before(samples, self.season)

    def save(self, folder: Path) -> None:
        """Write `season.json`."""
        (folder / SEASON).write_text(json.dumps(self.season))

    def load(self, folder: Path) -> None:
        """Read what `save` wrote."""
        self.season = json.loads((folder / SEASON).read_text())


def _seasons(samples: Samples, config: Config) -> list[int]:
    """Return rows of the season, and of a week where its days are told apart."""
    calendar, step = samples.calendar, samples.panel.step
    week = 0.0 if step is None else pd.Timedelta(days=7) / step
    if config.season or not calendar.weekly or week != round(week):
        return [calendar.season]
    return [calendar.season, round(week)]


def _before(samples: Samples, season: int) -> np.ndarray:
    """Return (W, H, M) float32, scaled: readings *season* rows before each step, or the last."""
    horizon = samples.horizon
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
