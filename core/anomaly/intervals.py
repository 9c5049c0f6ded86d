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
    starts, stops = _runs(scores > cut, boundaries)
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


def _runs(flagged: np.ndarray, boundaries: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return first rows and stops of the runs of *flagged*, cut at *boundaries*."""
    if not len(flagged):
        return np.empty(0, np.int64), np.empty(0, np.int64)
    # One comparison finds starts and stops in turn; the rows are many, the changes few.
    changes = np.flatnonzero(flagged[1:] != flagged[:-1]) + 1
    edges = np.r_[[0] * int(flagged[0]), changes, [len(flagged)] * int(flagged[-1])].astype(
        np.int64
    )
    inner = boundaries[boundaries > 0]
    inner = inner[flagged[inner] & flagged[inner - 1]]
    starts, stops = edges[::2], edges[1::2]
    if len(inner):
        starts, stops = (np.sort(np.r_[ends, inner]) for ends in (starts, stops))
    return starts, stops


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


def maxima(scores: np.ndarray, found: Intervals) -> np.ndarray:
    """Return the highest of *scores*, (rows,), in each of *found*."""
    if len(found) == 0:
        return np.empty(0, scores.dtype)
    # reduceat takes pairs: inside an event, then between it and the next one, which is dropped.
    low, high = found.starts[0], found.stops[-1]
    edges = np.column_stack([found.starts, found.stops]).ravel()[:-1] - low
    return np.maximum.reduceat(scores[low:high], edges)[::2]
