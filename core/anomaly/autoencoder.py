"""Recurrent autoencoders: what they cannot reconstruct is not normal (Malhotra et al. 2016).

"LSTM-based Encoder-Decoder for Multi-sensor Anomaly Detection", ICML Anomaly Detection Workshop,
section 2: an encoder LSTM reads a window into a vector, a decoder LSTM writes the window again
from that vector, backwards, and the error of each step tells how unusual it is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from core.anomaly.config import Config
from core.anomaly.network import Network, WindowExamples
from core.data.windows import Windows
from core.recurrent import both_ways, dense, one_way, seeds_of, stack


def network(config: Config, channels: int, layer: type, wrap: Any = one_way) -> Any:
    """Return the untrained Keras model: (B, T, N) -> (B, T, N), the window backwards.

    Args:
        config: Lookback, units, layers, dropout, seed.
        channels: N.
        layer: A recurrent layer such as `keras.layers.LSTM`, or its faster twin.
        wrap: `one_way`, or `both_ways` for a bidirectional network.
    """
    import keras
    from keras import layers

    seeds = seeds_of(config)
    inputs = keras.Input((config.lookback, channels))
    code = stack(inputs, config, layer, seeds, last=False, wrap=wrap)  # (B, units)
    x = layers.RepeatVector(config.lookback)(code)
    x = stack(x, config, layer, seeds, last=True, wrap=wrap)
    return keras.Model(inputs, dense(channels, seeds)(x))


def backwards(windows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return (B, T, N) windows as inputs, the same windows backwards as targets."""
    return windows, windows[:, ::-1]


class Reconstruction(WindowExamples):
    """Windows as inputs, the same windows backwards as targets."""

    def __init__(self, windows: Windows) -> None:
        super().__init__(windows, backwards)


class LstmAutoencoder(Network):
    """A detector whose residual is the reading minus its reconstruction."""

    wrap = staticmethod(one_way)

    def build(self, channels: int, layer: type) -> Any:
        """Return the untrained network; see `network`."""
        return network(self.config, channels, layer, self.wrap)

    def cut(self, windows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the windows, and the windows backwards."""
        return backwards(windows)

    def reconstruct(self, answer: Callable[[np.ndarray], np.ndarray], windows: Any) -> Any:
        """Turn the answer, which runs backwards, round."""
        return answer(windows)[:, ::-1]


class GruAutoencoder(LstmAutoencoder):
    """The same of gated recurrent units (Cho et al. 2014), with a quarter fewer weights."""

    layer = "GRU"


class BiLstmAutoencoder(LstmAutoencoder):
    """The same of layers that read the window in both directions."""

    wrap = staticmethod(both_ways)
