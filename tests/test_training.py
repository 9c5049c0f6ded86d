"""The training loop: cancel, early stop, and a resumed run that equals the uninterrupted one."""

from __future__ import annotations

import numpy as np
import pytest

from core.errors import Cancelled, ConfigError
from core.settings import settings
from core.task import Silent
from core.training import Schedule, train


class Line:
    """y = 2 x with noise."""

    def __init__(self, rows: int, seed: int) -> None:
        rng = np.random.default_rng(seed)
        self.x = rng.normal(size=(rows, 3)).astype(np.float32)
        self.y = (2 * self.x.sum(axis=1, keepdims=True) + rng.normal(0, 0.1, (rows, 1))).astype(
            np.float32
        )

    def __len__(self) -> int:
        return len(self.x)

    def take(self, indices):
        return self.x[indices], self.y[indices]


def make_model(learning_rate=0.01):
    """A network with Dropout, whose generator a checkpoint has to keep."""
    import keras

    keras.utils.set_random_seed(3)
    model = keras.Sequential(
        [keras.Input((3,)), keras.layers.Dense(8), keras.layers.Dropout(0.3), keras.layers.Dense(1)]
    )
    model.compile(keras.optimizers.Adam(learning_rate), "mse")
    return model


TRAIN, VALIDATION = Line(200, 0), Line(50, 1)


class StopAfter(Silent):
    """Cancels after some batches; keeps what it is told."""

    def __init__(self, batches: int | None = None) -> None:
        self.left, self.told = batches, []

    def report(self, progress):
        self.told.append(progress)

    def cancelled(self):
        if self.left is None:
            return False
        self.left -= 1
        return self.left < 0


def schedule(epochs=6, patience=100):
    return Schedule(epochs=epochs, batch_size=32, patience=patience, seed=5)


def test_a_resumed_training_equals_an_uninterrupted_one_to_the_bit(tmp_path):
    whole = make_model()
    history = train(whole, TRAIN, VALIDATION, schedule())

    checkpoint = tmp_path / "checkpoint.npz"
    with pytest.raises(Cancelled, match="after epoch 2"):
        # 7 batches an epoch: it stops in the middle of the third.
        train(make_model(), TRAIN, VALIDATION, schedule(), StopAfter(17), checkpoint)
    resumed = make_model()
    again = train(resumed, TRAIN, VALIDATION, schedule(), None, checkpoint)

    assert [e["loss"] for e in again] == [e["loss"] for e in history]
    assert [e["val_loss"] for e in again] == [e["val_loss"] for e in history]
    for one, other in zip(whole.get_weights(), resumed.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_broken_checkpoint_is_logged_and_left_alone(tmp_path, caplog):
    checkpoint = tmp_path / "checkpoint.npz"
    train(make_model(), TRAIN, VALIDATION, schedule(2), None, checkpoint)
    checkpoint.write_bytes(checkpoint.read_bytes()[:500])
    assert len(train(make_model(), TRAIN, VALIDATION, schedule(2), None, checkpoint)) == 2
    assert "starts anew" in caplog.text


def test_it_stops_early_and_ends_with_the_best_weights():
    model = make_model(learning_rate=2.0)  # too high: it jumps about
    history = train(model, TRAIN, VALIDATION, schedule(epochs=60, patience=3))
    losses = [epoch["val_loss"] for epoch in history]
    best = int(np.argmin(losses))
    assert len(history) == best + 1 + 3 < 60
    predicted = model(VALIDATION.x, training=False).numpy()
    assert np.mean((predicted - VALIDATION.y) ** 2) == pytest.approx(losses[best], rel=1e-4)


def test_cancel_is_obeyed_within_a_batch():
    reporter = StopAfter(3)
    with pytest.raises(Cancelled, match="after epoch 0"):
        train(make_model(), TRAIN, VALIDATION, schedule(), reporter)
    assert reporter.left == -1


def test_progress_rises_to_the_end_with_time_left():
    reporter = StopAfter()
    train(make_model(), TRAIN, VALIDATION, schedule(), reporter)
    fractions = [progress.fraction for progress in reporter.told]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    assert reporter.told[-1].epoch == 6
    assert {"loss", "val_loss"} <= set(reporter.told[-1].metrics)
    assert reporter.told[-1].seconds_left == 0


def test_the_order_of_examples_is_a_function_of_seed_and_epoch():
    seen = []

    class Spy(Line):
        def take(self, indices):
            seen.append(indices.copy())
            return super().take(indices)

    train(make_model(), Spy(40, 0), VALIDATION, schedule(2))
    train(make_model(), Spy(40, 0), VALIDATION, schedule(2))
    first, second = seen[1:5], seen[6:]  # before each training one example was asked for its shape
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one, other)
    assert not np.array_equal(first[0], first[2])


def test_a_loss_that_is_not_finite_says_what_to_change():
    broken = Line(64, 0)
    broken.x[:] = np.inf
    with pytest.raises(ConfigError, match="Lower the learning rate"):
        train(make_model(), broken, VALIDATION, schedule())


@pytest.mark.parametrize("rows", [1, 2, 3, 33, 65])
def test_batches_that_do_not_come_out_even_are_trained_on(rows):
    """Parts of a batch, one a thread, are never empty: that would make the loss undefined."""
    history = train(make_model(), Line(rows, 0), VALIDATION, schedule(2))
    assert np.isfinite([epoch["loss"] for epoch in history]).all()


def test_batches_of_different_sizes_are_compiled_once():
    """Compiling takes longer than an epoch of a small model."""
    model = make_model()
    import keras

    traced = []

    class Traced(keras.layers.Layer):
        def call(self, x):
            traced.append(x.shape)
            return x

    inputs = keras.Input((3,))
    model = keras.Model(inputs, model(Traced()(inputs)))
    model.compile("adam", "mse")
    traced.clear()
    train(model, Line(65, 0), VALIDATION, schedule(2))  # 22, 22 and 21 examples
    assert len(traced) == settings().threads + 1  # one a part of a batch, one for validation
