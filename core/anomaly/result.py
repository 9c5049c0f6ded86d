"""The result of a detector on a recording: scores a step, residuals a step and channel."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd

from core.anomaly.residuals import (
    GROUP_ROWS,
    Residuals,
    ResidualsOnDisk,
    Training,
    read_training,
    write_residuals,
)
from core.anomaly.scoring import Fit, Scoring, fit_scorer, scores_of
from core.anomaly.truth import Truth

SCORES, RESIDUALS = "scores.parquet", "residuals.parquet"
REFERENCE, SCORING = "reference.npy", "scoring.json"
KEPT = 3  # results under other scorers that are kept beside their own


@dataclass(frozen=True, eq=False)
class Result:
    """Scores and residuals of a detector on a recording.

    Attributes:
        steps: One row a step. Columns: time and entity where the recording has them, part
            ("train", "validation", "embargo" or "test"), score (float32), imputed (bool), and
            label (bool) where there are labels.
        residuals: (rows, N) by rows.
        segments: Sorted first rows of segments: no score looks across the beginning of one.
        boundaries: Sorted first rows of segments and parts: no event crosses one.
        reference: Scores of the training rows, which thresholds are fitted on.
        training: Residuals of the training rows, which scorers are fitted on.
        scoring: How residuals became scores.
        counted: (rows,) bool, test rows that metrics are counted on; None for all of them.
    """

    steps: pd.DataFrame
    residuals: Residuals
    segments: np.ndarray
    boundaries: np.ndarray
    reference: np.ndarray
    training: Training
    scoring: Scoring = field(default_factory=Scoring)
    counted: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.steps)

    @cached_property
    def scores(self) -> np.ndarray:
        """(rows,) float32."""
        return self.steps["score"].to_numpy()

    @cached_property
    def usual(self) -> float:
        """The median score of the training rows, 0 without any."""
        return float(np.median(self.reference)) if len(self.reference) else 0.0

    @cached_property
    def test(self) -> np.ndarray:
        """(rows,) bool: the rows that metrics are counted on."""
        test = (self.steps["part"] == "test").to_numpy()
        return test if self.counted is None else test & self.counted

    @cached_property
    def labels(self) -> np.ndarray | None:
        """(rows,) bool, or None without labels."""
        return self.steps["label"].to_numpy() if "label" in self.steps else None

    @cached_property
    def truth(self) -> Truth | None:
        """The labels, ready for metrics; None without labels."""
        return None if self.labels is None else self.truth_from(self.labels)

    def truth_from(self, labels: np.ndarray) -> Truth:
        """Return *labels*, (rows,) bool, ready for metrics."""
        return Truth(labels, self.scores, self.test, self.boundaries)

    @cached_property
    def seconds_per_step(self) -> float | None:
        """Median seconds between two steps; None without time."""
        if "time" not in self.steps or len(self) < 2:
            return None
        return pd.Timedelta(self.steps["time"].diff().median()).total_seconds()

    @cached_property
    def fit(self) -> Fit:
        """The scorer, fitted on the residuals of the training rows."""
        return fit_scorer(self.scoring, self.training.residuals, self.training.starts)

    def contributions(self, start: int, stop: int) -> np.ndarray:
        """Return (stop - start, N): what each channel adds to the scores of these rows.

        Of rows of several segments, each segment by itself; before smoothing.
        """
        inside = self.segments[(self.segments > start) & (self.segments < stop)]
        edges = [start, *inside.tolist(), stop]
        return np.concatenate([self._part(a, b) for a, b in pairwise(edges)])

    def _part(self, start: int, stop: int) -> np.ndarray:
        """Return the contributions of rows of one segment, which may depend on rows before."""
        block = int(self.segments[np.searchsorted(self.segments, start, side="right") - 1])
        first = max(block, start - self.scoring.behind)
        return self.fit.contributions(self.residuals.read(first, stop))[start - first :]

    def blame(self, start: int, stop: int) -> np.ndarray:
        """Return (N,) float64: what each channel adds to the scores of these rows together.

        Read in pieces, for an event may be very long.
        """
        total = np.zeros(len(self.residuals.channels))
        for at in range(start, stop, GROUP_ROWS):
            part = self.contributions(at, min(at + GROUP_ROWS, stop))
            total += part.sum(axis=0, dtype=np.float64)
        return total

    @cached_property
    def _others(self) -> dict[Scoring, Result]:
        return {}

    def under(self, choice: Scoring | None) -> Result:
        """Return this result with the scores of another scorer; None keeps its own.

        Costs one pass over the residuals; the last few are kept.
        """
        if choice is None or choice == self.scoring:
            return self
        if choice not in self._others:
            while len(self._others) >= KEPT:
                self._others.pop(next(iter(self._others)))
            fitted = fit_scorer(choice, self.training.residuals, self.training.starts)
            scores = scores_of(fitted, self.residuals, self.segments)
            known = self.training
            reference = scores_of(fitted, known.residuals, known.starts)
            steps = self.steps.assign(score=scores)
            self._others[choice] = replace(self, steps=steps, reference=reference, scoring=choice)
        return self._others[choice]

    @cached_property
    def _parts(self) -> dict[bytes, Result]:
        return {}

    def without(self, rows: np.ndarray) -> Result:
        """Return this result with *rows*, (rows,) bool, left out of the metrics; one is kept."""
        key = np.packbits(rows).tobytes()
        if key not in self._parts:
            self._parts.clear()
            self._parts[key] = replace(self, counted=~rows)
        return self._parts[key]

    def save(self, folder: Path) -> None:
        """Write scores, residuals, what both were fitted on, and the choice of the scorer."""
        np.save(folder / REFERENCE, self.reference)
        (folder / SCORING).write_text(self.scoring.model_dump_json())
        self.training.save(folder)
        segment, boundary = np.zeros((2, len(self)), bool)
        segment[self.segments] = boundary[self.boundaries] = True
        self.steps.assign(segment=segment, boundary=boundary).to_parquet(
            folder / SCORES, index=False, compression="zstd", row_group_size=GROUP_ROWS
        )
        write_residuals(self.residuals, folder / RESIDUALS)


def read_result(folder: Path) -> Result:
    """Read what `Result.save` wrote; residuals stay on disk until they are asked for."""
    steps = pd.read_parquet(folder / SCORES)
    segments, boundaries = (
        np.flatnonzero(steps.pop(name).to_numpy()) for name in ("segment", "boundary")
    )
    return Result(
        steps,
        ResidualsOnDisk(folder / RESIDUALS),
        segments,
        boundaries,
        np.load(folder / REFERENCE, allow_pickle=False),
        read_training(folder),
        Scoring.model_validate_json((folder / SCORING).read_text()),
    )
