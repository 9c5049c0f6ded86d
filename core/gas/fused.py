"""What networks over the features of CNNs share.

Each CNN is tuned on its own modality first; then the features of all rows are taken, once; then
the network is trained on windows of them. What the first two steps leave is kept by content, so
that another network over the same features is trained in seconds.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from core.backend import tensorflow
from core.gas.classifier import Answer, Training
from core.gas.cnn import Cnn
from core.gas.config import Config
from core.gas.features import Features, Table
from core.gas.looks import MODALITIES, Modality, View, no_frames, there
from core.gas.network import Inputs, Network
from core.gas.samples import Samples
from core.task import Reporter

STANDARD = "features.npz"
WIDEST = 5.0  # deviations from the mean: what training rows hardly ever had says no more than that


class Fused(Network):
    """A network that reads features of the last T rows. A subclass builds it.

    Features are standardised on the training rows, and 0, the mean, where nothing is seen.
    """

    modalities: tuple[Modality, ...] = MODALITIES

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        self.cnns = [Cnn(view, config) for view in self.views()]
        self._features = [Features(cnn) for cnn in self.cnns]
        self._standard: list[np.ndarray] = []  # of each CNN (2, D): mean and deviation
        self._tables: dict[int, list[Table | None]] = {}

    def views(self) -> list[View]:
        """Return what each CNN looks at."""
        return [View(modality, self.config.backbone) for modality in self.modalities]

    def sequences(self) -> list[Any]:
        """Return Keras inputs for the features of the last T rows, (B, T, D) of each CNN."""
        import keras

        return [keras.Input((self.config.lookback, one.shape[1])) for one in self._standard]

    @property
    def facts(self) -> dict[str, str]:
        """What the CNNs started from, for the card."""
        return {f"CNN of the {cnn.view.modality}": cnn.note for cnn in self.cnns}

    def fit(
        self, training: Training, reporter: Reporter | None, checkpoint: Path | None
    ) -> list[dict[str, float]]:
        """Tune the CNNs, take the features, train the network; return the history of the last.

        Raises:
            DataError: there is no camera, and it is needed.
        """
        tensorflow()  # before Keras, so that its threads are set
        if not all(_any(cnn.view, training.train) for cnn in self.cnns):
            raise no_frames(training.train)
        for cnn in self.cnns:
            cnn.fit(training, reporter, checkpoint)
        self._look(training.train, reporter)
        self._look(training.validation, reporter)
        self._standard = [
            _standard(table, cnn.view, training.train)
            for cnn, table in zip(self.cnns, self._tables[id(training.train)], strict=True)
        ]
        try:
            return super().fit(training, reporter, checkpoint)
        finally:
            self._tables.clear()

    def predict(self, samples: Samples) -> Answer:
        """Take the features, ask the network."""
        self._look(samples)
        try:
            return super().predict(samples)
        finally:
            self._tables.clear()

    def fed(self, samples: Samples) -> Inputs:
        """Take the features of a few *samples*; return what the model is called with."""
        self._look(samples)
        try:
            return super().fed(samples)
        finally:
            self._tables.clear()

    def standardised(self, place: int, features: Any) -> Any:
        """Return *features* (..., D) of the CNN at *place*, a tensor, as the model reads them."""
        mean, deviation = self._standard[place]
        return tensorflow().clip_by_value((features - mean) / deviation, -WIDEST, WIDEST)

    def deviation(self, place: int) -> np.ndarray:
        """Return (D,): what the features of the CNN at *place* are divided by."""
        return self._standard[place][1]

    def _look(self, samples: Samples, reporter: Reporter | None = None) -> None:
        """Take the features that *samples* read; None where a modality is not there at all."""
        self._tables[id(samples)] = [
            one.of(samples, reporter) if _any(one.cnn.view, samples) else None
            for one in self._features
        ]

    def inputs(self, samples: Samples, indices: np.ndarray) -> Inputs:
        """Return the features of the windows, (B, T, D) float32 of each CNN."""
        windows = samples.windows(indices)
        read = []
        for cnn, table, standard in zip(
            self.cnns, self._tables[id(samples)], self._standard, strict=True
        ):
            if table is None:
                read.append(np.zeros((*windows.shape, standard.shape[1]), np.float32))
                continue
            values = (table.take(windows) - standard[0]) / standard[1]
            shown = there(cnn.view, samples, windows)[..., None]
            read.append(np.where(shown, np.clip(values, -WIDEST, WIDEST), np.float32(0)))
        return tuple(read)

    def save(self, folder: Path) -> None:
        """Write the files of the network and of the CNNs, and `features.npz`."""
        super().save(folder)
        for cnn in self.cnns:
            cnn.save(folder)
        arrays = {f"cnn{i}": one for i, one in enumerate(self._standard)}
        np.savez(folder / STANDARD, allow_pickle=False, **arrays)

    def load(self, folder: Path) -> None:
        """Read what `save` wrote."""
        tensorflow()
        for cnn in self.cnns:
            cnn.load(folder)
        with np.load(folder / STANDARD, allow_pickle=False) as arrays:
            self._standard = [arrays[f"cnn{i}"] for i in range(len(self.cnns))]
        super().load(folder)


def _any(view: View, samples: Samples) -> bool:
    """Whether anything is there to be seen."""
    return bool(there(view, samples, np.arange(len(samples.recording))).any())


def _standard(table: Table | None, view: View, samples: Samples) -> np.ndarray:
    """Return mean and deviation (2, D) float32 of the features of the training rows."""
    assert table is not None  # it was tuned
    values = table.take(samples.rows[there(view, samples, samples.rows)])
    mean, deviation = values.mean(axis=0), values.std(axis=0)
    return np.stack([mean, np.where(deviation > 1e-6, deviation, 1.0)]).astype(np.float32)
