"""Bring a recording to a regular time step: means of intervals, per entity."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.errors import ConfigError

MAX_CELLS = 500_000_000


@dataclass(frozen=True)
class Bins:
    """Which interval each row falls in; every entity gets all intervals from first to last.

    Attributes:
        of_row: (rows,) int64, interval of each sorted row.
        codes: (intervals,) entity of each interval.
        time: (intervals,) datetime64[us], start of each interval.
    """

    of_row: np.ndarray
    codes: np.ndarray
    time: np.ndarray

    def __len__(self) -> int:
        return len(self.codes)

    def mean(self, column: np.ndarray) -> np.ndarray:
        """Mean of the readings (rows,) of each interval, NaN where there is none."""
        known = ~np.isnan(column)
        rows = self.of_row[known]
        counts = np.bincount(rows, minlength=len(self))
        sums = np.bincount(rows, weights=column[known], minlength=len(self))
        return np.divide(sums, counts, out=np.full(len(self), np.nan), where=counts > 0)

    def largest(self, column: np.ndarray) -> np.ndarray:
        """Largest value (rows,) of each interval; an empty one repeats the interval before."""
        result = np.full(len(self), np.iinfo(np.int8).min, dtype=np.int8)
        np.maximum.at(result, self.of_row, column.astype(np.int8))
        filled = np.flatnonzero(np.bincount(self.of_row, minlength=len(self)))
        return np.asarray(
            result[filled[np.searchsorted(filled, np.arange(len(self)), "right") - 1]]
        )


def parse_step(text: str) -> pd.Timedelta:
    """Read a step such as "1s", "5min" or "1h".

    Raises:
        ConfigError: it is no positive span of time.
    """
    remedy = "Write a number and a unit, such as 1s, 5min or 1h."
    try:
        step = pd.Timedelta(text.strip())
    except ValueError:
        raise ConfigError(f"{text!r} is no time step.", remedy) from None
    if pd.isna(step) or step < pd.Timedelta("1us"):
        raise ConfigError(f"The time step {text!r} is not positive.", remedy)
    return step


def bins(codes: np.ndarray, time: np.ndarray, step: pd.Timedelta, channels: int) -> Bins:
    """Lay intervals of *step* over sorted rows.

    Raises:
        ConfigError: the step is so short that the result would not fit.
    """
    width = step // pd.Timedelta("1us")
    number = time.astype("datetime64[us]").astype(np.int64) // width
    starts = np.flatnonzero(np.r_[True, codes[1:] != codes[:-1]])
    stops = np.r_[starts[1:], len(codes)]
    low, high = number[starts], number[stops - 1]
    counts = high - low + 1
    if int(counts.sum()) * channels > MAX_CELLS:
        raise ConfigError(
            f"A step of {step} would give {int(counts.sum()):,} rows.",
            "Choose a longer step to resample to.",
        )
    base = np.r_[0, np.cumsum(counts)[:-1]]
    lengths = stops - starts
    of_row = number - np.repeat(low - base, lengths)
    inside = np.arange(counts.sum()) - np.repeat(base, counts)
    stamps = (np.repeat(low, counts) + inside) * width
    return Bins(of_row, np.repeat(codes[starts], counts), stamps.astype("datetime64[us]"))
