"""Sort, fill and cut: the arithmetic behind a `Cleaning` recipe. Arrays in, arrays out."""

from __future__ import annotations

import numpy as np

from core.data.dataset import Missing
from core.data.rows import runs

CHUNK = 1 << 14


def sort_order(codes: np.ndarray, time: np.ndarray | None) -> np.ndarray:
    """Return the rows in order of entity, then time; equal ones stay as they are in the file.

    Args:
        codes: (rows,) entity numbers; rows with -1 belong to nobody and are left out.
        time: (rows,) datetime64[us] or None; rows with NaT are left out.
    """
    known = codes >= 0
    if time is not None:
        known &= ~np.isnat(time)
    rows = np.flatnonzero(known)
    codes, time = codes[rows], None if time is None else time[rows]
    rises = codes[1:] >= codes[:-1]
    if time is not None:
        rises &= (time[1:] >= time[:-1]) | (codes[1:] != codes[:-1])
    if rises.all():  # as most files are: sorting would take seconds, and several times the memory
        return rows
    return rows[np.argsort(codes, kind="stable") if time is None else np.lexsort((time, codes))]


def repeated(codes: np.ndarray, time: np.ndarray) -> np.ndarray:
    """Return (rows,) bool: rows, sorted, with entity and time of the row before."""
    same = np.zeros(len(codes), dtype=bool)
    same[1:] = (codes[1:] == codes[:-1]) & (time[1:] == time[:-1])
    return same


def starts_of(codes: np.ndarray) -> np.ndarray:
    """Return (rows,) bool: the first row of each entity in sorted *codes*."""
    first = np.ones(len(codes), dtype=bool)
    first[1:] = codes[1:] != codes[:-1]
    return first


def fill_gaps(
    column: np.ndarray, first: np.ndarray, missing: Missing, max_gap: int
) -> np.ndarray | None:
    """Fill NaN in *column* in place, in gaps of at most *max_gap* rows inside an entity.

    What stands before the first or, for interpolation, after the last reading of an entity is
    never filled: there is nothing to lean on.

    Args:
        column: (rows,) float, changed in place.
        first: (rows,) bool, the first row of each entity.
        missing: "interpolate", "forward-fill", "drop" or "keep"; the last two fill nothing.
        max_gap: The longest gap that is filled, in rows.

    Returns:
        The rows that were filled, sorted; None when there is nothing to fill.
    """
    blank = np.isnan(column)
    if missing in ("drop", "keep") or not blank.any():
        return None
    edge = np.flatnonzero(blank & first)
    start, stop = runs(blank)
    if edge.size:
        # A gap that reaches into the next entity is two gaps.
        start = np.union1d(start, edge)
        stop = np.union1d(stop, edge[(edge > 0) & blank[edge - 1]])
    fits = (stop - start <= max_gap) & ~first[start]
    if missing == "interpolate":
        fits &= (stop < len(column)) & ~first[np.minimum(stop, len(column) - 1)]
    start, stop = start[fits], stop[fits]
    if start.size == 0:
        return None
    lengths = stop - start
    rows = np.repeat(start - np.r_[0, np.cumsum(lengths)[:-1]], lengths) + np.arange(lengths.sum())
    if missing == "forward-fill":
        column[rows] = np.repeat(column[start - 1], lengths)
    else:
        known = np.flatnonzero(~blank)
        column[rows] = np.interp(rows, known, column[known])
    return rows


def complete(values: np.ndarray) -> np.ndarray:
    """Return (rows,) bool: rows of *values* (rows, N) without NaN, in small steps."""
    keep = np.empty(len(values), dtype=bool)
    for at in range(0, len(values), CHUNK):
        part = slice(at, at + CHUNK)
        keep[part] = ~np.isnan(values[part]).any(axis=1)
    return keep


def compact(array: np.ndarray, keep: np.ndarray) -> np.ndarray:
    """Move the rows to *keep* to the front of *array*, in place, and return a view of them."""
    if keep.all():
        return array
    to = 0
    for at in range(0, len(array), CHUNK):
        part = slice(at, at + CHUNK)
        rows = array[part][keep[part]]
        array[to : to + len(rows)] = rows
        to += len(rows)
    return array[:to]


def breaks_of(keep: np.ndarray, first: np.ndarray, hole: np.ndarray | None = None) -> np.ndarray:
    """Return the rows, counted among those kept, that must not follow on the row before.

    Args:
        keep: (rows,) bool.
        first: (rows,) bool, the first row of each entity.
        hole: (rows,) bool, rows with a hole in time before them.
    """
    # A row starts a segment when an odd row lies between it and the row kept before it.
    odd = np.flatnonzero(~keep if hole is None else ~keep | hole)
    kept = np.flatnonzero(keep)
    breaks = np.unique(np.searchsorted(kept, odd))
    breaks = breaks[(breaks > 0) & (breaks < len(kept))]
    # Of how many entities the rows before and behind are, counted from the first.
    before, behind = (
        np.searchsorted(np.flatnonzero(first), kept[rows], "right") for rows in (breaks - 1, breaks)
    )
    return breaks[before == behind]


def holes(codes: np.ndarray, time: np.ndarray, max_gap: int) -> np.ndarray | None:
    """Return (rows,) bool: rows after a hole in time of more than *max_gap* steps.

    None when the steps are not regular (fewer than nine in ten near the median), since a long
    step then says nothing.
    """
    if len(time) < 3:
        return None
    steps = np.diff(time).astype(np.int64)
    inside = codes[1:] == codes[:-1]
    if not inside.any():
        return None
    known = steps[inside]
    median = float(np.median(known, overwrite_input=True))  # their order no longer counts
    regular = (known >= 0.5 * median) & (known <= 1.5 * median)
    if median <= 0 or regular.mean() < 0.9:
        return None
    result = np.zeros(len(time), dtype=bool)
    result[1:] = inside & (steps > (max_gap + 1.5) * median)
    return result
