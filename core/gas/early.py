"""Early fusion: features of both modalities are joined, and dense layers decide.

Narkhede, Walambe, Mandaokar, Chandel, Kotecha and Ghinea 2021, "Gas detection and identification
using multimodal artificial intelligence based sensor fusion", Applied System Innovation 4(1), 3:
an LSTM reads the sensors, a CNN the thermal image, a merge layer joins what they found, and a
dense layer names the gas.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from core.gas.fused import Fused
from core.gas.network import Inputs, Shape
from core.gas.samples import Samples
from core.recurrent import dense, fused_lstm, one_way, seeds_of


class EarlyFusion(Fused):
    """An LSTM on the last rows of the sensors beside the CNN's features of the present frame."""

    modalities = ("camera",)

    def inputs(self, samples: Samples, indices: np.ndarray) -> Inputs:
        """Return (B, T, N) windows of the sensors, and (B, D) features of the frames."""
        (frames,) = super().inputs(samples, indices)
        return samples.sensors(indices), frames[:, -1]

    def build(self, shape: Shape) -> Any:
        """Return (B, T, N) and (B, D) -> (B, C)."""
        import keras
        from keras import layers

        config, seeds = self.config, seeds_of(self.config)
        sensors = keras.Input((shape.lookback, shape.channels))
        frame = keras.Input((self._standard[0].shape[1],))
        smelt = one_way(fused_lstm(), config.units, False, seeds)(sensors)
        looked = dense(config.units, seeds, "relu")(frame)
        merged = layers.Concatenate()([smelt, looked])
        if config.dropout:
            merged = layers.Dropout(config.dropout, seed=next(seeds))(merged)
        merged = dense(config.units, seeds, "relu")(merged)
        return keras.Model([sensors, frame], dense(shape.classes, seeds, "softmax")(merged))
