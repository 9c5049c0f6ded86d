"""Units that are used until they fail: scaled readings, ages, and what was left of each."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from core.data.dataset import Dataset
from core.data.windows import Windows


@dataclass(frozen=True)
class Units:
    """Some entities of a recording, one behind the other.

    Attributes:
        values: (rows, N) float32, scaled.
        entities: Rows of each unit.
        segments: Runs of rows that a window may span: units, cut where rows are missing.
    """

    values: np.ndarray
    entities: list[slice]
    segments: list[slice]

    @classmethod
    def of(cls, dataset: Dataset, values: np.ndarray, rows: np.ndarray | None = None) -> Units:
        """Return the units of *dataset* whose *rows* (rows,) bool are set; all without.

        Args:
            dataset: The recording.
            values: (rows, N) its channels, scaled.
            rows: Whole units; which of them to take.
        """
        if rows is None:
            return cls(values, list(dataset.entities.values()), dataset.segments)
        before = np.r_[0, np.cumsum(rows)]
        entities, segments = (
            [slice(int(before[s.start]), int(before[s.stop])) for s in slices if rows[s.start]]
            for slices in (dataset.entities.values(), dataset.segments)
        )
        return cls(values[rows], entities, segments)

    @cached_property
    def age(self) -> np.ndarray:
        """(rows,) int32: steps in use, 1 in a unit's first row."""
        return np.concatenate([np.arange(1, n + 1, dtype=np.int32) for n in self.lives])

    @cached_property
    def remaining(self) -> np.ndarray:
        """(rows,) int32: steps to a unit's last row, which is taken as its failure."""
        return np.concatenate([np.arange(n - 1, -1, -1, dtype=np.int32) for n in self.lives])

    @property
    def lives(self) -> list[int]:
        """Rows of each unit."""
        return [rows.stop - rows.start for rows in self.entities]

    @property
    def last(self) -> np.ndarray:
        """The last row of each unit."""
        return np.array([rows.stop - 1 for rows in self.entities])

    def windows(self, lookback: int) -> Windows:
        """Return one window a row: this row and those before it, (rows, lookback, N).

        Where a segment is younger than *lookback*, its first row stands in for what is missing.
        """
        parts, segments, start = [], [], 0
        for segment in self.segments:
            first = self.values[segment.start]
            parts += [np.broadcast_to(first, (lookback - 1, len(first))), self.values[segment]]
            stop = start + lookback - 1 + segment.stop - segment.start
            segments.append(slice(start, stop))
            start = stop
        return Windows(np.concatenate(parts), segments, lookback)
