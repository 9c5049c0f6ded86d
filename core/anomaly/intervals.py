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
    scores: np.ndarray, cut: float, boundaries: np.ndarray, min_length: int = 1, merge_gap: int = 0
) -> Intervals:
    """Return the maximal runs of scores above *cut*; none crosses a boundary.

    Args:
        scores: (rows,).
        cut: Scores above it are flagged.
        boundaries: Sorted first rows of segments and parts.
        min_length: Shorter runs are left out, after merging.
        merge_gap: Runs with at most this many calm steps between them become one.
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
    return Intervals(starts[keep], stops[keep])
