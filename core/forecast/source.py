"""The fusion networks of IMMAF-SDFN as their code has them, level for level.

A convolution of 1 x 3 over the feature axis, LeakyReLU 0.1 and batch norm, flattened per step and
read by a recurrent layer of 64, beside a recurrent layer of 32 on the window itself; both joined
by concatenation and dense layers with relu, which say the level under a squared loss. Kept to be
compared with: it knows neither the last reading, the node, nor the calendar.
"""

from __future__ import annotations

from typing import Any

from core.forecast.config import Config
from core.forecast.ends import Ends
from core.forecast.network import Network, Shape
from core.forecast.paths import conv_st, recurrent, summary
from core.recurrent import dense, seeds_of

DENSE = 64


class Source(Network):
    """Both paths and dense layers behind them: (B, T, N, F) -> (B, H, M)."""

    loss = "mse"

    def __init__(self, config: Config, kind: str) -> None:
        super().__init__(config)
        self.kind = kind

    def build(self, shape: Shape) -> Any:
        """Return the untrained model."""
        import keras
        from keras import layers, ops

        seeds, targets = seeds_of(self.config), len(shape.targets)
        plain = self.config.model_copy(update={"instance_norm": False, "dropout": 0.0})
        ends = Ends(shape, plain, seeds)
        over_sensors = summary(ends, conv_st(ends, self.kind), self.kind)[:, 0]
        rows = ops.reshape(ends.past, (-1, shape.lookback, shape.nodes * shape.features))
        states = recurrent(self.kind, self.config.units, seeds)(rows)
        over_time = summary(ends, states[:, None], self.kind)[:, 0]
        hidden = layers.Concatenate()([over_sensors, over_time])
        hidden = dense(DENSE, seeds, "relu")(hidden)
        said = dense(shape.horizon * targets, seeds)(hidden)
        return keras.Model(ends.inputs, ops.reshape(said, (-1, shape.horizon, targets)))
