"""The scene of a frame: its palette, its temperatures, and what was cut off."""

from __future__ import annotations

import numpy as np
import streamlit as st

from core.errors import FusionscopeError
from core.gas import GasRecording, temperature
from core.gas.camera import STOPS, colours
from dashboard import gas_frames
from dashboard.choice import choice
from dashboard.gas_setup import PALETTE
from dashboard.markdown import plain
from dashboard.notices import explain

WIDE = 340  # pixels of a frame on the screen


def palette_and_ends(recording: GasRecording) -> tuple[str, tuple[float, float] | None]:
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
