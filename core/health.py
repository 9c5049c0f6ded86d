"""A health index from any measure of wear: 1 is as good as new, 0 as worn as units are at failure.

    wear   = mean of the measure over the rows so far, older rows weigh less (half-life in steps)
    health = 1 - (wear - new) / (failed - new), between 0 and 1, and never rising again

A row's health depends on this and earlier rows of its own entity alone, and on two levels that are
learned from units whose end is known.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

HALF_LIFE = 5.0  # steps after which a row weighs half in the mean


def wear(measure: np.ndarray, entities: Iterable[slice]) -> np.ndarray:
    """Return (rows,) float64: *measure* smoothed over the rows so far, each entity by itself.

    Args:
        measure: (rows,), higher is more worn.
        entities: Rows of each entity.
    """
    smooth = np.empty(len(measure))
    for rows in entities:
        column = pd.Series(measure[rows], dtype=float)
        smooth[rows] = column.ewm(halflife=HALF_LIFE).mean().to_numpy()
    return smooth


def health(
    worn: np.ndarray, entities: Iterable[slice], new: float, failed: float | np.ndarray
) -> np.ndarray:
    """Return (rows,) float32 from 1, as new, to 0, as at failure; it never rises again.

    Args:
        worn: (rows,) as `wear` returns it.
        entities: Rows of each entity.
        new: Wear of a healthy unit.
        failed: Wear at failure, for all rows or (rows,); above *new*.
    """
    index = 1 - np.clip((worn - new) / np.maximum(failed - new, np.finfo(float).tiny), 0, 1)
    for rows in entities:
        index[rows] = np.minimum.accumulate(index[rows])
    return index.astype(np.float32)
