"""What a detector gets to learn from, and what it has to offer."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from core.data.windows import Windows
from core.task import Reporter


@dataclass(frozen=True)
class TrainingRows:
    """Scaled values, and which of them may be learned from.

    Attributes:
        values: (learned rows, N) float32: training and validation rows, scaled on the former.
        train: Runs of training rows, none across entities or gaps.
        validation: Runs of validation rows, at least one lookback away from them.
    """

    values: np.ndarray
    train: list[slice]
    validation: list[slice]

    @property
    def rows(self) -> np.ndarray:
        """(training rows, N) float32, one copy."""
        return np.concatenate([self.values[part] for part in self.train])

    def windows(self, lookback: int, stride: int = 1) -> Windows:
        """Windows of training rows."""
        return Windows(self.values, self.train, lookback, stride)

    def validation_windows(self, lookback: int) -> Windows:
        """Windows of validation rows."""
        return Windows(self.values, self.validation, lookback)


class Detector(Protocol):
    """A method that learns what is normal and returns residuals.

    A residual is signed, one a step and channel, near 0 where all is normal; the score and each
    channel's contribution come from it (`core.anomaly.scoring`).
    """

    def fit(
        self, training: TrainingRows, reporter: Reporter | None, checkpoint: Path | None
    ) -> list[dict[str, float]]:
        """Learn; return one dict an epoch, or an empty list where there are no epochs."""
        ...

    def residuals(self, values: np.ndarray, segments: list[slice]) -> np.ndarray:
        """Return (rows, N) float32 residuals of scaled *values*; no window crosses a segment.

        A long recording comes in blocks (`core.anomaly.blocks`): a row's residual may depend on the
        rows of its segment that are at most a lookback or 100 rows away. A detector that needs all
        rows at once has an attribute `whole` that is True.
        """
        ...

    def save(self, folder: Path) -> None:
        """Write what was learned, never as a pickle."""

    def load(self, folder: Path) -> None:
        """Read what `save` wrote."""
