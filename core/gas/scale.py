"""How readings are brought to a common scale, and between which bounds they are drawn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

import numpy as np

from core.data.scaling import Kind, Scaler


class Scale(Scaler):
    """A scaler that keeps the lowest and the highest value it was fitted on.

    Attributes:
        low: One a channel, raw units.
        high: One a channel, raw units.
    """

    low: tuple[float, ...]
    high: tuple[float, ...]

    @classmethod
    def fit(cls, values: np.ndarray, channels: Sequence[str] = (), kind: Kind = "standard") -> Self:
        """Fit on *values* (rows, N), which should be training rows and nothing else."""
        low, high = (edge.astype(float).tolist() for edge in (values.min(0), values.max(0)))
        plain = Scaler.fit(values, channels, kind)
        return cls(**plain.model_dump(), low=tuple(low), high=tuple(high))

    @property
    def bounds(self) -> np.ndarray:
        """(2, N) float32: lowest and highest training value, scaled."""
        return self.transform(np.array([self.low, self.high]))
