"""What a model of the remaining life gets to learn from, and what it has to offer."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from core.life.units import Units
from core.life.wear import Wear
from core.task import Reporter


@dataclass(frozen=True)
class TrainingUnits:
    """Units that ran to failure.

    Attributes:
        train: To learn from.
        validation: To decide when to stop.
        wear: Fitted on *train*.
    """

    train: Units
    validation: Units
    wear: Wear


class Regressor(Protocol):
    """Predicts for every row how many steps its unit will last, from this and earlier rows."""

    def fit(
        self, training: TrainingUnits, reporter: Reporter | None, checkpoint: Path | None
    ) -> list[dict[str, float]]:
        """Learn; return one dict an epoch, or an empty list where there are no epochs."""
        ...

    def remaining(self, units: Units) -> np.ndarray:
        """Return (rows,) float, steps; the task keeps it between 0 and the longest prediction."""
        ...

    def save(self, folder: Path) -> None:
        """Write what was learned, never as a pickle."""

    def load(self, folder: Path) -> None:
        """Read what `save` wrote."""
