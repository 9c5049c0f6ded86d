"""The pictures of the workbench: overview with brush, detail beside histogram, channels."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd
import streamlit as st

from core import anomaly, downsample
from core.anomaly import Intervals
from dashboard import charts, plots
from dashboard.cached import Readings
from dashboard.draw import Drawn, show, spec
from dashboard.operating import Reading
from dashboard.timeline import Timeline
from dashboard.window import DETAIL

CHANNELS = 6  # Small multiples that are drawn unasked.


def overview(run_id: str, timeline: Timeline, table: pd.DataFrame, rows: tuple[int, int]) -> None:
    """Draw the whole series with its brush; *table* lists the worst events."""
    whole = (0, len(timeline))
    data = timeline.everything | {
        "frame": timeline.frame(*whole, timeline.top),
        "events": timeline.events(table, *whole),
        "window": timeline.window(*rows),
    }
    show(
        spec(charts.overview, timeline.axis),
        data,
        key=DETAIL.brush_key(run_id),
        on_select=partial(DETAIL.brushed, run_id, timeline),
        alt="Anomaly score of the whole recording; drag across a part to look at it closely",
    )


def detail(
    timeline: Timeline, reading: Reading, table: pd.DataFrame, rows: tuple[int, int]
) -> tuple[pd.DataFrame, Drawn]:
    """Draw the chosen rows beside the histogram of all scores.

    Of many events the worst are drawn; *table* lists those of the whole recording.

    Returns:
        The events among the rows, and what was drawn of them.
    """
    start, stop = rows
    if rows != (0, len(timeline)):
        inside = (reading.found.starts < stop) & (reading.found.stops > start)
        found = Intervals(reading.found.starts[inside], reading.found.stops[inside])
        table = anomaly.event_table(replace(reading.outcome, found=found), channels=False)
    top = (timeline.top[0], max(timeline.top[1], reading.cut * 1.04))
    shared = {"frame": timeline.frame(start, stop, top)}
    cut = timeline.cut(reading.outcome.cut, start, stop)
    drawn = (
        spec(charts.detail, timeline.axis),
        shared
        | timeline.marks(start, stop)
        | {
            "cut": cut,
            "points": timeline.points(start, stop, keep=table["peak_row"].to_numpy(np.int64)),
            "events": timeline.events(table, start, stop),
        },
    )
    picture, beside = st.columns([5.2, 1], gap="small")
    with picture:
        show(
            *drawn,
            key="anomaly-detail",
            alt=f"Anomaly score of the chosen rows with {len(table)} events above the threshold",
        )
    with beside:
        show(
            spec(plots.histogram),
            shared | {"bins": timeline.bins, "cut": pd.DataFrame({"score": [reading.cut]})},
            key="anomaly-histogram",
            alt="How often each score occurs, with the threshold",
        )
    return table, drawn


def channels(
    timeline: Timeline,
    readings: Readings,
    order: list[str],
    rows: tuple[int, int],
    table: pd.DataFrame,
) -> None:
    """Draw the channels of the chosen rows under one another.

    Args:
        timeline: Of the run.
        readings: Of the recording.
        order: Which channels to draw, from top to bottom.
        rows: First and last row (exclusive).
        table: Events among the rows.
    """
    start, stop = rows
    events = timeline.events(table, start, stop)
    shared = timeline.marks(start, stop) | {"events": events}
    for number, name in enumerate(order):
        column = readings.values[:, readings.channels.index(name)]
        chosen = downsample.rows(column, start, stop, points=1_200)
        last = number == len(order) - 1
        with st.container(gap=None):
            st.caption(f"**{name}**")
            show(
                spec(charts.channel, timeline.axis, readings.units.get(name, ""), last),
                shared
                | {
                    "points": pd.DataFrame({"x": timeline.at(chosen), "value": column[chosen]}),
                    "frame": timeline.frame(start, stop, (0.0, 0.0))[["x"]],
                },
                alt=f"Readings of channel {name}",
            )
