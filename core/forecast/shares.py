"""How much of an answer each of several forecasts gets."""

from __future__ import annotations

import numpy as np

STEPS = 400
RATE = 0.5  # of the first step, per mean absolute error of the equal mean


def shares(forecasts: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Return (K,) shares, not negative, sum 1, that make the mean absolute error small.

    Exponentiated gradient (Kivinen and Warmuth 1997, "Exponentiated gradient versus gradient
    descent for linear predictors", Information and Computation, section 3), from equal shares: it
    leaves them only as far as the errors say, which a solver that goes to the end does not.

    Args:
        forecasts: (K, ...).
        truth: (...), NaN where nothing was measured.
    """
    count, known = len(forecasts), np.isfinite(truth)
    said, actual = forecasts[:, known].astype(np.float64), truth[known].astype(np.float64)
    found = best = np.full(count, 1 / count)
    scale = np.abs(found @ said - actual).mean() if actual.size else 0.0
    if not scale > 0:
        return best
    least = np.inf
    for step in range(STEPS):
        gap = found @ said - actual
        error = np.abs(gap).mean()
        if error < least:
            least, best = error, found
        slope = said @ np.sign(gap) / len(gap)
        found = found * np.exp(-RATE / scale / np.sqrt(1 + step) * (slope - found @ slope))
        found = found / found.sum()
    return best
