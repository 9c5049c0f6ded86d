"""Two modalities that attend to each other, and to what is left when one fails.

Each modality's last T rows become tokens. Tokens of the sensors ask those of the camera, and the
other way round (cross-modal attention: Tsai et al. 2019, "Multimodal Transformer for unaligned
multimodal language sequences", ACL, section 3.2). In training a whole modality is left out at
random (ModDrop: Neverova, Wolf, Taylor and Nebout 2016, IEEE TPAMI 38(8)), so that the network
learns to do without: a learned token stands for what is missing.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np

from core.backend import tensorflow
from core.gas.fused import Fused
from core.gas.looks import there
from core.gas.network import Inputs, Shape
from core.gas.samples import Samples
from core.recurrent import both_ways, dense, fused_lstm, seeds_of

GAIN, BASELINE = 0.1, 0.3  # spread of what sensors drift by in training, of one deviation


class CrossAttention(Fused):
    """Cross-modal attention over the last T rows."""

    modalities = ("camera",)
    smoothing = 0.1

    def inputs(self, samples: Samples, indices: np.ndarray) -> Inputs:
        """Return (B, T, N) sensors, (B, T, D) features, and (B, T, 2), 1 where either is there."""
        (features,) = super().inputs(samples, indices)
        windows = samples.windows(indices)
        present = np.ones((*windows.shape, 2), np.float32)
        present[..., 0] = not samples.sensors_lost
        present[..., 1] = there(self.cnns[0].view, samples, windows)
        return samples.sensors(indices), features, present

    def build(self, shape: Shape) -> Any:
        """Return (B, T, N), (B, T, D) and (B, T, 2) -> (B, C)."""
        import keras
        from keras import layers

        config, seeds = self.config, seeds_of(self.config)
        sensors = keras.Input((shape.lookback, shape.channels))
        (features,) = self.sequences()
        present = keras.Input((shape.lookback, 2))
        kept = _classes()["Dropped"](config.modality_dropout, next(seeds))(present)
        smelt = self._tokens(self._smelt(sensors, seeds), kept[..., :1], seeds)
        looked = self._tokens(self._noisy(features, seeds), kept[..., 1:], seeds)
        nose, eye = self._views(smelt, seeds), self._views(looked, seeds)
        codes = self._asked(smelt, nose, eye, seeds), self._asked(looked, eye, nose, seeds)
        code = layers.Concatenate()([*codes, kept[:, -1]])
        code = self._noisy(dense(config.units, seeds, "relu")(code), seeds)
        return keras.Model(
            [sensors, features, present], dense(shape.classes, seeds, "softmax")(code)
        )

    def _smelt(self, sensors: Any, seeds: Iterator[int]) -> Any:
        """Return what is read of the sensors, (B, T, 2 N): the level, and its course.

        A sensor's baseline and gain drift from day to day; its course does not.
        """
        from keras import layers

        if self.config.augment:
            sensors = _classes()["Drifted"](next(seeds))(sensors)
        course = sensors - sensors[:, :1]
        return self._noisy(layers.Concatenate()([sensors, course]), seeds)

    def _noisy(self, x: Any, seeds: Iterator[int]) -> Any:
        """Silence a share of *x* in training."""
        from keras import layers

        rate = self.config.dropout
        return layers.Dropout(rate, seed=next(seeds))(x) if rate else x

    def _tokens(self, x: Any, kept: Any, seeds: Iterator[int]) -> Any:
        """Return the tokens (B, T, units) of one modality, in their order.

        What is missing goes into the sequence as a learned token, so that it is told from zeros.
        """
        units = self.config.units
        x = _classes()["Missing"](next(seeds))([dense(units, seeds)(x), kept])
        return dense(units, seeds)(both_ways(fused_lstm(), units, True, seeds)(x))

    def _views(self, tokens: Any, seeds: Iterator[int]) -> Any:
        """Return queries, keys and values (B, T, 3, heads, size) of *tokens*.

        One product makes all three: gradients of many products would be summed in an order that
        is not the same in every process.
        """
        from keras import layers

        heads = self.config.heads
        size = max(1, self.config.units // heads)
        views = _projection(3 * heads * size, seeds)(tokens)
        return layers.Reshape((-1, 3, heads, size))(views)

    def _asked(self, own: Any, asks: Any, other: Any, seeds: Iterator[int]) -> Any:
        """Return the code (B, 2 units) of *own* tokens after they asked the other modality.

        Args:
            own: (B, T, units).
            asks: Their `_views`.
            other: Those of the other modality.
            seeds: Of the weights.
        """
        from keras import layers, ops

        units = self.config.units
        heard = ops.dot_product_attention(asks[:, :, 0], other[:, :, 1], other[:, :, 2])
        heard = layers.Reshape((-1, heard.shape[-2] * heard.shape[-1]))(heard)
        x = layers.LayerNormalization()(own + _projection(units, seeds)(heard))
        x = layers.LayerNormalization()(x + dense(units, seeds)(dense(units, seeds, "relu")(x)))
        return layers.Concatenate()([x[:, -1], layers.GlobalAveragePooling1D()(x)])


def _projection(units: int, seeds: Iterator[int]) -> Any:
    """Return a dense layer without bias; that of the keys could never learn."""
    from keras import initializers, layers

    start = initializers.GlorotUniform(next(seeds))
    return layers.Dense(units, use_bias=False, kernel_initializer=start)


@cache
def _classes() -> dict[str, type]:
    """Return the layers by name; made once, since Keras is imported here and not before."""
    tensorflow()
    import keras
    from keras import ops

    class Dropped(keras.layers.Layer):
        """(B, T, 2) presence, in training without one modality of some examples, never of both."""

        def __init__(self, rate: float, seed: int) -> None:
            super().__init__()
            self.rate = rate
            self.seeds = keras.random.SeedGenerator(seed)

        def call(self, present: Any, training: bool = False) -> Any:
            if not training or not self.rate:
                return present
            count = ops.shape(present)[0]
            drawn = keras.random.uniform((count, 1), seed=self.seeds)
            edges = ops.convert_to_tensor([[self.rate / 2, self.rate]])
            lost = ops.cast(drawn < edges, present.dtype)
            lost = ops.stack([lost[:, 0], lost[:, 1] - lost[:, 0]], axis=-1)[:, None]
            left = present * (1 - lost)
            # Who has one modality alone keeps it.
            return ops.where(ops.max(left, (1, 2), keepdims=True) > 0, left, present)

    class Drifted(keras.layers.Layer):
        """(B, T, N) scaled readings, in training with another gain and baseline a window."""

        def __init__(self, seed: int) -> None:
            super().__init__()
            self.seeds = keras.random.SeedGenerator(seed)

        def call(self, readings: Any, training: bool = False) -> Any:
            if not training:
                return readings
            shape = ops.shape(readings)[0], 1, readings.shape[-1]
            gain = 1 + GAIN * keras.random.normal(shape, seed=self.seeds)
            return gain * readings + BASELINE * keras.random.normal(shape, seed=self.seeds)

    class Missing(keras.layers.Layer):
        """(B, T, D) tokens and (B, T, 1) presence -> tokens, a learned one where none is there."""

        def __init__(self, seed: int) -> None:
            super().__init__()
            self.seed = seed

        def build(self, shapes: Any) -> None:
            start = keras.initializers.RandomNormal(stddev=0.1, seed=self.seed)
            self.token = self.add_weight(shape=(shapes[0][-1],), initializer=start, name="missing")

        def call(self, inputs: Any) -> Any:
            tokens, present = inputs
            return tokens * present + self.token * (1 - present)

    return {"Dropped": Dropped, "Drifted": Drifted, "Missing": Missing}
