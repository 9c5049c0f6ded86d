"""What all forecasters with a network share: training, forecasting, their files."""

from __future__ import annotations

import json
import shutil
import tempfile
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from core.backend import tensorflow
from core.errors import ConfigError
from core.forecast.config import Config
from core.forecast.forecaster import Training, pieces
from core.forecast.samples import Batch, Samples
from core.learning import learn
from core.task import Reporter
from core.training import epochs_of

CELLS = 1 << 18  # numbers of the past that are read at once: bounds the memory of a forecast
AVERAGE = 0.99  # of the weights, from step to step
MODEL, SHAPE, EPOCHS = "model.npz", "network.json", "epochs"


@dataclass(frozen=True)
class Shape:
    """What a network is built for.

    Attributes:
        lookback: T.
        horizon: H.
        nodes: N.
        features: F.
        targets: The M nodes that are forecast.
        ahead: K, values known ahead at every step.
        slots: Places of a season that are told apart; 1 where there is none.
        weekly: Whether the day of the week is told.
        linear: Of the linear forecast that takes part: whether targets are forecast from their own
            nodes, and how many maps of how many inputs; None without.
        edges: (N, N) float32, symmetric weights of the graph; None without, or to be learned.
    """

    lookback: int
    horizon: int
    nodes: int
    features: int
    targets: tuple[int, ...]
    ahead: int
    slots: int
    weekly: bool
    linear: tuple[bool, int, int] | None = None
    edges: np.ndarray | None = None

    @classmethod
    def of(cls, training: Training) -> Shape:
        """Return the shape of *training*."""
        samples, edges = training.train, None
        if training.graph is not None and training.graph.weights is not None:
            edges = training.graph.symmetric
        return cls(
            samples.lookback,
            samples.horizon,
            samples.scaled.shape[1],
            samples.scaled.shape[2],
            tuple(samples.panel.targets.tolist()),
            len(samples.panel.future),
            samples.calendar.slots,
            samples.calendar.weekly,
            edges=edges,
        )


def inputs_of(batch: Batch) -> tuple[np.ndarray, ...]:
    """Return what a model is called with: past, when and, if anything is known ahead, future."""
    return tuple(batch) if batch.future.shape[-1] else batch[:2]


@dataclass(frozen=True)
class Examples:
    """Windows as the training loop takes them."""

    samples: Samples

    def __len__(self) -> int:
        return len(self.samples)

    def take(self, indices: np.ndarray) -> tuple[tuple[np.ndarray, ...], np.ndarray]:
        """Return inputs, see `inputs_of`, and targets (B, H, M), NaN where nothing was read."""
        return inputs_of(self.samples.inputs(indices)), self.samples.targets(indices)


def loss_of(kind: str) -> Any:
    """Return the loss (targets, outputs) -> scalar: a mean over what was measured, not NaN.

    Outputs are (B, H, M), or (B, H, M, K) of K forecasts that are all to be right.
    """
    tf = tensorflow()

    def loss(targets: Any, outputs: Any) -> Any:
        if len(outputs.shape) > len(targets.shape):
            targets = tf.repeat(targets[..., None], outputs.shape[-1], axis=-1)
        known = tf.math.is_finite(targets)
        error = tf.where(known, targets - outputs, 0.0)
        size = tf.abs(error)
        if kind == "mse":
            size = tf.square(error)
        elif kind == "huber":
            size = tf.where(size < 1.0, tf.square(error) / 2, size - 0.5)
        count = tf.reduce_sum(tf.cast(known, error.dtype))
        return tf.reduce_sum(size) / tf.maximum(count, 1.0)

    return loss


MEASURES = ("mae", "mse")  # of every epoch, in scaled units, beside the loss


