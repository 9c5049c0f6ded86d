"""The fused layers give Keras's numbers, forward and backward."""

from __future__ import annotations

import numpy as np
import pytest

from core.backend import tensorflow
from core.gru import UNROLLED, fused_gru
from core.recurrent import fused_lstm


def numbers(layer, x):
    """Return what *layer* makes of *x*, and all gradients of a sum over that."""
    tf = tensorflow()
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = layer(x)
        loss = tf.reduce_sum(tf.sin(3 * y))
    return [y, *tape.gradient(loss, [*layer.trainable_variables, x])]


@pytest.mark.parametrize("sequences", [True, False])
@pytest.mark.parametrize(
    ("name", "fused", "steps"),
    [
        ("LSTM", fused_lstm, 70),
        ("GRU", fused_gru, 1),
        ("GRU", fused_gru, 24),
        ("GRU", fused_gru, UNROLLED + 1),
    ],
)
def test_it_equals_keras_with_the_same_weights(name, fused, steps, sequences):
    tf = tensorflow()
    import keras

    x = tf.constant(np.random.default_rng(0).normal(size=(5, steps, 3)), "float32")
    plain = getattr(keras.layers, name)(7, return_sequences=sequences)
    fast = fused()(7, return_sequences=sequences)
    expected = plain(x)
    assert fast(x).shape == expected.shape
    rng = np.random.default_rng(1)
    fast.set_weights([rng.normal(0, 0.5, w.shape) for w in plain.get_weights()])
    plain.set_weights(fast.get_weights())
    np.testing.assert_allclose(fast(x), plain(x), atol=1e-5)
    for one, other in zip(numbers(plain, x), numbers(fast, x), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-4)


def test_a_gru_takes_batches_of_any_size_in_a_model():
    tensorflow()
    import keras

    inputs = keras.Input((6, 2))
    hidden = fused_gru()(5, return_sequences=True)(inputs)
    model = keras.Model(inputs, fused_gru()(4)(hidden))
    x = np.random.default_rng(0).normal(size=(9, 6, 2)).astype("float32")
    whole = model(x).numpy()
    assert whole.shape == (9, 4)
    parts = np.concatenate([model(x[:2]).numpy(), model(x[2:]).numpy()])
    np.testing.assert_allclose(whole, parts, atol=1e-6)
