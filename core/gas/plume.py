"""A plume in degrees: puffs of gas that are carried away, widen and thin out.

A puff is a Gaussian whose width grows as the square root of its age (diffusion) while the air and
its buoyancy carry it. Together they have an optical depth tau; what the camera sees through them is
T = T_behind (1 - e) + T_gas e with e = 1 - exp(-tau). Lengths are in widths of the frame.
"""

from __future__ import annotations

import numpy as np

from core.gas.events import Event
from core.gas.lab import Lab

PUFFS = (20, 60)
WIDTH = 0.02  # of a puff at its source
DEPTH = 1.0  # of all puffs together, times their width
SPREAD = 0.06  # how far a puff widens until it has thinned out


class Plume:
    """The plume of one release, drawn frame by frame.

    Args:
        lab: How much it cools or warms.
        event: The release.
        source: (x, y) where the gas leaves.
        rng: Random numbers of this release.
    """

    def __init__(
        self, lab: Lab, event: Event, source: tuple[float, float], rng: np.random.Generator
    ) -> None:
        self.event, self.source = event, source
        perfume = event.gas == "perfume"
        change = -rng.uniform(*lab.cooling) if perfume else rng.uniform(*lab.warming)
        self.change = float(change)
        self.ages = rng.random(int(rng.integers(*PUFFS)))
        # A spray goes aside and sinks, smoke rises; the air turns both a little.
        side = rng.choice([-1.0, 1.0]) * rng.uniform(0.3, 0.6) if perfume else rng.normal(0, 0.12)
        up = rng.uniform(-0.25, 0.1) if perfume else rng.uniform(0.6, 1.0)
        self.heading = np.array([side, -up])
        self.waves = rng.uniform(0, 2 * np.pi, 2)
        self.jitter = rng.normal(0, 0.015, (len(self.ages), 2))
        self.course = event.course(lab.rows) / event.strength

    def add(self, field: np.ndarray, row: int) -> None:
        """Add what the camera sees of the gas at *row* to *field* (h, w), degrees, in place."""
        amount = self.course[row] * self.event.strength
        if amount <= 0.02:
            return
        height, width = field.shape
        path = self.ages[:, None] * self.heading + self.jitter
        # The plume meanders: the farther from its source, the wider, and it moves with time.
        bend = np.sin(self.waves[0] + 5 * self.ages - 0.6 * row) * 0.08 * self.ages
        x = self.source[0] + path[:, 0] + bend
        y = self.source[1] + path[:, 1] + np.cos(self.waves[1] + 0.4 * row) * 0.03 * self.ages
        sigma = np.sqrt(WIDTH**2 + SPREAD**2 * self.ages)
        depth = amount * DEPTH * (1 - 0.7 * self.ages) / sigma / len(self.ages)
        across = _bell((np.arange(width) + 0.5) / width, x, sigma)
        down = _bell((np.arange(height) + 0.5) / width, y, sigma)
        tau = (down * depth[:, None]).T @ across
        field += self.change * -np.expm1(-tau)


def _bell(places: np.ndarray, centres: np.ndarray, sigma: np.ndarray) -> np.ndarray:
    """Return (puffs, places): a Gaussian around each centre, 1 at its top."""
    return np.exp(-0.5 * ((places - centres[:, None]) / sigma[:, None]) ** 2)
