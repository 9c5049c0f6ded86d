"""The window that stands for a row: around it, or, for streams, ending with it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

LONGEST = 100  # rows that a window reaches to either side of its row, at most
NUMBERS_AT_ONCE = 1 << 20  # float32 numbers of windows that are held at once: 4 MB


def padded(part: np.ndarray, length: int, *, causal: bool) -> np.ndarray:
    """Return *part*, (rows, N), lengthened by its own first or last row where windows need it.

    A causal window may not look ahead, so rows before the first are thought like the first one.
    """
    front = length - 1 if causal else 0
    back = 0 if causal else max(0, length - len(part))
    return np.pad(part, ((front, back), (0, 0)), mode="edge") if front or back else part


def starts_of(rows: int, length: int, *, causal: bool) -> np.ndarray:
    """Return (rows,) where in the padded rows each row's window starts.

    A centred window that would reach over an end is moved inside.
    """
    if causal:
        return np.arange(rows)
    return np.clip(np.arange(rows) - length // 2, 0, max(0, rows - length))


def fitting(length: int, segments: list[slice]) -> int:
    """Return *length*, or the rows of the longest segment where that is shorter."""
    return min(length, max(part.stop - part.start for part in segments))


def whole_starts(length: int, segments: list[slice]) -> np.ndarray:
    """Return the starts of all windows that lie whole in a segment."""
    return np.concatenate([np.arange(part.start, part.stop - length + 1) for part in segments])


def spread(items: np.ndarray, most: int) -> np.ndarray:
    """Return at most *most* of *items*, evenly spread over them, first and last included."""
    if len(items) <= most:
        return items
    return items[np.linspace(0, len(items) - 1, most).round().astype(int)]


def chunks(count: int, width: int) -> Iterator[slice]:
    """Cut *count* rows of *width* numbers each, so that a piece stays in `NUMBERS_AT_ONCE`."""
    step = max(1, NUMBERS_AT_ONCE // width)
    for first in range(0, count, step):
        yield slice(first, min(first + step, count))
