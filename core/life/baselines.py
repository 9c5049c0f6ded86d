"""Models without a network, which every network has to beat."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from core.life.config import Config
from core.life.regressor import TrainingUnits
from core.life.units import Units
from core.life.wear import Wear
from core.task import Reporter

FILE = "model.json"


class MeanLife:
    """The mean life of the training units minus the age: what a calendar says."""

    def __init__(self, config: Config) -> None:
        self.life = 0.0

    def fit(
        self, training: TrainingUnits, reporter: Reporter | None, checkpoint: Path | None
    ) -> list[dict[str, float]]:
        """Take the mean of the lives."""
        self.life = float(np.mean(training.train.lives))
        return []

    def remaining(self, units: Units) -> np.ndarray:
        """Return (rows,) float, steps."""
        return self.life - units.age

    def save(self, folder: Path) -> None:
        """Write `model.json`."""
        (folder / FILE).write_text(json.dumps({"life": self.life}))

    def load(self, folder: Path) -> None:
        """Read `model.json`."""
        self.life = json.loads((folder / FILE).read_text())["life"]


class LinearDegradation:
    """A line through the wear of the last rows, drawn on to the wear at failure."""

    def __init__(self, config: Config) -> None:
        self.lookback = config.lookback
        self.wear: Wear | None = None

    def fit(
        self, training: TrainingUnits, reporter: Reporter | None, checkpoint: Path | None
    ) -> list[dict[str, float]]:
        """Take the wear, which was fitted on the training units."""
        self.wear = training.wear
        return []

    def remaining(self, units: Units) -> np.ndarray:
        """Return (rows,) float, steps; infinite where the wear does not rise."""
        assert self.wear is not None
        worn = self.wear.of(units)
        left = np.empty(len(worn))
        for rows in units.entities:
            level, slope = trailing_line(worn[rows], self.lookback)
            rise = np.maximum(slope, np.finfo(float).tiny)
            with np.errstate(over="ignore"):
                left[rows] = (self.wear.failed - level) / rise
        return left

    def save(self, folder: Path) -> None:
        """Write `model.json`."""
        assert self.wear is not None
        (folder / FILE).write_text(json.dumps(self.wear.to_dict()))

    def load(self, folder: Path) -> None:
        """Read `model.json`."""
        self.wear = Wear.read(json.loads((folder / FILE).read_text()))


def trailing_line(values: np.ndarray, lookback: int) -> tuple[np.ndarray, np.ndarray]:
    """Fit a line to every row and the lookback - 1 rows before it, by least squares.

    Args:
        values: (rows,) of one unit.
        lookback: Rows of a window; the first ones have fewer.

    Returns:
        (rows,) where the line stands at the row, and (rows,) its rise a step, 0 in the first row.
    """
    at = np.arange(len(values), dtype=float)
    rows = np.minimum(at + 1, lookback)
    start = (at + 1 - rows).astype(int)
    stop = at.astype(int) + 1

    def over(terms: np.ndarray) -> np.ndarray:
        total = np.r_[0.0, np.cumsum(terms)]
        return total[stop] - total[start]

    middle, mean = at - (rows - 1) / 2, over(values) / rows
    squares = rows * (rows**2 - 1) / 12  # sum over the window of (x - middle)^2
    slope = (over(at * values) - middle * over(values)) / np.where(squares > 0, squares, np.inf)
    return mean + slope * (at - middle), slope
