"""Detectors that have no residual of their own: their score is a sum of contributions."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from core.anomaly.around import LONGEST
from core.anomaly.config import Config
from core.anomaly.detector import TrainingRows
from core.task import Reporter

PIECE = 8192  # rows that are judged at once


class Contributing:
    """A detector whose score is the sum over the channels of what each contributes, never below 0.

    Its residual is the root of N times the contribution, so that the mean of the squared residuals
    is the score and a channel's share of them is its contribution.

    Each training row is judged as if it were new, without itself among what was learned; thresholds
    and the ensemble's common scale are fitted on these scores. A method that stores training rows
    would otherwise find every one of them at distance 0.
    """

    def __init__(self, config: Config) -> None:
        self.config = config
        self.own: np.ndarray | None = None  # contributions of the training rows, after `fit`

    def fit(
        self, training: TrainingRows, reporter: Reporter | None, checkpoint: Path | None
    ) -> list[dict[str, float]]:
        """Learn from the training rows and judge them; there are no epochs."""
        self.own = self.learn(training.rows, end_to_end(training.train))
        return []

    def training_residuals(self) -> np.ndarray:
        """Return (training rows, N) float32, each row judged without itself; after `fit`."""
        if self.own is None:
            raise RuntimeError("only a detector that was just fitted has judged its training rows")
        return as_residuals(self.own)

    def residuals(self, values: np.ndarray, segments: list[slice]) -> np.ndarray:
        """Return (rows, N) float32 residuals of scaled *values*; no window crosses a segment."""
        return as_residuals(self.contributions(values, segments))

    def save(self, folder: Path) -> None:
        """Write `model.npz`: arrays alone."""
        np.savez(folder / "model.npz", allow_pickle=False, **self.arrays())

    def load(self, folder: Path) -> None:
        """Read `model.npz`."""
        with np.load(folder / "model.npz", allow_pickle=False) as arrays:
            self.restore(dict(arrays))

    def learn(self, rows: np.ndarray, segments: list[slice]) -> np.ndarray:
        """Learn from *rows*, (rows, N) float32, and judge them, each as if it were new.

        Args:
            rows: All training rows.
            segments: Those of them that follow one another without a gap.

        Returns:
            (rows, N) float32 contributions.
        """
        raise NotImplementedError

    def judge(self, part: np.ndarray, first: int | None = None) -> np.ndarray:
        """Return (rows, N) float32 contributions, none below 0, of a piece of one segment.

        Args:
            part: (rows, N) scaled values.
            first: Where *part* begins among the training rows; None when its rows are new.
        """
        raise NotImplementedError

    def contributions(
        self, values: np.ndarray, segments: list[slice], *, own: bool = False
    ) -> np.ndarray:
        """Return (rows, N) float32 contributions; with *own* the rows are those of `learn`.

        Piece by piece, so that a long segment needs no more memory than a short one; each piece
        comes with the rows around it that its windows reach.
        """
        result = np.empty_like(values)
        for segment in segments:
            for at in range(segment.start, segment.stop, PIECE):
                stop = min(at + PIECE, segment.stop)
                first = max(segment.start, at - LONGEST)
                part = values[first : min(stop + LONGEST, segment.stop)]
                judged = self.judge(part, first if own else None)
                result[at:stop] = judged[at - first : stop - first]
        return result

    def arrays(self) -> dict[str, np.ndarray]:
        """Return what was learned."""
        raise NotImplementedError

    def restore(self, arrays: dict[str, np.ndarray]) -> None:
        """Take what `arrays` returned."""
        raise NotImplementedError


def end_to_end(runs: list[slice]) -> list[slice]:
    """Return *runs* as they lie once they are put behind one another."""
    stops = np.cumsum([run.stop - run.start for run in runs])
    return [slice(int(a), int(b)) for a, b in zip([0, *stops[:-1]], stops, strict=True)]


def as_residuals(contributions: np.ndarray) -> np.ndarray:
    """Return (rows, N) float32 whose mean square is the sum of the *contributions*, (rows, N)."""
    residuals = contributions * np.float32(contributions.shape[1])
    return np.sqrt(residuals, out=residuals)
