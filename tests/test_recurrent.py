"""The fused LSTM gives Keras's numbers, forward and backward."""

from __future__ import annotations

import numpy as np
import pytest

from core.backend import tensorflow
from core.recurrent import fused_lstm


@pytest.mark.parametrize("sequences", [True, False])
def test_it_equals_keras_with_the_same_weights(sequences):
    tf = tensorflow()
    import keras

    x = tf.constant(np.random.default_rng(0).normal(size=(5, 70, 3)), "float32")
    plain = keras.layers.LSTM(7, return_sequences=sequences)
    fused = fused_lstm()(7, return_sequences=sequences)
    expected = plain(x)
    assert fused(x).shape == expected.shape
    rng = np.random.default_rng(1)
    fused.set_weights([rng.normal(0, 0.5, w.shape) for w in plain.get_weights()])
    plain.set_weights(fused.get_weights())

    def numbers(layer):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = layer(x)
            loss = tf.reduce_sum(tf.sin(3 * y))
        return [y, *tape.gradient(loss, [*layer.trainable_variables, x])]

    for one, other in zip(numbers(plain), numbers(fused), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-4)
