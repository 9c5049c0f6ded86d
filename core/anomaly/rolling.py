"""Rolling statistics: level, restlessness and steps of each channel against training.

The features that control charts watch: mean and deviation of the last rows (Montgomery,
"Introduction to Statistical Quality Control", chapters 6 and 9), over several spans.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from core.anomaly.around import fitting, padded, starts_of
from core.anomaly.config import Config
from core.anomaly.contributions import Contributing
from core.anomaly.neighbours import running_sums

LENGTHS = (10, 30, 100)  # rows that a statistic spans
CLIP = 20.0  # a reading that is off the scale counts as this many standard deviations
LEAST = 0.05  # of a feature's deviation: one that hardly moves in training is not endlessly strange


class Rolling(Contributing):
    """How many standard deviations the rolling statistics of a channel are from training.

    Attributes:
        lengths: Rows of each span.
        center: (features, N) means of the features in training.
        scale: (features, N) their standard deviations.
    """

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        self.lengths: tuple[int, ...] = ()
        self.center = self.scale = np.empty((0, 0))

    def learn(self, rows: np.ndarray, segments: list[slice]) -> np.ndarray:
        """Learn mean and deviation of every feature."""
        self.lengths = tuple(fitting(length, segments) for length in LENGTHS)
        parts = [list(self._features(rows[part])) for part in segments]
        features = [np.concatenate(one) for one in zip(*parts, strict=True)]
        self.center = np.array([feature.mean(axis=0) for feature in features])
        self.scale = np.maximum([feature.std(axis=0) for feature in features], LEAST)
        return self.contributions(rows, segments, own=True)

    def judge(self, part: np.ndarray, first: int | None = None) -> np.ndarray:
        """Return (rows, N): the mean of the squared z-scores of a channel's features."""
        result = np.zeros_like(part)
        for number, feature in enumerate(self._features(part)):
            z = (feature - self.center[number]) / self.scale[number]
            result += np.square(z, out=z)
        return result / np.float32(self.center.size)

    def _features(self, part: np.ndarray) -> Iterator[np.ndarray]:
        """Yield (rows, N) float64 a feature: means and deviations of every span, then steps."""
        causal = self.config.causal
        clipped = np.clip(part, -CLIP, CLIP)
        for length in self.lengths:
            rows = padded(clipped, length, causal=causal)
            starts = starts_of(len(part), length, causal=causal)
            mean = span_means(running_sums(rows), starts, length)
            yield mean
            power = span_means(running_sums(np.square(rows, dtype=np.float64)), starts, length)
            yield np.sqrt(np.maximum(power - mean**2, 0.0))
        yield np.abs(np.diff(clipped, axis=0, prepend=clipped[:1])).astype(np.float64)

    def arrays(self) -> dict[str, np.ndarray]:
        """Return spans, means and deviations."""
        return {"lengths": np.array(self.lengths), "center": self.center, "scale": self.scale}

    def restore(self, arrays: dict[str, np.ndarray]) -> None:
        """Take what `arrays` returned."""
        self.lengths = tuple(int(length) for length in arrays["lengths"])
        self.center, self.scale = arrays["center"], arrays["scale"]


def span_means(total: np.ndarray, starts: np.ndarray, length: int) -> np.ndarray:
    """Return (rows, N) means over *length* rows from *starts*, of running sums (rows + 1, N)."""
    return (total[starts + length] - total[starts]) / length
