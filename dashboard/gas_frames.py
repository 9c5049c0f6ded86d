"""The frames of a gas recording: what the crop leaves out, a strip of each session, copies."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import streamlit as st

from core import format as write
from core import gas
from core.data import catalog
from core.data.catalog import Entry
from core.errors import FusionscopeError
from core.gas import Frames, GasRecording
from dashboard import data_view
from dashboard.markdown import plain
from dashboard.notices import explain

SHOWN = 7  # frames of a session
WIDTH = 84  # of each on the screen
DARK = 0.3  # how much of its light is left to what the crop leaves out


def panel(entry: Entry) -> None:
    """Draw what a gas recording has beside its table of readings."""
    recipe = tuple(
        None if part is None else part.model_dump_json() for part in catalog.recipe(entry.name)
    )
    try:
        recording = _recording(entry.name, recipe)
    except FusionscopeError as error:
        explain(error)
        return
    if recording.simulated and entry.kind != "sample":  # whose heading says so
        st.badge("simulated", icon=":material/science:", color="blue")
    _classes(recording)
    if recording.frames is None or not recording.frames.present.any():
        st.info("There are no frames: the sensors alone can be used.", icon=":material/thermostat:")
    else:
        _pictures(recording, recording.frames)
    data_view.findings(_inspected(entry.name, recording))


@st.cache_resource(max_entries=2, show_spinner="Opening the frames …")
def _recording(name: str, recipe: tuple[str | None, ...]) -> GasRecording:
    """Open *name*; anew when its *recipe* has changed."""
    return gas.open_recording(name)


def _classes(recording: GasRecording) -> None:
    """List the classes with their sessions, rows and frames."""
    there = np.zeros(len(recording), bool)
    if recording.frames is not None:
        there = recording.frames.present
    rows = []
    for code, name in enumerate(recording.classes):
        own = recording.codes == code
        rows.append(
            {
                "Class": plain(name),
                "Sessions": write.count(len(np.unique(recording.session_codes[own]))),
                "Rows": write.count(int(own.sum())),
                "Frames": write.count(int((own & there).sum())),
            }
        )
    if rows:
        st.table(pd.DataFrame(rows), hide_index=True, border="horizontal", width="content")


def _pictures(recording: GasRecording, frames: Frames) -> None:
    """Draw one frame with its crop, and scenes of one session from its start to its end."""
    names = [name for name, rows in recording.sessions.items() if frames.present[rows].any()]
    session = st.selectbox("Session", names, key="gas-session", width=320)
    part = recording.sessions[session]
    rows = part.start + np.flatnonzero(frames.present[part])
    rows = rows[np.linspace(0, len(rows) - 1, min(SHOWN, len(rows))).astype(int)]
    camera = frames.camera
    try:
        first, scenes = frames.whole(int(rows[0])), frames.take(rows, None)
    except FusionscopeError as error:
        explain(error)
        return
    with st.container(horizontal=True, gap="small"):
        st.image(
            preview(first, frames),
            caption=f"Row {rows[0] + 1}; what is dark is cropped",
            width=120,
        )
        for row, scene in zip(rows, scenes, strict=True):
            st.image(scene, caption=f"Row {row + 1}", width=WIDTH)
    left, top, right, bottom = camera.crop
    st.caption(
        f"Camera {camera.name}, frames of {camera.size[0]} x {camera.size[1]} pixels; the scene is "
        f"x {left} to {right}, y {top} to {bottom}. Colour bar and text are cropped before "
        "anything else: a model could read the class from them."
    )


def preview(frame: np.ndarray, frames: Frames) -> np.ndarray:
    """Return *frame* (H, W, 3) uint8 with what the crop leaves out darkened."""
    height, width = frame.shape[:2]
    across, down = width / frames.camera.size[0], height / frames.camera.size[1]
    left, top, right, bottom = frames.camera.crop
    kept = (
        slice(round(top * down), round(bottom * down)),
        slice(round(left * across), round(right * across)),
    )
    seen = (frame * DARK).astype(np.uint8)
    seen[kept] = frame[kept]
    return seen


def _inspected(name: str, recording: GasRecording) -> GasRecording:
    """Return the recording with the findings on every frame, once they were asked for."""
    if recording.frames is None or not recording.frames.present.any():
        return recording
    asked = st.session_state.setdefault("gas.inspected", set())
    if st.button(
        "Look for copies among the frames",
        key="gas-inspect",
        icon=":material/content_copy:",
        help="Every frame is decoded and compared; what was found is kept.",
    ):
        asked.add(name)
    if name not in asked:
        return recording
    bar = st.progress(0.0, text="Looking at every frame …")
    found = gas.inspect(recording, lambda share: bar.progress(share, "Looking at every frame …"))
    bar.empty()
    return replace(recording, findings=(*recording.findings, *found))
