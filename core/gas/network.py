"""What all classifiers with a network share: training, asking, their files."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core.backend import tensorflow
from core.gas.classifier import Answer, Training, answer_of, pieces
from core.gas.config import Config
from core.gas.samples import Samples
from core.learning import learn
from core.task import Reporter

CELLS = 1 << 20  # numbers that are read at once: bounds the memory of an answer
AVERAGE = 0.99  # of the weights, from step to step
MODEL, SHAPE = "model.npz", "network.json"
Inputs = tuple[np.ndarray, ...]


@dataclass(frozen=True)
class Shape:
    """What a network is built for.

    Attributes:
        lookback: T.
        channels: N sensors.
        classes: C.
    """

    lookback: int
    channels: int
    classes: int


class Network:
    """A classifier that is trained by gradients. A subclass builds the model."""

    smoothing = 0.0  # share of each target that is spread over all classes (Szegedy et al. 2016)

    def __init__(self, config: Config) -> None:
        self.config = config
        self.model: Any = None
        self.shape: Shape | None = None
        self._compiled: tuple[Any, Any] | None = None  # the model it belongs to, and the function

    def build(self, shape: Shape) -> Any:
        """Return the untrained Keras model: what `inputs` returns -> (B, C) probabilities."""
        raise NotImplementedError

    def inputs(self, samples: Samples, indices: np.ndarray) -> Inputs:
        """Return what the model is called with: (B, T, N) windows of the sensors."""
        return (samples.sensors(indices),)

    def loss(self) -> Any:
        """Return the loss of the outputs against (B, C) float32, 1 at the class of the row."""
        import keras

        return keras.losses.CategoricalCrossentropy(label_smoothing=self.smoothing)

    def answer(self, outputs: np.ndarray) -> Answer:
        """Return what *outputs* of the model say: (W, C) probabilities."""
        return answer_of(outputs)

    def fit(
        self, training: Training, reporter: Reporter | None, checkpoint: Path | None
    ) -> list[dict[str, float]]:
        """Train; return the history."""
        tensorflow()  # before Keras, so that its threads are set
        samples = training.train
        classes = len(samples.recording.classes)
        self.shape = Shape(self.config.lookback, len(samples.scale.channels), classes)
        self.model = self.build(self.shape)
        return learn(
            self.model,
            self.loss(),
            Examples(self, samples),
            Examples(self, training.validation),
            self.config,
            reporter,
            checkpoint,
            average=AVERAGE,
        )

    def predict(self, samples: Samples) -> Answer:
        """Return the outputs of the network."""
        tf = tensorflow()
        forward = self._forward()
        size = max(1, CELLS // sum(int(np.prod(one.shape[1:])) for one in self.model.inputs))
        said = [
            forward(*map(tf.constant, self.inputs(samples, indices))).numpy()
            for indices in pieces(len(samples), size)
        ]
        return self.answer(np.concatenate(said))

    def fed(self, samples: Samples) -> Inputs:
        """Return what the model is called with for all of a few *samples*."""
        return self.inputs(samples, np.arange(len(samples)))

    def _forward(self) -> Any:
        """Return the compiled model; compiled once."""
        tf = tensorflow()
        if self._compiled is None or self._compiled[0] is not self.model:
            model = self.model
            signature = [tf.TensorSpec((None, *one.shape[1:]), one.dtype) for one in model.inputs]

            @tf.function(input_signature=signature)
            def forward(*inputs: Any) -> Any:
                return model(list(inputs), training=False)

            self._compiled = model, forward
        return self._compiled[1]

    def save(self, folder: Path) -> None:
        """Write `model.npz` and `network.json`."""
        weights = {f"w{i}": weight for i, weight in enumerate(self.model.get_weights())}
        np.savez(folder / MODEL, allow_pickle=False, **weights)
        (folder / SHAPE).write_text(json.dumps(vars(self.shape)))

    def load(self, folder: Path) -> None:
        """Read what `save` wrote."""
        tensorflow()
        self.shape = Shape(**json.loads((folder / SHAPE).read_text()))
        self.model = self.build(self.shape)
        with np.load(folder / MODEL, allow_pickle=False) as arrays:
            self.model.set_weights([arrays[f"w{i}"] for i in range(len(self.model.weights))])


@dataclass(frozen=True)
class Examples:
    """Decisions as the training loop takes them."""

    network: Network
    samples: Samples

    def __len__(self) -> int:
        return len(self.samples)

    def take(self, indices: np.ndarray) -> tuple[Inputs, np.ndarray]:
        """Return inputs, and (B, C) float32: 1 at the class of the row, 0 elsewhere."""
        classes = np.eye(len(self.samples.recording.classes), dtype=np.float32)
        return self.network.inputs(self.samples, indices), classes[self.samples.labels[indices]]
