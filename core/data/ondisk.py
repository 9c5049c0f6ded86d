"""A Parquet file that is too long to be held: cleaned and read piece by piece, in order.

What has one number a row (time, entity, label, flags) is held; the channels are not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TypeVar

import numpy as np
import pandas as pd

from core.data import roles as role
from core.data.build import entities_of, stamps_of
from core.data.cleaning import breaks_of, complete, fill_gaps, holes, repeated, sort_order
from core.data.cleaning import starts_of as entity_starts
from core.data.dataset import Cleaning, Roles, spans_of
from core.data.parquet import ParquetColumns
from core.errors import ConfigError, DataError

PIECE = 65_536  # rows that are read and mended at once
LONG = 30_000_000  # values of a file that is read whole, at most: cleaning it takes about 1 GB
HIGHEST = np.finfo(np.float32).max

Column = TypeVar("Column", np.ndarray, pd.Series)


class DatasetOnDisk:
    """A cleaned recording like `Dataset`, whose channels stay in their file.

    Cleaning gives the same numbers as `build`. What cannot be done piece by piece is refused:
    resampling, sorting, channels that are stored as text.

    Attributes:
        name: What the analyst calls it.
        roles: Which column plays which part.
        time: (rows,) time stamps, or None.
        entity: (rows,) names, categorical, or None.
        labels: (rows,) bool, or None.
        imputed_rows: (rows,) bool, rows in which a value was filled in.
        segments: Runs of rows that a window may span.
    """

    def __init__(
        self, path: Path, roles: Roles | None = None, cleaning: Cleaning | None = None
    ) -> None:
        """Read all but the channels, and these once to see which rows are complete.

        Args:
            path: Parquet file; its rows are in order of time, those of an entity together.
            roles: Which column is what; guessed from the first rows when None.
            cleaning: What to do about missing values; the defaults when None.

        Raises:
            UnreadableFile: it is no Parquet file, or damaged.
            RolesError: the roles do not fit it.
            ConfigError: the recipe resamples, or keeps gaps.
            DataError: its rows are not in order, none is left, or a channel is stored as text.
        """
        cleaning = cleaning or Cleaning()
        if cleaning.step:
            raise ConfigError(
                f"{path.name} is too long to be resampled to {cleaning.step}: that needs all rows.",
                "Resample it beforehand, or cut it into shorter files.",
            )
        if cleaning.missing == "keep":
            raise ConfigError(
                f"The gaps of {path.name} are kept, and a detector cannot read them.",
                "Choose interpolate under Missing values.",
            )
        self._file, self._cleaning = ParquetColumns(path), cleaning
        self.name = path.stem
        head = self._file.head(PIECE)
        self.roles = role.guess(head) if roles is None else roles
        role.check(head, self.roles)
        self._file.check_numbers(self.roles.channels)
        self._order()
        self._complete()

    def __len__(self) -> int:
        return len(self.imputed_rows)

    @property
    def channels(self) -> tuple[str, ...]:
        """Names of the N channels."""
        return self.roles.channels

    def reader(self) -> Callable[[int, int], np.ndarray]:
        """Return a function (start, stop) -> (stop - start, N) float32, rows *start* to *stop*.

        It goes through the file once: *start* never falls from one call to the next.
        """
        kept = (values[complete(values)] for values, _ in self._mended())
        return _Forward(kept, len(self.channels)).read

    def _order(self) -> None:
        """Read time, entity and label, and find the rows of the file that stay, in order."""
        frame = self._file.frame(name for name in (self.roles.time, self.roles.entity) if name)
        stamps = stamps_of(frame, self.roles, [])
        time = None if stamps is None else stamps.to_numpy("datetime64[us]")
        codes, self._names = entities_of(frame, self.roles, [])
        del frame
        order = sort_order(codes, time)
        late = np.flatnonzero(np.diff(order) < 0)
        if late.size:
            before, after = order[late[0] + 1] + 1, order[late[0]] + 1
            raise DataError(
                f"Row {before:,} of {self.name!r} belongs behind row {after:,}, and the file is "
                "too long to be sorted here.",
                "Sort it by entity and time beforehand.",
            )
        if time is not None:
            order = order[~repeated(codes[order], time[order])]
        self._wanted = np.zeros(len(codes), bool)
        self._wanted[order] = True
        del order, time
        self._codes = _taken(codes, self._wanted)
        self._first = entity_starts(self._codes)
        self._time = None if stamps is None else _taken(stamps, self._wanted)
        self._labels = None
        if self.roles.label is not None:
            labels = self._file.frame([self.roles.label])[self.roles.label].to_numpy() == 1
            self._labels = _taken(labels, self._wanted)

    def _complete(self) -> None:
        """Go through the channels once, to see which rows are complete and which filled in."""
        rows = [(complete(values), filled) for values, filled in self._mended()]
        keep, imputed = (np.concatenate(flags) for flags in zip(*rows, strict=True))
        if not keep.any():
            raise DataError(
                "No row is left: each misses at least one channel.",
                "Fill longer gaps, or take the channels with most missing values out.",
            )
        hole = None
        if self._time is not None:
            time = self._time.to_numpy("datetime64[us]")
            hole = holes(self._codes, time, self._cleaning.max_gap)
        breaks = breaks_of(keep, self._first, hole)
        codes = _taken(self._codes, keep)
        cuts = np.union1d(np.flatnonzero(entity_starts(codes)), breaks)
        self.segments = spans_of(cuts, len(codes))
        self.imputed_rows = _taken(imputed, keep)
        self.time = None if self._time is None else _taken(self._time, keep)
        self.labels = None if self._labels is None else _taken(self._labels, keep)
        self.entity = None if self.roles.entity is None else _named(codes, self._names)
        del self._time, self._labels

    def _mended(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield the channels in pieces, (n, N) float32 with short gaps filled, and (n,) bool where.

        A piece is filled together with the rows around it that a gap may reach. A gap that reaches
        beyond these is too long to be filled.
        """
        around, rows = self._cleaning.max_gap + 1, len(self._codes)
        read = _Forward(self._numbers(), len(self.channels)).read
        for at in range(0, rows, PIECE):
            stop = min(at + PIECE, rows)
            low, high = max(0, at - around), min(rows, stop + around)
            values, first = read(low, high).copy(), self._first[low:high].copy()
            first[0] = True
            filled = np.zeros(len(values), bool)
            for number in range(values.shape[1]):
                column = values[:, number].copy()
                where = fill_gaps(column, first, self._cleaning.missing, self._cleaning.max_gap)
                if where is not None:
                    values[:, number], filled[where] = column, True
            yield values[at - low : stop - low], filled[at - low : stop - low]

    def _numbers(self) -> Iterator[np.ndarray]:
        """Yield the channels of the rows that stay, (n, N) float32, NaN for what is no number."""
        at = 0
        for frame in self._file.pieces(self.channels, PIECE):
            values = frame.to_numpy(np.float64)
            values[~(np.abs(values) <= HIGHEST)] = np.nan
            yield values[self._wanted[at : at + len(values)]].astype(np.float32)
            at += len(values)


