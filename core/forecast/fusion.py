"""Two paths and how they are joined: the fusion networks, and each path alone.

After IMMAF-SDFN, the inter-modal multi-head attention fusion of spatial and temporal networks.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from core.backend import tensorflow
from core.forecast.config import Config
from core.forecast.ends import Ends
from core.forecast.network import Network, Shape, inputs_of
from core.forecast.paths import SPATIAL, summary, temporal
from core.forecast.samples import Samples
from core.recurrent import dense, seeds_of

LOOKS = ("temporal path at spatial states", "spatial path at temporal states")


class Path(Network):
    """A path alone: "lstm", "bilstm" or "gru" over time, "stgcn" or "conv-st" over sensors."""

    def __init__(self, config: Config, kind: str) -> None:
        super().__init__(config)
        self.kind = kind

    def build(self, shape: Shape) -> Any:
        """Return the untrained model."""
        ends = Ends(shape, self.config, seeds_of(self.config))
        if self.kind in SPATIAL:
            kind = self.config.temporal
            states = SPATIAL[self.kind](ends, kind)
            return ends.answer(summary(states, kind if self.kind == "conv-st" else ""))
        return ends.answer(summary(temporal(ends, self.kind), self.kind))


class Fusion(Network):
    """A spatial and a temporal path, joined by attention or side by side."""

    def build(self, shape: Shape) -> Any:
        """Return the untrained model."""
        return self._built(shape)[0]

    def _built(self, shape: Shape) -> tuple[Any, list[Any]]:
        """Return the model, and where its paths look: (B, R, heads, T) each, none without."""
        config = self.config
        ends = Ends(shape, config, seeds_of(config))
        over_time = temporal(ends, config.temporal)
        over_sensors = SPATIAL[config.spatial](ends, config.temporal)
        kinds = config.temporal, config.temporal if config.spatial == "conv-st" else ""
        paths = zip((over_time, over_sensors), kinds, strict=True)
        summaries, looks = [summary(states, kind) for states, kind in paths], []
        if config.fusion == "attention":
            for asks, answers in ((over_time, over_sensors), (over_sensors, over_time)):
                seen, where = attention(ends, asks, answers)
                summaries.append(seen)
                looks.append(where)
        # What the paths have forgotten of the window itself.
        summaries.append(dense(config.units, ends.seeds)(ends.window()))
        return ends.answer(*summaries), looks

    def attention(self, samples: Samples) -> np.ndarray:
        """Return (2, W, R, heads, T) float32: how much each path looks at each step of the other.

        The first is the temporal path at spatial states, the second the other way round; the
        weights of a head sum to 1. R is M, or 1 where both paths read all nodes as one.

        Raises:
            ConfigError: the paths are joined by concatenation.
        """
        import keras

        from core.errors import ConfigError

        assert self.shape is not None
        tf = tensorflow()
        model, looks = self._built(self.shape)
        if not looks:
            raise ConfigError(
                "These paths are joined by concatenation and do not attend to each other.",
                "Choose attention as fusion.",
            )
        model.set_weights(self.model.get_weights())
        inputs = inputs_of(samples.inputs(np.arange(len(samples))))
        both = keras.Model(model.inputs, looks)(list(map(tf.constant, inputs)), training=False)
        rows = max(look.shape[1] for look in both)
        return np.stack([np.repeat(look, rows // look.shape[1], axis=1) for look in both])


def attention(ends: Ends, asks: Any, answers: Any) -> tuple[Any, Any]:
    """Let the last step of one path look at all steps of the other.

    Vaswani et al. 2017, "Attention is all you need", NIPS, section 3.2.2, with the states of one
    path as queries and those of the other as keys and values.

    Args:
        ends: Heads, width and seeds.
        asks: (B, R, T, D) states of the path that looks.
        answers: (B, R', T, D') states of the path that is looked at.

    Returns:
        (B, R, units), what was seen, and (B, R, heads, T), where it looked.
    """
    from keras import ops

    heads, units = ends.config.heads, ends.config.units
    size = max(units // heads, 1)

    def cut(states: Any) -> Any:
        """Project, and cut in heads: (B, R, T, D) -> (B, R, T, heads, size)."""
        projected = dense(heads * size, ends.seeds)(states)
        return ops.reshape(projected, (-1, *projected.shape[1:3], heads, size))

    query, key, value = cut(asks[:, :, -1:]), cut(answers), cut(answers)
    near = ops.sum(query * key, axis=-1) / np.sqrt(size)  # (B, R, T, heads)
    weights = ops.softmax(near, axis=2)
    seen = ops.sum(weights[..., None] * value, axis=2)  # (B, R, heads, size)
    joined = ops.reshape(seen, (-1, seen.shape[1], heads * size))
    return dense(units, ends.seeds)(joined), ops.transpose(weights, (0, 1, 3, 2))
