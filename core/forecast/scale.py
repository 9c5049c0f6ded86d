"""Between raw units and the units that models learn in; fitted on training rows alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True, eq=False)
class Scale:
    """(value - center) / spread.

    Attributes:
        center: (N, F) float64, mean of the training rows.
        spread: (N, F) float64, standard deviation there; 1 where nothing varies.
    """

    center: np.ndarray
    spread: np.ndarray

    @classmethod
    def fit(cls, values: np.ndarray, known: np.ndarray, shared: bool) -> Scale:
        """Fit on training rows: *values* and *known* (rows, N, F); *shared* by all nodes or not."""
        axes = (0, 1) if shared else (0,)
        count = np.maximum(known.sum(axis=axes, keepdims=True), 1)
        clean = np.where(known, values, 0.0).astype(np.float64)
        center = clean.sum(axis=axes, keepdims=True) / count
        squares = np.square(np.where(known, clean - center, 0.0)).sum(axis=axes, keepdims=True)
        spread = np.sqrt(squares / count)
        spread = np.where(spread > 1e-9 * np.maximum(1.0, np.abs(center)), spread, 1.0)
        shape = values.shape[1:]
        return cls(
            np.broadcast_to(center[0], shape).copy(), np.broadcast_to(spread[0], shape).copy()
        )

    def transform(self, values: np.ndarray) -> np.ndarray:
        """Return (rows, N, F) float32; NaN, where nothing is known, becomes the mean, 0."""
        return np.nan_to_num((values - self.center) / self.spread).astype(np.float32)

    def inverse(self, values: np.ndarray, targets: np.ndarray) -> np.ndarray:
        """Return *values* (..., M) of the nodes *targets* in raw units, float32."""
        return (values * self.spread[targets, 0] + self.center[targets, 0]).astype(np.float32)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values that `Scale.read` reads back to the same numbers."""
        return {"center": self.center.tolist(), "spread": self.spread.tolist()}

    @classmethod
    def read(cls, content: dict[str, Any]) -> Scale:
        """Read what `to_dict` returned."""
        return cls(np.array(content["center"]), np.array(content["spread"]))
