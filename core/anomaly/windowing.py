"""From values to windows for training, and from windows back to one residual a step."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

CHUNK = 4096  # windows that are reconstructed at once: bounds the memory of a long recording


def covering_starts(rows: int, lookback: int, hop: int) -> np.ndarray:
    """Return starts of windows that cover every one of *rows* >= lookback, *hop* apart."""
    last = rows - lookback
    return np.unique(np.r_[np.arange(0, last + 1, hop), last])


def reconstruction_residuals(
    values: np.ndarray,
    segments: list[slice],
    lookback: int,
    reconstruct: Callable[[np.ndarray], np.ndarray],
    hop: int,
) -> np.ndarray:
    """Return values minus their reconstruction, averaged over the windows that cover a step.

    Args:
        values: (rows, N) float32.
        segments: Rows that a window may span.
        lookback: T, steps in a window. A shorter segment is padded with its last row.
        reconstruct: Maps (B, T, N) to (B, T, N).
        hop: Steps between two windows; T // hop windows share a step.

    Returns:
        (rows, N) float32.
    """
    residuals = np.empty_like(values)
    for segment in segments:
        part = values[segment]
        missing = max(0, lookback - len(part))
        padded = np.pad(part, ((0, missing), (0, 0)), mode="edge") if missing else part
        mean = _mean_reconstruction(padded, lookback, reconstruct, hop)
        residuals[segment] = part - mean[: len(part)]
    return residuals


def _mean_reconstruction(
    values: np.ndarray,
    lookback: int,
    reconstruct: Callable[[np.ndarray], np.ndarray],
    hop: int,
) -> np.ndarray:
    """Return (rows, N): the mean over all windows of what each says about a row."""
    view = np.lib.stride_tricks.sliding_window_view(values, lookback, axis=0)
    total = np.zeros_like(values)
    count = np.zeros((len(values), 1), dtype=values.dtype)
    for starts in _chunks(covering_starts(len(values), lookback, hop)):
        output = reconstruct(view[starts].transpose(0, 2, 1))
        # For one offset the rows are all different, so that += by index adds each of them.
        for offset in range(lookback):
            total[starts + offset] += output[:, offset]
            count[starts + offset] += 1
    return total / count


def _chunks(starts: np.ndarray) -> Iterator[np.ndarray]:
    for first in range(0, len(starts), CHUNK):
        yield starts[first : first + CHUNK]


def prediction_residuals(
    values: np.ndarray,
    segments: list[slice],
    past: int,
    predict: Callable[[np.ndarray], np.ndarray],
) -> np.ndarray:
    """Return values minus what the rows before each of them announced.

    The first rows of a segment have no past: its own beginning, mirrored, stands in for it, which
    has the level and the noise of the real one (a repeated first row would have no noise).

    Args:
        values: (rows, N) float32.
        segments: Rows that a window may span.
        past: P, rows that are read.
        predict: Maps (B, P, N) to (B, N).

    Returns:
        (rows, N) float32.
    """
    residuals = np.empty_like(values)
    for segment in segments:
        part = values[segment]
        padded = np.pad(part, ((past, 0), (0, 0)), mode="reflect" if len(part) > 1 else "edge")
        view = np.lib.stride_tricks.sliding_window_view(padded[:-1], past, axis=0)
        for starts in _chunks(np.arange(len(part))):
            before = np.ascontiguousarray(view[starts].transpose(0, 2, 1))
            residuals[segment][starts] = part[starts] - predict(before)
    return residuals
