"""Columns of a Parquet file: some of them whole, or many of them in pieces."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import types

from core.data import naming, readers, times
from core.data.columns import typed
from core.errors import DataError, UnreadableFile

BUFFER = 1 << 20  # bytes of a column that are read at once: a row group may be as long as the file


class ParquetColumns:
    """A Parquet file, its columns called and typed as `read_table` does it."""

    def __init__(self, path: Path) -> None:
        """Open *path*.

        Raises:
            UnreadableFile: it is no Parquet file, or damaged.
        """
        self.path = path
        with self._reading():
            self._file = pq.ParquetFile(path, buffer_size=BUFFER)
        stored = self._file.schema_arrow.names
        names = dict(zip(naming.unique(stored, []), stored, strict=True))
        # pandas writes an index without a name behind the columns.
        front = sorted(names, key=lambda name: not name.startswith(readers.INDEX))
        self._stored = {name: names[name] for name in front}

    @property
    def values(self) -> int:
        """How many values it holds."""
        return int(self._file.metadata.num_rows * self._file.metadata.num_columns)

    def head(self, rows: int) -> pd.DataFrame:
        """Return the first rows of all columns, at most *rows* of them.

        Raises:
            UnreadableFile: there is no row.
            DataError: dates and times of day are in two columns.
        """
        first = next(self.pieces(self._stored, rows), None)
        if first is None:
            raise UnreadableFile("The file has no rows.", "Export it again with its readings.")
        frame = readers.without_index(first, [])
        if "time" in frame and "time" not in self._stored:  # an index that has no name
            own = next(iter(self._stored))
            self._stored = {"time": self._stored[own]} | self._stored
        if len(times.join_clock(frame, []).columns) < len(frame.columns):
            raise DataError(
                f"{self.path.name} has dates and times of day in two columns.",
                "A file of this size is read as it is: store one column of time stamps.",
            )
        return frame

    def check_numbers(self, names: Iterable[str]) -> None:
        """Make sure that the columns *names* are stored as numbers.

        Raises:
            DataError: one is stored as something else.
        """
        for name in names:
            kind = self._file.schema_arrow.field(self._stored[name]).type
            kind = kind.value_type if types.is_dictionary(kind) else kind
            if not (types.is_primitive(kind) or types.is_decimal(kind)):
                raise DataError(
                    f"Channel {name!r} is stored as {kind}, expected numbers.",
                    "A file of this size is read as it is: store the channel as numbers.",
                )

    def frame(self, names: Iterable[str]) -> pd.DataFrame:
        """Return all rows of the columns *names*."""
        wanted = list(names)
        with self._reading():
            table = self._file.read([self._stored[name] for name in wanted])
            columns = [table[self._stored[name]] for name in wanted]
            del table
            if not wanted:
                return pd.DataFrame(index=range(self._file.metadata.num_rows))
            frame = typed(wanted, columns)[0]
        pa.default_memory_pool().release_unused()
        return frame

    def pieces(self, names: Iterable[str], rows: int) -> Iterator[pd.DataFrame]:
        """Yield at most *rows* rows of the columns *names* at a time, in order."""
        wanted = list(names)
        stored = [self._stored[name] for name in wanted]
        with self._reading():
            # Group by group: the reader keeps the pages of all groups that it was asked for.
            for group in range(self._file.num_row_groups):
                for batch in self._file.iter_batches(rows, [group], stored, use_threads=False):
                    columns = [pa.chunked_array([batch[name]]) for name in stored]
                    yield typed(wanted, columns)[0]

    @contextmanager
    def _reading(self) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError:
            raise UnreadableFile(f"{self.path} is missing.") from None
        except (pa.ArrowException, OSError) as error:
            raise UnreadableFile(
                f"The Parquet file {self.path.name} is damaged: {error}.",
                "Copy or export it again.",
            ) from None
