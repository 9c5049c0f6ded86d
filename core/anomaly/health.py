"""How worn each unit is, by the scores of any detector that learned from its healthy early life."""

from __future__ import annotations

import numpy as np

from core import health as index
from core.anomaly.result import Result
from core.errors import DataError

START = float(np.log(2))  # the measure of the median training row


def health(result: Result, failed: Result | None = None) -> np.ndarray:
    """Return (rows,) float32 from 1, scores as in training, to 0, scores as at failure or above.

    The measure of wear is log(1 + score / median score of the training rows); `core.health` smooths
    it, scales it and never lets the health rise again. The level at failure is the median over
    other units that failed: what becomes of a unit later does not touch its own health, but for
    what the scores themselves look ahead (windows around a row; "Look back only" avoids it).

    Args:
        result: Scores of the units to judge.
        failed: Scores by the same detector of units that ran to failure; *result* itself without,
            each of whose units is then judged by the ends of the others.

    Raises:
        DataError: there is no other unit, or the scores do not rise towards the failures.
    """
    units = _units(result)
    ends = _ends(failed or result)
    own = failed is None
    if len(ends) - own < 1:
        raise DataError(
            "The level of scores at failure is learned from other units, and there is only one.",
            "Bring a recording of several units that ran to failure, with an entity column.",
        )
    levels = [np.median(np.delete(ends, i) if own else ends) for i in range(len(units))]
    healthy = _measure(result.reference, result)
    new = np.quantile(index.wear(healthy, [slice(0, len(healthy))], START), index.HEALTHY)
    if min(levels) <= new:
        raise DataError(
            "The scores of failed units are no higher than those of the training rows: they do "
            "not show wear.",
            "Train on the healthy first rows of every unit alone, or choose another detector.",
        )
    lengths = [rows.stop - rows.start for rows in units]
    worn = index.wear(_measure(result.scores, result), units, START)
    return index.health(worn, units, float(new), np.repeat(levels, lengths))


def _measure(scores: np.ndarray, result: Result) -> np.ndarray:
    """Return (rows,) float64: *scores* on a scale on which growth by a factor is a step."""
    usual = max(float(np.median(result.reference)), np.finfo(np.float32).tiny)
    return np.log1p(scores.astype(float) / usual)


def _ends(result: Result) -> np.ndarray:
    """Return (entities,): the wear in the last row of each unit."""
    units = _units(result)
    return index.wear(_measure(result.scores, result), units, START)[
        [rows.stop - 1 for rows in units]
    ]


def _units(result: Result) -> list[slice]:
    """Return the rows of each entity."""
    if "entity" not in result.steps:
        return [slice(0, len(result))]
    codes = result.steps["entity"].cat.codes.to_numpy()
    starts = np.flatnonzero(np.r_[True, codes[1:] != codes[:-1]])
    return [slice(int(a), int(b)) for a, b in zip(starts, [*starts[1:], len(codes)], strict=True)]
