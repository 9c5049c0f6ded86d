"""From rows to the x of a chart, and from a brush back to rows."""

from __future__ import annotations

import numpy as np
import pandas as pd


class Abscissa:
    """What charts along time, or along rows, have in common; one that derives has x and temporal.

    Attributes:
        x: (rows,) datetime64[us] as recorded, without zone; or row numbers. Sorted.
        temporal: Whether x is time.
    """

    x: np.ndarray
    temporal: bool

    def at(self, rows: np.ndarray) -> pd.Index:
        """Return x of *rows* for a chart.

        Times are called UTC, whatever their zone: otherwise the browser moves them into its own.
        """
        x = pd.Index(self.x[rows])
        return x.tz_localize("UTC") if isinstance(x, pd.DatetimeIndex) else x

    def rows_between(self, low: float, high: float) -> tuple[int, int]:
        """Return the rows that a brush covers; times arrive as milliseconds since 1970."""
        ends = np.array([np.ceil(low), np.floor(high)])
        if self.temporal:
            ends = np.array([low, high]).astype("datetime64[ms]").astype(self.x.dtype)
        start = int(np.searchsorted(self.x, ends[0], side="left"))
        return start, int(np.searchsorted(self.x, ends[1], side="right"))


def local(time: pd.Series) -> np.ndarray:
    """Return *time* as datetime64[us], as the clock there showed it."""
    plain = time.dt.tz_localize(None) if time.dt.tz is not None else time
    return plain.to_numpy("datetime64[us]")
