"""Fewer points than a long series has, without losing what must be seen."""

from __future__ import annotations

import numpy as np
from tsdownsample import MinMaxLTTBDownsampler

POINTS = 2_000

_downsampler = MinMaxLTTBDownsampler()


def rows(
    values: np.ndarray,
    start: int = 0,
    stop: int | None = None,
    points: int = POINTS,
    keep: np.ndarray | None = None,
) -> np.ndarray:
    """Choose the rows of ``values[start:stop]`` that draw the same line with fewer points.

    Args:
        values: (rows,) numbers; a view of a long array is not copied.
        start: First row of the part to draw.
        stop: Row after its last one; None for the end.
        points: About how many rows to return.
        keep: Rows that must be among them, such as the peaks of events; others are ignored.

    Returns:
        Sorted int64 row numbers, first and last row of the part included.
    """
    stop = len(values) if stop is None else min(stop, len(values))
    start = min(max(start, 0), stop)
    part = values[start:stop]
    if len(part) <= points:
        return np.arange(start, stop)
    if part.dtype == bool:
        part = part.view(np.uint8)
    chosen = _downsampler.downsample(np.ascontiguousarray(part), n_out=points).astype(np.int64)
    chosen += start
    if keep is None or not len(keep):
        return chosen
    inside = keep[(keep >= start) & (keep < stop)]
    return np.union1d(chosen, inside)
