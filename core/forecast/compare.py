"""Is one forecast better than another, or only luckier?

Diebold and Mariano 1995, "Comparing predictive accuracy", JBES, with the small-sample correction
of Harvey, Leybourne and Newbold 1997, IJF. Errors of forecasts that overlap are correlated: the
variance is that of Newey and West 1987, with Bartlett weights.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from core.errors import DataError
from core.forecast.result import Result

Loss = Literal["absolute", "squared"]


@dataclass(frozen=True)
class Difference:
    """How much more one forecast is off than another, per reading.

    Attributes:
        mean: Mean loss of the first minus that of the second; negative when the first is better.
        lower: End of its 95 % interval.
        upper: The other end.
        p: Probability of such a difference, either way, between equally good forecasts.
        origins: Forecasts that were compared.
    """

    mean: float
    lower: float
    upper: float
    p: float
    origins: int

    @property
    def significant(self) -> bool:
        """Whether it is more than luck, at 5 %."""
        return self.p < 0.05


def losses(result: Result, which: np.ndarray, loss: Loss) -> np.ndarray:
    """Return (W,) mean loss of each forecast, NaN where nothing was measured."""
    error = result.truth[which].astype(np.float64) - result.forecasts[which]
    size = np.abs(error) if loss == "absolute" else np.square(error)
    count = np.isfinite(size).sum(axis=(1, 2))
    return np.where(count > 0, np.nansum(size, axis=(1, 2)) / np.maximum(count, 1), np.nan)


def diebold_mariano(first: Result, second: Result, loss: Loss = "absolute") -> Difference:
    """Compare two results on the test forecasts that both have.

    Raises:
        DataError: they forecast other targets, another horizon, or no common rows.
    """
    if first.targets != second.targets or first.horizon != second.horizon:
        raise DataError(
            "Only forecasts of the same targets and horizon can be compared.",
            f"One has {len(first.targets)} targets and a horizon of {first.horizon}, the other "
            f"{len(second.targets)} and {second.horizon}.",
        )
    ours, theirs = (result.origins[result.test] for result in (first, second))
    _, here, there = np.intersect1d(ours, theirs, return_indices=True)
    pairs = [
        losses(result, np.flatnonzero(result.test)[places], loss)
        for result, places in ((first, here), (second, there))
    ]
    gap = pairs[0] - pairs[1]
    gap = gap[np.isfinite(gap)]
    if len(gap) < 3:
        raise DataError(
            f"The two have {len(gap)} test forecasts in common, 3 are needed.",
            "Choose runs on the same recording.",
        )
    return test_of(gap, first.horizon)


def test_of(gap: np.ndarray, horizon: int) -> Difference:
    """Return the test of differences *gap* (W,) of forecasts over *horizon* steps."""
    from scipy import stats

    count = len(gap)
    lags = min(max(horizon - 1, int(np.floor(4 * (count / 100) ** (2 / 9)))), count // 3)
    mean = float(gap.mean())
    centred = gap - mean
    covariance = [float(centred[lag:] @ centred[: count - lag]) / count for lag in range(lags + 1)]
    weights = 1 - np.arange(lags + 1) / (lags + 1)
    variance = covariance[0] + 2 * float(np.dot(weights[1:], covariance[1:]))
    if variance <= 0:  # the same losses everywhere
        return Difference(mean, mean, mean, 1.0 if mean == 0 else 0.0, count)
    # Harvey et al., equation 9, with the lags that are summed in place of h - 1.
    steps = lags + 1
    correction = max((count + 1 - 2 * steps + steps * (steps - 1) / count) / count, 1 / count)
    error = float(np.sqrt(variance / count / correction))
    tail = stats.t(count - 1)
    half = float(tail.ppf(0.975)) * error
    return Difference(mean, mean - half, mean + half, float(2 * tail.sf(abs(mean) / error)), count)
