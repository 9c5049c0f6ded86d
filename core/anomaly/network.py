"""What all detectors with a network share: training, scoring, their file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np

from core.anomaly.config import Config
from core.anomaly.detector import TrainingRows
from core.anomaly.windowing import reconstruction_residuals
from core.backend import tensorflow
from core.data.windows import Windows
from core.recurrent import fused_lstm
from core.task import Reporter
from core.training import Schedule, train

WINDOWS_PER_STEP = 5  # windows whose reconstructions of one step are averaged in scoring


def seeds_of(config: Config) -> Iterator[int]:
    """Return a seed for every initial weight and dropout of a network.

    Keras draws the seeds that nobody gives from a generator that the whole process shares.
    """
    return count(1000 * config.seed)


def one_way(layer: type, units: int, sequences: bool, seeds: Iterator[int]) -> Any:
    """Return a recurrent layer: (B, T, N) -> (B, T, units), or (B, units) of the last step."""
    from keras import initializers

    return layer(
        units,
        return_sequences=sequences,
        kernel_initializer=initializers.GlorotUniform(next(seeds)),
        recurrent_initializer=initializers.Orthogonal(seed=next(seeds)),
    )


def both_ways(
    layer: type, units: int, sequences: bool, seeds: Iterator[int]
) -> Callable[[Any], Any]:
    """Return one layer that reads forwards beside one that reads backwards: twice the units.

    Schuster and Paliwal 1997. Keras's Bidirectional would start both from the same weights.
    """
    from keras import layers, ops

    forward, backward = (one_way(layer, units, sequences, seeds) for _ in range(2))

    def apply(x: Any) -> Any:
        late = backward(ops.flip(x, axis=1))
        return layers.Concatenate()([forward(x), ops.flip(late, axis=1) if sequences else late])

    return apply


def stack(
    x: Any, config: Config, layer: type, seeds: Iterator[int], last: bool, wrap: Any = one_way
) -> Any:
    """Return *x* behind as many recurrent layers as the config says.

    Args:
        x: (B, T, N).
        config: Units, layers, dropout.
        layer: A recurrent layer of Keras, or a faster twin.
        seeds: Of weights and dropout.
        last: Whether the uppermost layer returns every step, (B, T, units), or a code, (B, units).
        wrap: `one_way` or `both_ways`.
    """
    from keras import layers

    for number in range(config.layers):
        if config.dropout:
            x = layers.SpatialDropout1D(config.dropout, seed=next(seeds))(x)
        x = wrap(layer, config.units, last or number < config.layers - 1, seeds)(x)
    return x


def dense(
    units: int, seeds: Iterator[int], activation: str | None = None, name: str | None = None
) -> Any:
    """Return a dense layer over the last axis."""
    from keras import initializers, layers

    return layers.Dense(
        units, activation, kernel_initializer=initializers.GlorotUniform(next(seeds)), name=name
    )


@dataclass(frozen=True)
class WindowExamples:
    """Windows as examples: what the network sees of each, and what it should say."""

    windows: Windows
    cut: Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]

    def __len__(self) -> int:
        return len(self.windows)

    def take(self, indices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return inputs and targets, from (B, T, N)."""
        return self.cut(self.windows.take(indices))


class Network:
    """A detector that learns to say windows; its residual is the reading minus what it says.

    A subclass builds the model and says what it sees of a window, what it should answer, and
    which rows of the window the answer is about.
    """

    layer = "LSTM"  # the recurrent layer of Keras, where there is one

    def __init__(self, config: Config) -> None:
        self.config = config
        self.model: Any = None
        self._compiled: tuple[Any, Any] | None = None  # the model it belongs to, and the function

    def build(self, channels: int, layer: type) -> Any:
        """Return the untrained Keras model for N *channels*, its recurrent layers of *layer*."""
        raise NotImplementedError

    def cut(self, windows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return inputs and targets of (B, T, N) windows; here both are the windows."""
        return windows, windows

    def loss(self, model: Any) -> str:
        """Return the loss that *model* is trained with; a subclass may add a term to it."""
        return "mse"

    def reconstruct(self, answer: Callable[[np.ndarray], np.ndarray], windows: Any) -> Any:
        """Return (B, T, N) in the order of time: what the network says of *windows*."""
        return answer(self.cut(windows)[0])

    def fit(
        self, training: TrainingRows, reporter: Reporter | None, checkpoint: Path | None
    ) -> list[dict[str, float]]:
        """Train on windows of the training rows; return the history."""
        tensorflow()
        import keras

        config = self.config
        self.model = self.build(training.values.shape[1], self._fast())
        adam = keras.optimizers.Adam(config.learning_rate, global_clipnorm=1.0)
        self.model.compile(adam, self.loss(self.model))
        return train(
            self.model,
            WindowExamples(training.windows(config.lookback, config.stride), self.cut),
            WindowExamples(training.validation_windows(config.lookback), self.cut),
            Schedule(config.epochs, config.batch_size, config.patience, config.seed),
            reporter,
            checkpoint,
        )

    def residuals(self, values: np.ndarray, segments: list[slice]) -> np.ndarray:
        """Return (rows, N) float32 residuals of scaled *values*."""
        answer, lookback = self.answer(), self.config.lookback
        hop = max(1, lookback // WINDOWS_PER_STEP)
        return reconstruction_residuals(
            values, segments, lookback, lambda windows: self.reconstruct(answer, windows), hop
        )

    def answer(self) -> Callable[[np.ndarray], np.ndarray]:
        """Return the network as a function of arrays, compiled once a model for any B."""
        tf = tensorflow()
        if self._compiled is None or self._compiled[0] is not self.model:
            model, shape = self.model, self.model.input_shape
            forward = tf.function(
                lambda inputs: model(inputs, training=False), [tf.TensorSpec(shape, tf.float32)]
            )
            self._compiled = model, forward
        forward = self._compiled[1]
        return lambda inputs: forward(tf.constant(inputs)).numpy()

    def save(self, folder: Path) -> None:
        """Write `model.keras`, of Keras's own layers where there is one, for others to open."""
        plain = self.build(self.model.input_shape[-1], self._plain())
        plain.set_weights(self.model.get_weights())
        plain.save(folder / "model.keras")

    def load(self, folder: Path) -> None:
        """Read `model.keras`, in Keras's safe mode."""
        tensorflow()
        import keras

        plain = keras.saving.load_model(folder / "model.keras", compile=False, safe_mode=True)
        self.model = self.build(plain.input_shape[-1], self._fast())
        self.model.set_weights(plain.get_weights())

    def _plain(self) -> type:
        from keras import layers

        return getattr(layers, self.layer)

    def _fast(self) -> type:
        return fused_lstm() if self.layer == "LSTM" else self._plain()
