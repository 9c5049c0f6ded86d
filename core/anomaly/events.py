"""Events of a result: when, how high, and which channel is to blame."""

from __future__ import annotations

import numpy as np
import pandas as pd

from core.anomaly.intervals import Intervals, detect
from core.anomaly.result import GROUP_ROWS, Result
from core.anomaly.scoring import energy, shares_of
from core.anomaly.thresholds import Decision, Threshold

LISTED = 500  # events in a table: the worst ones; counts and metrics always use all


def intervals(result: Result, decision: Decision) -> Intervals:
    """Return all events of *result* under *decision*."""
    cut = decision.threshold.cut(result.reference)
    return detect(result.scores, cut, result.boundaries, decision.min_length, decision.merge_gap)


def event_table(
    result: Result, found: Intervals, listed: int | None = LISTED, *, channels: bool = True
) -> pd.DataFrame:
    """Describe events, one row each, in order of their rows; the *listed* worst ones.

    Columns: event (number in order of time, from 1), entity, start_row, stop_row (exclusive),
    start, end (time stamps of first and last step, or rows without time), steps, seconds (NaN
    without time), peak (highest score), peak_row, part, and with *channels* channel and share (the
    worst channel) and ranking (all channels, worst first, as text).
    """
    peaks = _maxima(result.scores, found)
    order = np.arange(len(found))
    if listed is not None and len(found) > listed:
        order = np.sort(np.argpartition(-peaks, listed)[:listed])
    starts, stops = found.starts[order], found.stops[order]
    steps = result.steps
    table = pd.DataFrame({"event": order + 1, "start_row": starts, "stop_row": stops})
    if "entity" in steps:
        table.insert(1, "entity", steps["entity"].iloc[starts].to_numpy())
    time = steps["time"] if "time" in steps else steps.index.to_series()
    table["start"] = time.iloc[starts].array
    table["end"] = time.iloc[stops - 1].array
    table["steps"] = stops - starts
    per_step = result.seconds_per_step
    table["seconds"] = table["steps"] * (np.nan if per_step is None else per_step)
    table["peak"] = peaks[order]
    table["peak_row"] = [
        int(a + np.argmax(result.scores[a:b])) for a, b in zip(starts, stops, strict=True)
    ]
    table["part"] = steps["part"].iloc[starts].to_numpy()
    return _with_channels(table, result) if channels else table


def channel_shares(result: Result, start_row: int, stop_row: int) -> pd.Series:
    """Return each channel's share of the residuals of these rows, worst first; they sum to 1."""
    shares = pd.Series(
        _shares(result, start_row, stop_row), index=list(result.residuals.channels), name="share"
    )
    return shares.sort_values(ascending=False, kind="stable")


def events(
    result: Result, rule: Decision | Threshold | None = None, *, listed: int | None = None
) -> pd.DataFrame:
    """Return the events of *result*: see `event_table` for the columns.

    Args:
        result: Scores and residuals.
        rule: A decision, or a threshold alone; three sigma by default.
        listed: How many to list, the worst ones; None for all.
    """
    if rule is None:
        rule = Decision()
    elif not isinstance(rule, Decision):
        rule = Decision(threshold=rule)
    return event_table(result, intervals(result, rule), listed)


def _maxima(scores: np.ndarray, found: Intervals) -> np.ndarray:
    """Return the highest score of each event."""
    if len(found) == 0:
        return np.empty(0, scores.dtype)
    # reduceat takes pairs: inside an event, then between it and the next one, which is dropped.
    edges = np.column_stack([found.starts, found.stops]).ravel()
    padded = np.append(scores, scores[-1:])  # an event may end with the recording
    return np.maximum.reduceat(padded, edges)[::2]


def _shares(result: Result, start: int, stop: int) -> np.ndarray:
    """(N,) shares of the rows of an event, read in pieces, for an event may be very long."""
    total = np.zeros(len(result.residuals.channels))
    for row in range(start, stop, GROUP_ROWS):
        total += energy(result.residuals.read(row, min(row + GROUP_ROWS, stop)))
    return shares_of(total)


def _with_channels(table: pd.DataFrame, result: Result) -> pd.DataFrame:
    """Add the channels of each event, worst first."""
    names = result.residuals.channels
    shares = np.array(
        [_shares(result, a, b) for a, b in zip(table["start_row"], table["stop_row"], strict=True)]
    ).reshape(len(table), len(names))
    order = np.argsort(-shares, axis=1, kind="stable")
    table["channel"] = [names[row[0]] for row in order]
    table["share"] = shares.max(axis=1, initial=0.0)
    table["ranking"] = [
        ", ".join(f"{names[channel]} {share[channel]:.0%}" for channel in row)
        for row, share in zip(order, shares, strict=True)
    ]
    return table
