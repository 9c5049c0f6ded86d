"""Windows that end at the row that is decided about: what a model sees, and what was there."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from core.gas.recording import GasRecording
from core.gas.scale import Scale


@dataclass(frozen=True, eq=False)
class Samples:
    """Rows of a recording that are decided about, each with what may be read for it.

    Attributes:
        recording: All rows.
        rows: (W,) int64, the rows that are decided about.
        first: (W,) int64, the earliest row that may be read for each: its session's first one, or
            the first one behind rows of another part.
        lookback: T, rows of a window.
        scale: Of the sensors, fitted on training rows.
        sensors_lost: Whether the sensors say nothing.
        camera_lost: Whether the camera says nothing.
    """

    recording: GasRecording
    rows: np.ndarray
    first: np.ndarray
    lookback: int
    scale: Scale
    sensors_lost: bool = False
    camera_lost: bool = False

    def __len__(self) -> int:
        return len(self.rows)

    @cached_property
    def scaled(self) -> np.ndarray:
        """(rows of the recording, N) float32, scaled."""
        return self.scale.transform(self.scale.select(self.recording))

    @property
    def labels(self) -> np.ndarray:
        """(W,) int8, place of each row's class in `recording.classes`; -1 where nobody knows."""
        return self.recording.codes[self.rows]

    def windows(self, indices: np.ndarray | slice, lookback: int | None = None) -> np.ndarray:
        """Return (B, T) int64: the rows up to each decision, in order.

        Where fewer rows may be read, the first of them stands in for what is missing.

        Args:
            indices: Numbers of the decisions, counted in `rows`.
            lookback: T; that of the samples when None.
        """
        steps = np.arange(1 - (lookback or self.lookback), 1)
        return np.maximum(self.rows[indices, None] + steps, self.first[indices, None])

    def sensors(self, indices: np.ndarray | slice, lookback: int | None = None) -> np.ndarray:
        """Return (B, T, N) float32, scaled, of the windows; zeros where the sensors are lost."""
        values = self.scaled[self.windows(indices, lookback)]
        return np.zeros_like(values) if self.sensors_lost else values

    def frames(self, indices: np.ndarray | slice, size: int) -> np.ndarray:
        """Return (B, size, size, 3) uint8, the frames of the decision rows; zeros without."""
        rows = self.rows[indices]
        if self.recording.frames is None or self.camera_lost:
            return np.zeros((len(rows), size, size, 3), np.uint8)
        return self.recording.frames.take(rows, size)

    def present(self, indices: np.ndarray | slice) -> np.ndarray:
        """Return (B, 2) float32: 1 where the sensors, and where the camera, say something."""
        rows = self.rows[indices]
        there = np.zeros((len(rows), 2), np.float32)
        there[:, 0] = not self.sensors_lost
        if self.recording.frames is not None and not self.camera_lost:
            there[:, 1] = self.recording.frames.present[rows]
        return there
