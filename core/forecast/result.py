"""Forecasts of a recording: from every origin, for every step ahead, of every target."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from core.forecast.conformal import Bands

STEPS, ARRAYS, ABOUT = "steps.parquet", "forecasts.npz", "forecasts.json"


@dataclass(frozen=True, eq=False)
class Result:
    """Forecasts with what came then.

    Attributes:
        steps: One row a step of the recording: time where there is one, and part ("train",
            "validation" or "test").
        targets: Names of the M targets.
        origins: (W,) int64, first row that each forecast is about; the row behind the last one that
            was recorded for the forecast of what is still to come.
        forecasts: (W, H, M) float32, raw units.
        last: (W, M) float32, the last readings before each origin: what persistence says.
        actual: (rows, M) float32, readings; NaN where nothing was measured.
        bands: Of the errors on the validation rows.
        naive: (M,) float64, mean absolute change from row to row in the training rows, the unit
            of MASE; NaN where nothing changed.
        step: Time between two rows, None without times.
    """

    steps: pd.DataFrame
    targets: tuple[str, ...]
    origins: np.ndarray
    forecasts: np.ndarray
    last: np.ndarray
    actual: np.ndarray
    bands: Bands
    naive: np.ndarray
    step: pd.Timedelta | None = None

    def __len__(self) -> int:
        return len(self.steps)

    @property
    def horizon(self) -> int:
        """H, steps of each forecast."""
        return self.forecasts.shape[1]

    @cached_property
    def truth(self) -> np.ndarray:
        """(W, H, M) float32: what was measured; NaN where nothing was, or is yet to come."""
        rows = self.origins[:, None] + np.arange(self.horizon)
        inside = rows < len(self.actual)
        readings = self.actual[np.where(inside, rows, 0)]
        return np.where(inside[..., None], readings, np.float32(np.nan))

    @property
    def goes_on(self) -> bool:
        """Whether the last forecast is of what is still to come."""
        rows = self.origins[-1:, None] + np.arange(self.horizon)
        told = self.actual[rows[rows < len(self.actual)]]
        return bool(len(self.origins)) and not np.isfinite(told).any()

    def of_part(self, part: str) -> np.ndarray:
        """Return (W,) bool: forecasts all of whose rows belong to *part*, and not to come."""
        codes = (self.steps["part"] == part).to_numpy()
        counts = np.r_[0, np.cumsum(codes)]
        ends = self.origins + self.horizon
        inside = ends <= len(codes)
        whole = counts[np.minimum(ends, len(codes))] - counts[self.origins] == self.horizon
        told = inside & whole
        told[-1:] &= not self.goes_on
        return told

    @cached_property
    def test(self) -> np.ndarray:
        """(W,) bool: the forecasts that metrics are counted on."""
        return self.of_part("test")

    @cached_property
    def bounds(self) -> tuple[np.ndarray, np.ndarray]:
        """(W, H, M) lower and upper bounds of the intervals."""
        return self.forecasts + self.bands.lower, self.forecasts + self.bands.upper

    def only(self, target: str) -> Result:
        """Return the forecasts of one target."""
        place = self.targets.index(target)
        one = slice(place, place + 1)
        bands = replace(self.bands, lower=self.bands.lower[:, one], upper=self.bands.upper[:, one])
        return replace(
            self,
            targets=(target,),
            forecasts=self.forecasts[:, :, one],
            last=self.last[:, one],
            actual=self.actual[:, one],
            bands=bands,
            naive=self.naive[one],
        )

    def times(self, rows: np.ndarray) -> np.ndarray | pd.DatetimeIndex:
        """Return the times of *rows*, which may lie beyond the recording; their numbers without."""
        if "time" not in self.steps or self.step is None:
            return np.asarray(rows)
        time = pd.DatetimeIndex(self.steps["time"])  # it knows its zone
        inside = np.minimum(rows, len(time) - 1)
        return time[inside] + (np.asarray(rows) - inside) * self.step

    def frame(self, which: np.ndarray | None = None) -> pd.DataFrame:
        """Return forecasts as a tidy frame, one row a step ahead and target.

        Args:
            which: Numbers of the forecasts, counted in `origins`; all when None.

        Returns:
            Columns: origin (time of the last row that the forecast knew), time, step (1 to H),
            target, forecast, lower, upper, actual.
        """
        which = np.arange(len(self.origins)) if which is None else np.atleast_1d(which)
        shape = (len(which), self.horizon, len(self.targets))
        rows = self.origins[which][:, None] + np.arange(self.horizon)
        low, high = self.bands.lower, self.bands.upper
        said = self.forecasts[which]
        columns = {
            "origin": np.repeat(self.times(self.origins[which] - 1), shape[1] * shape[2]),
            "time": np.repeat(self.times(rows.ravel()), shape[2]),
            "step": np.tile(np.repeat(np.arange(1, shape[1] + 1), shape[2]), shape[0]),
            "target": pd.Categorical.from_codes(
                np.tile(np.arange(shape[2]), shape[0] * shape[1]).tolist(), pd.Index(self.targets)
            ),
            "forecast": said.ravel(),
            "lower": (said + low).ravel(),
            "upper": (said + high).ravel(),
            "actual": self.truth[which].ravel(),
        }
        return pd.DataFrame(columns)

    def save(self, folder: Path) -> None:
        """Write `steps.parquet`, `forecasts.npz` and `forecasts.json`."""
        self.steps.to_parquet(folder / STEPS, index=False, compression="zstd")
        np.savez(
            folder / ARRAYS,
            allow_pickle=False,
            origins=self.origins,
            forecasts=self.forecasts,
            last=self.last,
            actual=self.actual,
            naive=self.naive,
            **self.bands.arrays(),
        )
        about = {
            "targets": self.targets,
            "coverage": self.bands.coverage,
            "step": None if self.step is None else self.step.total_seconds(),
        }
        (folder / ABOUT).write_text(json.dumps(about, indent=1))


def read_result(folder: Path) -> Result:
    """Read what `Result.save` wrote."""
    about = json.loads((folder / ABOUT).read_text())
    with np.load(folder / ARRAYS, allow_pickle=False) as arrays:
        bands = Bands(arrays["lower"], arrays["upper"], about["coverage"])
        names = ("origins", "forecasts", "last", "actual")
        origins, forecasts, last, actual = (arrays[name] for name in names)
        naive = arrays["naive"]
    return Result(
        pd.read_parquet(folder / STEPS),
        tuple(about["targets"]),
        origins,
        forecasts,
        last,
        actual,
        bands,
        naive,
        None if about["step"] is None else pd.Timedelta(seconds=about["step"]),
    )
