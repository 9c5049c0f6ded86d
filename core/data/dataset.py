"""A recording and what is known of it: the frame, its roles, what was found and mended."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Literal, Protocol

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict

from core.config import Config, setting
from core.errors import DataError

if TYPE_CHECKING:
    from core.data.graph import Graph

Missing = Literal["interpolate", "forward-fill", "drop", "keep"]
Severity = Literal["info", "warning", "error"]


class Finding(BaseModel):
    """Something about a recording that the analyst should know.

    Attributes:
        what: The finding in one sentence.
        column: The column it is about; empty for the whole table.
        rows: Where it is, as a short text such as "12, 40-61"; empty for everywhere.
        count: How many rows, cells or columns are concerned.
        action: What is done about it, or what the analyst may do.
        severity: "info", "warning" or "error".
    """

    model_config = ConfigDict(frozen=True)

    what: str
    column: str = ""
    rows: str = ""
    count: int = 0
    action: str = ""
    severity: Severity = "info"


class Roles(BaseModel):
    """Which column plays which part.

    Attributes:
        time: Column of time stamps; None when rows are simply in order.
        entity: Column that tells independent units apart; None for a single one.
        channels: Columns of sensor readings, in the order of every array's last axis.
        label: Column of 0 (normal) and 1 (anomaly); None without labels.
    """

    model_config = ConfigDict(frozen=True)

    time: str | None = None
    entity: str | None = None
    channels: tuple[str, ...] = ()
    label: str | None = None


class Cleaning(Config):
    """What is done about missing values and the time step: a recipe, part of a run's key."""

    missing: Missing = setting(
        "interpolate",
        label="Missing values",
        help="Draw a line across short gaps, repeat the last value, or leave such rows out. "
        "Forecasts keep gaps as they are: a line across a gap knows what comes after it.",
    )
    max_gap: int = setting(
        10,
        label="Longest gap to fill",
        help="Longer gaps are not invented: their rows are left out and no window crosses them.",
        unit="rows",
        ge=1,
        le=10_000,
    )
    step: str | None = setting(
        None,
        label="Resample to",
        help="Regular time step such as 1s, 5min or 1h: mean of each interval. "
        "Empty keeps the recording's own steps.",
    )


