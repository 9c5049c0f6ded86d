"""Transformer autoencoder: every row of a window looks at every other (Vaswani et al. 2017).

"Attention Is All You Need", NeurIPS 2017: blocks of multi-head attention (section 3.2.2) and a
feed-forward network at each position (section 3.3). The norm stands before each of them, which
trains without a warm-up (Xiong et al. 2020, "On Layer Normalization in the Transformer
Architecture", ICML). Between encoder and decoder the window is one code, as in the recurrent
autoencoders: attention alone would hand each reading through.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from core.anomaly.network import Network
from core.recurrent import dense, seeds_of

WIDER = 4  # the feed-forward network is so many times as wide as the rest, as in the paper


class TransformerAutoencoder(Network):
    """A detector whose residual is the reading minus its reconstruction."""

    def build(self, channels: int, layer: type) -> Any:
        """Return the untrained network: (B, T, N) -> (B, T, N)."""
        import keras
        from keras import layers

        seeds = seeds_of(self.config)
        inputs = keras.Input((self.config.lookback, channels))
        x = self._blocks(self._placed(inputs, seeds), seeds)
        code = layers.GlobalAveragePooling1D()(x)  # (B, units)
        x = layers.RepeatVector(self.config.lookback)(code)
        x = self._blocks(self._placed(x, seeds), seeds)
        return keras.Model(inputs, dense(channels, seeds)(x))

    def _placed(self, x: Any, seeds: Iterator[int]) -> Any:
        """Return (B, T, units): *x* made *units* wide, and where in the window each row stands.

        Places are learned, from the waves of the paper on.
        """
        from keras import initializers, layers

        lookback, units = self.config.lookback, self.config.units
        place = layers.EinsumDense(
            "btn,nu->btu",
            (lookback, units),
            bias_axes="tu",
            kernel_initializer=initializers.GlorotUniform(next(seeds)),
        )
        x = place(x)
        place.bias.assign(waves(lookback, units))
        return x

    def _blocks(self, x: Any, seeds: Iterator[int]) -> Any:
        """Return *x*, (B, T, units), behind as many blocks as the config says."""
        from keras import layers

        def normed(x: Any) -> Any:
            return layers.LayerNormalization(epsilon=1e-6)(x)

        for _ in range(self.config.layers):
            x = layers.Add()([x, self._dropped(self._attention(normed(x), seeds), seeds)])
            wide = dense(WIDER * self.config.units, seeds, "relu")(normed(x))
            x = layers.Add()([x, self._dropped(dense(self.config.units, seeds)(wide), seeds)])
        return normed(x)

    def _attention(self, x: Any, seeds: Iterator[int]) -> Any:
        """Return what each row finds in the others, by several heads, (B, T, units).

        Keras's own MultiHeadAttention would start queries, keys and values from the same weights:
        it hands the one seed it is given to all of them.
        """
        from keras import layers, ops

        heads = self.config.heads
        size = max(1, self.config.units // heads)
        query, key, value = (
            layers.Reshape((-1, heads, size))(_projection(heads * size, seeds)(x)) for _ in range(3)
        )
        found = layers.Reshape((-1, heads * size))(ops.dot_product_attention(query, key, value))
        return _projection(self.config.units, seeds)(found)

    def _dropped(self, x: Any, seeds: Iterator[int]) -> Any:
        from keras import layers

        share = self.config.dropout
        return layers.Dropout(share, seed=next(seeds))(x) if share else x


def _projection(units: int, seeds: Iterator[int]) -> Any:
    """Return a dense layer without bias; that of the keys could never learn."""
    from keras import initializers, layers

    return layers.Dense(
        units, use_bias=False, kernel_initializer=initializers.GlorotUniform(next(seeds))
    )


def waves(lookback: int, units: int) -> np.ndarray:
    """Return (T, units) float32: sine and cosine waves of rising length (section 3.5)."""
    half = np.arange(units) // 2
    angles = np.arange(lookback)[:, None] / 10_000 ** (2 * half / units)
    return np.where(np.arange(units) % 2, np.cos(angles), np.sin(angles)).astype(np.float32)
