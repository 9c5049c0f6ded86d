"""k-means on windows: how far a window is from the nearest of the usual courses.

Yairi et al. 2001, "Fault detection by mining association rules from house-keeping data", i-SAIRAS;
here windows are described by the means of their segments, as in `core.anomaly.neighbours`.
"""

from __future__ import annotations

import numpy as np

from core.anomaly.around import chunks, fitting, padded, spread, starts_of, whole_starts
from core.anomaly.config import Config
from core.anomaly.contributions import Contributing
from core.anomaly.neighbours import CLIP, STORED, running_sums, segment_means

LENGTH = 30  # rows in a window
CLUSTERS = 20


class Clusters(Contributing):
    """The squared distance to the nearest center, split by channel.

    Attributes:
        length: Rows in a window.
        centers: (clusters, segments * N) float32.
    """

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        self.length = LENGTH
        self.centers = np.empty((0, 0), np.float32)

    def learn(self, rows: np.ndarray, segments: list[slice]) -> np.ndarray:
        """Find the centers of windows that are spread evenly over the training rows."""
        from sklearn.cluster import KMeans

        self.length = fitting(LENGTH, segments)
        starts = spread(whole_starts(self.length, segments), STORED)
        windows = segment_means(running_sums(rows.clip(-CLIP, CLIP)), starts, self.length)
        count = min(CLUSTERS, len(np.unique(windows, axis=0)))
        means = KMeans(count, n_init=3, random_state=self.config.seed).fit(windows)
        self.centers = means.cluster_centers_.astype(np.float32)
        return self.contributions(rows, segments, own=True)

    def judge(self, part: np.ndarray, first: int | None = None) -> np.ndarray:
        """Return (rows, N): each channel's mean squared distance to the nearest center."""
        causal, channels = self.config.causal, part.shape[1]
        total = running_sums(padded(part.clip(-CLIP, CLIP), self.length, causal=causal))
        starts = starts_of(len(part), self.length, causal=causal)
        squares = np.einsum("ij,ij->i", self.centers, self.centers)
        result = np.empty_like(part)
        for at in chunks(len(part), self.centers.shape[1]):
            windows = segment_means(total, starts[at], self.length)
            nearest = (squares - 2 * (windows @ self.centers.T)).argmin(axis=1)
            gaps = np.square(windows - self.centers[nearest]).reshape(len(windows), -1, channels)
            result[at] = gaps.mean(axis=1) / channels
        return result

    def arrays(self) -> dict[str, np.ndarray]:
        """Return the centers."""
        return {"length": np.array(self.length), "centers": self.centers}

    def restore(self, arrays: dict[str, np.ndarray]) -> None:
        """Take what `arrays` returned."""
        self.length, self.centers = int(arrays["length"]), arrays["centers"]
