"""Forecasts of one target, so many steps ahead, made ready for the screen."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from core import downsample
from core import format as write
from core.forecast import Result
from dashboard.abscissa import Abscissa, local
from dashboard.charts import Axis

LATEST = 400  # rows that are looked at first
GAPS = 500  # that are kept open in one picture


@dataclass(frozen=True, eq=False)
class Course(Abscissa):
    """The test rows, and the steps behind the end of the recording.

    Attributes:
        result: Forecasts of a single target (`Result.only`).
        ahead: Steps between the last reading that a forecast knew and the row that it is about.
    """

    result: Result
    ahead: int

    def __len__(self) -> int:
        return len(self.rows)

    @cached_property
    def tested(self) -> np.ndarray:
        """(P,) test rows, in order."""
        return np.flatnonzero((self.result.steps["part"] == "test").to_numpy())

    @property
    def goes_on(self) -> bool:
        """Whether there is a forecast of what is still to come."""
        return self.result.goes_on

    @cached_property
    def rows(self) -> np.ndarray:
        """(P + H,) test rows, and those behind the last one that are forecast."""
        return np.union1d(self.tested, self._last)

    @property
    def _last(self) -> np.ndarray:
        """(H,) rows of the forecast of what is still to come; (0,) without one."""
        if not self.goes_on:
            return np.array([], int)
        return self.result.origins[-1] + np.arange(self.result.horizon)

    @cached_property
    def end(self) -> int:
        """Place behind the last row that was recorded."""
        return int(np.searchsorted(self.rows, self._last[0])) if self.goes_on else len(self)

    @property
    def latest(self) -> int:
        """The place from which on a picture of the last rows begins: more would be a blur."""
        shown = max(LATEST, 4 * self.result.horizon)
        return 0 if len(self) < 1.5 * shown else len(self) - shown

    @cached_property
    def temporal(self) -> bool:
        """Whether x is time: it is, unless there is none, or entities overlap in it."""
        steps = self.result.steps
        return (
            "time" in steps
            and self.result.step is not None
            and bool(steps["time"].iloc[self.tested].is_monotonic_increasing)
        )

    @cached_property
    def axis(self) -> Axis:
        """The horizontal axis."""
        if self.temporal:
            return Axis(True, f"Time ({write.zone(self.result.steps['time'])})")
        return Axis(False, "Row")

    @cached_property
    def x(self) -> np.ndarray:
        """(P + H,) datetime64[us] as recorded, without zone; or places among these rows."""
        if not self.temporal:
            return np.arange(len(self))
        time = self.result.steps["time"]
        known = local(time)
        inside = np.minimum(self.rows, len(known) - 1)
        assert self.result.step is not None
        return known[inside] + (self.rows - inside) * self.result.step.to_timedelta64()

    @cached_property
    def actual(self) -> np.ndarray:
        """(P + H,) readings; NaN where nothing was measured, or is yet to come."""
        readings = np.full(len(self), np.nan, np.float32)
        readings[: len(self.tested)] = self.result.actual[self.tested, 0]
        return readings

    @cached_property
    def said(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(P + H,) each: forecast so many steps ahead, lower and upper bound; NaN where none is."""
        which = np.flatnonzero(self.result.test)
        places = np.searchsorted(self.rows, self.result.origins[which] + self.ahead - 1)
        step = self.ahead - 1
        values = self.result.forecasts[which, step, 0]
        bands = self.result.bands
        shifts = (0.0, float(bands.lower[step, 0]), float(bands.upper[step, 0]))
        lines = tuple(np.full(len(self), np.nan, np.float32) for _ in shifts)
        for line, shift in zip(lines, shifts, strict=True):
            line[places] = values + shift
            line[self.end :] = np.nan  # the last forecast says that
        return lines  # type: ignore[return-value]

    def readings(self, start: int, stop: int) -> pd.DataFrame:
        """Return [x, value] of the readings between two places."""
        chosen = _chosen(self.actual, start, stop)
        return pd.DataFrame({"x": self.at(chosen), "value": self.actual[chosen]})

    def forecasts(self, start: int, stop: int) -> pd.DataFrame:
        """Return [x, value, lower, upper] of the forecasts between two places."""
        chosen = _chosen(self.said[0], start, stop)
        value, lower, upper = (line[chosen] for line in self.said)
        return pd.DataFrame({"x": self.at(chosen), "value": value, "lower": lower, "upper": upper})

    def ahead_of_all(self, start: int, stop: int) -> pd.DataFrame:
        """Return [x, value, lower, upper] of the last forecast, which nothing is known of yet."""
        places = self.end + np.arange(len(self._last))
        inside = (places >= start) & (places < stop)
        places, steps = places[inside], (places - self.end)[inside]
        value = self.result.forecasts[-1, steps, 0] if len(places) else np.array([])
        bands = self.result.bands
        return pd.DataFrame(
            {
                "x": self.at(places),
                "value": value,
                "lower": value + bands.lower[steps, 0],
                "upper": value + bands.upper[steps, 0],
            }
        )

    def frame(self, start: int, stop: int) -> pd.DataFrame:
        """Return [x]: the ends of a picture."""
        return pd.DataFrame({"x": self.at(np.array([start, max(start, stop - 1)]))})

    def window(self, start: int, stop: int) -> pd.DataFrame:
        """Return [x, x2] of the part that is looked at; empty when it is everything."""
        part = np.array([], int) if (start, stop) == (0, len(self)) else np.array([start, stop - 1])
        return pd.DataFrame({"x": self.at(part[:1]), "x2": self.at(part[1:])})

    def ends(self) -> pd.DataFrame:
        """Return [x]: the last row that was recorded."""
        last = np.array([self.end - 1] if self.goes_on and self.end else [], int)
        return pd.DataFrame({"x": self.at(last)})


def _chosen(line: np.ndarray, start: int, stop: int) -> np.ndarray:
    """Return places that draw *line* with fewer points; gaps stay open."""
    gaps = ~np.isfinite(line)
    filled = np.where(gaps, np.float32(0), line)
    if gaps.any() and not gaps.all():
        places = np.maximum.accumulate(np.where(gaps, 0, np.arange(len(line))))
        filled = line[places]
        filled[~np.isfinite(filled)] = line[~gaps][0]
    opened = np.flatnonzero(gaps & ~np.r_[False, gaps[:-1]])[:GAPS]
    return downsample.rows(filled, start, stop, keep=opened)
