"""Principal components of whole windows: courses in time that training never took.

Like `core.anomaly.baselines.Pca`, with all rows of a window as one long row (Paparrizos et al.
2022, "TSB-UAD", section 3.1: PCA on subsequences).
"""

from __future__ import annotations

import numpy as np

from core.anomaly.around import chunks, fitting, padded, spread, starts_of, whole_starts
from core.anomaly.config import Config
from core.anomaly.contributions import Contributing

LENGTH = 100  # rows in a window
LEARNED = 2000  # training windows that the components are fitted on, at most


class WindowPca(Contributing):
    """The part of the window around a row that the components do not explain.

    Attributes:
        mean: (T * N,) mean training window.
        components: (K, T * N), rows of length 1.
    """

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        self.mean = np.empty(0, np.float32)
        self.components = np.empty((0, 0), np.float32)

    def learn(self, rows: np.ndarray, segments: list[slice]) -> np.ndarray:
        """Keep the components that explain the share of variance that the config names."""
        length = fitting(LENGTH, segments)
        windows = flat_windows(rows, spread(whole_starts(length, segments), LEARNED), length)
        self.mean = windows.mean(axis=0)
        self.components = components_of(windows - self.mean, self.config.variance)
        return self.contributions(rows, segments, own=True)

    def judge(self, part: np.ndarray, first: int | None = None) -> np.ndarray:
        """Return (rows, N): the mean squared error of each channel over the window of a row."""
        channels, causal = part.shape[1], self.config.causal
        length = len(self.mean) // channels
        rows = padded(part, length, causal=causal)
        starts = starts_of(len(part), length, causal=causal)
        result = np.empty_like(part)
        for at in chunks(len(part), len(self.mean)):
            left = flat_windows(rows, starts[at], length) - self.mean
            left -= (left @ self.components.T) @ self.components
            errors = np.square(left, out=left).reshape(len(left), length, channels)
            result[at] = errors.mean(axis=1) / channels
        return result

    def arrays(self) -> dict[str, np.ndarray]:
        """Return mean and components."""
        return {"mean": self.mean, "components": self.components}

    def restore(self, arrays: dict[str, np.ndarray]) -> None:
        """Take what `arrays` returned."""
        self.mean, self.components = arrays["mean"], arrays["components"]


def flat_windows(rows: np.ndarray, starts: np.ndarray, length: int) -> np.ndarray:
    """Return (B, T * N) float32, a copy of the windows at *starts*."""
    channels = rows.shape[1]  # rows lie behind one another, so a window is one run of numbers
    view = np.lib.stride_tricks.sliding_window_view(rows.ravel(), length * channels)
    return view[starts * channels]


def components_of(centred: np.ndarray, variance: float) -> np.ndarray:
    """Return (K, width) components that explain this share of the variance of (B, width).

    By way of the smaller of the two Gram matrices, for windows are often wider than many.
    """
    wide = centred.shape[1] > len(centred)
    data = centred.astype(np.float64)
    powers, vectors = np.linalg.eigh(data @ data.T if wide else data.T @ data)
    powers, vectors = powers[::-1].clip(min=0), vectors[:, ::-1]
    if powers[0] == 0:  # nothing varies, so nothing is explained
        return np.empty((0, centred.shape[1]), np.float32)
    explained = np.cumsum(powers) / powers.sum()
    # At least one direction is left out, else there would be no residual at all.
    keep = min(int(np.searchsorted(explained, variance)) + 1, len(powers) - 1)
    kept = vectors[:, :keep]
    if wide:
        kept = data.T @ kept
        kept /= np.maximum(np.linalg.norm(kept, axis=0), np.finfo(float).tiny)
    return np.ascontiguousarray(kept.T, dtype=np.float32)
