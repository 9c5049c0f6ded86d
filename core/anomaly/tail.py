"""The tail of a distribution: what scores beyond a high level look like."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

LEAST = 10  # peaks below which a tail cannot be fitted
NO_SHAPE = 1e-8  # a shape this near 0 is an exponential tail


@dataclass(frozen=True)
class Tail:
    """A generalised Pareto tail: P(excess > x) = (1 + shape x / scale) ** (-1 / shape).

    Attributes:
        shape: Above 0 for a heavy tail, below 0 for one that ends.
        scale: In units of the scores.
    """

    shape: float
    scale: float

    def excess(self, probability: float) -> float:
        """Return the excess that is exceeded with *probability*."""
        if abs(self.shape) < NO_SHAPE:
            return float(-self.scale * np.log(probability))
        return float(self.scale * np.expm1(-self.shape * np.log(probability)) / self.shape)


def fit_tail(excesses: np.ndarray) -> Tail:
    """Fit a generalised Pareto tail to *excesses*, (n,), all above 0.

    The estimator of Zhang and Stephens 2009, "A New and Efficient Estimation Method for the
    Generalized Pareto Distribution", Technometrics 51(3): a mean over a grid, weighted by the
    profile likelihood. There is no search that could fail, as Grimshaw's may.
    """
    x = np.sort(excesses.astype(np.float64))
    count, points = len(x), 20 + int(np.sqrt(len(x)))
    quartile = x[int(count / 4 + 0.5) - 1]
    grid = 1 / x[-1] + (1 - np.sqrt(points / (np.arange(points) + 0.5))) / (3 * quartile)
    grid = grid[np.abs(grid) * x[-1] > NO_SHAPE]
    shapes = np.array([np.log1p(-theta * x).mean() for theta in grid])
    likelihood = count * (np.log(-grid / shapes) - shapes - 1)
    weights = np.exp(likelihood - likelihood.max())
    theta = float((grid * weights).sum() / weights.sum())
    shape = float(np.log1p(-theta * x).mean())
    if abs(theta) * x[-1] <= NO_SHAPE:
        return Tail(0.0, float(x.mean()))
    return Tail(shape, -shape / theta)
