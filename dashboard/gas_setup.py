"""What the page Gas asks for besides the question of every task."""

from __future__ import annotations

import streamlit as st

from core.data.catalog import Entry
from core.gas import CAMERAS
from dashboard import routes
from dashboard.question import Asked, Question
from dashboard.window import GAS

QUESTION = Question(
    task="gas",
    page="gas",
    data="gas.data",
    run="gas.run",
    promise="A model first learns from the training rows which gas leaves which trace in the "
    "sensors and in the frames. Then it says of test rows that it has never seen whether there is "
    "a leak, and of what, beside baselines that it has to beat.",
)
PREFIX = QUESTION.prefix
RULE = tuple(PREFIX + name for name in ("threshold", "hold", "hysteresis"))
BROKEN = tuple(PREFIX + name for name in ("camera_lost", "sensors_lost", "stuck", "drift"))
TAB, SHOWN, SESSION, ROW, PALETTE, CLASS = (
    PREFIX + name for name in ("tab", "shown", "session", "row", "palette", "class")
)
# What the answer asks of the link; it says itself what was wrong with that.
LINKED = frozenset({*RULE, *BROKEN, TAB, SHOWN, SESSION, ROW, PALETTE, CLASS, GAS.start, GAS.stop})
USUAL = "gas-lab"
CHOICES = {
    "camera": {"auto": "By the size of the frames", "plain": "The whole frame"}
    | {name: f"{name}, {one.size[0]} x {one.size[1]}" for name, one in CAMERAS.items()}
}


def sidebar() -> Asked:
    """Draw the sidebar and return what it asks for."""
    QUESTION.unknown(LINKED)
    with st.sidebar:
        QUESTION.follow()
        data = QUESTION.dataset(
            "Recording",
            "Gas sensors with a column of classes, and frames where there is a camera. The page "
            "Data fetches public sets and takes uploads: a CSV, or a zip with the frames.",
            recordings(QUESTION.entries()),
            USUAL,
        )
        stored = QUESTION.stored(data)
        if stored is not None:
            QUESTION.settings_of(stored)
            return Asked(data, run=stored)
        return QUESTION.edited(data, choices=CHOICES)


def recordings(entries: dict[str, Entry]) -> dict[str, Entry]:
    """Return those of *entries* that are recordings of gases, and uploads, which may be some."""
    chosen = {name: one for name, one in entries.items() if one.gas or one.kind == "upload"}
    return dict(sorted(chosen.items(), key=lambda pair: not pair[1].gas)) or entries


def nothing_yet(asked: Asked) -> None:
    """Say what to do when there is neither a run nor a training."""
    QUESTION.nothing_yet(asked, _baseline)


def _baseline() -> None:
    """Offer a model that is trained in seconds."""
    if st.session_state.get(PREFIX + "variant") != "forest-windows" and st.button(
        "Begin with a random forest",
        key="gas-usual",
        help="A baseline on the sensors alone, trained in seconds: what every fusion has to beat.",
    ):
        st.session_state.pop(PREFIX + "variant", None)
        routes.to("gas", **{PREFIX + "variant": "forest-windows"})
