"""How good predictions of the remaining life are."""

from __future__ import annotations

from typing import Any

import numpy as np

from core.life.result import Result

Metrics = dict[str, float]
COVERED = 0.8  # share of the units that an interval is made to hold


def rmse(predicted: np.ndarray, actual: np.ndarray) -> float:
    """Return the root of the mean squared error, in steps."""
    return float(np.sqrt(np.mean(np.square(predicted - actual))))


def phm08(predicted: np.ndarray, actual: np.ndarray) -> float:
    """Return the sum of penalties: late predictions cost more than early ones; 0 is best.

    Saxena, Goebel, Simon and Eklund 2008, "Damage propagation modeling for aircraft engine
    run-to-failure simulation", PHM: exp(-d / 13) - 1 for d < 0, else exp(d / 10) - 1, where d is
    predicted minus actual.
    """
    late = predicted - actual
    return float(np.expm1(np.where(late < 0, -late / 13, late / 10)).sum())


def judge(predicted: np.ndarray, actual: np.ndarray, cap: float) -> Metrics:
    """Return the metrics of predictions, one a unit or one a row.

    Args:
        predicted: (n,) steps.
        actual: (n,) steps that were left.
        cap: Longest prediction, which the truth is held to as well in rmse and phm08.

    Returns:
        rmse and phm08 with the truth held to the cap, as most papers report them; rmse_uncapped
        and phm08_uncapped with the truth as it is; phm08_mean, the mean penalty of a prediction;
        late_share, the share that promises more steps than there were.
    """
    held = np.minimum(actual, cap)
    return {
        "rmse": rmse(predicted, held),
        "phm08": phm08(predicted, held),
        "rmse_uncapped": rmse(predicted, actual),
        "phm08_uncapped": phm08(predicted, actual),
        "phm08_mean": phm08(predicted, held) / len(held),
        "late_share": float(np.mean(predicted > held)),
    }


def evaluate(result: Result, truth: np.ndarray | None = None, decision: Any = None) -> Metrics:
    """Return the metrics of the test units, all of their rows; empty without any.

    Args:
        result: Of a recording whose units ran to failure: what was left is known of every row.
        truth: Labelled rows, which say nothing of the remaining life: not used.
        decision: Not used: a prediction needs no threshold.
    """
    if "actual" not in result.steps:
        return {}
    rows = result.steps[result.test]
    if rows.empty:
        return {}
    actual = rows["actual"].to_numpy(float)
    held = np.minimum(actual, result.cap)
    inside = (rows["lower"] <= held) & (held <= rows["upper"])
    metrics = judge(rows["remaining"].to_numpy(float), actual, result.cap)
    return metrics | {
        "coverage": float(inside.mean()),
        "test_units": float(rows["entity"].nunique()),
    }


def advice(metrics: Metrics) -> list[str]:
    """Return what *metrics* say should be changed, one line each with the setting."""
    if not metrics:
        return ["No unit was kept out of training: judge the model on a fleet of its own."]
    if metrics["coverage"] < COVERED - 0.2:
        return [
            f"Only {metrics['coverage']:.0%} of the intervals held on the test units, "
            f"{COVERED:.0%} were meant to: raise Validation share, or bring more units."
        ]
    return []
