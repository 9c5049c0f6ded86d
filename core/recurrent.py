"""Stacks of recurrent layers with seeded weights, and an LSTM layer that is one operation."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from itertools import count
from typing import Any, Protocol

from core.backend import tensorflow


class Seeded(Protocol):
    """A config as initial weights read it."""

    @property
    def seed(self) -> int:
        """Of weights and dropout."""


class Layered(Seeded, Protocol):
    """A config as a stack of layers reads it."""

    @property
    def units(self) -> int:
        """Cells of each layer."""

    @property
    def layers(self) -> int:
        """How many lie on top of one another."""

    @property
    def dropout(self) -> float:
        """Share of each layer's inputs that is silenced in training."""


@cache
def fused_lstm() -> type:
    """Return the class `FusedLSTM`, a `keras.layers.LSTM` with the same weights and numbers.

    Keras builds an LSTM of dozens of small operations a step, whose starting costs more than
    their arithmetic; TensorFlow's BlockLSTM is one, 1.3 times as fast as unrolled steps on a CPU
    and compiled in a fifth of the time. It takes neither masks, initial states, nor Keras's
    dropout: put `SpatialDropout1D` before it, which silences channels for a whole window as well.
    """
    tf = tensorflow()
    import keras

    class FusedLSTM(keras.layers.LSTM):
        """(B, T, N) -> (B, T, units), or (B, units) without `return_sequences`."""

        def call(
            self,
            sequences: Any,
            initial_state: Any = None,
            mask: Any = None,
            training: bool = False,
        ) -> Any:
            """Run over all steps at once."""
            cell = self.cell
            stacked = tf.concat([cell.kernel, cell.recurrent_kernel, cell.bias[None]], axis=0)
            # Keras keeps the gates as input, forget, cell, output; the operation has cell second.
            # BlockLSTMV2 shares Keras's order, but its registered gradient is that of the first.
            i, f, g, o = tf.split(stacked, 4, axis=1)
            weights = tf.concat([i, g, f, o], axis=1)
            steps = tf.transpose(sequences, (1, 0, 2))
            state = tf.zeros((tf.shape(sequences)[0], self.units), steps.dtype)
            peephole = tf.zeros((self.units,), steps.dtype)
            outputs = tf.raw_ops.BlockLSTM(
                seq_len_max=tf.shape(steps, out_type=tf.int64)[0],
                x=steps,
                cs_prev=state,
                h_prev=state,
                w=weights[:-1],
                wci=peephole,
                wcf=peephole,
                wco=peephole,
                b=weights[-1],
                forget_bias=0.0,  # Keras adds it to the bias's initial value
                cell_clip=-1.0,
            ).h
            return tf.transpose(outputs, (1, 0, 2)) if self.return_sequences else outputs[-1]

    return FusedLSTM


def seeds_of(config: Seeded) -> Iterator[int]:
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
    x: Any, config: Layered, layer: type, seeds: Iterator[int], last: bool, wrap: Any = one_way
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
