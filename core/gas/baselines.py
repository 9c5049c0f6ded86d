"""Models without a network or a tree, which every other has to beat."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from scipy.spatial import KDTree
from scipy.special import softmax

from core.gas.classifier import Answer, Training, answer_of
from core.gas.config import Config
from core.gas.samples import Samples
from core.task import Reporter

FILE = "model.npz"


class Stored:
    """A classifier of a few arrays, which are its file."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.arrays: dict[str, np.ndarray] = {}

    def save(self, folder: Path) -> None:
        """Write `model.npz`."""
        np.savez(folder / FILE, allow_pickle=False, **self.arrays)

    def load(self, folder: Path) -> None:
        """Read `model.npz`."""
        with np.load(folder / FILE, allow_pickle=False) as arrays:
            self.arrays = {name: arrays[name] for name in arrays.files}


def rows_of(samples: Samples) -> np.ndarray:
    """Return (W, N) float32, scaled: the readings of the decision rows themselves."""
    return samples.sensors(slice(None), 1)[:, 0]


class Nearest(Stored):
    """The class of the most similar training row (Cover and Hart 1967).

    A class is the more likely the nearer its nearest row is, by the square of the distance, as
    fuzzy nearest neighbours weigh it (Keller, Gray and Givens 1985).
    """

    def fit(
        self, training: Training, reporter: Reporter | None, checkpoint: Path | None
    ) -> list[dict[str, float]]:
        """Keep the training rows."""
        samples = training.train
        classes = np.array(len(samples.recording.classes))
        self.arrays = {"rows": rows_of(samples), "codes": samples.labels, "classes": classes}
        return []

    def predict(self, samples: Samples) -> Answer:
        """Return weights by distance; a class without training rows has none."""
        asked = rows_of(samples)
        closeness = np.zeros((len(asked), int(self.arrays["classes"])))
        for code in np.unique(self.arrays["codes"]):
            known = self.arrays["rows"][self.arrays["codes"] == code]
            distance = KDTree(known).query(asked)[0]
            closeness[:, code] = 1 / np.maximum(distance, 1e-9) ** 2
        return answer_of(closeness / closeness.sum(axis=1, keepdims=True))


class Lda(Stored):
    """Linear discriminant analysis of the readings (Fisher 1936): one normal cloud a class.

    The clouds have one covariance and, whatever the numbers of their rows, equal prior
    probabilities: how often there is gas in a recording says nothing of the next one.
    """

    def fit(
        self, training: Training, reporter: Reporter | None, checkpoint: Path | None
    ) -> list[dict[str, float]]:
        """Take the means and the covariance within the classes."""
        rows, codes = rows_of(training.train).astype(float), training.train.labels
        classes = len(training.train.recording.classes)
        weights, offsets = np.zeros((classes, rows.shape[1])), np.full(classes, -np.inf)
        known = np.unique(codes)
        means = np.stack([rows[codes == code].mean(axis=0) for code in known])
        within = rows - means[np.searchsorted(known, codes)]
        # A sensor that stays put in every class tells nothing: the pseudo-inverse leaves it out.
        inverse = np.linalg.pinv(within.T @ within / len(rows), rcond=1e-9, hermitian=True)
        weights[known] = means @ inverse
        offsets[known] = -0.5 * (weights[known] * means).sum(axis=1)
        self.arrays = {"weights": weights, "offsets": offsets}
        return []

    def predict(self, samples: Samples) -> Answer:
        """Return the probabilities of the classes by Bayes' rule."""
        said = rows_of(samples) @ self.arrays["weights"].T + self.arrays["offsets"]
        return answer_of(softmax(said, axis=1))
