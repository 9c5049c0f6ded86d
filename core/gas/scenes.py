"""Thermal frames as what changed in them: a camera stands still, a plume does not.

A camera paints each frame on its own scale, so that a warm hand darkens everything else. Here
colours become places on the palette, each frame is brought to its own median and quartiles, and
what stood there over the last rows is taken away (background subtraction: Piccardi 2004,
"Background subtraction techniques: a review", IEEE SMC).
"""

from __future__ import annotations

from functools import cache

import numpy as np

from core.gas.camera import STEPS, temperature
from core.gas.samples import Samples

BEHIND = 30  # rows up to the present one that the background is the mean of
BITS = 5  # of each colour: a finer table would tell no more than the palette's steps
FLAT = 2 / STEPS  # distance of quartiles that is noise: a frame without contrast stays so
GREY, LEVEL, CHANGE, UNREST = 128.0, 32.0, 64.0, 128.0  # middle, and steps a quartile distance


@cache
def _table(palette: str) -> np.ndarray:
    """Return the place on *palette*, 0 to 1, of every colour of 15 bits, float32."""
    levels = (np.arange(1 << BITS) + 0.5) * (256 >> BITS)
    grid = np.stack(np.meshgrid(levels, levels, levels, indexing="ij"), axis=-1)
    return temperature(grid.reshape(-1, 3).astype(np.uint8), palette)


def levels(frames: np.ndarray, palette: str) -> np.ndarray:
    """Return how warm each pixel is in its frame: (R, H, W) float32.

    0 is the median of the frame, 1 the distance of its quartiles.

    Args:
        frames: (R, H, W, 3) uint8.
        palette: Name in `core.gas.camera.STOPS`.
    """
    shown = places(frames, palette)
    lower, middle, upper = np.percentile(shown, [25, 50, 75], axis=(1, 2), keepdims=True)
    return ((shown - middle) / np.maximum(upper - lower, FLAT)).astype(np.float32)


def places(frames: np.ndarray, palette: str) -> np.ndarray:
    """Return the places, 0 to 1, of colours (..., 3) uint8 on *palette*: (...) float32."""
    red, green, blue = np.moveaxis(frames.astype(np.int32) >> (8 - BITS), -1, 0)
    return _table(palette)[(red << 2 * BITS) | (green << BITS) | blue]


class Scenes:
    """Draws frames as changes; the frames of the last call are still known to the next."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, int], np.ndarray] = {}

    def draw(self, samples: Samples, rows: np.ndarray, first: np.ndarray, size: int) -> np.ndarray:
        """Return (R, size, size, 3) uint8 of *rows*; grey where a frame is missing.

        Red is the level of each pixel, green its change from the background, blue how much it
        changed over the last rows. A single row is its own background.

        Args:
            samples: Of a recording with a camera.
            rows: (R,) row numbers.
            first: (R,) the earliest row that may be read for each.
            size: Of the images.
        """
        start = np.maximum(first, rows - BEHIND + 1)
        needed = _union(start, rows)
        shown = self._levels(samples, needed, size)
        there = samples.recording.frames.present[needed]  # type: ignore[union-attr]
        count, total, squares = (_sums(values) for values in (there, shown, np.square(shown)))
        drawn = np.empty((len(rows), size, size, 3), np.uint8)
        begin, end = np.searchsorted(needed, start), np.searchsorted(needed, rows)
        for place, (a, b) in enumerate(zip(begin, end, strict=True)):
            frames = max(1, int(count[b + 1] - count[a]))
            mean = (total[b + 1] - total[a]) / frames
            spread = np.maximum((squares[b + 1] - squares[a]) / frames - np.square(mean), 0)
            channels = (
                GREY + LEVEL * shown[b],
                GREY + CHANGE * (shown[b] - mean) * there[b],
                UNREST * np.sqrt(spread),
            )
            drawn[place] = np.clip(np.rint(np.stack(channels, axis=-1)), 0, 255)
        return drawn

    def _levels(self, samples: Samples, rows: np.ndarray, size: int) -> np.ndarray:
        """Return `levels` of *rows*, (R, size, size); 0 where a frame is missing."""
        frames = samples.recording.frames
        assert frames is not None
        keys = [(content, size) for content in contents(samples, rows)]
        known = {key: self._known[key] for key in keys if key in self._known}
        new = np.array([place for place, key in enumerate(keys) if key not in known], int)
        if len(new):
            values = levels(frames.take(rows[new], size), frames.camera.palette)
            values *= frames.present[rows[new], None, None]
            known |= {keys[place]: value for place, value in zip(new, values, strict=True)}
        self._known = known
        return np.stack([known[key] for key in keys])


def contents(samples: Samples, rows: np.ndarray) -> list[str]:
    """Return what tells the frames of *rows* apart, without decoding them."""
    frames = samples.recording.frames
    assert frames is not None
    crc = frames.store.survey["crc"].to_dict()
    names = [frames.names[row] if frames.present[row] else "" for row in rows]
    return [f"{name} {crc.get(name)} {frames.camera}" for name in names]


def _union(start: np.ndarray, stop: np.ndarray) -> np.ndarray:
    """Return all numbers from each of *start* to its *stop*, sorted."""
    low = int(start.min())
    edges = np.zeros(int(stop.max()) - low + 2, np.int64)
    np.add.at(edges, start - low, 1)
    np.add.at(edges, stop - low + 1, -1)
    return np.flatnonzero(np.cumsum(edges)[:-1]) + low


def _sums(values: np.ndarray) -> np.ndarray:
    """Return the sums of the first 0, 1, ... of *values* along the first axis, float64."""
    sums = np.zeros((len(values) + 1, *values.shape[1:]))
    np.cumsum(values, axis=0, out=sums[1:])
    return sums