class Network:
    """A forecaster that is trained by gradients. A subclass builds the model."""

    loss: str | None = None  # of a variant that has its own, whatever the config says

    def __init__(self, config: Config) -> None:
        self.config = config
        self.model: Any = None
        self.shape: Shape | None = None
        self.epochs: Path | None = None  # folder with the weights of every epoch
        self._scratch: tempfile.TemporaryDirectory[str] | None = None
        self._compiled: tuple[Any, Any] | None = None  # the model it belongs to, and the function

    def build(self, shape: Shape) -> Any:
        """Return the untrained Keras model: inputs of `inputs_of` -> (B, H, M)."""
        raise NotImplementedError

    def fit(
        self, training: Training, reporter: Reporter | None, checkpoint: Path | None
    ) -> list[dict[str, float]]:
        """Train on the training windows; return the history."""
        self.prepare(training, reporter)
        self.epochs = self._folder(checkpoint)
        return learn(
            self.model,
            loss_of(self.loss or self.config.loss),
            Examples(training.train),
            Examples(training.validation),
            self.config,
            reporter,
            checkpoint,
            average=AVERAGE,
            measures={name: loss_of(name) for name in MEASURES},
            each=self._keep,
        )

    def prepare(self, training: Training, reporter: Reporter | None) -> None:
        """Build the model."""
        tensorflow()  # before Keras, so that its threads are set
        self.shape = Shape.of(training)
        self.model = self.build(self.shape)

    def _folder(self, checkpoint: Path | None) -> Path:
        """Return where the weights of every epoch are kept: beside the checkpoint."""
        if checkpoint is not None:
            folder = epochs_of(checkpoint)
            folder.mkdir(parents=True, exist_ok=True)
            return folder
        self._scratch = tempfile.TemporaryDirectory(prefix="fusionscope-")
        return Path(self._scratch.name)

    def _keep(self, epoch: int) -> None:
        assert self.epochs is not None
        self._write(self.epochs / f"{epoch:04d}.npz")

    def _write(self, path: Path, **more: np.ndarray) -> None:
        weights = {f"w{i}": weight for i, weight in enumerate(self.model.get_weights())}
        np.savez(path, allow_pickle=False, **weights, **more)

    def _read(self, path: Path) -> None:
        with np.load(path, allow_pickle=False) as arrays:
            self.model.set_weights([arrays[f"w{i}"] for i in range(len(self.model.weights))])

    def use_epoch(self, epoch: int) -> None:
        """Take the weights of *epoch*, counted from 1.

        Raises:
            ConfigError: it was not kept.
        """
        path = (self.epochs or Path()) / f"{epoch:04d}.npz"
        if not path.is_file():
            raise ConfigError(
                f"There is no epoch {epoch}.", f"Epochs are: {', '.join(map(str, self.kept))}."
            )
        self._read(path)

    @property
    def kept(self) -> list[int]:
        """Epochs whose weights are kept."""
        if self.epochs is None:
            return []
        return sorted(int(path.stem) for path in self.epochs.glob("*.npz"))

    def forecast(self, samples: Samples) -> np.ndarray:
        """Return (W, H, M) float32, scaled."""
        tf = tensorflow()
        forward = self._forward()
        size = max(1, CELLS // max(samples.lookback * samples.scaled[0].size, 1))
        said = [
            forward(*map(tf.constant, inputs_of(samples.inputs(indices)))).numpy()
            for indices in pieces(len(samples), size)
        ]
        empty = np.empty((0, samples.horizon, len(samples.panel.targets)), np.float32)
        return np.concatenate([empty, *said])

    def _forward(self) -> Any:
        """Return the compiled model; compiled once."""
        tf = tensorflow()
        if self._compiled is None or self._compiled[0] is not self.model:
            signature = [
                tf.TensorSpec((None, *tensor.shape[1:]), tensor.dtype)
                for tensor in self.model.inputs
            ]
            model = self.model

            @tf.function(input_signature=signature)
            def forward(*inputs: Any) -> Any:
                return model(list(inputs), training=False)

            self._compiled = model, forward
        return self._compiled[1]

    def save(self, folder: Path) -> None:
        """Write `model.npz`, `network.json` and the weights of every epoch."""
        assert self.shape is not None
        content = {field.name: getattr(self.shape, field.name) for field in fields(self.shape)}
        edges = content.pop("edges")
        self._write(folder / MODEL, **({} if edges is None else {"edges": edges}))
        (folder / SHAPE).write_text(json.dumps(content))
        if self.epochs is not None:
            shutil.copytree(self.epochs, folder / EPOCHS, dirs_exist_ok=True)

    def load(self, folder: Path) -> None:
        """Read what `save` wrote."""
        tensorflow()
        content = json.loads((folder / SHAPE).read_text())
        with np.load(folder / MODEL, allow_pickle=False) as arrays:
            edges = arrays["edges"] if "edges" in arrays.files else None
        for name in ("targets", "linear"):
            content[name] = None if content[name] is None else tuple(content[name])
        self.shape = Shape(**content, edges=edges)
        self.model = self.build(self.shape)
        self._read(folder / MODEL)
        self.epochs = folder / EPOCHS
