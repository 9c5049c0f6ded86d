"""Which row of a recording is looked at: its session, and its number there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st

from core.gas import GasRecording
from dashboard import link
from dashboard.choice import choice
from dashboard.gas_setup import ROW, SESSION

POSITION = "gas.position"  # of the player, in the session


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

    link.check(ROW, "row", link.up_to(count), f"allowed are 1 to {count:,}", 1)
    number = st.slider("Row of the session", 1, count, 1, key=ROW, bind="query-params")
    link.confirm(ROW, number)
    return number


def _playing(count: int) -> int:
    """Keep the widget of the row out of sight while the player moves; return where it begins."""
    began = min(st.session_state.get(POSITION, st.session_state.get(ROW, 1)), count)
    st.session_state[POSITION] = 1 if began >= count else began
    st.caption("Playing: the row moves by itself.")
    return int(st.session_state[POSITION])
