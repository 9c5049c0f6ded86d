"""What a forecaster gets to learn from, and what it has to offer."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from core.data.graph import Graph
from core.forecast.samples import Samples
from core.task import Reporter


@dataclass(frozen=True)
class Training:
    """Windows to learn from.

    Attributes:
        train: Forecast rows all in the training part.
        validation: Those that decide when to stop.
        graph: Edges between the N nodes; None where there is a single one.
    """

    train: Samples
    validation: Samples
    graph: Graph | None = None


class Forecaster(Protocol):
    """Forecasts the targets from every origin, in scaled units."""

    def fit(
        self, training: Training, reporter: Reporter | None, checkpoint: Path | None
    ) -> list[dict[str, float]]:
        """Learn; return one dict an epoch, or an empty list where there are no epochs."""
        ...

    def forecast(self, samples: Samples) -> np.ndarray:
        """Return (W, H, M) float32, scaled, for every origin of *samples*."""
        ...

    def save(self, folder: Path) -> None:
        """Write what was learned, never as a pickle."""

    def load(self, folder: Path) -> None:
        """Read what `save` wrote."""


def pieces(count: int, size: int) -> list[np.ndarray]:
    """Return the numbers 0 to *count* in pieces of at most *size*: bounds the memory."""
    return [np.arange(at, min(at + size, count)) for at in range(0, count, size)]


def last_of(samples: Samples) -> np.ndarray:
    """Return (W, M) float32, scaled: the last readings before each origin."""
    return samples.scaled[samples.origins - 1][:, samples.panel.targets, 0]
