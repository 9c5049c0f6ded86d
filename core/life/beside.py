"""Models of the remaining life side by side: the same test units."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from core import beside
from core.beside import Contest, Courses, Curve, Decisions
from core.errors import DataError
from core.life.metrics import evaluate
from core.life.result import Result

METRIC: str = "rmse"
BETTER: beside.Better = "lower"
TEST = "bootstrap by unit: test units drawn anew, the same for all"
SPLIT = ("validation_share", "test_share", "seed", "cap")
SHOWN = {
    "rmse": "RMSE (steps)",
    "phm08_mean": "PHM08, mean",
    "late_share": "Promised too much",
    "coverage": "Intervals hold",
}
DRAWS = 1000


def contest(results: Mapping[str, Result], decisions: Decisions) -> Contest:
    """Hold models against one another by their error on the test units.

    Raises:
        DataError: they are not of the same test units, or these have no known end.
    """
    first = _first(results)
    measured = {name: evaluate(result) for name, result in results.items()}
    units, _ = pd.factorize(first.steps["entity"][first.test].to_numpy())
    count, rows = units.max() + 1, np.bincount(units)
    if count < 2:
        note = "Nothing can be tested: there is one test unit."
        return Contest(measured, {}, beside.paired([], {}), len(units), (note,))
    even = np.full(count, 1 / count)
    weights = np.random.default_rng(0).multinomial(count, even, DRAWS)
    drawn = {
        name: np.sqrt(weights @ np.bincount(units, _squares(one)) / (weights @ rows))
        for name, one in results.items()
    }
    values = {name: metrics[METRIC] for name, metrics in measured.items()}
    spans, pairs = beside.by_draws(values, drawn)
    return Contest(measured, spans, pairs, len(units))


def _first(results: Mapping[str, Result]) -> Result:
    """Return one of *results*, which are of the same test rows."""
    first = next(iter(results.values()))
    for one in results.values():
        same = len(one) == len(first) and one.cap == first.cap
        if not same or not np.array_equal(one.test, first.test):
            raise DataError(
                "Only models with the same test units can be compared.",
                "Choose runs on one recording that agree on seed and shares.",
            )
    if "actual" not in first.steps or not first.test.any():
        raise DataError(
            "No unit was kept out of training to judge the runs by.",
            "Train them with a test share above 0.",
        )
    return first


def _squares(result: Result) -> np.ndarray:
    """Return (test rows,) squared errors, the truth held to the longest prediction."""
    rows = result.steps[result.test]
    held = np.minimum(rows["actual"].to_numpy(float), result.cap)
    return np.square(rows["remaining"].to_numpy(float) - held)


def courses(
    results: Mapping[str, Result], decisions: Decisions, target: str = "", step: int = 1
) -> Courses:
    """Return the life that was promised row by row; *target* and *step* mean nothing here."""
    first = _first(results)
    actual = np.minimum(first.steps["actual"].to_numpy(np.float32), first.cap)
    values = {
        name: result.steps["remaining"].to_numpy(np.float32) for name, result in results.items()
    }
    return Courses(
        title="Remaining steps",
        time=None,  # units live at the same time
        values=values,
        cuts={},
        fired={},
        nearer=beside.nearest(actual, list(values.values())),
        actual=actual,
        truth=None,
        counted=first.test,
    )


def curves(results: Mapping[str, Result], decisions: Decisions) -> list[Curve]:
    """Return the error by the life that is left."""
    first = _first(results)
    left = first.steps["actual"].to_numpy()[first.test]
    place = np.minimum(left, first.cap).astype(int)
    rows = np.bincount(place)
    seen = np.flatnonzero(rows)
    points = [
        beside.line(name, seen, np.sqrt(np.bincount(place, _squares(one))[seen] / rows[seen]))
        for name, one in results.items()
    ]
    return [Curve("left", "Error by life left", "Steps left", "RMSE", beside.lines(points))]
