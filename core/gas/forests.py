"""Random forests on the readings of a row, and on statistics of the window before it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from core.gas.baselines import Stored
from core.gas.classifier import Answer, Training, answer_of, pieces
from core.gas.forest import ask, grow
from core.gas.samples import Samples
from core.task import Reporter

CHUNK = 4_096  # windows that are read at once: bounds the memory


class Forest(Stored):
    """A random forest on the readings of the row that is decided about."""

    def fit(
        self, training: Training, reporter: Reporter | None, checkpoint: Path | None
    ) -> list[dict[str, float]]:
        """Grow the trees."""
        samples = training.train
        classes = len(samples.recording.classes)
        rows = self.features(samples, np.arange(len(samples)))
        self.arrays = grow(rows, samples.labels, classes, self.config.seed)
        return []

    def predict(self, samples: Samples) -> Answer:
        """Return the mean of the trees."""
        parts = pieces(len(samples), CHUNK)
        return answer_of(np.concatenate([self._asked(samples, indices) for indices in parts]))

    def _asked(self, samples: Samples, indices: np.ndarray) -> np.ndarray:
        return ask(self.arrays, self.features(samples, indices))

    def features(self, samples: Samples, indices: np.ndarray) -> np.ndarray:
        """Return (B, N) float32."""
        return samples.sensors(indices, 1)[:, 0]


class ForestWindows(Forest):
    """A random forest on statistics of the last rows of every sensor."""

    def features(self, samples: Samples, indices: np.ndarray) -> np.ndarray:
        """Return (B, 7 N) float32, see `statistics`."""
        return statistics(samples.sensors(indices))


def statistics(windows: np.ndarray) -> np.ndarray:
    """Return what (B, T, N) *windows* look like: (B, 7 N).

    Of every sensor: mean, standard deviation, lowest, highest, last, change over the window, and
    slope of the line through it.
    """
    steps = windows.shape[1]
    centred = np.arange(steps, dtype=windows.dtype) - (steps - 1) / 2
    slope = np.einsum("t,btn->bn", centred, windows) / max(float(centred @ centred), 1.0)
    last = windows[:, -1]
    of_all = (windows.mean(1), windows.std(1), windows.min(1), windows.max(1))
    return np.concatenate([*of_all, last, last - windows[:, 0], slope], axis=1)
