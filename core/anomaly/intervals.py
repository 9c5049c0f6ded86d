"""Runs of rows: what an event or a labelled anomaly is, before anything is known of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Intervals:
    """Events as rows: `starts` inclusive, `stops` exclusive, both sorted."""

    starts: np.ndarray
    stops: np.ndarray

    def __len__(self) -> int:
        return len(self.starts)


def detect(
    scores: np.ndarray,
    cut: float | np.ndarray,
    boundaries: np.ndarray,
    min_length: int = 1,
    merge_gap: int = 0,
    cool_down: int = 0,
) -> Intervals:
    """Return the maximal runs of scores above *cut*; none crosses a boundary.

    Args:
        scores: (rows,).
        cut: Scores above it are flagged; one number, or (rows,).
        boundaries: Sorted first rows of segments and parts.
        min_length: Shorter runs are left out, after merging.
        merge_gap: Runs with at most this many calm steps between them become one.
        cool_down: A run that begins within so many steps after the end of one that stays is left
            out, within a segment.
    """
    flagged = scores > cut
    # A run starts where a flag follows no flag, or at a boundary; and so it ends.
    first = flagged.copy()
    first[1:] &= ~flagged[:-1]
    first[boundaries] |= flagged[boundaries]
    last = flagged.copy()
    last[:-1] &= ~flagged[1:]
    ends = boundaries[boundaries > 0] - 1
    last[ends] |= flagged[ends]
    starts, stops = np.flatnonzero(first), np.flatnonzero(last) + 1
    if merge_gap and len(starts) > 1:
        segment = np.searchsorted(boundaries, starts, side="right")
        apart = (starts[1:] - stops[:-1] > merge_gap) | (segment[1:] != segment[:-1])
        starts, stops = starts[np.r_[True, apart]], stops[np.r_[apart, True]]
    keep = stops - starts >= min_length
    starts, stops = starts[keep], stops[keep]
    if cool_down and len(starts) > 1:
        keep = _rested(starts, stops, np.searchsorted(boundaries, starts, "right"), cool_down)
        starts, stops = starts[keep], stops[keep]
    return Intervals(starts, stops)


def _rested(
    starts: np.ndarray, stops: np.ndarray, segment: np.ndarray, cool_down: int
) -> np.ndarray:
    """Return which runs, (n,) bool, begin later than *cool_down* steps after the last one kept."""
    keep, last = np.zeros(len(starts), bool), 0
    keep[0] = True
    for run in range(1, len(starts)):
        if segment[run] != segment[last] or starts[run] - stops[last] >= cool_down:
            keep[run], last = True, run
    return keep
