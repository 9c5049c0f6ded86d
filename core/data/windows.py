"""Windows over a recording, as views: the recording is never copied."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from core.data.dataset import Dataset
from core.data.rows import plural
from core.errors import TooShort

CHUNK = 1 << 14


class Windows:
    """All windows of one length that stay inside a segment.

    Attributes:
        values: (rows, N), the recording itself.
        starts: (windows,) int32, first row of each window.
        lookback: T, rows of a window.
    """

    def __init__(
        self, values: np.ndarray, segments: Iterable[slice], lookback: int, stride: int = 1
    ) -> None:
        """Find the windows.

        Args:
            values: (rows, N); kept as it is, not copied.
            segments: Runs of rows that a window may span; shorter ones have no window.
            lookback: Rows of a window.
            stride: Rows from one window to the next; the last window of a segment is always there.
        """
        self.values = values
        self.lookback = lookback
        self.starts = _starts(list(segments), lookback, stride)
        self._view = (
            np.lib.stride_tricks.sliding_window_view(values, lookback, axis=0)
            if len(self.starts)
            else np.empty((0, values.shape[1], lookback), dtype=values.dtype)
        )

    def __len__(self) -> int:
        return len(self.starts)

    def take(self, indices: np.ndarray | slice) -> np.ndarray:
        """Return the windows *indices* as (B, T, N), C-contiguous: a copy of these alone."""
        return np.ascontiguousarray(self._view[self.starts[indices]].transpose(0, 2, 1))


def _starts(segments: list[slice], lookback: int, stride: int) -> np.ndarray:
    """First rows of all windows, filled into one array."""
    ranges = [
        (segment.start, segment.stop - lookback)
        for segment in segments
        if segment.stop - segment.start >= lookback
    ]
    counts = [-(-(last - first) // stride) + 1 for first, last in ranges]
    starts = np.empty(sum(counts), dtype=np.int32)
    to = 0
    for (first, last), count in zip(ranges, counts, strict=True):
        for at in range(0, count, CHUNK):
            stop = min(at + CHUNK, count)
            starts[to + at : to + stop] = np.arange(at, stop) * stride + first
        starts[to + count - 1] = last
        to += count
    return starts


def check_lookback(dataset: Dataset, lookback: int) -> None:
    """Make sure that a window fits into every entity.

    Raises:
        TooShort: one is shorter than *lookback*; it names the shortest and its rows.
    """
    name, rows = min(
        ((name, part.stop - part.start) for name, part in dataset.entities.items()),
        key=lambda pair: pair[1],
    )
    if rows < lookback:
        raise TooShort(
            f"{who(name)} has {plural(rows, 'row')}, a window needs {lookback} (lookback).",
            f"Choose a lookback of at most {rows}" + (", or leave it out." if name else "."),
        )
    longest = max(segment.stop - segment.start for segment in dataset.segments)
    if longest < lookback:
        raise TooShort(
            f"The longest run of rows without a gap has {plural(longest, 'row')}, "
            f"a window needs {lookback} (lookback).",
            "Choose a shorter lookback, or fill longer gaps.",
        )


def who(entity: str) -> str:
    """Name an entity at the start of a sentence."""
    return f"Entity {entity!r}" if entity else "The recording"
