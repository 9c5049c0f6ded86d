"""The viewer of a recording: readings of the sensors beside the frame of the thermal camera.

One frame at a time is decoded and sent.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from core import downsample
from core import format as write
from core.errors import FusionscopeError
from core.gas import GasRecording
from core.gas.camera import AUTO
from core.gas.decision import spells
from dashboard import gas_charts, gas_data, link
from dashboard.draw import show, spec
from dashboard.gas_bench import Bench
from dashboard.gas_moment import POSITION, Moment, choose
from dashboard.gas_scene import frame, palette_and_ends
from dashboard.gas_setup import LINKED
from dashboard.markdown import plain
from dashboard.notices import explain
from dashboard.question import Asked

EVERY = 0.7  # seconds between two frames while they play
PLAY = "gas.play"
POINTS = 400  # of a sensor's trace


def alone(asked: Asked) -> None:
    """Draw the viewer of a data set without a run, as the camera of the settings sees it."""
    camera = AUTO if asked.config is None else str(asked.config.model_dump()["camera"])
    try:
        recording = gas_data.recording(asked.data).seen_by(camera)
    except FusionscopeError as error:
        explain(error)
        return
    _alone(recording)


@st.fragment
def _alone(recording: GasRecording) -> None:
    above = st.container()
    viewer(recording)
    with above:
        link.notices(only=LINKED)


def panel(bench: Bench) -> None:
    """Draw the recording of a run."""
    if isinstance(bench.recording, FusionscopeError):
        explain(bench.recording)
        return
    viewer(bench.recording)


def viewer(recording: GasRecording) -> None:
    """Draw sensors and frame of one moment, and play them."""
    _heading(recording)
    playing = bool(st.session_state.get(PLAY))
    moment = choose(recording, playing)
    _player(recording, moment, playing)


def _heading(recording: GasRecording) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(
            f"**{plain(recording.name)}** · {write.count(len(recording.channels), 'sensor')}, "
            f"{write.count(len(recording.sessions), 'session')}, "
            f"{write.count(len(recording), 'row')}",
            width="content",
        )
        if recording.simulated:
            simulated()
        frames = recording.frames
        if frames is None:
            st.badge("no camera", icon=":material/videocam_off:", color="gray")
        elif not frames.present.all():
            there = f"{int(frames.present.sum()):,} of {len(recording):,} rows have a frame"
            st.badge(there, icon=":material/image_not_supported:", color="orange")
        found = [one.what for one in recording.findings if one.severity != "info"]
        if found:
            st.badge(
                write.count(len(found), "finding"),
                icon=":material/warning:",
                color="orange",
                help="\n".join(f"- {plain(what)}" for what in found),
            )


def simulated() -> None:
    """Say that a recording is no real one."""
    st.badge(
        "simulated",
        icon=":material/science:",
        color="blue",
        help="Made by the simulator: its figures say nothing of a real recording.",
    )


def _player(recording: GasRecording, moment: Moment, playing: bool) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        st.toggle("Play", key=PLAY, help="Moves through the session, one row after the other.")
        palette, ends = palette_and_ends(recording)
    every = EVERY if playing else None
    st.fragment(_moving, run_every=every)(recording, moment, palette, ends, playing)


def _moving(
    recording: GasRecording,
    moment: Moment,
    palette: str,
    ends: tuple[float, float] | None,
    playing: bool,
) -> None:
    """Draw the moment; while it plays, the next one every time."""
    if playing:
        number = min(st.session_state.get(POSITION, 1), moment.rows.stop - moment.rows.start)
        moment = Moment(moment.session, moment.rows, moment.rows.start + number - 1)
        st.session_state[POSITION] = number % (moment.rows.stop - moment.rows.start) + 1
    if recording.frames is None:
        traces(recording, moment)
        return
    left, right = st.columns([2.2, 1], gap="medium")
    with left:
        traces(recording, moment)
    with right:
        frame(recording, moment.row, palette, ends)


def traces(recording: GasRecording, moment: Moment) -> None:
    """Draw the readings of the session, with the chosen row marked."""
    lines, names = [], []
    last = len(recording.channels) - 1
    for place, name in enumerate(recording.channels):
        column = recording.values[moment.rows, place]
        low, high = float(column.min()), float(column.max())
        chosen = downsample.rows(column, points=POINTS)
        share = (column[chosen] - low) / (high - low) if high > low else np.full(len(chosen), 0.5)
        lines.append(
            pd.DataFrame(
                {
                    "x": chosen + 1,
                    "value": last - place + 0.06 + 0.56 * share,
                    "sensor": name,
                    "reading": column[chosen],
                }
            )
        )
        unit = recording.units.get(name, "")
        now = write.number(float(column[moment.number - 1]), unit)
        label = f"{name}: {now}   ({write.number(low)} to {write.number(high)})"
        names.append({"x": 1, "value": last - place + 1, "name": label})
    show(
        spec(gas_charts.traces, len(recording.channels)),
        {
            "points": pd.concat(lines),
            "names": pd.DataFrame(names),
            "now": pd.DataFrame({"x": [moment.number]}),
            "gas": _exposed(recording, moment.rows),
        },
        key="gas-traces",
        alt=f"Readings of {len(recording.channels)} sensors in session {moment.session}",
    )


def _exposed(recording: GasRecording, rows: slice) -> pd.DataFrame:
    """Return [x, x2] of the rows of a session in which there was gas."""
    there = recording.gas if recording.exposed is None else recording.exposed
    part = there[rows]
    found = spells(part, [slice(0, len(part))])
    ends = [(one.start + 0.5, one.stop + 0.5) for one in found]
    return pd.DataFrame(ends, columns=["x", "x2"], dtype=float)
