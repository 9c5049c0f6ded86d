"""What a thermal camera looks at when there is no gas: a wall, warm things, hands."""

from __future__ import annotations

import numpy as np

from core.gas.lab import Lab

GRID = (206, 156)  # height and width of the sensor of published frames
WARMER = (1.0, 4.0)  # degrees of a thing above the wall
HAND = (30.0, 34.0)  # degrees C
CREEP = 0.3  # what the camera does not swing back, as a share of its sway
SOURCE = (40.0, 200.0)  # of what burns or glows, also where nothing smokes


class Scene:
    """One session in front of a set-up: the same things, a little elsewhere and a little warmer.

    Args:
        lab: How many warm objects and hands there are.
        setup: Random numbers of the set-up, shared by one session of every class.
        rng: Random numbers of the session.

    Attributes:
        nozzle: (x, y) where a can is held.
        burner: (x, y) where something hot stands; both are there in every class.
    """

    def __init__(self, lab: Lab, setup: np.random.Generator, rng: np.random.Generator) -> None:
        self.lab, self.rng = lab, rng
        height, width = (round(side / lab.factor) for side in GRID)
        self.y, self.x = np.mgrid[:height, :width] / width + 0.5 / width
        self.ambient = setup.uniform(18, 28) + rng.normal(0, 1.0)
        self.slope = setup.normal(0, 0.6, 5)
        self.texture = _smooth(setup.standard_normal((height, width)), 1.5) * 0.15
        tall = height / width
        self.things = [
            self._thing(setup, rng, tall) for _ in range(int(setup.uniform(*lab.objects)))
        ]
        self.burner = setup.uniform(0.3, 0.8), setup.uniform(0.75, 1.0) * tall
        self.glow = np.exp(rng.uniform(*np.log(SOURCE)))
        self.nozzle = setup.uniform(0.3, 0.85), setup.uniform(0.35, 0.75) * tall
        self.hand = self._hands(tall)
        steps = rng.normal(0, CREEP * lab.sway, (lab.rows, 2))
        self.sway = np.cumsum(steps, axis=0) + rng.normal(0, lab.sway, (lab.rows, 2))

    def field(self, row: int) -> np.ndarray:
        """Return (h, w) degrees C at *row*."""
        x, y = self.x + self.sway[row, 0], self.y + self.sway[row, 1]
        a, b, c, d, e = self.slope
        field = self.ambient + a * x + b * y + c * x * y + d * (x - 0.5) ** 2 + e * (y - 0.6) ** 2
        field = field + self.texture
        for place, extent, power, warmer in self.things:
            inside = _shape(x, y, place, extent, power)
            field = field + inside * warmer
        hot = _shape(x, y, self.burner, (0.02, 0.015), 2.0)
        field = field * (1 - hot) + hot * self.glow
        for start, stop, place, extent, warm in self.hand:
            if start <= row < stop:
                reach = min(row - start + 1, stop - row, 3) / 3  # it comes in and goes out
                inside = _shape(x, y, (place[0], place[1] + 0.4 * (1 - reach)), extent, 3.0)
                field = field * (1 - inside) + inside * warm
        return field

    def _thing(
        self, setup: np.random.Generator, rng: np.random.Generator, tall: float
    ) -> tuple[tuple[float, float], tuple[float, float], float, float]:
        """Something warm or, seldom, cool: place, extent, roundness, degrees above the wall."""
        place = setup.uniform(0, 1) + rng.normal(0, 0.02), setup.uniform(0, tall)
        extent = setup.uniform(0.05, 0.3), setup.uniform(0.05, 0.3)
        warmer = float(np.exp(setup.uniform(*np.log(WARMER))))
        warmer *= -0.3 if setup.random() < 0.3 else 1.0
        return place, extent, float(setup.choice([2.0, 8.0])), warmer * rng.uniform(0.8, 1.2)

    def _hands(
        self, tall: float
    ) -> list[tuple[int, int, tuple[float, float], tuple[float, float], float]]:
        """Hands that reach in: first row, row after the last, place, extent, degrees."""
        found, row, rng = [], 0, self.rng
        while self.lab.hands and row < self.lab.rows:
            length = int(rng.integers(3, 12))
            row += int(rng.exponential(length * (1 / self.lab.hands - 1)))
            place = rng.uniform(0.1, 0.95), rng.uniform(0.6, 1.1) * tall
            extent = rng.uniform(0.07, 0.14), rng.uniform(0.12, 0.35)
            found.append((row, row + length, place, extent, float(rng.uniform(*HAND))))
            row += length
        return found


def _shape(
    x: np.ndarray,
    y: np.ndarray,
    place: tuple[float, float],
    extent: tuple[float, float],
    power: float,
) -> np.ndarray:
    """Return (h, w) 0 to 1: an ellipse for power 2, nearly a box for 8, with soft edges."""
    away = np.abs((x - place[0]) / extent[0]) ** power + np.abs((y - place[1]) / extent[1]) ** power
    return 1 / (1 + away**2)


def _smooth(field: np.ndarray, sigma: float) -> np.ndarray:
    """Return *field* blurred and brought back to a spread of 1."""
    from scipy.ndimage import gaussian_filter

    blurred = gaussian_filter(field, sigma, mode="nearest")
    return blurred / blurred.std()
