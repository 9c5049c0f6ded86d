"""Signed residuals, one a step and channel: in memory as a detector made them, or on disk."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from core.artifacts import storing
from core.settings import settings

HELD = 50_000_000  # residuals that are held in memory, at most: 200 MB
GROUP_ROWS = 65_536  # rows in a row group: what is read from disk for one event


class Residuals(Protocol):
    """Signed residuals, read by rows."""

    @property
    def channels(self) -> tuple[str, ...]:
        """Names of the N channels."""
        ...

    def __len__(self) -> int:
        """Return the number of rows."""
        ...

    def read(self, start: int, stop: int) -> np.ndarray:
        """Return (stop - start, N) float32."""
        ...


@dataclass(frozen=True, eq=False)
class ResidualsInMemory:
    """Residuals as they come from a detector."""

    channels: tuple[str, ...]
    values: np.ndarray

    def __len__(self) -> int:
        return len(self.values)

    def read(self, start: int, stop: int) -> np.ndarray:
        """Return (stop - start, N) float32."""
        return self.values[start:stop]


class ResidualsOnDisk:
    """Stored residuals, of which some row groups are kept."""

    def __init__(self, source: Path | IO[bytes], keep_bytes: int = 40_000_000) -> None:
        self._file = pq.ParquetFile(source)
        self.channels = tuple(self._file.schema_arrow.names)
        self._groups: dict[int, np.ndarray] = {}
        self._keep = max(1, keep_bytes // (GROUP_ROWS * 4 * max(1, len(self.channels))))

    def __len__(self) -> int:
        return int(self._file.metadata.num_rows)

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


def write_residuals(residuals: Residuals, path: Path) -> None:
    """Write *residuals* as Parquet, a row group at a time."""
    starts = range(0, len(residuals), GROUP_ROWS)
    groups = (residuals.read(at, min(at + GROUP_ROWS, len(residuals))) for at in starts)
    _write(residuals.channels, groups, path)


def collected(channels: tuple[str, ...], rows: int, blocks: Iterable[np.ndarray]) -> Residuals:
    """Return residuals that come in *blocks*, (n, N) float32 each, *rows* rows together.

    Many of them go to a file without a name in the home folder, which ends with its reader.

    Raises:
        StorageError: the disk is full.
    """
    if rows * len(channels) <= HELD:
        return ResidualsInMemory(channels, np.concatenate(list(blocks)))
    with storing("the residuals"):
        settings().home.mkdir(parents=True, exist_ok=True)
        file = TemporaryFile(dir=settings().home)  # noqa: SIM115, the reader keeps it open
        _write(channels, _grouped(blocks), file)
    return ResidualsOnDisk(file)


def _grouped(blocks: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
    """Yield the rows of *blocks*, (n, N) each, in groups of `GROUP_ROWS`; the last is shorter."""
    held: list[np.ndarray] = []
    for block in blocks:
        held.append(block)
        if sum(map(len, held)) >= GROUP_ROWS:
            rows = np.concatenate(held)
            whole = len(rows) - len(rows) % GROUP_ROWS
            for at in range(0, whole, GROUP_ROWS):
                yield rows[at : at + GROUP_ROWS]
            held = [rows[whole:]]
    yield np.concatenate(held)


def _write(
    channels: tuple[str, ...], groups: Iterable[np.ndarray], target: Path | IO[bytes]
) -> None:
    """Write *groups* of rows, (n, N) float32 each, as row groups of a Parquet file."""
    schema = pa.schema([(name, pa.float32()) for name in channels])
    # Neither compressed nor dictionary-coded: floats gain nothing, and reading stays fast.
    with pq.ParquetWriter(target, schema, compression="none", use_dictionary=False) as writer:
        for values in groups:
            columns = [np.ascontiguousarray(column) for column in values.T]
            writer.write_table(pa.table(columns, schema=schema), row_group_size=GROUP_ROWS)


@dataclass(frozen=True, eq=False)
class Training:
    """Residuals of the training rows, put behind one another: what scorers are fitted on.

    Attributes:
        residuals: (training rows, N).
        starts: Sorted first rows of the stretches that follow one another without a gap.
    """

    residuals: Residuals
    starts: np.ndarray

    def save(self, folder: Path) -> None:
        """Write `training.parquet` and `starts.npy`."""
        write_residuals(self.residuals, folder / "training.parquet")
        np.save(folder / "starts.npy", self.starts)


def read_training(folder: Path) -> Training:
    """Read what `Training.save` wrote."""
    starts = np.load(folder / "starts.npy", allow_pickle=False)
    return Training(ResidualsOnDisk(folder / "training.parquet"), starts)
