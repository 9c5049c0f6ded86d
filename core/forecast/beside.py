"""Forecasters side by side: the same forecasts of the test rows, the same readings."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from itertools import combinations

import numpy as np
import pandas as pd

from core import beside
from core.beside import Contest, Courses, Curve, Decisions
from core.errors import DataError
from core.forecast.compare import losses, test_of
from core.forecast.metrics import by_hour, by_step, measures
from core.forecast.result import Result

METRIC: str = "mae"
BETTER: beside.Better = "lower"
TEST = "Diebold-Mariano test of absolute errors"
SPLIT = ("target", "entity", "nodes", "horizon", "train_share", "validation_share")
SHOWN = {
    "mae": "MAE",
    "rmse": "RMSE",
    "skill": "Skill",
    "r2": "R2",
    "mase": "MASE",
    "wape": "WAPE (%)",
    "coverage": "Intervals hold",
}
FEWEST = 3  # forecasts that a test needs


def contest(results: Mapping[str, Result], decisions: Decisions) -> Contest:
    """Hold forecasters against one another by their absolute errors.

    Raises:
        DataError: they forecast other targets, another horizon, or no common rows.
    """
    which = _shared(results)
    horizon = next(iter(results.values())).horizon
    measured = {name: measures(result, which[name]) for name, result in results.items()}
    errors = {
        name: losses(result, np.flatnonzero(which[name]), "absolute")
        for name, result in results.items()
    }
    spans, test = {}, {}
    for name, loss in errors.items():
        own = test_of(loss[np.isfinite(loss)], horizon)
        centre = measured[name][METRIC] - own.mean
        spans[name] = (centre + own.lower, centre + own.upper)
    for first, second in combinations(results, 2):
        gap = errors[first] - errors[second]
        found = test_of(gap[np.isfinite(gap)], horizon)
        test[first, second] = (found.mean, found.lower, found.upper, found.p)
    rows = int(next(iter(which.values())).sum())
    most = max(int(result.test.sum()) for result in results.values())
    notes = (
        () if rows == most else (f"{most - rows:,} forecasts that not all runs made are left out.",)
    )
    return Contest(measured, spans, beside.paired(list(results), test), rows, notes)


def _shared(results: Mapping[str, Result]) -> dict[str, np.ndarray]:
    """Return (W,) bool for each result: test forecasts that all of them made."""
    first = next(iter(results.values()))
    for other in results.values():
        if other.targets != first.targets or other.horizon != first.horizon:
            raise DataError(
                "Only forecasts of the same targets and horizon can be compared.",
                "Choose runs that agree on them.",
            )
    common = reduce(np.intersect1d, [one.origins[one.test] for one in results.values()])
    which = {name: np.isin(one.origins, common) for name, one in results.items()}
    known = sum(np.isfinite(first.truth[which[next(iter(results))]]).any(axis=(1, 2)))
    if known < FEWEST:
        raise DataError(
            f"The runs have {known} test forecasts in common, {FEWEST} are needed.",
            "Choose runs on the same recording.",
        )
    return which


def courses(
    results: Mapping[str, Result], decisions: Decisions, target: str = "", step: int = 1
) -> Courses:
    """Return what was said of every row so many steps before, and which run was nearest.

    Args:
        results: By name.
        decisions: Mean nothing to forecasts.
        target: One of the targets; "" for the first.
        step: 1 to the horizon.
    """
    which, first = _shared(results), next(iter(results.values()))
    place = first.targets.index(target) if target in first.targets else 0
    ahead = min(max(step, 1), first.horizon) - 1
    actual = first.actual[:, place]
    counted = np.zeros(len(actual), bool)
    values = {}
    for name, result in results.items():
        said = np.full(len(actual), np.nan, np.float32)
        rows = result.origins + ahead
        inside = rows < len(actual)
        said[rows[inside]] = result.forecasts[inside, ahead, place]
        values[name] = said
        counted[rows[inside & which[name]]] = True
    time = first.steps.get("time")
    return Courses(
        title=first.targets[place],
        time=time if time is not None and time.is_monotonic_increasing else None,
        values=values,
        cuts={},
        fired={},
        nearer=beside.nearest(actual, list(values.values())),
        actual=actual,
        truth=None,
        counted=counted,
        targets=first.targets,
        steps=first.horizon,
    )


def curves(results: Mapping[str, Result], decisions: Decisions) -> list[Curve]:
    """Return the error by step ahead, and by hour of the day where rows have times."""
    which = _shared(results)
    steps = [
        by_step(result, which[name]).assign(run=name).rename(columns={"step": "x", "mae": "y"})
        for name, result in results.items()
    ]
    hours = [
        by_hour(result, which[name]).assign(run=name).rename(columns={"hour": "x", "mae": "y"})
        for name, result in results.items()
    ]
    found = [Curve("horizon", "Error by horizon", "Steps ahead", "MAE", _points(steps))]
    by_day = _points(hours)
    if len(set(by_day["x"])) > 1:
        found.append(Curve("hour", "Error by hour of the day", "Hour", "MAE", by_day))
    return found


def _points(frames: list[pd.DataFrame]) -> pd.DataFrame:
    return pd.concat(frames, ignore_index=True)[["run", "x", "y"]].astype({"x": float, "y": float})
