"""The channels of a recording, drawn: an overview with a brush, and the brushed rows in full."""

from __future__ import annotations

from functools import partial

import altair as alt
import numpy as np
import pandas as pd
import streamlit as st

from core import downsample
from core import format as write
from core.anomaly import Result
from core.anomaly.residuals import ResidualsInMemory, Training
from core.data import Dataset
from dashboard import charts, link
from dashboard.charts import Axis
from dashboard.choice import choice
from dashboard.draw import show, spec
from dashboard.markdown import plain
from dashboard.theme import named, paint
from dashboard.timeline import PARTS, Timeline
from dashboard.window import RECORDING

EVERYTHING = "all, one after another"
FIRST = 4  # Channels that are drawn unasked.
POINTS = 1_200
LEGEND = (
    ":small[:gray[**━**] readings  :yellow[**■**] labelled anomaly  :violet[**❘**] filled-in value]"
)


@st.fragment
def channels(dataset: Dataset) -> None:
    """Draw chosen channels: an overview with a brush, and the brushed rows at full resolution."""
    entity, names = _choice(dataset)
    if not names:
        st.info("Choose at least one channel to draw.")
        return
    part = slice(0, len(dataset)) if entity == EVERYTHING else dataset.entities[entity]
    timeline = _timeline(dataset, part, names[0])
    owner = f"{dataset.name}/{dataset.fingerprint[:8]}/{entity}"
    start, stop = RECORDING.current(owner, len(timeline))
    with st.container(gap=None):
        st.caption(f"The whole course of **{plain(names[0])}**: drag across a part to look closely")
        _overview(timeline, owner, (start, stop), dataset.units.get(names[0], ""))
    shared = timeline.marks(start, stop) | {"events": _no_events(timeline)}
    for number, name in enumerate(names):
        last = number == len(names) - 1
        with st.container(gap=None):
            st.caption(f"**{plain(name)}**")
            _channel(dataset, part, name, timeline, (start, stop), shared, last)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(LEGEND, width="content")
        st.space("stretch")
        if (start, stop) != (0, len(timeline)):
            st.caption(f"{write.count(stop - start, 'row')} shown", width="content")
            st.button(
                "Show all", key="data-all", on_click=RECORDING.reset, icon=":material/zoom_out:"
            )


def _choice(dataset: Dataset) -> tuple[str, list[str]]:
    left, right = st.columns([1, 3]) if len(dataset.entities) > 1 else (None, st.container())
    entity = EVERYTHING
    if left is not None:
        with left:
            entity = _entity([*dataset.entities, EVERYTHING])
    default = list(dataset.channels[:FIRST])
    _check_channels(dataset)
    kept = st.session_state.get("channels", default)
    if not set(kept) <= set(dataset.channels):
        st.session_state["channels"] = default  # They were those of another recording.
    with right:
        chosen = st.multiselect(
            "Channels to draw",
            list(dataset.channels),
            default,
            key="channels",
            bind="query-params",
            help="The first one is drawn in the overview as well.",
        )
    return entity, chosen


def _entity(names: list[str]) -> str:
    if st.session_state.get("entity", names[0]) not in names:
        st.session_state["entity"] = names[0]  # It was one of another recording.
    return choice(
        "entity",
        "Entity",
        names,
        names[0],
        "Which unit to draw; the time axis is that of the unit.",
        asked="entity",
        allowed="the recording has none of that name",
    )


def _check_channels(dataset: Dataset) -> None:
    """Note which channels the link asks for in vain; once, for a recording may be changed later."""
    asked = st.query_params.get_all("channels")
    unknown = [name for name in asked if name not in dataset.channels]
    if unknown and "channels" not in st.session_state:
        link.refuse(
            "channels",
            f"The link asks for channels {', '.join(unknown)}; the recording has no such channel, "
            "so others are drawn.",
        )


