"""A recording as a forecast reads it: nodes, their features, what was measured, and when.

Rows are steps, nodes are channels or entities. A gap is filled with the last reading before it:
a line drawn across it would know what comes after.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd

from core.data.dataset import Dataset, spans_of
from core.data.rows import plural
from core.data.scaling import places_of
from core.data.windows import who
from core.errors import ConfigError, DataError, TooShort
from core.forecast.config import Config

SHARED = 0.5  # of all time stamps that each entity has, on the mean, to be nodes of one graph
MOST = 2_000_000  # rows of a time grid
MOST_CHECKED = 50  # targets that are looked at for leaks
MOST_ROWS = 5_000  # in which they are looked for


@dataclass(frozen=True, eq=False)
class Panel:
    """A recording, ready to be windowed.

    Attributes:
        values: (rows, N, F) float32, raw units, NaN where there is no reading yet.
        known: (rows, N, F) bool, what was measured.
        nodes: Names of the N nodes.
        features: Names of the F features; the first is what is forecast.
        targets: (M,) int, nodes that are forecast.
        segments: Runs of rows that a window may span.
        units: Rows of each unit that is split into parts by itself.
        time: Time of each row, or None.
        step: Time between two rows, or None.
        kind: What a node is.
        future: (K,) pairs of node and feature that are known ahead.
        notes: What the analyst should know, one line each.
    """

    values: np.ndarray
    known: np.ndarray
    nodes: tuple[str, ...]
    features: tuple[str, ...]
    targets: np.ndarray
    segments: list[slice]
    units: list[slice]
    time: pd.DatetimeIndex | None
    step: pd.Timedelta | None
    kind: Literal["channels", "entities"] = "channels"
    future: tuple[tuple[int, int], ...] = ()
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.values)

    @property
    def actual(self) -> np.ndarray:
        """(rows, M) float32: readings of the targets, NaN where there is none."""
        readings = self.values[:, self.targets, 0]
        return np.where(self.known[:, self.targets, 0], readings, np.float32(np.nan))

    @property
    def end(self) -> int:
        """Row behind the last one that was recorded.

        Rows behind it, of which only what is known ahead is told, are still to come.
        """
        if not self.future:
            return len(self)
        told = np.ones(self.known.shape[1:], bool)
        told[tuple(np.transpose(self.future))] = False
        rows = np.flatnonzero(self.known[:, told].any(axis=1))
        return int(rows[-1]) + 1 if len(rows) else len(self)

    @property
    def names(self) -> list[str]:
        """Names of the M targets."""
        return [self.nodes[node] for node in self.targets]

    def arranged(self, nodes: tuple[str, ...], features: tuple[str, ...]) -> Panel:
        """Return the same recording with the *nodes* and *features* of a model, in its order.

        Raises:
            RolesError: one is missing; it says which.
        """
        if (nodes, features) == (self.nodes, self.features):
            return self
        rows, columns = places_of(nodes, self.nodes), places_of(features, self.features)
        place = {old: new for new, old in enumerate(rows)}
        depth = {old: new for new, old in enumerate(columns)}
        return replace(
            self,
            values=np.ascontiguousarray(self.values[:, rows][:, :, columns]),
            known=self.known[:, rows][:, :, columns],
            nodes=nodes,
            features=features,
            targets=np.array(sorted(place[node] for node in self.targets if node in place)),
            future=tuple(
                (place[node], depth[feature]) for node, feature in self.future if node in place
            ),
        )


def panel_of(dataset: Dataset, config: Config) -> Panel:
    """Arrange *dataset* as *config* says.

    Raises:
        ConfigError: a channel or entity that the settings name is not there, or a target is said
            to be known ahead.
        DataError: entities cannot be nodes, since they share no times.
    """
    ahead = _ahead(dataset, config)
    if _are_nodes(dataset, config):
        return _of_entities(dataset, config, ahead)
    return _of_channels(dataset, config, ahead)


def _ahead(dataset: Dataset, config: Config) -> list[str]:
    """Return the channels that are known ahead, after a look at what the settings name."""
    stripped = (name.strip() for name in config.future.split(","))
    names = [name for name in dict.fromkeys(stripped) if name]  # each one once
    for what, name in [("future", n) for n in names] + [("target", config.target)]:
        if name is not None and name not in dataset.channels:
            raise ConfigError(
                f"Setting {what}: the recording has no channel {name!r}.",
                f"Its channels are: {', '.join(dataset.channels[:20])}.",
            )
    entities = list(dataset.entities)
    if config.entity is not None and config.entity not in entities:
        raise ConfigError(
            f"Setting entity: the recording has no entity {config.entity!r}.",
            f"Its entities are: {', '.join(entities[:20])}."
            if entities != [""]
            else "It has no entity column: leave the setting empty.",
        )
    if names and config.target is None:
        raise ConfigError(
            "Channels that are known ahead need a target beside them.",
            "Choose the target: all channels are forecast when none is chosen.",
        )
    if config.target in names:
        raise ConfigError(
            f"The target {config.target!r} cannot be known ahead: the model would read its answer.",
            "Take it off the list of channels that are known ahead.",
        )
    return names


def _are_nodes(dataset: Dataset, config: Config) -> bool:
    """Whether entities, not channels, are the nodes."""
    several = len(dataset.entities) > 1 and config.entity is None
    if config.nodes != "auto":
        if config.nodes == "entities" and not several:
            raise ConfigError(
                "Entities cannot be the nodes: there is one only.", "Choose channels as nodes."
            )
        return config.nodes == "entities"
    return several and _overlap(dataset) >= SHARED


def _overlap(dataset: Dataset) -> float:
    """Return which share of all time stamps an entity has, on the mean."""
    if dataset.time is None:
        return 0.0
    return len(dataset) / (dataset.time.nunique() * len(dataset.entities))


def _measured(dataset: Dataset, rows: slice) -> tuple[np.ndarray, np.ndarray]:
    """Return (rows, channels) readings and what of them was measured."""
    values = dataset.frame.iloc[rows][list(dataset.channels)].to_numpy(np.float32)
    known = np.isfinite(values)
    if dataset.imputed is not None:
        known &= ~dataset.imputed[rows]
    return np.where(known, values, np.float32(np.nan)), known


def _of_channels(dataset: Dataset, config: Config, ahead: list[str]) -> Panel:
    """Every channel is a node with one feature."""
    rows, segments = slice(0, len(dataset)), dataset.segments
    units = list(dataset.entities.values())
    if config.entity is not None:
        rows = dataset.entities[config.entity]
        inside = [s for s in segments if rows.start <= s.start < rows.stop]
        segments = [slice(s.start - rows.start, s.stop - rows.start) for s in inside]
        units = [slice(0, rows.stop - rows.start)]
    values, known = _measured(dataset, rows)
    time = None if dataset.time is None else pd.DatetimeIndex(dataset.time.iloc[rows])
    if time is not None and dataset.step is not None:
        segments = _cut(time, dataset.cleaning.max_gap * dataset.step, segments)
        places, time = _places(time, dataset.step, segments)
        values, known = _placed(values, places, len(time)), _placed(known, places, len(time))
        segments = [_span(places[segment]) for segment in segments]
        units = [_span(places[unit]) for unit in units]
    channels = list(dataset.channels)
    chosen = range(len(channels)) if config.target is None else [channels.index(config.target)]
    return Panel(
        _carried(values, segments)[:, :, None],
        known[:, :, None],
        tuple(channels),
        ("value",),
        np.array(chosen),
        segments,
        units,
        time,
        dataset.step,
        future=tuple((channels.index(name), 0) for name in ahead),
    )


def _cut(time: pd.DatetimeIndex, longest: pd.Timedelta, segments: list[slice]) -> list[slice]:
    """Return *segments*, cut where nothing was recorded for more than *longest*."""
    jumps = np.flatnonzero(np.diff(time) > longest) + 1
    return spans_of(sorted({*jumps, *(segment.start for segment in segments)}), len(time))


def _places(
    time: pd.DatetimeIndex, step: pd.Timedelta, segments: list[slice]
) -> tuple[np.ndarray, pd.DatetimeIndex]:
    """Return the place of each row on a time grid without jumps in a segment, and the grid.

    A row that was never recorded is a gap: a window that leapt over it would not know.
    """
    places, grids, begin = [], [], 0
    for segment in segments:
        stamps = time[segment]
        grid = _grid(stamps, step) if stamps.is_unique else stamps
        fits = len(grid) > len(stamps)
        places.append(begin + (grid.get_indexer(stamps) if fits else np.arange(len(stamps))))
        grids.append(grid)
        begin += len(grid)
    return np.concatenate(places), pd.DatetimeIndex(np.concatenate(grids))


def _placed(values: np.ndarray, places: np.ndarray, rows: int) -> np.ndarray:
    """Return (rows, columns) with *values* at *places*, and nothing known between them."""
    empty = False if values.dtype == bool else np.nan
    placed = np.full((rows, values.shape[1]), empty, values.dtype)
    placed[places] = values
    return placed


def _span(places: np.ndarray) -> slice:
    """Return the rows from the first to the last of *places*."""
    return slice(int(places[0]), int(places[-1]) + 1)


def _of_entities(dataset: Dataset, config: Config, ahead: list[str]) -> Panel:
    """Every entity is a node, and the channels are its features, the target first."""
    if dataset.time is None or dataset.step is None or _overlap(dataset) < SHARED:
        raise DataError(
            "Entities cannot be the nodes: they are not recorded at the same times.",
            "Choose channels as nodes, or one entity.",
        )
    target = config.target or dataset.channels[0]
    order = [target, *(name for name in dataset.channels if name != target)]
    grid = _grid(pd.DatetimeIndex(dataset.time), dataset.step)
    shape = (len(grid), len(dataset.entities), len(order))
    values, known = np.full(shape, np.nan, np.float32), np.zeros(shape, bool)
    columns = [dataset.channels.index(name) for name in order]
    for node, rows in enumerate(dataset.entities.values()):
        place = grid.get_indexer(pd.DatetimeIndex(dataset.time.iloc[rows]))
        readings, measured = _measured(dataset, rows)
        values[place, node], known[place, node] = readings[:, columns], measured[:, columns]
    whole = [slice(0, len(grid))]
    flat = _carried(values.reshape(len(grid), -1), whole)
    notes = []
    if config.target is None:
        notes.append(f"No target was chosen: {target} of every entity is forecast.")
    return Panel(
        flat.reshape(shape),
        known,
        tuple(dataset.entities),
        tuple(order),
        np.arange(len(dataset.entities)),
        whole,
        whole,
        grid,
        dataset.step,
        "entities",
        tuple((node, order.index(name)) for name in ahead for node in range(shape[1])),
        tuple(notes),
    )


def _grid(time: pd.DatetimeIndex, step: pd.Timedelta) -> pd.DatetimeIndex:
    """Return all times at which anything was recorded, and those of a regular step between.

    Times that keep to no step stay as they are: rows between them would be none of theirs.
    """
    stamps = time.unique().sort_values()
    if stamps[-1] - stamps[0] > MOST * step:
        return stamps
    regular = pd.date_range(stamps[0], stamps[-1], freq=step, unit=stamps.unit)
    kept = stamps.isin(regular).mean()
    return stamps.union(regular) if kept >= SHARED else stamps


def _carried(values: np.ndarray, segments: list[slice]) -> np.ndarray:
    """Return (rows, columns) with every gap filled by the last reading of its segment."""
    filled = values.copy()
    for rows in segments:
        filled[rows] = pd.DataFrame(filled[rows]).ffill().to_numpy(np.float32)
    return filled


def untold(panel: Panel, config: Config) -> list[str]:
    """Return a line if what is known ahead is not told for every step behind the last reading."""
    told = min(len(panel) - panel.end, config.horizon)
    if not panel.future or told == config.horizon:
        return []
    return [
        f"Behind the last reading, {told} of {plural(config.horizon, 'row')} say what is known "
        f"ahead ({config.future.strip()}); its last value stands for the rest. Append rows with "
        "their time and these values, and all other cells empty."
    ]


def leaks(panel: Panel, train: np.ndarray) -> list[str]:
    """Return one line for every input that says beforehand what a target will read.

    Such as a column that is the target shifted by some rows: its correlation with the target one
    row later is all but perfect, and far nearer than that of the target itself.

    Args:
        panel: The recording.
        train: (rows,) bool, rows to look at.
    """
    values = panel.values[train][:MOST_ROWS].astype(np.float64)
    if len(values) < 20:
        return []
    flat = values.reshape(len(values), -1)
    names = [
        node if panel.kind == "channels" else f"{feature} of {node}"
        for node in panel.nodes
        for feature in panel.features
    ]
    found = []
    for target in panel.targets[:MOST_CHECKED]:
        later = flat[1:, target * len(panel.features)]
        change = later - flat[:-1, target * len(panel.features)]
        spread = _spread(change[:, None])[0]
        if not spread > 0:
            continue
        gap = _spread(flat[:-1] - later[:, None])
        for place in np.flatnonzero(gap < 0.01 * spread):
            found.append(
                f"{names[place]} says one row ahead what {panel.nodes[target]} will read: if it is "
                "not known by then, take it out of the channels."
            )
    return found


def _spread(values: np.ndarray) -> np.ndarray:
    """Return (columns,) standard deviations of what is known; NaN where less than half is."""
    known = np.isfinite(values)
    count = known.sum(axis=0)
    mean = np.where(known, values, 0.0).sum(axis=0) / np.maximum(count, 1)
    squares = np.square(np.where(known, values - mean, 0.0)).sum(axis=0)
    return np.where(2 * count >= len(values), np.sqrt(squares / np.maximum(count, 1)), np.nan)


def check_length(panel: Panel, lookback: int, horizon: int, name: str = "") -> None:
    """Make sure that a window and its forecast fit into the recording."""
    longest = max((part.stop - part.start for part in panel.segments), default=0)
    if longest < lookback + horizon:
        behind = f" and a horizon of {horizon} need" if horizon else " needs"
        raise TooShort(
            f"{who(name)} has {plural(longest, 'row')} without a break; a lookback of "
            f"{lookback}{behind} {lookback + horizon}.",
            "Shorten lookback or horizon." if horizon else "Give more rows.",
        )
