"""From residuals to one score a step; higher is more anomalous."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

Scorer = Callable[[np.ndarray], np.ndarray]


def mean_square(residuals: np.ndarray) -> np.ndarray:
    """(rows, N) -> (rows,) float32: mean of the squared residuals over the channels."""
    return np.einsum("ij,ij->i", residuals, residuals) / np.float32(residuals.shape[1])


def largest(residuals: np.ndarray) -> np.ndarray:
    """(rows, N) -> (rows,) float32: largest absolute residual."""
    return np.abs(residuals).max(axis=1)


def energy(residuals: np.ndarray) -> np.ndarray:
    """(rows, N) -> (N,) float64: sum of the squared residuals of each channel."""
    return np.einsum("ij,ij->j", residuals, residuals, dtype=np.float64)


def shares_of(energies: np.ndarray) -> np.ndarray:
    """(N,) -> (N,) each channel's share of the energy; they sum to 1, evenly if there is none."""
    total = energies.sum()
    return energies / total if total > 0 else np.full(len(energies), 1 / len(energies))
