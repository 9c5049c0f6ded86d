"""Networks that read the last rows of the sensors."""

from __future__ import annotations

from typing import Any

from core.gas.network import Network, Shape
from core.recurrent import both_ways, dense, fused_lstm, seeds_of


class BiLstm(Network):
    """The last rows, forwards and backwards (Schuster and Paliwal 1997)."""

    def build(self, shape: Shape) -> Any:
        """Return (B, T, N) -> (B, C)."""
        import keras

        seeds = seeds_of(self.config)
        inputs = keras.Input((shape.lookback, shape.channels))
        x = both_ways(fused_lstm(), self.config.units, False, seeds)(inputs)
        if self.config.dropout:
            x = keras.layers.Dropout(self.config.dropout, seed=next(seeds))(x)
        return keras.Model([inputs], dense(shape.classes, seeds, "softmax")(x))
