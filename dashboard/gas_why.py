"""What contributed to one decision; a worker takes one thing after another away."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st
from PIL import Image

from core import format as write
from core.errors import FusionscopeError
from core.gas import Explanation, GasRecording
from core.gas.explain import CAMERA, SENSORS
from dashboard import gas_data, gas_moment, gas_plots, gas_scene
from dashboard.choice import choice
from dashboard.draw import show, spec
from dashboard.gas_bench import Bench
from dashboard.gas_setup import CLASS
from dashboard.markdown import plain
from dashboard.notices import explain

LEAST = 0.001  # of a probability: less is not drawn
NOTHING = "Nothing in this frame spoke for the class."
TREES = (
    "The model is made of trees, which have no gradients: in place of Grad-CAM one patch after "
    "another is held still in all frames that it reads."
)
HEAT = np.array([255, 64, 0], np.float32)  # of what the model looks at, over a grey frame


def why(bench: Bench) -> None:
    """Explain the decision about a row."""
    recording = bench.recording
    if isinstance(recording, FusionscopeError):
        explain(recording)
        return
    moment = gas_moment.choose(recording)
    code = _class(bench, moment.row)
    try:
        found = gas_data.explained(bench.run.id, moment.row, code)
    except FusionscopeError as error:
        explain(error)
        return
    _said(bench, found)
    left, right = st.columns([1.5, 1], gap="medium")
    with left:
        _without(bench, found)
    with right:
        _frame(recording, found)
    _readings(bench, recording, found)


def _class(bench: Bench, row: int) -> int | None:
    names = {"": "The likeliest one"} | {name: name for name in bench.result.classes}
    left, _ = st.columns([1, 1.6], gap="medium")
    with left:
        chosen = choice(CLASS, "Explain the class", names, "", "What spoke for this class.")
    return bench.result.classes.index(chosen) if chosen else None


def _said(bench: Bench, found: Explanation) -> None:
    """Say what was decided, and what is true."""
    classes, row = bench.result.classes, found.row
    truth = int(bench.result.labels[row])
    part = str(bench.result.steps["part"].iloc[row])
    alarm = "an alarm" if bench.judged.alarm[row] else "no alarm"
    shares = ", ".join(
        f"{plain(name)} {write.percent(float(found.gas[place]))}"
        for place, name in sorted(enumerate(classes), key=lambda pair: -found.gas[pair[0]])
    )
    true = plain(classes[truth]) if truth >= 0 else "not known"
    kind = {"test": "test row", "embargo": "row that was set aside"}.get(part, f"{part} row")
    st.markdown(
        f"Leak **{write.percent(found.leak)}**, {alarm} · {shares} · in truth **{true}** ({kind})"
    )


def _without(bench: Bench, found: Explanation) -> None:
    own = float(found.gas[found.code])
    name = bench.result.classes[found.code]
    st.caption(
        f"Change of the probability of {plain(name)} ({write.percent(own)}) when something is "
        "taken away, in percentage points"
    )
    change = 100 * (found.without - own)
    modalities = [one for one in (SENSORS, CAMERA) if one in change.index]
    sensors = change.drop(modalities).sort_values(key=np.abs, ascending=False)
    ranked = pd.concat([change[modalities], sensors])
    bars = pd.DataFrame(
        {
            "name": ranked.index,
            "value": ranked.to_numpy(np.float64),
            "meaning": ["prediction" if one in modalities else "series" for one in ranked.index],
        }
    )
    show(
        spec(gas_plots.signed, len(bars), "Percentage points"),
        {"bars": bars},
        alt=f"Change of the probability of {name} without each modality and sensor",
        figure=f"{bench.run.name}-row-{found.row}-without",
    )
    each = "A sensor that is taken away reads its mean over the training rows; a camera that is "
    each += "taken away shows nothing. What two sensors say alike, neither seems to add."
    drawn = "What is taken away shows nothing. The model sees images of the readings that were "
    drawn += "drawn elsewhere, from which no single sensor can be taken."
    st.caption(f"To the left: it spoke for the class. {each if len(sensors) else drawn}")


def _frame(recording: GasRecording, found: Explanation) -> None:
    """Draw the frame, and where in it the class was found."""
    frames = recording.frames
    if frames is None:
        st.caption("Frame")
        st.info("The recording has no camera.")
        return
    if not frames.present[found.row]:
        st.caption("Frame")
        st.info("This row has no frame.")
        return
    scene = frames.take(np.array([found.row]), None)[0]
    heading, heat, words = _found(found)
    st.caption(heading)
    shown = scene if heat is None else overlaid(scene, heat)
    st.image(shown, width=gas_scene.WIDE, output_format="PNG")
    st.caption(words)


def _found(found: Explanation) -> tuple[str, np.ndarray | None, str]:
    """Return a heading, (h, w) of 0 to 1 that is drawn over the frame, if any, and what it says."""
    if found.heat is not None:
        words = "Red: spoke for the class. The map is coarse: it is that of the last layer."
        heading = "Where in the frame it was found (Grad-CAM)"
        return heading, found.heat, words if found.heat.any() else NOTHING
    if found.drop is None:
        words = "There is no map for this model: it looks at no frame, or at its mean colour alone."
        return "Frame", None, words
    heading = "Where in the frame it was found (occlusion)"
    most = float(found.drop.max())
    if most < LEAST:
        return heading, None, f"{NOTHING} {TREES}"
    words = (
        "Red: the probability of the class falls while nothing moves there, by at most "
        f"{write.number(100 * most)} percentage points. {TREES}"
    )
    return heading, np.maximum(found.drop, 0) / most, words


def overlaid(scene: np.ndarray, heat: np.ndarray) -> np.ndarray:
    """Return *scene* (H, W, 3) uint8 in grey, with *heat* (h, w), 0 to 1, over it."""
    height, width = scene.shape[:2]
    small = Image.fromarray((255 * heat).astype(np.uint8))
    share = np.asarray(small.resize((width, height), Image.Resampling.BICUBIC), np.float32) / 255
    grey = scene.mean(axis=2, keepdims=True).repeat(3, axis=2) * 0.8
    opacity = 0.75 * share[..., None]
    return (grey * (1 - opacity) + HEAT * opacity).round().astype(np.uint8)


def _readings(bench: Bench, recording: GasRecording, found: Explanation) -> None:
    """Draw what each reading of the window added to the log-odds."""
    if found.gradients is None:
        above = len(found.without.drop([SENSORS, CAMERA], errors="ignore")) > 0
        shown = ": what each sensor adds is shown above, by taking it away." if above else "."
        st.caption(
            "Integrated gradients need a network that reads the sensors itself, and this model is "
            f"none{shown}"
        )
        return
    steps, _ = found.gradients.shape
    sensors = recording.channels
    st.caption(
        "What each reading added to the log-odds of the class, against its mean over the training "
        "rows (integrated gradients); all together "
        f"{write.number(float(found.gradients.sum()))}"
    )
    cells = pd.DataFrame(
        {
            "step": np.repeat(np.arange(steps - 1, -1, -1), len(sensors)),
            "sensor": np.tile(sensors, steps),
            "value": found.gradients.ravel().astype(np.float64),
        }
    )
    most = float(f"{max(np.abs(found.gradients).max(), 1e-6):.2g}")
    show(
        spec(gas_plots.attributions, sensors, most),
        {"cells": cells},
        alt=f"Integrated gradients of {len(sensors)} sensors over {steps} rows",
        figure=f"{bench.run.name}-row-{found.row}-gradients",
    )
