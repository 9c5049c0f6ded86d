"""A GRU layer of few operations a step, with its gradient by hand."""

from __future__ import annotations

from functools import cache
from typing import Any

from core.backend import tensorflow

UNROLLED = 64  # steps at most that are written out one by one; building more takes seconds


@cache
def fused_gru() -> type:
    """Return the class `FusedGRU`, a `keras.layers.GRU` with the same weights and numbers.

    TensorFlow has no gradient for GRUBlockCell, which is another GRU besides (`reset_after=False`).
    Here the inputs of all steps are multiplied at once, every gate has its own small product, which
    saves cutting and joining, and the gradients of the weights are summed over all steps in one
    product each: a training step takes 0.5 to 0.7 of the processor time of Keras's best form.
    Windows of more than `UNROLLED` steps are left to Keras. It takes neither masks, initial states,
    nor Keras's dropout: put `SpatialDropout1D` before it.
    """
    tf = tensorflow()
    import keras

    class FusedGRU(keras.layers.GRU):
        """(B, T, N) -> (B, T, units), or (B, units) without `return_sequences`."""

        def call(
            self,
            sequences: Any,
            initial_state: Any = None,
            mask: Any = None,
            training: bool = False,
        ) -> Any:
            """Run over all steps."""
            length = sequences.shape[1]
            if length is None or length > UNROLLED:
                return super().call(sequences, initial_state, mask, training)
            cell = self.cell
            steps = tf.reshape(tf.transpose(sequences, (1, 0, 2)), (-1, sequences.shape[2]))
            # Keras keeps the gates as update, reset, candidate, and two biases of each. The
            # recurrent one of the candidate is inside the reset gate's product.
            inner, outer = (tf.split(bias, 3) for bias in tf.unstack(cell.bias))
            biases = inner[0] + outer[0], inner[1] + outer[1], inner[2]
            kernels = tf.split(tf.convert_to_tensor(cell.kernel), 3, axis=1)
            gates = [steps @ kernel + bias for kernel, bias in zip(kernels, biases, strict=True)]
            weights = tf.split(tf.convert_to_tensor(cell.recurrent_kernel), 3, axis=1)
            states = _recurrence(length)(*gates, *weights, outer[2])
            if not self.return_sequences:
                return tf.split(states, length)[-1]
            states = tf.reshape(states, (length, -1, self.units))
            return tf.transpose(states, (1, 0, 2))

    return FusedGRU


def _recurrence(length: int) -> Any:
    """Return the recurrence over *length* steps as a function with its own gradient.

    It takes the inputs of update, reset and candidate gate, (T * B, units) each and step by step,
    their recurrent weights, (units, units) each, and the candidate's inner bias, (units,). It
    returns the states, (T * B, units).
    """
    tf = tensorflow()

    @tf.custom_gradient
    def run(xz: Any, xr: Any, xh: Any, uz: Any, ur: Any, uh: Any, bias: Any) -> Any:
        state = tf.zeros_like(tf.split(xz, length)[0])
        before, tape = [], []
        for z_in, r_in, h_in in zip(*(tf.split(x, length) for x in (xz, xr, xh)), strict=True):
            before.append(state)
            update = tf.sigmoid(z_in + state @ uz)
            reset = tf.sigmoid(r_in + state @ ur)
            inner = tf.nn.bias_add(state @ uh, bias)
            new = tf.tanh(h_in + reset * inner)
            state = new + update * (state - new)
            tape.append((update, reset, inner, new))
        states = tf.concat([*before[1:], state], 0)

        def gradient(of_states: Any) -> Any:
            steps, carried = [], tf.zeros_like(state)
            for of_state, past, (update, reset, inner, new) in zip(
                reversed(tf.split(of_states, length)), reversed(before), reversed(tape), strict=True
            ):
                of_state += carried
                kept = of_state * update
                of_new = tf.raw_ops.TanhGrad(y=new, dy=of_state - kept)
                of_update = tf.raw_ops.SigmoidGrad(y=update, dy=of_state * (past - new))
                of_reset = tf.raw_ops.SigmoidGrad(y=reset, dy=of_new * inner)
                of_inner = of_new * reset
                carried = tf.add_n(
                    [
                        kept,
                        tf.matmul(of_update, uz, transpose_b=True),
                        tf.matmul(of_reset, ur, transpose_b=True),
                        tf.matmul(of_inner, uh, transpose_b=True),
                    ]
                )
                steps.append((of_update, of_reset, of_new, of_inner))
            z, r, h, inner = (tf.concat(parts[::-1], 0) for parts in zip(*steps, strict=True))
            past = tf.concat(before, 0)
            of_weights = [tf.matmul(past, gate, transpose_a=True) for gate in (z, r, inner)]
            return z, r, h, *of_weights, tf.reduce_sum(inner, 0)

        return states, gradient

    return run
