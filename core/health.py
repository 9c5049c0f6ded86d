"""A health index from any measure of wear: 1 is as good as new, 0 as worn as units are at failure.

    wear   = mean of the measure over the rows so far, older rows weigh less (half-life in steps);
             it starts at that of healthy rows, so that the first rows' noise counts for little
    health = 1 - (wear - new) / (failed - new), between 0 and 1, and never rising again

*new* is what all but a twentieth of the healthy rows stay below, so that noise does not pull the
health down. A row's health depends on this and earlier rows of its own entity, and on two levels
that are learned from units whose end is known.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

HALF_LIFE = 5.0  # steps after which a row weighs half in the mean
HEALTHY = 0.95  # quantile of the wear of healthy rows up to which a unit counts as new


def wear(measure: np.ndarray, entities: Iterable[slice], start: float) -> np.ndarray:
    """Return (rows,) float64: *measure* smoothed over the rows so far, each entity by itself.

    Args:
        measure: (rows,), higher is more worn.
        entities: Rows of each entity.
        start: The median measure of healthy rows.
    """
    smooth = np.empty(len(measure))
    for rows in entities:
        column = pd.Series(np.r_[start, measure[rows]])
        smooth[rows] = column.ewm(halflife=HALF_LIFE, adjust=False).mean().to_numpy()[1:]
    return smooth


def health(
    worn: np.ndarray, entities: Iterable[slice], new: float, failed: float | np.ndarray
) -> np.ndarray:
    """Return (rows,) float32 from 1, as new, to 0, as at failure; it never rises again.

    Args:
        worn: (rows,) as `wear` returns it.
        entities: Rows of each entity.
        new: Wear up to which a unit is healthy.
        failed: Wear at failure, for all rows or (rows,); above *new*.
    """
    index = 1 - np.clip((worn - new) / np.maximum(failed - new, np.finfo(float).tiny), 0, 1)
    for rows in entities:
        index[rows] = np.minimum.accumulate(index[rows])
    return index.astype(np.float32)
