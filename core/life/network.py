"""An LSTM that reads the last rows of a unit and says how long it will last.

Zheng, Ristovski, Farahat and Gupta 2017, "Long Short-Term Memory network for remaining useful life
estimation", ICPHM: stacked LSTM layers, dense layers behind the last step, and the piecewise linear
target of Heimes 2008, "Recurrent neural networks for remaining useful life estimation", PHM.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core.backend import tensorflow
from core.data.windows import Windows
from core.learning import learn
from core.life.config import Config
from core.life.regressor import TrainingUnits
from core.life.units import Units
from core.recurrent import dense, fused_lstm, seeds_of, stack
from core.task import Reporter

DENSE = 8  # cells of the dense layer behind the LSTM
CHUNK = 4096  # windows that are read at once: bounds the memory of a long recording


def network(config: Config, channels: int, layer: type) -> Any:
    """Return the untrained Keras model: (B, T, N) -> (B, 1), the share of the cap that is left.

    Args:
        config: Lookback, units, layers, dropout, seed.
        channels: N.
        layer: `keras.layers.LSTM` or its faster twin.
    """
    import keras

    seeds = seeds_of(config)
    inputs = keras.Input((config.lookback, channels))
    x = stack(inputs, config, layer, seeds, last=False)  # (B, units)
    x = dense(DENSE, seeds, "tanh")(x)
    return keras.Model(inputs, dense(1, seeds)(x))


@dataclass(frozen=True)
class Examples:
    """Windows, and what share of the cap was left at the last row of each."""

    windows: Windows
    targets: np.ndarray

    @classmethod
    def of(cls, units: Units, config: Config) -> Examples:
        """Return an example for every row of *units*."""
        share = np.minimum(units.remaining, config.cap) / config.cap
        return cls(units.windows(config.lookback), share.astype(np.float32)[:, None])

    def __len__(self) -> int:
        return len(self.windows)

    def take(self, indices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return (B, T, N) windows and (B, 1) targets."""
        return self.windows.take(indices), self.targets[indices]


class LstmRegressor:
    """Predicts the remaining life by a stack of LSTM layers."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.model: Any = None

    def fit(
        self, training: TrainingUnits, reporter: Reporter | None, checkpoint: Path | None
    ) -> list[dict[str, float]]:
        """Train on windows of the training units; return the history."""
        tensorflow()
        config = self.config
        self.model = network(config, training.train.values.shape[1], fused_lstm())
        return learn(
            self.model,
            "mse",
            Examples.of(training.train, config),
            Examples.of(training.validation, config),
            config,
            reporter,
            checkpoint,
        )

    def remaining(self, units: Units) -> np.ndarray:
        """Return (rows,) float, steps."""
        tf = tensorflow()
        windows = units.windows(self.config.lookback)
        shape = (None, *self.model.input_shape[1:])

        @tf.function(input_signature=[tf.TensorSpec(shape, tf.float32)])
        def forward(inputs: Any) -> Any:
            return self.model(inputs, training=False)

        shares = [
            forward(tf.constant(windows.take(slice(at, at + CHUNK)))).numpy()
            for at in range(0, len(windows), CHUNK)
        ]
        return np.concatenate(shares)[:, 0].astype(float) * self.config.cap

    def save(self, folder: Path) -> None:
        """Write `model.keras`, of Keras's own layers, for others to open."""
        from keras import layers

        plain = network(self.config, self.model.input_shape[-1], layers.LSTM)
        plain.set_weights(self.model.get_weights())
        plain.save(folder / "model.keras")

    def load(self, folder: Path) -> None:
        """Read `model.keras`, in Keras's safe mode."""
        tensorflow()
        import keras

        plain = keras.saving.load_model(folder / "model.keras", compile=False, safe_mode=True)
        self.model = network(self.config, plain.input_shape[-1], fused_lstm())
        self.model.set_weights(plain.get_weights())
