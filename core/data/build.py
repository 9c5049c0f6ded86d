"""From a table, its roles and a recipe to a dataset."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from pandas.api import types as kinds

from core.data import inspect, resample, times
from core.data import roles as role
from core.data.cleaning import (
    breaks_of,
    compact,
    complete,
    fill_gaps,
    holes,
    repeated,
    sort_order,
    starts_of,
)
from core.data.dataset import Cleaning, Dataset, Finding, Roles
from core.data.readers import Table
from core.data.rows import plural
from core.errors import ConfigError, DataError


@dataclass
class _Rows:
    """The rows of the future dataset, sorted; arrays of one length."""

    codes: np.ndarray
    time: np.ndarray | None
    label: np.ndarray | None
    values: np.ndarray


def build(
    table: Table, roles: Roles | None = None, cleaning: Cleaning | None = None, source: str = ""
) -> Dataset:
    """Inspect and clean *table*.

    Args:
        table: As read; not changed.
        roles: Which column is what; guessed when None.
        cleaning: What to do about missing values and the time step; the defaults when None.
        source: How to open it again: a catalog name or a path.

    Returns:
        The dataset with all findings of reading, inspecting and cleaning. Rows are sorted by
        entity (in order of appearance), then time. Channels without a value are left out.

    Raises:
        RolesError: the roles do not fit the table.
        ConfigError: the time step cannot be used.
        DataError: nothing is left to work with.
    """
    frame, cleaning = table.frame, cleaning or Cleaning()
    roles = role.guess(frame) if roles is None else roles
    role.check(frame, roles)
    if cleaning.step and roles.time is None:
        raise ConfigError(
            f"Resampling to {cleaning.step} needs a time column, and none is chosen.",
            "Choose the time column, or leave the step empty.",
        )
    findings = [*table.findings, *role.left_out(frame, roles)]
    stamps = stamps_of(frame, roles, findings)
    time = None if stamps is None else stamps.to_numpy("datetime64[us]")
    codes, entities = entities_of(frame, roles, findings)
    order = sort_order(codes, time)
    codes = codes[order]
    if not len(order):
        raise DataError("No row has a time stamp and an entity.", "Choose other roles.")
    findings += inspect.channels(frame, roles.channels, order, starts_of(codes))
    if stamps is not None and time is not None:
        again = repeated(codes, time[order])
        findings += inspect.time(stamps, order, codes, again, roles.entity is not None)
        if not cleaning.step and again.any():
            order, codes = order[~again], codes[~again]
        time = time[order]
    if roles.label is not None:
        findings += inspect.labels(frame[roles.label])
    roles = _with_values(frame, roles)
    rows = _gather(frame, roles, cleaning, order, codes, time)
    imputed, breaks = _mend(rows, cleaning, findings)
    _check_moves(rows.values)
    zoned = stamps is not None and getattr(stamps.dtype, "tz", None) is not None
    return Dataset(
        name=table.name,
        frame=_frame(rows, roles, entities, zoned),
        roles=roles,
        content=table.content,
        cleaning=cleaning,
        findings=tuple(findings),
        imputed=imputed,
        breaks=tuple(breaks.tolist()),
        source=source,
        units={name: unit for name, unit in table.units.items() if name in roles.channels},
    )


def stamps_of(frame: pd.DataFrame, roles: Roles, findings: list[Finding]) -> pd.Series | None:
    """Return the time stamps of *frame*, None without a time column; say how they were read."""
    if roles.time is None:
        findings.append(Finding(what="There is no time column.", action="Rows count as steps."))
        return None
    column = frame[roles.time]
    if kinds.is_datetime64_any_dtype(column):
        return column
    stamps, words = times.from_numbers(column)
    findings.append(
        Finding(
            what="Time is written in numbers.",
            column=roles.time,
            count=len(column),
            action=f"Read as {words}.",
        )
    )
    return stamps


def entities_of(
    frame: pd.DataFrame, roles: Roles, findings: list[Finding]
) -> tuple[np.ndarray, list[str]]:
    """Return the number of each row's entity (-1 for none) and the entities' names."""
    if roles.entity is None:
        return np.zeros(len(frame), dtype=np.int32), [""]
    codes, names = pd.factorize(frame[roles.entity])
    blank = codes < 0
    if blank.any():
        findings.append(
            Finding(
                what=f"{plural(int(blank.sum()), 'row')} without an entity.",
                column=roles.entity,
                count=int(blank.sum()),
                action="Left out.",
                severity="warning",
            )
        )
    whole = kinds.is_float_dtype(names.dtype) and all(float(name).is_integer() for name in names)
    return codes.astype(np.int32), [str(int(name) if whole else name) for name in names]


def _with_values(frame: pd.DataFrame, roles: Roles) -> Roles:
    """Leave out channels without a single finite value."""
    channels = tuple(name for name in roles.channels if np.isfinite(frame[name].to_numpy()).any())
    if not channels:
        raise DataError(
            f"No channel has a value: {', '.join(roles.channels[:8])}.", "Choose other channels."
        )
    return roles.model_copy(update={"channels": channels})


def _gather(
    frame: pd.DataFrame,
    roles: Roles,
    cleaning: Cleaning,
    order: np.ndarray,
    codes: np.ndarray,
    time: np.ndarray | None,
) -> _Rows:
    """Copy the channels, sorted and resampled, to one float32 array; infinities become NaN."""
    label = None
    if roles.label is not None:
        label = (frame[roles.label].to_numpy() == 1).astype(np.int8)[order]
    grid = None
    if cleaning.step and time is not None:
        step = resample.parse_step(cleaning.step)
        grid = resample.bins(codes, time, step, len(roles.channels))
        codes, time = grid.codes, grid.time
        label = None if label is None else grid.largest(label)
    values = np.empty((len(codes), len(roles.channels)), dtype=np.float32)
    for i, name in enumerate(roles.channels):
        column = frame[name].to_numpy(dtype=np.float64)[order]
        column[~np.isfinite(column)] = np.nan
        if grid is not None:
            column = grid.mean(column)
        column[np.abs(column) > np.finfo(np.float32).max] = np.nan
        values[:, i] = column
    return _Rows(codes, time, label, values)


def _mend(
    rows: _Rows, cleaning: Cleaning, findings: list[Finding]
) -> tuple[np.ndarray | None, np.ndarray]:
    """Fill gaps and leave out what stays incomplete; return imputed cells and breaks."""
    first = starts_of(rows.codes)
    imputed = None
    for i in range(rows.values.shape[1]):
        column = rows.values[:, i].copy()
        filled = fill_gaps(column, first, cleaning.missing, cleaning.max_gap)
        if filled is not None:
            rows.values[filled, i] = column[filled]
            if imputed is None:
                imputed = np.zeros(rows.values.shape, dtype=bool)
            imputed[filled, i] = True
    hole = None if rows.time is None else holes(rows.codes, rows.time, cleaning.max_gap)
    if hole is not None and hole.any():
        findings.append(
            Finding(
                what=f"{plural(int(hole.sum()), 'hole')} in time of more than "
                f"{plural(cleaning.max_gap, 'step')}.",
                count=int(hole.sum()),
                action="No window crosses them.",
                severity="warning",
            )
        )
    if cleaning.missing == "keep":
        return None, breaks_of(np.ones(len(rows.values), bool), first, hole)
    keep = complete(rows.values)
    breaks = breaks_of(keep, first, hole)
    if not keep.all():
        _drop(rows, keep, findings)
        imputed = None if imputed is None else compact(imputed, keep)
    if imputed is not None:
        findings.append(
            Finding(
                what=f"{plural(int(imputed.sum()), 'value')} filled in ({cleaning.missing}).",
                count=int(imputed.sum()),
                action="Marked as imputed.",
            )
        )
    return imputed, breaks


def _drop(rows: _Rows, keep: np.ndarray, findings: list[Finding]) -> None:
    gone = int((~keep).sum())
    if gone == len(keep):
        raise DataError(
            "No row is left: each misses at least one channel.",
            "Fill longer gaps, or take the channels with most missing values out.",
        )
    findings.append(
        Finding(
            what=f"{plural(gone, 'row')} with values still missing.",
            count=gone,
            action="Left out; no window crosses them.",
            severity="warning",
        )
    )
    rows.values = compact(rows.values, keep)
    rows.codes = rows.codes[keep]
    rows.time = None if rows.time is None else rows.time[keep]
    rows.label = None if rows.label is None else rows.label[keep]


def _check_moves(values: np.ndarray) -> None:
    low, high = np.fmin.reduce(values), np.fmax.reduce(values)  # without a look at gaps
    if ((low == high) | np.isnan(low)).all():
        raise DataError(
            "Every channel is constant: there is nothing to learn.",
            "Choose other channels or another recording.",
        )


def _frame(rows: _Rows, roles: Roles, entities: list[str], zoned: bool) -> pd.DataFrame:
    """The columns around a view of the values: nothing is copied, `Dataset.values` neither."""
    frame = pd.DataFrame(rows.values, columns=list(roles.channels), copy=False)
    if roles.entity is not None:
        names = pd.Series(pd.array(entities, dtype="str").take(rows.codes))
        frame.insert(0, roles.entity, names)
    if roles.time is not None:
        stamps = pd.Series(rows.time)
        frame.insert(0, roles.time, stamps.dt.tz_localize("UTC") if zoned else stamps)
    if roles.label is not None:
        frame.insert(len(frame.columns), roles.label, rows.label)
    return frame
