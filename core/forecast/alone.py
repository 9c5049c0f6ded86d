"""One path of a fusion network alone: whether joining two brings anything."""

from __future__ import annotations

from typing import Any

from core.forecast.config import Config
from core.forecast.ends import Ends
from core.forecast.network import Network, Shape
from core.forecast.paths import SPATIAL, ending, summary, temporal
from core.recurrent import seeds_of


class Alone(Network):
    """A path alone: "lstm", "bilstm" or "gru" over time, "stgcn" or "conv-st" over sensors."""

    def __init__(self, config: Config, kind: str) -> None:
        super().__init__(config)
        self.kind = kind

    def build(self, shape: Shape) -> Any:
        """Return the untrained model."""
        ends = Ends(shape, self.config, seeds_of(self.config))
        if self.kind in SPATIAL:
            states = SPATIAL[self.kind](ends, self.config.temporal)
            return ends.answer(summary(ends, states, ending(self.kind, self.config)))
        return ends.answer(summary(ends, temporal(ends, self.kind), self.kind))
