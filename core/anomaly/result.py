"""The result of a detector on a recording: scores a step, residuals a step and channel."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Protocol

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from core.anomaly.truth import Truth

GROUP_ROWS = 65_536  # rows in a row group: what is read from disk for one event
SCORES, RESIDUALS, REFERENCE = "scores.parquet", "residuals.parquet", "reference.npy"


class Residuals(Protocol):
    """Signed residuals, read by rows."""

    @property
    def channels(self) -> tuple[str, ...]:
        """Names of the N channels."""
        ...

    def read(self, start: int, stop: int) -> np.ndarray:
        """Return (stop - start, N) float32."""
        ...


@dataclass(frozen=True)
class ResidualsInMemory:
    """Residuals as they come from a detector."""

    channels: tuple[str, ...]
    values: np.ndarray

    def read(self, start: int, stop: int) -> np.ndarray:
        """Return (stop - start, N) float32."""
        return self.values[start:stop]


class ResidualsOnDisk:
    """Stored residuals, of which some row groups are kept."""

    def __init__(self, path: Path, keep_bytes: int = 40_000_000) -> None:
        self._file = pq.ParquetFile(path)
        self.channels = tuple(self._file.schema_arrow.names)
        self._groups: dict[int, np.ndarray] = {}
        self._keep = max(1, keep_bytes // (GROUP_ROWS * 4 * max(1, len(self.channels))))

    def read(self, start: int, stop: int) -> np.ndarray:
        """Return (stop - start, N) float32."""
        if stop <= start:
            return np.empty((0, len(self.channels)), np.float32)
        groups = range(start // GROUP_ROWS, (stop - 1) // GROUP_ROWS + 1)
        parts = [
            self._group(g)[max(0, start - g * GROUP_ROWS) : stop - g * GROUP_ROWS] for g in groups
        ]
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def _group(self, number: int) -> np.ndarray:
        """Return one row group, from memory or from disk; the most recently used one goes.

        Events are read in order, again and again: the one that was not used for longest comes next.
        """
        values = self._groups.pop(number, None)
        if values is None:
            table = self._file.read_row_group(number)
            values = np.column_stack([column.to_numpy() for column in table.columns])
            while len(self._groups) >= self._keep:
                self._groups.popitem()
        self._groups[number] = values
        return values


@dataclass(frozen=True, eq=False)
class Result:
    """Scores and residuals of a detector on a recording.

    Attributes:
        steps: One row a step. Columns: time and entity where the recording has them, part
            ("train", "validation", "embargo" or "test"), score (float32), imputed (bool), and
            label (bool) where there are labels.
        residuals: (rows, N) by rows.
        boundaries: Sorted first rows of segments and parts: no event crosses one.
        reference: Scores of the training rows, which thresholds are fitted on.
    """

    steps: pd.DataFrame
    residuals: Residuals
    boundaries: np.ndarray
    reference: np.ndarray

    def __len__(self) -> int:
        return len(self.steps)

    @cached_property
    def scores(self) -> np.ndarray:
        """(rows,) float32."""
        return self.steps["score"].to_numpy()

    @cached_property
    def test(self) -> np.ndarray:
        """(rows,) bool: the rows that metrics are counted on."""
        return (self.steps["part"] == "test").to_numpy()

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

    def save(self, folder: Path) -> None:
        """Write `scores.parquet`, `residuals.parquet` and `reference.npy`."""
        np.save(folder / REFERENCE, self.reference)
        starts = np.zeros(len(self), bool)
        starts[self.boundaries] = True
        self.steps.assign(boundary=starts).to_parquet(
            folder / SCORES, index=False, compression="zstd", row_group_size=GROUP_ROWS
        )
        schema = pa.schema([(name, pa.float32()) for name in self.residuals.channels])
        # Neither compressed nor dictionary-coded: floats gain nothing, and reading stays fast.
        with pq.ParquetWriter(
            folder / RESIDUALS, schema, compression="none", use_dictionary=False
        ) as writer:
            for start in range(0, len(self), GROUP_ROWS):
                values = self.residuals.read(start, min(start + GROUP_ROWS, len(self)))
                columns = [np.ascontiguousarray(column) for column in values.T]
                writer.write_table(pa.table(columns, schema=schema), row_group_size=GROUP_ROWS)


def read_result(folder: Path) -> Result:
    """Read what `Result.save` wrote; residuals stay on disk until they are asked for."""
    steps = pd.read_parquet(folder / SCORES)
    boundaries = np.flatnonzero(steps.pop("boundary").to_numpy())
    reference = np.load(folder / REFERENCE, allow_pickle=False)
    return Result(steps, ResidualsOnDisk(folder / RESIDUALS), boundaries, reference)
