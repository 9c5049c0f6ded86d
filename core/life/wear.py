"""How worn a unit looks: the direction in which readings move from the first rows to the failure.

Wang, Yu, Siegel and Lee 2008, "A similarity-based prognostics approach for remaining useful life
estimation of engineered systems", PHM: a linear regression on the first and on the last rows of
units that ran to failure, 1 and 0 there, 0 and 1 here.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np

from core import health
from core.life.units import Units

FIRST, LAST = 0.2, 0.05  # shares of a unit's life that count as new, and as failing


@dataclass(frozen=True)
class Wear:
    """A weighted sum of the channels, and the levels that it has on new and on failed units.

    Attributes:
        weights: (N,) float64, one a channel.
        offset: Added to the sum.
        start: Median of the sum in the first rows.
        new: Wear up to which a unit counts as new.
        failed: Median wear of the very last rows.
    """

    weights: np.ndarray
    offset: float
    start: float
    new: float
    failed: float

    @classmethod
    def fit(cls, units: Units) -> Wear:
        """Learn from *units* that ran to failure."""
        life = units.age + units.remaining
        new = units.age <= np.maximum(1, FIRST * life)
        failing = units.remaining < np.maximum(1, LAST * life)
        rows = np.r_[units.values[new], units.values[failing]].astype(float)
        target = np.r_[np.zeros(new.sum()), np.ones(failing.sum())]
        # The smallest weights that fit: a constant channel gets none, twins share theirs.
        solution = np.linalg.lstsq(np.c_[rows, np.ones(len(rows))], target, rcond=1e-6)[0]
        weights, offset = solution[:-1], float(solution[-1])
        start = float(np.median(units.values[new] @ weights + offset))
        worn = cls(weights, offset, start, start, 1.0).of(units)
        healthy = float(np.quantile(worn[new], health.HEALTHY))
        return cls(weights, offset, start, healthy, float(np.median(worn[units.last])))

    def of(self, units: Units) -> np.ndarray:
        """Return (rows,) float64: wear by the rows so far, about 0 when new and 1 at failure."""
        return health.wear(units.values @ self.weights + self.offset, units.entities, self.start)

    def health(self, units: Units) -> np.ndarray:
        """Return (rows,) float32: 1 as good as new, 0 as worn as at failure; see `core.health`."""
        return health.health(self.of(units), units.entities, self.new, self.failed)

    def to_dict(self) -> dict[str, object]:
        """Return plain values that `Wear.read` reads back to the same numbers."""
        return {**asdict(self), "weights": self.weights.tolist()}

    @classmethod
    def read(cls, content: dict[str, object]) -> Wear:
        """Read what `to_dict` returned."""
        return cls(**{**content, "weights": np.array(content["weights"])})  # type: ignore[arg-type]
