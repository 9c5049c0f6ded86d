"""The season of a recording, and where in it and in the week each row stands."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.forecast.config import Config
from core.forecast.panel import Panel

DAY = pd.Timedelta(days=1)
WEEKS = 2  # of training rows before a model may tell the days of the week apart
MOST = 1_440  # rows of a day: at finer steps, rows of the same time of day are too few
CLEAR = 0.2  # autocorrelation from which a period is taken for one
LIKE = 0.9  # of the highest peak: as high as that
HARMONICS = 4  # by which periods that are near one another are told apart


@dataclass(frozen=True)
class Calendar:
    """What is known of every row by its time alone.

    Attributes:
        season: Rows after which the course repeats; 1 where nothing repeats.
        slots: Places of a season that are told apart, at most one a row of it.
        weekly: Whether the day of the week is told.
    """

    season: int
    slots: int
    weekly: bool

    @classmethod
    def fit(cls, panel: Panel, train: np.ndarray, config: Config) -> Calendar:
        """Find the season of *panel* by its times, else in its *train* rows (rows,) bool."""
        season = config.season or season_of(panel, train)
        weekly = False
        if panel.time is not None and train.any():
            weekly = panel.time[train].normalize().nunique() > WEEKS * 7  # the first is part of one
        return cls(season, min(season, MOST) if season > 1 else 1, weekly)

    def of(self, panel: Panel, beyond: int = 0) -> np.ndarray:
        """Return (rows + beyond, 2) int32: slot of the season and day of the week of each row.

        Args:
            panel: The recording.
            beyond: Rows behind its last one that are told as well.
        """
        count = len(panel) + beyond
        position = np.arange(count)
        weekday = np.zeros(count, np.int64)
        if panel.time is not None and panel.step is not None:
            times = panel.time
            if beyond:
                more = times[-1] + panel.step * np.arange(1, beyond + 1)
                times = pd.DatetimeIndex(times.append(pd.DatetimeIndex(more)))
            since = (times - times.normalize()) // panel.step
            per_day = DAY / panel.step
            if self.season > 1 and per_day == round(per_day) and self.season % per_day == 0:
                days = (times.normalize() - pd.Timestamp(0, tz=times.tz)) // DAY
                position = np.asarray(since + days * round(per_day))
            weekday = np.asarray(times.weekday) if self.weekly else weekday
        slot = position % self.season * self.slots // self.season
        return np.c_[slot, weekday].astype(np.int32)


def season_of(panel: Panel, train: np.ndarray) -> int:
    """Return the rows of a day where they are regular, else the strongest period."""
    if panel.step is not None:
        day = DAY / panel.step
        if 2 <= day <= MOST and abs(day - round(day)) < 1e-6 and train.sum() >= 2 * day:
            return round(day)
    return period_of(panel.values[train][:, panel.targets, 0])


def period_of(values: np.ndarray) -> int:
    """Return the strongest period of *values*; 1 where none is clear.

    The shortest of the highest peaks of the mean autocorrelation, refined: the peak itself is
    broad, and noise moves its top by a few rows.

    Args:
        values: (rows, M), NaN where there is nothing.
    """
    rows = len(values)
    clean = _standardised(values) if rows >= 8 else np.empty((rows, 0))
    if clean.shape[1] == 0:
        return 1
    spectrum = sum(np.abs(np.fft.rfft(column, 2 * rows)) ** 2 for column in clean.T)
    whole = np.fft.irfft(spectrum / clean.shape[1])[:rows]
    # Each lag has fewer pairs than the one before: their number is what it is divided by.
    correlation = whole[: rows // 3] / (rows - np.arange(rows // 3))
    inner = correlation[1:-1]
    peaks = np.flatnonzero((inner >= correlation[:-2]) & (inner > correlation[2:])) + 1
    # The course falls from lag 0 first: a peak before that is noise.
    below = np.flatnonzero(correlation < CLEAR / 2)
    peaks = peaks[peaks > below[0]] if below.size else peaks[:0]
    if not peaks.size or correlation[peaks].max() < CLEAR:
        return 1
    # Two periods are as like as one: the first peak that is about as high is it.
    first = int(peaks[correlation[peaks] >= LIKE * correlation[peaks].max()][0])
    low, high = first - first // 5, min(first + first // 5 + 1, len(correlation))
    return _refined(clean, low + int(np.argmax(correlation[low:high])))


def _standardised(values: np.ndarray) -> np.ndarray:
    """Return (rows, up to M) with mean 0 and spread 1; what nobody knows is 0."""
    known = np.isfinite(values)
    count = np.maximum(known.sum(axis=0), 1)
    mean = np.where(known, values, 0.0).sum(axis=0, dtype=np.float64) / count
    clean = np.where(known, values - mean, 0.0)
    spread = clean.std(axis=0)
    varies = spread > 1e-9 * np.maximum(np.abs(mean), 1e-9)
    return clean[:, varies] / spread[varies]


def _refined(values: np.ndarray, period: int) -> int:
    """Return the period near *period* whose first harmonics explain most of *values*.

    All rows take part in that, so that it tells periods apart that a peak does not: least squares
    on sines (Quinn and Hannan 2001, "The estimation and tracking of frequency", section 2).

    Args:
        values: (rows, M), mean 0.
        period: Rows, give or take a twentieth.
    """
    around = period // 20
    periods = range(period - around, period + around + 1)
    return max(periods, key=lambda candidate: _explained(values, candidate))


def _explained(values: np.ndarray, period: int) -> float:
    """Return how much of the squares of *values* (rows, M) the harmonics of *period* explain."""
    harmonics = np.arange(1, min(HARMONICS, period // 2) + 1)
    angles = np.arange(len(values))[:, None] * (2 * np.pi * harmonics / period)
    waves = np.concatenate([np.cos(angles), np.sin(angles)], axis=1)
    gram, shares = waves.T @ waves, waves.T @ values
    return float((shares * np.linalg.lstsq(gram, shares, rcond=1e-9)[0]).sum())
