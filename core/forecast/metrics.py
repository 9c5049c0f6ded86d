"""How good forecasts are, in raw units, beside the forecast that nothing changes.

Readings that were not measured are left out. Measures over several targets: MAE, RMSE, MAPE, WAPE
and skill pool all readings; R2 (of each step ahead) and MASE are the mean over targets, since each
target has its own unit there.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd

from core.forecast.result import Result

Metrics = dict[str, float]
EVEN = 0.005  # skill that is no more than that of saying that nothing changes
COLUMNS = ("mae", "rmse", "r2", "mape", "wape", "mase", "skill", "coverage", "width")


def measure(
    truth: np.ndarray,
    forecasts: np.ndarray,
    last: np.ndarray,
    naive: np.ndarray,
    lower: np.ndarray | None = None,
    upper: np.ndarray | None = None,
) -> Metrics:
    """Return the measures of *forecasts*.

    Args:
        truth: (W, H, M), NaN where nothing was measured.
        forecasts: (W, H, M).
        last: (W, M), readings before the forecasts.
        naive: (M,), see `Result.naive`.
        lower: (W, H, M), bounds of the intervals.
        upper: (W, H, M).

    Returns:
        mae, rmse: in raw units. r2: 1 minus squared error over squared distance from the mean of
        the readings, mean over steps and targets. mape: percent, zeros left out; zeros: how many.
        wape: percent, sum of errors over sum of readings (Kolassa and Schütz 2007). mase: error
        over the mean change from row to row in the training rows (Hyndman and Koehler 2006), mean
        over targets. skill: 1 minus squared error over that of persistence. coverage and width:
        share of readings inside the intervals, and their mean width. readings: how many. What is
        undefined is left out.
    """
    known = np.isfinite(truth) & np.isfinite(forecasts)
    count = int(known.sum())
    if count == 0:
        return {"readings": 0.0}
    error = np.where(known, forecasts - truth, 0.0).astype(np.float64)
    size = np.where(known, np.abs(truth), 0.0).astype(np.float64)
    squares, absolute = np.square(error), np.abs(error)
    zeros = known & (truth == 0)
    found: Metrics = {
        "mae": absolute.sum() / count,
        "rmse": float(np.sqrt(squares.sum() / count)),
        "r2": _r2(truth, squares, known),
        "mape": _ratio(100 * (absolute[size > 0] / size[size > 0]).sum(), (size > 0).sum()),
        "wape": _ratio(100 * absolute.sum(), size.sum()),
        "mase": _mase(absolute, known, naive),
        "skill": _skill(squares, truth, last, known),
        "zeros": float(zeros.sum()),
        "readings": float(count),
    }
    if lower is not None and upper is not None:
        both = known & np.isfinite(lower) & np.isfinite(upper)
        held = both & (truth >= lower) & (truth <= upper)
        found["coverage"] = _ratio(held.sum(), both.sum())
        found["width"] = _ratio(np.where(both, upper - lower, 0.0).sum(), both.sum())
    return {name: float(value) for name, value in found.items() if np.isfinite(value)}


def _ratio(above: float, below: float) -> float:
    return float(above / below) if below else np.nan


def _mean(values: np.ndarray) -> float:
    values = values[np.isfinite(values)]
    return float(values.mean()) if values.size else np.nan


def _r2(truth: np.ndarray, squares: np.ndarray, known: np.ndarray) -> float:
    """Return the mean over targets and steps ahead; NaN where no target varies."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a step without a reading
        middle = np.nanmean(np.where(known, truth, np.nan), axis=0, dtype=np.float64)
    spread = np.square(np.where(known, truth - middle, 0.0), dtype=np.float64).sum(axis=0)
    scale = np.square(np.nan_to_num(middle)) * known.sum(axis=0)
    varies = spread > 1e-12 * np.maximum(scale, 1e-12)
    return _mean(1 - squares.sum(axis=0)[varies] / spread[varies])


def _mase(absolute: np.ndarray, known: np.ndarray, naive: np.ndarray) -> float:
    with np.errstate(invalid="ignore", divide="ignore"):
        return _mean(absolute.sum(axis=(0, 1)) / known.sum(axis=(0, 1)) / naive)


