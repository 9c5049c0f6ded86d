"""Sensor readings as images, for networks that were made for pictures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, Self, get_args

import numpy as np

Kind = Literal["stripes", "stripes-per-row", "time-by-sensor", "gaf"]
KINDS: tuple[str, ...] = get_args(Kind)
TINY = 1e-9


def jet(share: Any, ops: Any = np) -> Any:
    """Return the colours (..., 3) float, 0 to 255, of shares 0 to 1: blue, green, yellow, red.

    Each of red, green and blue is a trapezium around its place, three, two and one quarters.

    Args:
        share: Array or tensor.
        ops: numpy, or keras.ops for tensors, as everywhere in this file.
    """
    distances = [ops.abs(4 * share - place) for place in (3.0, 2.0, 1.0)]
    return 255 * ops.clip(1.5 - ops.stack(distances, axis=-1), 0.0, 1.0)


@dataclass(frozen=True)
class Renderer:
    """Draws windows of readings; the colour's ends are those of the training rows.

    Attributes:
        kind: "stripes": the last row, one vertical stripe a sensor (Attallah 2023, section 3.4.1).
            "stripes-per-row": the same as the source has it, each row between its own smallest
            and largest reading, which loses the level.
            "time-by-sensor": all rows, time running down.
            "gaf": the Gramian angular summation field of each sensor (Wang and Oates 2015,
            "Imaging time-series to improve classification and imputation", IJCAI, section 2.1),
            one tile a sensor, so that it is seen which one answers. The source scales each
            series by itself; here the ends are the sensor's, which keeps the level.
        low: (N,) readings at the blue end.
        high: (N,) readings at the red end.
    """

    kind: str
    low: tuple[float, ...]
    high: tuple[float, ...]

    @classmethod
    def fit(cls, kind: str, readings: np.ndarray) -> Self:
        """Take the ends from *readings* (rows, N), the training rows and nothing else."""
        low, high = readings.min(axis=0), readings.max(axis=0)
        return cls(kind, tuple(map(float, low)), tuple(map(float, high)))

    def draw(self, windows: Any, size: int, ops: Any = np) -> Any:
        """Return images (B, size, size, 3) float, 0 to 255, of *windows* (B, T, N).

        Gradients pass, save where a reading is beyond the ends.
        """
        if self.kind == "stripes-per-row":
            row = windows[:, -1:]
            low, high = ops.min(row, -1, keepdims=True), ops.max(row, -1, keepdims=True)
            return _stretched(_shares(row, low, high, ops), size, ops)
        low, high = (np.array(ends, np.float32) for ends in (self.low, self.high))
        shares = _shares(windows, low, high, ops)
        if self.kind == "gaf":
            return _tiled(angular_field(2 * shares - 1, ops), size, ops)
        return _stretched(shares[:, -1:] if self.kind == "stripes" else shares, size, ops)


def angular_field(series: Any, ops: Any = np) -> Any:
    """Return the Gramian angular summation fields (B, T, T, N) of *series* (B, T, N) in -1 to 1.

    These are cos(a + b) of the angles whose cosines the values of two times are, from -1 to 1.
    """
    # A root has no gradient at 0; this much more changes no colour.
    sines = ops.sqrt(1 - ops.square(series) + TINY)
    return series[:, :, None] * series[:, None] - sines[:, :, None] * sines[:, None]


def _shares(values: Any, low: Any, high: Any, ops: Any) -> Any:
    """Return where *values* lie between *low* (0) and *high* (1); 0 where there is no between."""
    return ops.clip((values - low) / ops.where(high > low, high - low, 1.0), 0.0, 1.0)


def _nearest(count: int, size: int) -> np.ndarray:
    """Return which of *count* cells each of *size* pixels lies in."""
    return np.arange(size) * count // size


def _stretched(shares: Any, size: int, ops: Any) -> Any:
    """Return (B, T, N) shares as images: a sensor is a column, a row of the window is a row."""
    for axis in (1, 2):
        shares = ops.take(shares, _nearest(shares.shape[axis], size), axis)
    return jet(shares, ops)


def _tiled(fields: Any, size: int, ops: Any) -> Any:
    """Return (B, T, T, N) fields as images with N tiles, row by row; spare tiles are black."""
    count, steps = fields.shape[-1], fields.shape[1]
    side = int(np.ceil(np.sqrt(count)))
    tile, place = divmod(np.arange(size) * side, size)  # of each pixel, along one edge
    inside = place * steps // size
    sensor = tile[:, None] * side + tile
    cells = (inside[:, None] * steps + inside) * count + np.minimum(sensor, count - 1)
    flat = ops.reshape(fields, (-1, steps * steps * count))
    drawn = ops.reshape(ops.take(flat, cells.ravel(), 1), (-1, size, size))
    return jet((drawn + 1) / 2, ops) * (sensor < count)[..., None].astype(np.float32)
