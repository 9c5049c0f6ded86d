"""Forecasts that know which node and which time it is, and no graph.

Shao, Zhang, Wang, Xu and Wang 2022, "Spatial-temporal identity: a simple yet effective baseline
for multivariate time series forecasting", CIKM.
"""

from __future__ import annotations

from typing import Any

from core.forecast.ends import Ends
from core.forecast.network import Network, Shape
from core.recurrent import dense, seeds_of


class Stid(Network):
    """The window of each node and its identities through a perceptron: (B, T, N, F) -> (B, H, M).

    Section 3 of the paper, with the change from the last reading as its answer, which made it
    better on every set that was measured.
    """

    def build(self, shape: Shape) -> Any:
        """Return the untrained model."""
        ends = Ends(shape, self.config, seeds_of(self.config))
        return ends.answer(dense(self.config.units, ends.seeds)(ends.window()))
