"""The two ends of every network: what it reads of a window, and how it answers.

What all of them may do, whatever lies between: forecast the change instead of the level, start
from a linear forecast, take the level and spread of a window out, know the node and the calendar.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from core.forecast.config import Config
from core.forecast.layers import classes
from core.forecast.network import Shape
from core.recurrent import dense

BLOCKS = 3  # of the perceptron behind the paths (Shao et al. 2022, STID: three)
WIDTH = 4  # times the units: of that perceptron
EPSILON = 1e-5


class Ends:
    """Inputs of a network, and its answer.

    Attributes:
        inputs: As `core.forecast.network.inputs_of` orders them.
        past: (B, T, N, F), normalised when the config says so.
        joint: Whether fewer nodes are forecast than read: a target then reads all of them.
    """

    def __init__(self, shape: Shape, config: Config, seeds: Iterator[int]) -> None:
        import keras

        self.shape, self.config, self.seeds = shape, config, seeds
        past = keras.Input((shape.lookback, shape.nodes, shape.features), name="past")
        self.inputs = [past, keras.Input((2,), dtype="int32", name="when")]
        if shape.ahead:
            self.inputs.append(keras.Input((shape.horizon, shape.ahead), name="future"))
        self.joint = len(shape.targets) < shape.nodes
        self.past = self._normalised(past) if config.instance_norm else past

    def _normalised(self, past: Any) -> Any:
        """Return *past* with mean 0 and spread 1 of the first feature in every window and node.

        Kim et al. 2022, "Reversible instance normalization", ICLR, section 3.1, without weights.
        """
        from keras import ops

        level = past[..., :1]
        self.mean = ops.mean(level, axis=1, keepdims=True)
        self.spread = ops.sqrt(ops.var(level, axis=1, keepdims=True) + EPSILON)
        return ops.concatenate([(level - self.mean) / self.spread, past[..., 1:]], axis=-1)

    def of_targets(self, values: Any, axis: int) -> Any:
        """Return *values* (..., N, ...) of the M targets alone."""
        from keras import ops

        return ops.take(values, list(self.shape.targets), axis=axis) if self.joint else values

    def courses(self) -> Any:
        """Return (B, R, T, D), what a temporal path reads.

        Every node by itself, R = N; or, where few are forecast from many, all as one, R = 1.
        """
        from keras import ops

        shape = self.shape
        if self.joint:
            return ops.reshape(self.past, (-1, 1, shape.lookback, shape.nodes * shape.features))
        return ops.transpose(self.past, (0, 2, 1, 3))

    def window(self) -> Any:
        """Return (B, R, T D): the courses, all steps side by side."""
        from keras import ops

        courses = self.courses()
        rows, steps, width = courses.shape[1:]
        return ops.reshape(courses, (-1, rows, steps * width))

    def answer(self, *summaries: Any) -> Any:
        """Return the model that answers with the `forecast` of *summaries*."""
        import keras

        return keras.Model(self.inputs, self.forecast(*summaries))

    def together(self, *answers: Sequence[Any]) -> Any:
        """Return the model that answers with a mean of several forecasts.

        Args:
            *answers: What `forecast` makes each of them of; all but the first by a perceptron of
                one block, to save time. The linear forecast comes last, where the shape has one.
        """
        import keras

        own, shape = classes(), self.shape
        first, *others = answers
        forecasts = [self.forecast(*first), *(self.forecast(*one, blocks=1) for one in others)]
        if shape.linear is not None:
            regression = own["Regression"](
                *shape.linear, shape.horizon, shape.targets, name="regression"
            )
            forecasts.append(regression([self.inputs[0], *self.inputs[2:]]))
        together = own["Together"](len(answers), name="together")
        return keras.Model(self.inputs, together(forecasts))

    def forecast(self, *summaries: Any, blocks: int = BLOCKS) -> Any:
        """Return (B, H, M), scaled, which a perceptron of its own makes of *summaries*.

        Args:
            *summaries: (B, R, D) each, R being M, or 1 for what all targets share.
            blocks: Depth of the perceptron.
        """
        from keras import layers, ops

        parts = [self._spread_out(summary) for summary in [*summaries, *self._known()]]
        hidden = layers.Concatenate()(parts) if len(parts) > 1 else parts[0]
        width = WIDTH * self.config.units
        if hidden.shape[-1] != width:
            hidden = dense(width, self.seeds)(hidden)
        for _ in range(blocks):
            inner = dense(width, self.seeds, "relu")(hidden)
            inner = layers.Dropout(self.config.dropout, seed=next(self.seeds))(inner)
            hidden = hidden + dense(width, self.seeds)(inner)
        change = layers.Dense(self.shape.horizon, kernel_initializer=self._first())(hidden)
        return self._level(ops.transpose(change, (0, 2, 1)))

    def _first(self) -> Any:
        """Return how the last layer starts: at no change, or anywhere where it says a level."""
        from keras import initializers

        if self.config.residual:
            return "zeros"
        return initializers.GlorotUniform(next(self.seeds))

    def _spread_out(self, summary: Any) -> Any:
        """Return (B, M, D)."""
        from keras import ops

        targets = len(self.shape.targets)
        return summary if summary.shape[1] == targets else ops.repeat(summary, targets, axis=1)

    def _known(self) -> list[Any]:
        """Return what is known without a reading: the node, the calendar, what is known ahead."""
        from keras import layers, ops

        config, shape, known = self.config, self.shape, []
        own = classes()
        if config.identity and len(shape.targets) > 1:
            vectors = own["Identity"](len(shape.targets), config.units, next(self.seeds))
            known.append(vectors(self.inputs[0]))
        if config.calendar:
            sizes = (shape.slots, 7 if shape.weekly else 1)
            for column, size in enumerate(sizes):
                if size > 1:
                    start = _uniform(next(self.seeds))
                    table = layers.Embedding(size, config.units, embeddings_initializer=start)
                    known.append(table(self.inputs[1][:, column : column + 1]))
        if shape.ahead:
            flat = ops.reshape(self.inputs[2], (-1, 1, shape.horizon * shape.ahead))
            known.append(dense(config.units, self.seeds)(flat))
        return known

    def _level(self, change: Any) -> Any:
        """Return (B, H, M), scaled, from what the last layer says."""
        config, past = self.config, self.inputs[0]
        if config.instance_norm:
            change = change * self.of_targets(self.spread[:, 0, :, 0], 1)[:, None]
        if config.residual:
            return change + self.of_targets(past[:, -1, :, 0], 1)[:, None]
        if config.instance_norm:
            return change + self.of_targets(self.mean[:, 0, :, 0], 1)[:, None]
        return change


def _uniform(seed: int) -> Any:
    from keras import initializers

    return initializers.RandomUniform(-0.05, 0.05, seed=seed)