def long_parquet(path: Path) -> bool:
    """Whether *path* is a Parquet file with more than `LONG` values."""
    with path.open("rb") as file:
        return file.read(4) == b"PAR1" and ParquetColumns(path).values > LONG


def matched(path: Path, like: Roles) -> Roles:
    """Return roles for the Parquet file *path*: as in *like*, guessed where it has no such column.

    The channels are those of *like*.
    """
    head = ParquetColumns(path).head(PIECE)
    guessed = role.guess(head)
    single = {}
    for part in ("time", "entity", "label"):
        known, found = getattr(like, part), getattr(guessed, part)
        single[part] = known if known in head else None if found in like.channels else found
    return Roles(**single, channels=like.channels)


class _Forward:
    """Rows that come in pieces, read from the first to the last."""

    def __init__(self, pieces: Iterable[np.ndarray], channels: int) -> None:
        self._pieces = iter(pieces)
        self._held, self._at = np.empty((0, channels), np.float32), 0

    def read(self, start: int, stop: int) -> np.ndarray:
        """Return rows *start* to *stop*; those before *start* are forgotten."""
        gone = min(start - self._at, len(self._held))
        held, self._at = [self._held[gone:]], self._at + gone
        missing = stop - self._at - len(held[0])
        while missing > 0:
            held.append(next(self._pieces))
            missing -= len(held[-1])
        self._held = np.concatenate(held) if len(held) > 1 else held[0]
        return self._held[start - self._at : stop - self._at]


def _taken(column: Column, keep: np.ndarray) -> Column:
    """Return the rows of *column* to *keep*, (rows,) bool; not a copy where that is all of them."""
    if keep.all():
        return column
    if isinstance(column, pd.Series):
        return column[keep].reset_index(drop=True)
    return np.asarray(column[keep])


def _named(codes: np.ndarray, names: list[str]) -> pd.Series:
    """Return (rows,) names of entities, categorical, the categories sorted."""
    places = np.argsort(names)
    ranks = np.empty(len(names), np.int32)
    ranks[places] = np.arange(len(names))
    sorted_names = pd.Index(np.array(names)[places], dtype="str")
    named = pd.Categorical.from_codes(ranks[codes], sorted_names)
    return pd.Series(named.remove_unused_categories())