def _skill(squares: np.ndarray, truth: np.ndarray, last: np.ndarray, known: np.ndarray) -> float:
    stays = np.where(known, truth - last[:, None], 0.0).astype(np.float64)
    reference = np.square(np.nan_to_num(stays)).sum()
    return 1 - squares.sum() / reference if reference > 0 else np.nan


def measures(result: Result, which: np.ndarray | None = None) -> Metrics:
    """Return the measures over all steps ahead; of the test forecasts, or of *which* (W,) bool."""
    return _measured(result, which, np.s_[:])


def by_step(result: Result, which: np.ndarray | None = None) -> pd.DataFrame:
    """Return one row a step ahead: step, and the measures; of the test forecasts."""
    steps = range(result.horizon)
    rows = [_measured(result, which, np.s_[:, h : h + 1]) for h in steps]
    return pd.DataFrame([{"step": h + 1, **row} for h, row in zip(steps, rows, strict=True)])


def by_target(result: Result, which: np.ndarray | None = None) -> pd.DataFrame:
    """Return one row a target: target, and the measures; of the test forecasts."""
    rows = [_measured(result, which, np.s_[:, :, m : m + 1]) for m in range(len(result.targets))]
    names = zip(result.targets, rows, strict=True)
    return pd.DataFrame([{"target": name, **row} for name, row in names])


def _measured(result: Result, which: np.ndarray | None, cut: Any) -> Metrics:
    """Return the measures of a *cut* of (W, H, M), of the test forecasts or of *which*."""
    which = result.test if which is None else which
    # Cut first: of many targets, all forecasts would be copied for each of them.
    lower, upper = (bound[cut][which] for bound in result.bounds)
    targets = cut[2] if isinstance(cut, tuple) and len(cut) > 2 else slice(None)
    return measure(
        result.truth[cut][which],
        result.forecasts[cut][which],
        result.last[which][:, targets],
        result.naive[targets],
        lower,
        upper,
    )


def by_hour(result: Result, which: np.ndarray | None = None) -> pd.DataFrame:
    """Return the mean absolute error by hour of the day of the forecast row; empty without times.

    Columns: hour (0 to 23), mae, readings.
    """
    if "time" not in result.steps:
        return pd.DataFrame(columns=["hour", "mae", "readings"])
    which = result.test if which is None else which
    rows = result.origins[which][:, None] + np.arange(result.horizon)
    hours = pd.DatetimeIndex(result.times(rows.ravel())).hour.to_numpy().reshape(rows.shape)
    error = np.abs(result.truth[which] - result.forecasts[which])
    known = np.isfinite(error)
    total = np.bincount(hours.ravel(), np.nan_to_num(error).sum(axis=2).ravel(), 24)
    count = np.bincount(hours.ravel(), known.sum(axis=2).ravel(), 24)
    seen = count > 0
    return pd.DataFrame(
        {"hour": np.flatnonzero(seen), "mae": total[seen] / count[seen], "readings": count[seen]}
    )


def evaluate(result: Result, truth: np.ndarray | None = None, decision: Any = None) -> Metrics:
    """Return the measures of the test forecasts; the truth is the recording itself."""
    return measures(result)


def advice(metrics: Metrics) -> list[str]:
    """Return what *metrics* say should be changed, one line each with the setting."""
    lines = []
    if "r2" not in metrics:
        lines.append("R2 is undefined: no target varies in the test rows. Choose another target.")
    if "mase" not in metrics:
        lines.append(
            "MASE is undefined: no target changes in the training rows. Choose another target."
        )
    skill = metrics.get("skill", 1.0)
    if 0 < abs(skill) < EVEN:  # 0 is persistence itself
        lines.append(
            "It is as good as saying that nothing changes: the past may tell no more than its last "
            "reading. Use persistence, or give it inputs that tell more."
        )
    elif skill < 0:
        lines.append(
            "It is worse than saying that nothing changes. Where the level has moved away from "
            "that of the training rows, a network with Instance normalisation follows it; else "
            "raise Epochs, or use a baseline."
        )
    return lines
