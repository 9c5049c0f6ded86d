"""Layers that Keras does not have: identities of nodes, and convolution over a graph."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from core.backend import tensorflow


def chebyshev(weights: np.ndarray, order: int) -> np.ndarray:
    """Return the Chebyshev polynomials of a graph's scaled Laplacian.

    Defferrard, Bresson and Vandergheynst 2016, "Convolutional neural networks on graphs with fast
    localized spectral filtering", NIPS, section 2.1: T0 = I, T1 = L~, Tk = 2 L~ Tk-1 - Tk-2, with
    L~ = 2 L / lambda_max - I and L the normalised Laplacian.

    Args:
        weights: (N, N), symmetric, not negative, without loops.
        order: K, how many polynomials; the filter reaches K - 1 edges far.

    Returns:
        (K, N, N) float32.
    """
    count = len(weights)
    degree = weights.sum(axis=1)
    inverse = np.where(degree > 0, 1 / np.sqrt(np.maximum(degree, 1e-12)), 0.0)
    laplacian = np.eye(count) - inverse[:, None] * weights * inverse
    largest = float(np.linalg.eigvalsh(laplacian)[-1])
    scaled = 2 * laplacian / largest - np.eye(count) if largest > 0 else np.zeros_like(laplacian)
    terms = [np.eye(count), scaled]
    while len(terms) < order:
        terms.append(2 * scaled @ terms[-1] - terms[-2])
    return np.stack(terms[:order]).astype(np.float32)


@cache
def classes() -> dict[str, type]:
    """Return the layers by name; made once, since Keras is imported here and not before."""
    tf = tensorflow()
    import keras

    class Identity(keras.layers.Layer):
        """A learned vector of every node, for every example: (B, ...) -> (B, N, D)."""

        def __init__(self, nodes: int, units: int, seed: int, **more: Any) -> None:
            super().__init__(**more)
            self.nodes, self.units, self.seed = nodes, units, seed

        def build(self, shape: Any) -> None:
            start = keras.initializers.RandomUniform(-0.15, 0.15, seed=self.seed)
            self.vectors = self.add_weight(
                shape=(self.nodes, self.units), initializer=start, name="vectors"
            )

        def call(self, example: Any) -> Any:
            return tf.tile(self.vectors[None], (tf.shape(example)[0], 1, 1))

    class GraphConvolution(keras.layers.Layer):
        """A Chebyshev filter over the nodes of a graph: (B, T, N, D) -> (B, T, N, units).

        Yu, Yin and Zhu 2018, equation 3. Without weights of edges the graph is learned as the
        similarity of two vectors a node, softmax(relu(E1 E2')) (Wu et al. 2019, Graph WaveNet,
        equation 5), with one step along it in each direction.
        """

        def __init__(
            self,
            units: int,
            seed: int,
            edges: Any = None,
            order: int = 3,
            rank: int = 8,
            **more: Any,
        ) -> None:
            super().__init__(**more)
            self.units, self.seed, self.edges = units, seed, edges
            self.order, self.rank = order, rank

        def build(self, shape: Any) -> None:
            nodes, features = shape[-2:]
            glorot = keras.initializers.GlorotUniform
            terms = 3 if self.edges is None else self.order
            if self.edges is None:
                self.ends = [
                    self.add_weight(
                        shape=(nodes, self.rank),
                        initializer=keras.initializers.RandomNormal(seed=self.seed + 1 + end),
                        name=f"end_{end}",
                    )
                    for end in range(2)
                ]
            else:
                basis = chebyshev(np.asarray(self.edges, float), terms)
                # The first term is the features themselves.
                self.basis = tf.constant(basis[1:].reshape((terms - 1) * nodes, nodes))
            self.kernel = self.add_weight(
                shape=(terms * features, self.units), initializer=glorot(self.seed), name="kernel"
            )
            self.bias = self.add_weight(shape=(self.units,), initializer="zeros", name="bias")
            self.terms = terms

        def passed(self) -> Any:
            """Return ((terms - 1) * N, N): what each term but the first passes along."""
            if self.edges is not None:
                return self.basis
            similar = tf.nn.relu(tf.matmul(*self.ends, transpose_b=True))
            there, back = tf.nn.softmax(similar), tf.nn.softmax(tf.transpose(similar))
            return tf.concat([there, back], axis=0)

        def call(self, features: Any) -> Any:
            batch, steps = tf.shape(features)[0], features.shape[1]
            nodes, width = features.shape[2:]
            # One product for all terms, steps and examples: (terms * N, N) x (N, B * T * D).
            flat = tf.reshape(tf.transpose(features, (2, 0, 1, 3)), (nodes, -1))
            terms = self.terms - 1
            mixed = tf.reshape(tf.matmul(self.passed(), flat), (terms, nodes, batch, steps, width))
            mixed = tf.reshape(
                tf.transpose(mixed, (2, 3, 1, 0, 4)), (batch, steps, nodes, terms * width)
            )
            # In rows: a product of (B, 1, N, D) and a matrix writes beyond its memory on a CPU
            # (TensorFlow 2.21 with oneDNN).
            rows = tf.reshape(tf.concat([features, mixed], axis=3), (-1, self.terms * width))
            said = tf.matmul(rows, self.kernel) + self.bias
            return tf.reshape(said, (batch, steps, nodes, self.units))

    class Regression(keras.layers.Layer):
        """A linear forecast that is solved beforehand: (B, T, N, F) -> (B, H, M).

        Its maps stay as they are; `core.forecast.ridge` says what they multiply.
        """

        def __init__(
            self, own: bool, maps: int, rows: int, horizon: int, targets: Any, **more: Any
        ):
            super().__init__(**more)
            self.own, self.horizon, self.targets = own, horizon, list(targets)
            self.dims = (maps, rows, horizon if own else horizon * len(self.targets))

        def build(self, shape: Any) -> None:
            self.maps = self.add_weight(
                shape=self.dims, initializer="zeros", trainable=False, name="maps"
            )

        def call(self, tensors: Any) -> Any:
            past, *ahead = tensors
            level = past[:, -1:, :, :1]
            first = tf.concat([past[:, :-1, :, :1] - level, level], axis=1)
            both = tf.concat([first, past[..., 1:]], axis=3)
            batch = tf.shape(past)[0]
            if self.own:
                nodes = tf.gather(both, self.targets, axis=2)
                flat = tf.reshape(
                    tf.transpose(nodes, (2, 0, 1, 3)),
                    (len(self.targets), batch, past.shape[1] * past.shape[3]),
                )
            else:
                flat = tf.reshape(both, (1, batch, past.shape[1] * past.shape[2] * past.shape[3]))
            maps = flat.shape[0]
            known = [
                tf.tile(tf.reshape(more, (1, batch, more.shape[1] * more.shape[2])), (maps, 1, 1))
                for more in ahead
            ]
            inputs = tf.concat([flat, *known, tf.ones((maps, batch, 1))], axis=2)
            said = tf.matmul(inputs, self.maps)
            last = tf.gather(past[:, -1, :, 0], self.targets, axis=1)[:, None]
            if self.own:
                change = tf.transpose(said, (1, 2, 0))
            else:
                change = tf.reshape(said[0], (batch, self.horizon, len(self.targets)))
            return last + change

    class Together(keras.layers.Layer):
        """A mean of K forecasts, (B, H, M) each; in training all that learn, (B, H, M, K').

        Each is trained on its own error: a loss of the mean would leave them no reason to be right
        by themselves, and errors that differ are what a mean takes out. The shares are equal until
        they are assigned.

        Args:
            learned: K', how many of the first forecasts learn.
        """

        def __init__(self, learned: int, **more: Any) -> None:
            super().__init__(**more)
            self.learned = learned

        def build(self, shapes: Any) -> None:
            self.shares = self.add_weight(
                shape=(len(shapes),),
                initializer=keras.initializers.Constant(1 / len(shapes)),
                trainable=False,
                name="shares",
            )

        def call(self, forecasts: Any, training: bool = False) -> Any:
            if training:
                return tf.stack(forecasts[: self.learned], axis=-1)
            return tf.tensordot(tf.stack(forecasts, axis=-1), self.shares, 1)

        def compute_output_shape(self, shapes: Any) -> Any:
            return shapes[0]

    found = (Identity, GraphConvolution, Regression, Together)
    return {layer.__name__: layer for layer in found}
