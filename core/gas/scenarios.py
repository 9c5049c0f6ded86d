"""The three scenarios of Attallah 2023.

"Multitask deep learning-based pipeline for gas leakage detection via e-nose and thermal imaging
multimodal fusion", Chemosensors 11(7), 364. CNNs are tuned on heat maps of the sensors and on
thermal images (section 3.4.2), their features are fused (3.4.3), and a Bi-LSTM decides (3.4.4).
The source gives it one row at a time; here it reads the last T rows, and a lookback of 1 is the
source's.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from core.gas.classifier import Answer
from core.gas.fused import Fused
from core.gas.looks import MODALITIES, View
from core.gas.network import Shape
from core.gas.transforms import classes
from core.recurrent import both_ways, dense, fused_lstm, seeds_of

PUBLISHED = ("resnet50", "inception-v3", "mobilenet")
STARTS = 3  # light CNNs that stand in for the published three


class Scenario(Fused):
    """A Bi-LSTM over features of the last T rows."""

    def read(self, x: Any, seeds: Iterator[int]) -> Any:
        """Return the code (B, 2 units) of features (B, T, D)."""
        from keras import layers

        if self.config.dropout:
            x = layers.SpatialDropout1D(self.config.dropout, seed=next(seeds))(x)
        return both_ways(fused_lstm(), self.config.units, False, seeds)(x)


class OneModality(Scenario):
    """Scenario I: the features of one CNN."""

    def build(self, shape: Shape) -> Any:
        """Return (B, T, D) -> (B, C)."""
        import keras

        seeds, inputs = seeds_of(self.config), self.sequences()
        code = self.read(inputs[0], seeds)
        return keras.Model(inputs, dense(shape.classes, seeds, "softmax")(code))


class ThermalCnn(OneModality):
    """Scenario I on frames."""

    modalities = ("camera",)


class SensorCnn(OneModality):
    """Scenario I on heat maps of the sensors."""

    modalities = ("sensors",)


class WaveletFusion(Scenario):
    """Scenario II: of one CNN on both modalities, joined by their approximations."""

    def build(self, shape: Shape) -> Any:
        """Return (B, T, D) of heat maps and of frames -> (B, C)."""
        import keras

        config, seeds, inputs = self.config, seeds_of(self.config), self.sequences()
        coarse = [
            classes()["Wavelet"](config.wavelet, config.level)(features)[..., : config.coefficients]
            for features in inputs
        ]
        code = self.read(keras.layers.Concatenate()(coarse), seeds)
        return keras.Model(inputs, dense(shape.classes, seeds, "softmax")(code))


class CosineFusion(Scenario):
    """Scenario III: of three CNNs on both modalities, with a head for each of two tasks."""

    def views(self) -> list[View]:
        """Return three CNNs on each modality."""
        if self.config.cnns == "published":
            kinds = [(name, 0) for name in PUBLISHED]
        else:
            kinds = [("light", start) for start in range(STARTS)]
        return [View(modality, *kind) for modality in MODALITIES for kind in kinds]

    def build(self, shape: Shape) -> Any:
        """Return (B, T, D) of six CNNs -> (B, C + 1): each class, and whether there is gas."""
        import keras

        seeds, inputs = seeds_of(self.config), self.sequences()
        joined = keras.layers.Concatenate()(inputs)
        most = min(self.config.coefficients, int(joined.shape[-1]))
        code = self.read(classes()["Cosine"](most)(joined), seeds)
        identified = dense(shape.classes, seeds, "softmax", name="identification")(code)
        detected = dense(1, seeds, "sigmoid", name="detection")(code)
        return keras.Model(inputs, keras.layers.Concatenate()([identified, detected]))

    def loss(self) -> Any:
        """Return the sum of both tasks' cross-entropies; detection is of any gas."""
        from keras import losses

        def both(targets: Any, outputs: Any) -> Any:
            identified = losses.categorical_crossentropy(targets, outputs[:, :-1])
            detected = losses.binary_crossentropy(1 - targets[:, :1], outputs[:, -1:])
            return identified + detected

        return both

    def answer(self, outputs: np.ndarray) -> Answer:
        """Return both heads' answers."""
        return Answer(outputs[:, -1], outputs[:, :-1])
