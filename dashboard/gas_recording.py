"""The viewer of a recording: readings of the sensors beside the frame of the thermal camera.

One frame at a time is decoded and sent.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import streamlit as st

from core.errors import FusionscopeError
from core.gas import GasRecording, temperature
from core.gas.camera import STOPS, colours
from core.gas.decision import spells
from dashboard import downsample, gas_charts, gas_data, gas_frames, link
from dashboard import format as write
from dashboard.choice import choice
from dashboard.draw import show, spec
from dashboard.gas_bench import Bench
from dashboard.gas_setup import LINKED, PALETTE, ROW, SESSION
from dashboard.markdown import plain
from dashboard.notices import explain

EVERY = 0.7  # seconds between two frames while they play
PLAY, POSITION = "gas.play", "gas.position"
POINTS = 400  # of a sensor's trace
WIDE = 340  # pixels of a frame on the screen


@dataclass(frozen=True)
class Moment:
    """A row of a recording.

    Attributes:
        session: Its name.
        rows: Those of the session.
        row: Which one, counted in the recording.
    """

    session: str
    rows: slice
    row: int

    @property
    def number(self) -> int:
        """Its number in the session, from 1."""
        return self.row - self.rows.start + 1


def alone(name: str) -> None:
    """Draw the viewer of a data set without a run; say why when it cannot be read."""
    try:
        recording = gas_data.recording(name)
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


def simulated() -> None:
    """Say that a recording is no real one."""
    st.badge(
        "simulated",
        icon=":material/science:",
        color="blue",
        help="Made by the simulator: its figures say nothing of a real recording.",
    )


def choose(recording: GasRecording, playing: bool = False) -> Moment:
    """Let the reader choose a session and a row of it."""
    names = {name: _called(recording, name, rows) for name, rows in recording.sessions.items()}
    left, right = st.columns([1, 2.4], gap="medium", vertical_alignment="bottom")
    with left:
        session = choice(
            SESSION,
            "Session",
            names,
            next(iter(names)),
            "One uninterrupted recording.",
            asked="session",
            allowed="the recording has no such session",
            here=True,
        )
    rows = recording.sessions[session]
    count = rows.stop - rows.start
    with right:
        number = _playing(count) if playing else _number(count)
    return Moment(session, rows, rows.start + number - 1)


def _called(recording: GasRecording, name: str, rows: slice) -> str:
    """Return the name of a session with its class, if that is another one."""
    codes = np.unique(recording.codes[rows])
    classes = ", ".join(recording.classes[code] for code in codes if code >= 0)
    return name if not classes or classes in name else f"{name} ({classes})"


def _number(count: int) -> int:
    """Draw the slider of the rows; return the number of the chosen one, from 1."""
    if (stopped := st.session_state.pop(POSITION, None)) is not None:
        st.session_state[ROW] = stopped
    if st.session_state.get(ROW, 1) > count:
        st.session_state[ROW] = count  # the session before was longer
    if count == 1:
        return 1

    def read(text: str) -> int:
        if not 1 <= (number := int(text)) <= count:
            raise ValueError(text)
        return number

    link.check(ROW, "row", read, f"allowed are 1 to {count:,}", 1)
    number = st.slider("Row of the session", 1, count, 1, key=ROW, bind="query-params")
    link.confirm(ROW, number)
    return number


def _playing(count: int) -> int:
    """Keep the widget of the row out of sight while the player moves; return where it begins."""
    began = min(st.session_state.get(POSITION, st.session_state.get(ROW, 1)), count)
    st.session_state[POSITION] = 1 if began >= count else began
    st.caption("Playing: the row moves by itself.")
    return int(st.session_state[POSITION])


def _player(recording: GasRecording, moment: Moment, playing: bool) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        st.toggle("Play", key=PLAY, help="Moves through the session, one row after the other.")
        palette, ends = _colours(recording)
    every = EVERY if playing else None
    st.fragment(_moving, run_every=every)(recording, moment, palette, ends, playing)


def _colours(recording: GasRecording) -> tuple[str, tuple[float, float] | None]:
    """Let the reader choose how frames are coloured, and what the ends of the scale mean."""
    if recording.frames is None:
        return "", None
    names = {"": "As recorded"} | {name: name.capitalize() for name in STOPS}
    palette = choice(
        PALETTE,
        "Palette",
        names,
        "",
        "Frames are turned back into places on the scale by the camera's palette, and coloured "
        "anew.",
        width=180,
    )
    with st.popover("Scale", icon=":material/thermostat:"):
        st.caption(
            "Temperatures at the ends of the colour bar, as written on the frame. They turn "
            "colours into temperatures below the frame."
        )
        low = st.number_input("Lower end (°C)", value=None, key="gas-low", placeholder="not known")
        high = st.number_input(
            "Upper end (°C)", value=None, key="gas-high", placeholder="not known"
        )
    return palette, None if low is None or high is None or high <= low else (low, high)


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


def frame(
    recording: GasRecording, row: int, palette: str, ends: tuple[float, float] | None
) -> None:
    """Draw the scene of a row's frame, and on request what was cut off."""
    frames = recording.frames
    assert frames is not None
    code = int(recording.codes[row])
    called = recording.classes[code] if code >= 0 else "class not known"
    if not frames.present[row]:
        with st.container(border=True, height=260, vertical_alignment="center"):
            st.markdown(
                f"**No frame** for this row ({plain(called)}). A model is told that it is missing.",
                text_alignment="center",
            )
        return
    try:
        scene = frames.take(np.array([row]), None)[0]
    except FusionscopeError as error:
        explain(error)
        return
    st.image(_coloured(scene, frames.camera.palette, palette), width=WIDE, output_format="PNG")
    said = f"{plain(frames.names[row].rsplit('/', 1)[-1])} · {plain(called)}"
    if ends is not None:
        degrees = temperature(scene, frames.camera.palette, *ends)
        said += (
            f" · {degrees.min():.1f} to {degrees.max():.1f} °C, median {np.median(degrees):.1f} °C"
        )
    st.caption(said)
    if st.toggle("Show the crop", key="gas-crop"):
        _crop(recording, row)


def _coloured(scene: np.ndarray, own: str, palette: str) -> np.ndarray:
    """Return the scene in another palette."""
    if not palette or palette == own:
        return scene
    places = np.rint(temperature(scene, own) * 255).astype(int)
    return colours(palette)[places]


def _crop(recording: GasRecording, row: int) -> None:
    """Draw the whole frame, dark where models do not look."""
    frames = recording.frames
    assert frames is not None
    camera = frames.camera
    whole = gas_frames.preview(frames.whole(row), frames)
    st.image(whole, width=WIDE * 2 // 3, output_format="PNG")
    left, top, right, bottom = camera.crop
    st.caption(
        f"Models see what is not dark: {right - left} x {bottom - top} of "
        f"{camera.size[0]} x {camera.size[1]} pixels (camera {plain(camera.name)}). Colour bar and "
        "text differ by class, and would tell it. Another camera can be chosen in the settings."
    )
