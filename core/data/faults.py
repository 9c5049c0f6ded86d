"""Faults of sensors and machines, put into simulated readings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

Random = np.random.Generator
EDGE = 6


@dataclass(frozen=True)
class Kind:
    """A kind of fault.

    Attributes:
        help: What happens, in one sentence.
        rows: Shortest and longest duration.
        size: Strength on the first and on the last machine, in standard deviations of the
            channel; for a delay in rows, for a lost correlation the share of a foreign level.
        inject: Returns the changed rows from (readings, start, stop, strength, deviation,
            generator).
    """

    help: str
    rows: tuple[int, int]
    size: tuple[float, float]
    inject: Callable[[np.ndarray, int, int, float, float, Random], np.ndarray]


def _shifted(
    x: np.ndarray, start: int, stop: int, size: float, sigma: float, rng: Random
) -> np.ndarray:
    return x[start:stop] + size * sigma * rng.choice([-1.0, 1.0])


def _drifting(
    x: np.ndarray, start: int, stop: int, size: float, sigma: float, rng: Random
) -> np.ndarray:
    return x[start:stop] + size * sigma * np.linspace(0.0, 1.0, stop - start)


def _frozen(
    x: np.ndarray, start: int, stop: int, size: float, sigma: float, rng: Random
) -> np.ndarray:
    return np.full(stop - start, x[start])


def _noisy(
    x: np.ndarray, start: int, stop: int, size: float, sigma: float, rng: Random
) -> np.ndarray:
    return x[start:stop] + size * sigma * rng.standard_normal(stop - start)


def _oscillating(
    x: np.ndarray, start: int, stop: int, size: float, sigma: float, rng: Random
) -> np.ndarray:
    period = rng.uniform(6.0, 10.0)
    return x[start:stop] + size * sigma * np.sin(np.arange(stop - start) * (2 * np.pi / period))


def _foreign(
    x: np.ndarray, start: int, stop: int, size: float, sigma: float, rng: Random
) -> np.ndarray:
    rows = stop - start
    at = int(rng.integers(0, start - 2 * rows))
    other = x[at : at + rows]
    return _faded(x[start:stop], other + (1 - size) * (x[start:stop].mean() - other.mean()))


def _late(
    x: np.ndarray, start: int, stop: int, size: float, sigma: float, rng: Random
) -> np.ndarray:
    return _faded(x[start:stop], x[start - round(size) : stop - round(size)])


def _faded(own: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Go over to *other* and back without a step."""
    rows = np.arange(len(own))
    share = np.clip(np.minimum(rows, rows[::-1]) / EDGE, 0.0, 1.0)
    return (1 - share) * own + share * other


KINDS: dict[str, Kind] = {
    "spike": Kind("A reading jumps away and comes back at once.", (1, 2), (7.0, 3.0), _shifted),
    "level-shift": Kind(
        "A reading is off by a constant, as after a wrong calibration.",
        (60, 120),
        (2.2, 1.1),
        _shifted,
    ),
    "drift": Kind("A reading creeps away, as from wear.", (120, 200), (3.0, 1.6), _drifting),
    "frozen": Kind("A sensor repeats its last reading.", (60, 120), (0.0, 0.0), _frozen),
    "noise-burst": Kind(
        "A reading is noisy, as from a loose contact.", (40, 80), (1.0, 0.4), _noisy
    ),
    "lost-correlation": Kind(
        "A reading runs a plausible course that does not go with the others.",
        (90, 150),
        (1.0, 0.4),
        _foreign,
    ),
    "delayed-response": Kind(
        "A reading follows the others late, as from a clogged pipe.", (90, 150), (30.0, 18.0), _late
    ),
    "oscillation": Kind(
        "A reading swings quickly, as from a badly tuned controller.",
        (60, 100),
        (0.9, 0.4),
        _oscillating,
    ),
}
