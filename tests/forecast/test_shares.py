"""Shares of several forecasts in one answer."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import linprog

from core.forecast.shares import shares


def forecasts(rows: int = 400, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return three forecasts, good, fair and useless, and what came (rows, 2)."""
    rng = np.random.default_rng(seed)
    truth = rng.normal(size=(rows, 2))
    spread = np.array([0.2, 0.4, 3.0])[:, None, None]
    return truth + spread * rng.normal(size=(3, rows, 2)), truth


def least(said: np.ndarray, truth: np.ndarray) -> float:
    """Return the least mean absolute error that shares can have, by a linear programme."""
    flat, actual = said.reshape(len(said), -1), truth.ravel()
    count, rows = flat.shape
    cost = np.r_[np.zeros(count), np.full(rows, 1 / rows)]
    above = np.c_[np.r_[flat.T, -flat.T], np.r_[-np.eye(rows), -np.eye(rows)]]
    found = linprog(
        cost,
        A_ub=above,
        b_ub=np.r_[actual, -actual],
        A_eq=np.r_[np.ones(count), np.zeros(rows)][None],
        b_eq=[1],
    )
    return float(found.fun)


def test_shares_come_near_the_best_that_there_are():
    said, truth = forecasts()
    found = shares(said, truth)
    assert found.sum() == pytest.approx(1)
    assert (found >= 0).all()
    assert np.argsort(found).tolist() == [2, 1, 0]
    error = np.abs(np.tensordot(found, said, 1) - truth).mean()
    equal = np.abs(said.mean(axis=0) - truth).mean()
    best = least(said, truth)
    assert best <= error < best + 0.1 * (equal - best)


def test_what_was_not_measured_does_not_count():
    said, truth = forecasts()
    holed = truth.copy()
    holed[::3] = np.nan
    np.testing.assert_allclose(
        shares(said, holed), shares(np.delete(said, np.s_[::3], 1), truth[np.arange(400) % 3 > 0])
    )


@pytest.mark.parametrize("truth", [np.full((5, 1), np.nan), np.zeros((5, 1))])
def test_without_an_error_shares_are_equal(truth):
    assert shares(np.zeros((2, 5, 1)), truth).tolist() == [0.5, 0.5]
