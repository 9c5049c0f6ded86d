"""Several detectors made one: the mean of their scores on a common, logarithmic scale."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from core.anomaly.config import Config
from core.anomaly.contributions import Contributing

QUANTILE = 0.99
LOWEST = 1e-3  # usual score of a method that sees nothing at all in training
TINY = np.finfo(np.float32).tiny


class Joined(Contributing):
    """The weighted mean of log(1 + distance / usual distance) over its parts.

    A part's distance is the root of its score, which is a mean of squares; what is usual is the
    99 % quantile of the training scores. The logarithm keeps a part that
    drifts far off from drowning the others, and unlike a rank it does not saturate.

    Attributes:
        parts: The detectors, by names under which their arrays are stored.
        weights: (parts,) float32 that sum to 1.
        usual: (parts,) float32.
    """

    def __init__(
        self,
        config: Config,
        parts: dict[str, Contributing],
        weights: Mapping[str, float] | None = None,
    ) -> None:
        super().__init__(config)
        self.parts = parts
        raw = np.array([(weights or {}).get(name, 1.0) for name in parts], np.float32)
        self.weights = raw / raw.sum()
        self.usual = np.empty(0, np.float32)

    def learn(self, rows: np.ndarray, segments: list[slice]) -> np.ndarray:
        """Let every part learn, and keep what is usual for each."""
        found = [part.learn(rows, segments) for part in self.parts.values()]
        usual = [np.quantile(part.sum(axis=1), QUANTILE) for part in found]
        self.usual = np.maximum(usual, LOWEST).astype(np.float32)
        return self._join(found)

    def judge(self, part: np.ndarray, first: int | None = None) -> np.ndarray:
        """Return (rows, N): what each channel adds to the joined score."""
        return self._join(detector.judge(part, first) for detector in self.parts.values())

    def _join(self, parts: Iterable[np.ndarray]) -> np.ndarray:
        """Return (rows, N) contributions to the joined score from each part's (rows, N)."""
        terms = []
        for usual, weight, part in zip(self.usual, self.weights, parts, strict=True):
            score = part.sum(axis=1, keepdims=True)
            term = weight * np.log1p(np.sqrt(score / usual))
            terms.append(part * (term / np.maximum(score, TINY)))
        return np.stack(terms).sum(axis=0, dtype=np.float32)

    def arrays(self) -> dict[str, np.ndarray]:
        """Return the arrays of all parts, each under the name of its part."""
        stored = {"usual": self.usual}
        for name, part in self.parts.items():
            stored |= {f"{name}.{key}": array for key, array in part.arrays().items()}
        return stored

    def restore(self, arrays: dict[str, np.ndarray]) -> None:
        """Take what `arrays` returned."""
        self.usual = arrays["usual"]
        for name, part in self.parts.items():
            own = {key: array for key, array in arrays.items() if key.startswith(f"{name}.")}
            part.restore({key.removeprefix(f"{name}."): array for key, array in own.items()})
