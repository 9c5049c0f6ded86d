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
            times = panel.time[train]
            weekly = times[-1] - times[0] >= WEEKS * 7 * DAY
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
    """Return the lag of the highest peak of the mean autocorrelation; 1 where none is clear.

    Args:
        values: (rows, M), NaN where there is nothing.
    """
    rows = len(values)
    if rows < 8:
        return 1
    mean = np.nanmean(values, axis=0) if np.isfinite(values).any() else 0.0
    clean = np.nan_to_num(values - mean)
    spread = clean.std(axis=0)
    clean = clean[:, spread > 0] / spread[spread > 0]
    if clean.shape[1] == 0:
        return 1
    spectrum = np.abs(np.fft.rfft(clean, 2 * rows, axis=0)) ** 2
    # Each lag has fewer pairs than the one before: their number is what it is divided by.
    pairs = rows - np.arange(rows // 3)
    correlation = (np.fft.irfft(spectrum, axis=0)[: rows // 3].T / pairs).mean(axis=0)
    inner = correlation[1:-1]
    peaks = np.flatnonzero((inner >= correlation[:-2]) & (inner > correlation[2:])) + 1
    # The course falls from lag 0 first: a peak before that is noise.
    below = np.flatnonzero(correlation < CLEAR / 2)
    peaks = peaks[peaks > below[0]] if below.size else peaks[:0]
    if not peaks.size or correlation[peaks].max() < CLEAR:
        return 1
    return int(peaks[np.argmax(correlation[peaks])])
