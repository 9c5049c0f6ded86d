"""Events of a result: when, how high, and which channel is to blame."""

from __future__ import annotations

import numpy as np
import pandas as pd

from core.anomaly.decide import Outcome, decide
from core.anomaly.result import Result
from core.anomaly.scoring import shares_of
from core.anomaly.thresholds import Decision, Threshold

TINY = np.finfo(np.float32).tiny
LISTED = 1000  # events in a table: the worst ones; counts and metrics always use all


def event_table(
    outcome: Outcome, listed: int | None = LISTED, *, channels: bool = True
) -> pd.DataFrame:
    """Describe events, one row each, in order of their rows; the *listed* worst ones.

    Columns: event (number in order of time, from 1), entity, start_row, stop_row (exclusive),
    start, end (time stamps of first and last step, or rows without time), steps, seconds (NaN
    without time), peak (highest score), peak_row, severity (see `severities`), part, and with
    *channels* channel and share (the worst channel) and ranking (all channels, worst first, as
    text).
    """
    result, found = outcome.result, outcome.found
    peaks = outcome.peaks
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
    table["severity"] = severities(outcome, peaks[order], table["peak_row"].to_numpy(int))
    table["part"] = steps["part"].iloc[starts].to_numpy()
    return _with_channels(table, result) if channels else table


def severities(outcome: Outcome, peaks: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Return how severe events are, (n,): how many times as far from normal as the cut they rise.

    1 is at the cut, 2 twice as far above the median training score as the cut is.

    Args:
        outcome: Result and cut.
        peaks: (n,) highest scores of the events.
        rows: (n,) rows of the peaks.
    """
    value = outcome.cut.value
    cuts = value[rows] if isinstance(value, np.ndarray) else np.full(len(rows), value)
    usual = outcome.result.usual
    # A cut below what is normal has no distance from it; then its size stands in.
    far = np.where(cuts > usual, cuts - usual, np.abs(cuts))
    return np.maximum(1 + (peaks - cuts) / np.maximum(far, TINY), 1.0)


def channel_shares(result: Result, start_row: int, stop_row: int) -> pd.Series:
    """Return each channel's share of the residuals of these rows, worst first; they sum to 1."""
    shares = pd.Series(
        shares_of(result.blame(start_row, stop_row)),
        index=list(result.residuals.channels),
        name="share",
    )
    return shares.sort_values(ascending=False, kind="stable")


def events(
    result: Result, rule: Decision | Threshold | None = None, *, listed: int | None = None
) -> pd.DataFrame:
    """Return the events of *result*: see `event_table` for the columns.

    Args:
        result: Scores and residuals.
        rule: A decision, or a threshold alone; the adaptive one by default.
        listed: How many to list, the worst ones; None for all.
    """
    if rule is None:
        rule = Decision()
    elif not isinstance(rule, Decision):
        rule = Decision(threshold=rule)
    return event_table(decide(result, rule), listed)


def _with_channels(table: pd.DataFrame, result: Result) -> pd.DataFrame:
    """Add the channels of each event, worst first."""
    names = result.residuals.channels
    shares = np.array(
        [
            shares_of(result.blame(a, b))
            for a, b in zip(table["start_row"], table["stop_row"], strict=True)
        ]
    ).reshape(len(table), len(names))
    order = np.argsort(-shares, axis=1, kind="stable")
    table["channel"] = [names[row[0]] for row in order]
    table["share"] = shares.max(axis=1, initial=0.0)
    table["ranking"] = [
        ", ".join(f"{names[channel]} {share[channel]:.0%}" for channel in row)
        for row, share in zip(order, shares, strict=True)
    ]
    return table
