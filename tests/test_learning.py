"""Every task trains and says the same of a training: one optimizer, one schedule, one note."""

from __future__ import annotations

import numpy as np
import pytest

from core import anomaly, learning, life
from core.backend import tensorflow

CONFIG = anomaly.Config(epochs=3, batch_size=8, learning_rate=0.05, patience=9)


class Line:
    """Points on a line."""

    def __len__(self) -> int:
        return 32

    def take(self, indices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        x = np.linspace(-1, 1, 32, dtype=np.float32)[indices, None]
        return x, 2 * x + 1


def test_it_trains_as_the_config_says():
    tensorflow()
    import keras

    inputs = keras.Input((1,))
    weights = keras.initializers.Zeros()
    model = keras.Model(inputs, keras.layers.Dense(1, kernel_initializer=weights)(inputs))
    history = learning.learn(model, "mse", Line(), Line(), CONFIG)
    assert len(history) == 3
    assert history[-1]["val_loss"] < history[0]["val_loss"]
    assert float(model.optimizer.learning_rate) == pytest.approx(0.05)
    assert int(model.optimizer.iterations) == 3 * 32 / 8


@pytest.mark.parametrize(
    ("losses", "epochs", "said"),
    [
        ([3, 2, 1], 3, True),
        ([3, 2, 1], 9, False),  # Patience had run out, or somebody stopped it.
        ([3, 1, 2], 3, False),
        ([3, 1, 1], 3, False),
        ([1], 1, False),
        ([], 5, False),
    ],
)
def test_a_loss_that_still_falls_is_noted(losses, epochs, said):
    notes = learning.unfinished([{"val_loss": loss} for loss in losses], epochs)
    assert [f"after {epochs} epochs: raise Epochs" in note for note in notes] == [True] * said


def test_a_setting_is_the_same_in_every_task():
    for name in ("epochs", "dropout", "learning_rate", "batch_size", "patience"):
        one, other = (task.Config.model_fields[name] for task in (anomaly, life))
        assert one.description == other.description
        assert one.metadata == other.metadata
    assert anomaly.Config().batch_size == 64
    assert life.Config().batch_size == 128