@dataclass(frozen=True, eq=False)
class Dataset:
    """A cleaned recording, ready for windows. Rows are sorted by entity, then time.

    Attributes:
        name: What the analyst calls it.
        frame: One row a step; the columns that `roles` names, channels as float32, without NaN
            unless the recipe keeps gaps.
        roles: Which column plays which part.
        content: SHA-256 of the recording before cleaning.
        cleaning: The recipe that was applied.
        findings: What was noticed on the way.
        imputed: (rows, N) bool, True where a value was filled in.
        breaks: Sorted rows that start a new segment inside an entity, since rows before them
            were left out.
        source: How to open it again: a catalog name or a path.
        units: Unit by channel, as far as it is known.
        graph: Which channels, or which entities, are neighbours or where they are; None where
            nobody has said.
    """

    name: str
    frame: pd.DataFrame
    roles: Roles
    content: str
    cleaning: Cleaning = field(default_factory=Cleaning)
    findings: tuple[Finding, ...] = ()
    imputed: np.ndarray | None = None
    breaks: tuple[int, ...] = ()
    source: str = ""
    units: dict[str, str] = field(default_factory=dict)
    graph: Graph | None = None

    def __len__(self) -> int:
        return len(self.frame)

    @property
    def channels(self) -> tuple[str, ...]:
        """Names of the sensors, in the order of the last axis of `values`."""
        return self.roles.channels

    @cached_property
    def values(self) -> np.ndarray:
        """(rows, N) float32, C-contiguous and read-only: the channels.

        Raises:
            DataError: a channel has a gap: the recipe keeps gaps, as forecasts alone can use them.
        """
        values = np.ascontiguousarray(self.frame[list(self.channels)], dtype=np.float32)
        if values.size and not np.isfinite([values.min(), values.max()]).all():
            row, column = np.argwhere(~np.isfinite(values))[0]
            raise DataError(
                f"Channel {self.channels[column]!r} has no number in row {row}.",
                "Choose interpolate under Missing values; it fills short gaps, cuts out long ones.",
            )
        values.flags.writeable = False
        return values

    def reader(self) -> Callable[[int, int], np.ndarray]:
        """Return a function (start, stop) -> (stop - start, N) float32, rows *start* to *stop*."""
        return lambda start, stop: self.values[start:stop]

    @property
    def entity(self) -> pd.Series | None:
        """Name of each row's entity, categorical, or None for a single one."""
        name = self.roles.entity
        return None if name is None else self.frame[name].astype("category")

    @property
    def imputed_rows(self) -> np.ndarray:
        """(rows,) bool, rows in which a value was filled in."""
        none = np.zeros((len(self), 0), bool)
        return np.asarray((none if self.imputed is None else self.imputed).any(axis=1))

    @property
    def time(self) -> pd.Series | None:
        """Time stamps, or None when the recording has none."""
        return None if self.roles.time is None else self.frame[self.roles.time]

    @property
    def labels(self) -> np.ndarray | None:
        """(rows,) bool: labelled anomalies, or None without labels."""
        if self.roles.label is None:
            return None
        return self.frame[self.roles.label].to_numpy() == 1

    @cached_property
    def entities(self) -> dict[str, slice]:
        """Rows of each entity, in order; one entity "" when there is no such column."""
        if self.roles.entity is None or len(self) == 0:
            return {"": slice(0, len(self))}
        names = self.frame[self.roles.entity]
        starts = np.flatnonzero(np.r_[True, names.to_numpy()[1:] != names.to_numpy()[:-1]])
        stops = np.r_[starts[1:], len(self)]
        return {
            str(names.iloc[start]): slice(int(start), int(stop))
            for start, stop in zip(starts, stops, strict=True)
        }

    @cached_property
    def segments(self) -> list[slice]:
        """Runs of rows that a window may span: entities, cut where rows were left out."""
        cuts = sorted({part.start for part in self.entities.values()} | set(self.breaks))
        return spans_of(cuts, len(self))

    @cached_property
    def step(self) -> pd.Timedelta | None:
        """Median time between two rows of a segment; None without time."""
        if self.time is None or len(self) < 2:
            return None
        gaps = self.time.diff()
        gaps.iloc[[segment.start for segment in self.segments]] = pd.NaT
        median = gaps.median()
        return None if pd.isna(median) else pd.Timedelta(median)

    @property
    def fingerprint(self) -> str:
        """Hash of content, roles and cleaning: the same fingerprint, the same numbers.

        The graph has a hash of its own.
        """
        return digest([self.content, self.roles.model_dump_json(), self.cleaning.model_dump_json()])


class Recording(Protocol):
    """What a detector's scoring reads of a recording, be it in memory or on disk."""

    @property
    def name(self) -> str:
        """What the analyst calls it."""
        ...

    @property
    def channels(self) -> tuple[str, ...]:
        """Names of the N channels."""
        ...

    @property
    def time(self) -> pd.Series | None:
        """Time stamps, or None."""
        ...

    @property
    def entity(self) -> pd.Series | None:
        """Name of each row's entity, categorical, or None for a single one."""
        ...

    @property
    def labels(self) -> np.ndarray | None:
        """(rows,) bool, or None."""
        ...

    @property
    def imputed_rows(self) -> np.ndarray:
        """(rows,) bool, rows in which a value was filled in."""
        ...

    @property
    def segments(self) -> list[slice]:
        """Runs of rows that a window may span; together they are all rows."""
        ...

    def __len__(self) -> int:
        """Return the number of rows."""
        ...

    def reader(self) -> Callable[[int, int], np.ndarray]:
        """Return a function (start, stop) -> (stop - start, N) float32; *start* never falls."""
        ...


def spans_of(starts: Iterable[int], rows: int) -> list[slice]:
    """Return the runs of *rows* that begin at sorted *starts*; empty ones are left out."""
    return [slice(int(a), int(b)) for a, b in pairwise([*starts, rows]) if b > a]


def digest(parts: Iterable[str]) -> str:
    """SHA-256 over *parts*, hex; a separator keeps ("ab", "c") and ("a", "bc") apart."""
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()
