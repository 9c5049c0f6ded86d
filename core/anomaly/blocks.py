"""A recording in blocks, each judged with the rows around it that its windows reach."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator

import numpy as np

from core.anomaly.around import LONGEST
from core.anomaly.contributions import PIECE
from core.anomaly.detector import Detector
from core.anomaly.network import WINDOWS_PER_STEP

ROWS = 8 * PIECE  # rows of a block, at most


def residual_blocks(
    detector: Detector,
    read: Callable[[int, int], np.ndarray],
    segments: list[slice],
    lookback: int,
) -> Iterator[np.ndarray]:
    """Yield the residuals of all rows in order, (n, N) float32 a block.

    They are those of all rows at once: a segment is cut only where the detector's own windows and
    pieces begin.

    Args:
        detector: A trained one.
        read: (start, stop) -> (stop - start, N) scaled values; *start* never falls.
        segments: Runs of rows that a window may span; together they are all rows.
        lookback: T, rows of the detector's windows; 0 for one that does not read it.
    """
    reach = max(lookback, LONGEST)
    grid = max(1, lookback // WINDOWS_PER_STEP) if lookback else PIECE
    behind = -(-reach // grid) * grid
    starts = [segment.start for segment in segments]
    at, rows = 0, segments[-1].stop
    for end in block_ends(segments, grid, rows if getattr(detector, "whole", False) else ROWS):
        one, other = bisect_right(starts, at) - 1, bisect_right(starts, end - 1) - 1
        first = max(segments[one].start, at - behind)
        last = min(segments[other].stop, end + reach)
        parts = [
            slice(max(part.start, first) - first, min(part.stop, last) - first)
            for part in segments[one : other + 1]
        ]
        residuals = detector.residuals(read(first, last), parts)[at - first : end - first]
        yield residuals.astype(np.float32, copy=False)
        at = end


def block_ends(segments: list[slice], grid: int, most: int) -> Iterator[int]:
    """Yield where blocks of at most *most* rows end: with a segment, or on its *grid*.

    Args:
        segments: Runs of rows; together they are all rows.
        grid: Rows between two places of a segment at which it may be cut, at most *most*.
        most: Rows of a block.
    """
    at = 0
    for segment in segments:
        while segment.stop - at > most:
            fits = max(0, at + most - segment.start)
            at = segment.start + fits // grid * grid
            yield at
    if at < segments[-1].stop:
        yield segments[-1].stop