def _timeline(dataset: Dataset, part: slice, name: str) -> Timeline:
    """Return the rows of *part* as the timelines read them, with a channel as the line."""
    frame = dataset.frame.iloc[part]
    rows = len(frame)
    steps = pd.DataFrame(
        {
            "part": pd.Categorical.from_codes(np.full(rows, len(PARTS), np.int8), [*PARTS, "test"]),
            "score": frame[name].to_numpy(),
            "imputed": False if dataset.imputed is None else dataset.imputed[part].any(axis=1),
        }
    )
    for role, column in (("time", dataset.roles.time), ("entity", dataset.roles.entity)):
        if column is not None:
            steps[role] = frame[column].array
    if dataset.labels is not None:
        steps["label"] = dataset.labels[part]
    nothing, first = ResidualsInMemory((), np.empty((0, 1), np.float32)), np.array([0])
    no_scores = np.array([], np.float32)
    return Timeline(Result(steps, nothing, first, first, no_scores, Training(nothing, first)))


def _overview(timeline: Timeline, owner: str, rows: tuple[int, int], unit: str) -> None:
    whole = (0, len(timeline))
    points = timeline.points(*whole).rename(columns={"score": "value"})
    show(
        spec(_overview_chart, timeline.axis, unit),
        timeline.marks(*whole)
        | {
            "points": points,
            "frame": timeline.frame(*whole, (0.0, 0.0))[["x"]],
            "events": _no_events(timeline),
            "window": timeline.window(*rows),
        },
        key=RECORDING.brush_key(owner),
        on_select=partial(RECORDING.brushed, owner, timeline),
        alt="The whole recording, small; drag across a part to draw it at full resolution",
    )


def _overview_chart(axis: Axis, unit: str) -> alt.LayerChart:
    """Return the chart of one channel with a brush, and a frame around what is shown below."""
    brush = alt.selection_interval(
        name="brush",
        encodings=["x"],
        mark=alt.BrushConfig(fill="#808080", fillOpacity=0.12, strokeOpacity=0),
    )
    chart = charts.channel(axis, unit, last=True)
    window = named("window").mark_rect(fillOpacity=0.1, strokeWidth=1.5, clip=True)
    framed = paint(window.encode(x=axis.encode(title=False), x2="x2"), "prediction", edge=True)
    return (chart + framed).add_params(brush)


def _channel(
    dataset: Dataset,
    part: slice,
    name: str,
    timeline: Timeline,
    rows: tuple[int, int],
    shared: dict[str, pd.DataFrame],
    last: bool,
) -> None:
    start, stop = rows
    number = dataset.channels.index(name)
    column = dataset.frame[name].to_numpy(np.float32)[part]  # with gaps, where these are kept
    chosen = downsample.rows(column, start, stop, points=POINTS, keep=_gaps(column))
    ticks = np.array([], int)
    if dataset.imputed is not None:
        ticks = start + np.flatnonzero(dataset.imputed[part, number][start:stop])
        ticks = ticks[:: max(1, len(ticks) // POINTS)]
    show(
        spec(charts.channel, timeline.axis, dataset.units.get(name, ""), last),
        shared
        | {
            "points": pd.DataFrame({"x": timeline.at(chosen), "value": column[chosen]}),
            "frame": timeline.frame(start, stop, (0.0, 0.0))[["x"]],
            "imputed": pd.DataFrame({"x": timeline.at(ticks)}),
        },
        alt=f"Readings of channel {name}",
        figure=f"{dataset.name}-{name}",
    )


def _gaps(column: np.ndarray) -> np.ndarray:
    """Return the first row of each gap, about `POINTS` at most, so that no line crosses it."""
    rows = np.flatnonzero(np.diff(np.isnan(column).astype(np.int8), prepend=0) == 1)
    return rows[:: 1 + len(rows) // POINTS]


def _no_events(timeline: Timeline) -> pd.DataFrame:
    """Return no flagged stretch, in the columns that the charts read."""
    nowhere = timeline.at(np.array([], int))
    return pd.DataFrame({"x": nowhere, "x2": nowhere})
