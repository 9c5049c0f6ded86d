"""Two paths and how they are joined: the fusion network.

After IMMAF-SDFN, the inter-modal multi-head attention fusion of spatial and temporal networks.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from core.backend import tensorflow
from core.forecast.ends import Ends
from core.forecast.forecaster import Training
from core.forecast.network import Network, Shape, inputs_of
from core.forecast.paths import SPATIAL, ending, summary, temporal
from core.forecast.ridge import best_linear
from core.forecast.samples import Samples
from core.forecast.shares import shares
from core.recurrent import dense, seeds_of
from core.task import Reporter

MOST = 300_000  # numbers of each forecast that shares are found from
PIECE = 64  # windows that are forecast at once for that
LOOKS = ("temporal path at spatial states", "spatial path at temporal states")


class Fusion(Network):
    """A spatial and a temporal path, joined by attention or side by side.

    Each path, and the window itself, forecasts by itself as well, beside a linear regression; the
    answer is a mean of these forecasts and the joint one: paths that only have to help each other
    over-fit together. The validation windows decide their shares.
    """

    def prepare(self, training: Training, reporter: Reporter | None) -> None:
        """Build the model, with its regression solved."""
        if not (self.config.together and self.config.linear):
            super().prepare(training, reporter)
            return
        tensorflow()  # before Keras, so that its threads are set
        linear = best_linear(training, reporter, level=not self.config.instance_norm)
        self.shape = replace(Shape.of(training), linear=(linear.own, *linear.weights.shape[:2]))
        self.model = self.build(self.shape)
        self.model.get_layer("regression").maps.assign(linear.weights)

    def fit(
        self, training: Training, reporter: Reporter | None, checkpoint: Path | None
    ) -> list[dict[str, float]]:
        """Train on the training windows, share on the validation windows; return the history."""
        history = super().fit(training, reporter, checkpoint)
        if self.config.together:
            self._share(training.validation)
        return history

    def _share(self, validation: Samples) -> None:
        """Assign to each forecast its share in the answer."""
        import keras

        tf, layer = tensorflow(), self.model.get_layer("together")
        each = keras.Model(self.model.inputs, layer.input)
        count = len(validation)
        size = max(1, MOST // (validation.horizon * len(validation.panel.targets)))
        chosen = np.unique(np.linspace(0, count - 1, min(size, count)).astype(int))
        said = [
            tf.stack(each(list(map(tf.constant, inputs_of(validation.inputs(part)))))).numpy()
            for part in np.array_split(chosen, -(-len(chosen) // PIECE))
        ]
        layer.shares.assign(shares(np.concatenate(said, axis=1), validation.targets(chosen)))

    @property
    def shares(self) -> dict[str, float]:
        """The share of each forecast in the answer, by name; empty where there is one only."""
        if not self.config.together:
            return {}
        names = ["joint", self.config.temporal, self.config.spatial, "window", "linear"]
        return dict(zip(names, self.model.get_layer("together").shares.numpy(), strict=False))

    def use_epoch(self, epoch: int) -> None:
        """Take the weights of *epoch*; the shares stay."""
        kept = self.model.get_layer("together").shares.numpy() if self.config.together else None
        super().use_epoch(epoch)
        if kept is not None:
            self.model.get_layer("together").shares.assign(kept)

    def build(self, shape: Shape) -> Any:
        """Return the untrained model."""
        return self._built(shape)[0]

    def _built(self, shape: Shape) -> tuple[Any, list[Any]]:
        """Return the model, and where its paths look: (B, R, heads, T) each, none without."""
        config = self.config
        ends = Ends(shape, config, seeds_of(config))
        over_time = temporal(ends, config.temporal)
        over_sensors = SPATIAL[config.spatial](ends, config.temporal)
        # The third is what the paths have forgotten of the window itself.
        alone = [
            summary(ends, over_time, config.temporal),
            summary(ends, over_sensors, ending(config.spatial, config)),
            dense(config.units, ends.seeds)(ends.window()),
        ]
        joined, looks = list(alone), []
        if config.fusion == "attention":
            for asks, answers in ((over_time, over_sensors), (over_sensors, over_time)):
                seen, where = attention(ends, asks, answers)
                joined.append(seen)
                looks.append(where)
        if not config.together:
            return ends.answer(*joined), looks
        return ends.together(joined, *([one] for one in alone)), looks

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
