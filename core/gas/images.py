"""Sensor readings as images, for networks that were made for pictures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Self, get_args

import numpy as np

Kind = Literal["stripes", "stripes-per-row", "time-by-sensor", "gaf"]
KINDS: tuple[str, ...] = get_args(Kind)


def jet(share: np.ndarray) -> np.ndarray:
    """Return the colours (..., 3) uint8 of shares 0 to 1: blue, cyan, green, yellow, red.

    Each of red, green and blue is a trapezium around its place, three, two and one quarters.
    """
    places = np.array([0.75, 0.5, 0.25], np.float32)
    heights = 1.5 - np.abs(4 * (np.asarray(share, np.float32)[..., None] - places))
    return np.round(255 * np.clip(heights, 0.0, 1.0)).astype(np.uint8)


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

    def draw(self, windows: np.ndarray, size: int) -> np.ndarray:
        """Return (B, size, size, 3) uint8 of *windows* (B, T, N), in the units of the ends."""
        if self.kind == "stripes-per-row":
            row = windows[:, -1:]
            low, high = row.min(axis=-1, keepdims=True), row.max(axis=-1, keepdims=True)
            return _stretched(_shares(row, low, high), size)
        shares = _shares(windows, np.array(self.low), np.array(self.high))
        if self.kind == "gaf":
            return _tiled(angular_field(2 * shares - 1), size)
        return _stretched(shares[:, -1:] if self.kind == "stripes" else shares, size)


def angular_field(series: np.ndarray) -> np.ndarray:
    """Return the Gramian angular summation fields (B, T, T, N) of *series* (B, T, N) in -1 to 1.

    These are cos(a + b) of the angles whose cosines the values of two times are, from -1 to 1.
    """
    sines = np.sqrt(1 - np.square(series))
    return series[:, :, None] * series[:, None] - sines[:, :, None] * sines[:, None]


def _shares(values: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Return where *values* lie between *low* (0) and *high* (1); 0 where there is no between."""
    spread = np.where(high > low, high - low, 1.0)
    return np.clip((values - low) / spread, 0.0, 1.0).astype(np.float32)


def _nearest(count: int, size: int) -> np.ndarray:
    """Return which of *count* cells each of *size* pixels lies in."""
    return np.arange(size) * count // size


def _stretched(shares: np.ndarray, size: int) -> np.ndarray:
    """Return (B, T, N) shares as images: a sensor is a column, a row of the window is a row."""
    down, across = _nearest(shares.shape[1], size), _nearest(shares.shape[2], size)
    return jet(shares)[:, down[:, None], across]


def _tiled(fields: np.ndarray, size: int) -> np.ndarray:
    """Return (B, T, T, N) fields as images with N tiles, row by row; spare tiles are black."""
    count, steps = fields.shape[-1], fields.shape[1]
    side = int(np.ceil(np.sqrt(count)))
    tile, place = divmod(np.arange(size) * side, size)  # of each pixel, along one edge
    inside = place * steps // size
    sensor = tile[:, None] * side + tile
    images = jet((fields[:, inside[:, None], inside, np.minimum(sensor, count - 1)] + 1) / 2)
    images[:, sensor >= count] = 0
    return images
