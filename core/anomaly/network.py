"""What all detectors with a network share: training, scoring, their file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core.anomaly.config import Config
from core.anomaly.detector import TrainingRows
from core.anomaly.windowing import reconstruction_residuals
from core.backend import tensorflow
from core.data.windows import Windows
from core.learning import learn
from core.recurrent import fused_lstm
from core.task import Reporter

WINDOWS_PER_STEP = 5  # windows whose reconstructions of one step are averaged in scoring


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
        config = self.config
        self.model = self.build(training.values.shape[1], self._fast())
        return learn(
            self.model,
            self.loss(self.model),
            WindowExamples(training.windows(config.lookback, config.stride), self.cut),
            WindowExamples(training.validation_windows(config.lookback), self.cut),
            config,
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
