"""Intervals from errors on rows that the model did not learn from.

Split conformal prediction (Lei et al. 2018, "Distribution-free predictive inference for
regression", JASA, section 2), with one pair of bounds a step ahead and target, each tail by
itself. The guarantee needs errors that do not change with time; the metrics say what share of the
test readings the intervals held.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Bands:
    """What is added to a forecast to get its interval.

    Attributes:
        lower: (H, M) float32.
        upper: (H, M) float32.
        coverage: Share of readings that the intervals are made to hold.
    """

    lower: np.ndarray
    upper: np.ndarray
    coverage: float

    @classmethod
    def fit(cls, errors: np.ndarray, coverage: float) -> Bands:
        """Take the quantiles of *errors* (W, H, M), reading minus forecast, NaN left out.

        With n errors the bound is the ceil((n + 1) q)-th of them in order, q the share that it is
        to hold. With too few of them for that it is the most extreme one.
        """
        tail = (1 - coverage) / 2
        ordered = np.sort(errors, axis=0)  # NaN last
        count = np.isfinite(errors).sum(axis=0)
        exact = (count + 1) * (1 - tail)
        rank = np.ceil(exact - 1e-9 * exact).astype(int)  # 38.00000001 is the 38th
        high = np.clip(rank, 1, np.maximum(count, 1)) - 1
        low = np.maximum(count - 1 - high, 0)
        bounds = [np.take_along_axis(ordered, place[None], axis=0)[0] for place in (low, high)]
        lower, upper = (np.where(count > 0, bound, np.nan).astype(np.float32) for bound in bounds)
        return cls(lower, upper, coverage)

    def arrays(self) -> dict[str, np.ndarray]:
        """Return the arrays by name."""
        return {"lower": self.lower, "upper": self.upper}
