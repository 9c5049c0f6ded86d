"""k-nearest neighbours: how far a window is from the most similar ones in the training rows.

Ramaswamy et al. 2000, "Efficient algorithms for mining outliers from large data sets", SIGMOD,
section 2, on windows of several lengths, each described by the means of its segments (Keogh et al.
2001, "Dimensionality reduction for fast similarity search", section 3: piecewise aggregate).
"""

from __future__ import annotations

import numpy as np

from core.anomaly.around import chunks, fitting, padded, spread, starts_of, whole_starts
from core.anomaly.config import Config
from core.anomaly.contributions import Contributing
from core.anomaly.joined import Joined

LENGTHS = (1, 10, 30, 100)  # rows in a window
SEGMENTS = 10  # means that describe a window, at most
STORED = 2000  # training windows that are kept, at most
NEIGHBOURS = 1
CLIP = 5.0  # a channel that is off the scale counts as this many standard deviations


class Neighbours(Contributing):
    """The squared distance to the nearest training windows of one length.

    Attributes:
        length: Rows in a window.
        windows: (stored, segments * N) float32, the training windows.
        places: (stored,) their first rows, so that a training row can leave itself out.
    """

    def __init__(self, config: Config, length: int) -> None:
        super().__init__(config)
        self.length = length
        self.windows = np.empty((0, 0), np.float32)
        self.places = np.empty(0, int)

    def learn(self, rows: np.ndarray, segments: list[slice]) -> np.ndarray:
        """Keep windows, spread evenly."""
        self.length = fitting(self.length, segments)
        self.places = spread(whole_starts(self.length, segments), STORED)
        total = running_sums(rows.clip(-CLIP, CLIP))
        self.windows = segment_means(total, self.places, self.length)
        return self.contributions(rows, segments, own=True)

    def judge(self, part: np.ndarray, first: int | None = None) -> np.ndarray:
        """Return (rows, N): each channel's mean squared distance to the nearest windows."""
        causal, channels = self.config.causal, part.shape[1]
        total = running_sums(padded(part.clip(-CLIP, CLIP), self.length, causal=causal))
        starts = starts_of(len(part), self.length, causal=causal)
        squares = np.einsum("ij,ij->i", self.windows, self.windows)
        result = np.empty_like(part)
        for at in chunks(len(part), max(self.windows.shape[0], NEIGHBOURS * self.windows.shape[1])):
            windows = segment_means(total, starts[at], self.length)
            # Short of the window's own square, which is the same for all: order is what counts.
            distance = squares - 2 * (windows @ self.windows.T)
            if first is not None:
                self._leave_out(distance, starts[at] + first - (causal and self.length - 1))
            nearest = self.windows[_smallest(distance)]  # (B, k, segments * N)
            gaps = np.square(windows[:, None] - nearest).mean(axis=1)
            result[at] = gaps.reshape(len(gaps), -1, channels).mean(axis=1) / channels
        return result

    def _leave_out(self, distance: np.ndarray, places: np.ndarray) -> None:
        """Put those out of reach, (B, stored), that share rows with the windows at *places*.

        They are near for that alone. In a short training part all share rows: then those are left
        out that start within a quarter of it.
        """
        reach = min(self.length, int(np.ptp(self.places)) // 4 + 1)
        low = np.searchsorted(self.places, places - reach, "right")
        high = np.searchsorted(self.places, places + reach)
        for row, (first, stop) in enumerate(zip(low, high, strict=True)):
            distance[row, first:stop] = np.inf

    def arrays(self) -> dict[str, np.ndarray]:
        """Return the stored windows."""
        return {"length": np.array(self.length), "windows": self.windows, "places": self.places}

    def restore(self, arrays: dict[str, np.ndarray]) -> None:
        """Take what `arrays` returned."""
        self.length = int(arrays["length"])
        self.windows, self.places = arrays["windows"], arrays["places"]


class WindowNeighbours(Joined):
    """Distances to the nearest training windows of 1, 10, 30 and 100 rows, joined."""

    def __init__(self, config: Config) -> None:
        super().__init__(
            config, {f"rows-{length}": Neighbours(config, length) for length in LENGTHS}
        )


def _smallest(distance: np.ndarray) -> np.ndarray:
    """Return (B, k) columns of the smallest values of each row of (B, stored)."""
    k = min(NEIGHBOURS, distance.shape[1])
    if k == 1:
        return distance.argmin(axis=1)[:, None]
    return np.argpartition(distance, k - 1, axis=1)[:, :k]


def running_sums(rows: np.ndarray) -> np.ndarray:
    """Return (rows + 1, N) float64, the sum of the rows before each."""
    total = np.zeros((len(rows) + 1, rows.shape[1]))
    np.cumsum(rows, axis=0, out=total[1:])
    return total


def segment_means(total: np.ndarray, starts: np.ndarray, length: int) -> np.ndarray:
    """Return (B, segments * N) float32: means of the segments of the windows at *starts*."""
    edges = np.linspace(0, length, min(SEGMENTS, length) + 1).round().astype(int)
    at = total[starts[:, None] + edges]  # (B, segments + 1, N)
    parts = np.diff(at, axis=1) / np.diff(edges)[:, None]
    return parts.reshape(len(starts), -1).astype(np.float32)
