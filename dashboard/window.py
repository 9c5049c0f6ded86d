"""Which rows are drawn: brushed, chosen with an event, or asked for by the link."""

from __future__ import annotations

from typing import Any, Protocol

import streamlit as st

from dashboard import link

LEAST = 8  # Rows; a brush that is narrower is taken for a slip.


class Line(Protocol):
    """A series that is brushed."""

    def __len__(self) -> int:
        """How many rows it has."""
        ...

    def rows_between(self, low: float, high: float) -> tuple[int, int]:
        """Return the rows between two places on the horizontal axis."""
        ...


class Window:
    """The rows in view of one page; kept for as long as their owner is on the screen.

    Attributes:
        start: Name of the first row in the address.
        stop: Name of the row after the last one.
    """

    def __init__(self, name: str, prefix: str = "") -> None:
        """Make the window of the page *name*, whose values in the address begin with *prefix*."""
        self.name, self.start, self.stop = name, f"{prefix}from", f"{prefix}to"
        self._state, self._turn = f"window.{name}", f"window.{name}.turn"
        self._usual = f"window.{name}.usual"

    def current(self, owner: str, rows: int, first: int = 0) -> tuple[int, int]:
        """Return first and last row (exclusive) of *owner*, which has *rows* rows.

        Args:
            owner: What is on the screen.
            rows: How many it has.
            first: The first one in view as long as nobody has chosen.
        """
        st.session_state[self._usual] = first
        known, start, stop = st.session_state.get(self._state, (None, 0, 0))
        if known != owner:
            start, stop = self._asked(rows) if known is None else (first, rows)
        stop = min(stop, rows)
        self._store(owner, start, stop, rows)
        return start, stop

    def show(self, owner: str, start: int, stop: int, rows: int) -> None:
        """Show these rows from the next rerun on, and take the brush away."""
        self._store(owner, max(0, start), min(rows, stop), rows)
        self._new_brush()

    def reset(self) -> None:
        """Show the whole again, and take the brush away."""
        st.session_state[self._state] = ("", 0, 0)
        self._new_brush()

    def brush_key(self, owner: str) -> str:
        """Return the key of the overview: a new one wherever the brush has to go."""
        return f"{self.name}-overview-{owner}-{st.session_state.get(self._turn, 0)}"

    def brushed(self, owner: str, timeline: Line) -> None:
        """Take over what was brushed on the overview; without a brush the whole is shown."""
        state: dict[str, Any] = st.session_state.get(self.brush_key(owner)) or {}
        ends = state.get("selection", {}).get("brush", {}).get("x")
        rows = len(timeline)
        start, stop = (0, rows) if not ends else timeline.rows_between(min(ends), max(ends))
        if stop - start >= min(LEAST, rows):
            self._store(owner, start, stop, rows)

    def _new_brush(self) -> None:
        st.session_state[self._turn] = st.session_state.get(self._turn, 0) + 1

    def _asked(self, rows: int) -> tuple[int, int]:
        """Return the rows that the link asks for; a notice says why if it cannot have them."""
        ends = [st.query_params.get(name) for name in (self.start, self.stop)]
        first = st.session_state.get(self._usual, 0)
        if ends == [None, None]:
            return first, rows
        try:
            start, stop = int(ends[0] or 0), int(ends[1] or rows)
        except ValueError:
            start, stop = -1, -1
        if 0 <= start < stop <= rows:
            return start, stop
        link.refuse(
            self.start,
            f"The link asks for rows {ends[0] or 0} to {ends[1] or rows}; the recording has rows "
            f"0 to {rows:,}, so {'the last' if first else 'all'} are shown.",
        )
        return first, rows

    def _store(self, owner: str, start: int, stop: int, rows: int) -> None:
        """Keep the rows, and put them into the address unless they are those of the beginning."""
        st.session_state[self._state] = (owner, start, stop)
        usual = (start, stop) == (st.session_state.get(self._usual, 0), rows)
        for name, row in ((self.start, start), (self.stop, stop)):
            if usual and name in st.query_params:
                del st.query_params[name]
            elif not usual and st.query_params.get(name) != str(row):
                st.query_params[name] = str(row)


DETAIL = Window("anomaly", "anomaly.")
RECORDING = Window("data")
FORECAST = Window("forecast", "forecast.")
GAS = Window("gas", "gas.")
