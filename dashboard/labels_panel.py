"""What analysts say of events, and the threshold that follows from it."""

from __future__ import annotations

import os

import pandas as pd
import streamlit as st

from core import anomaly, labels
from core import format as write
from core.anomaly.suggest import Effect, suggest
from core.errors import FusionscopeError
from dashboard import operating
from dashboard.bench import Bench
from dashboard.notices import explain

NOTE, COST, FILE = "labels-note", "labels-cost", "labels-file"
SHOWN = ["verdict", "start", "end", "entity", "note", "who", "when"]
_TURN = "labels.turn"


def verdict(bench: Bench, rows: tuple[int, int]) -> None:
    """Offer to confirm or reject the chosen event, with a note."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        note = st.text_input(
            "Note", key=NOTE, placeholder="What was it? (optional)", label_visibility="collapsed"
        )
        for word, label, icon in (
            ("confirmed", "Confirm", ":material/check_circle:"),
            ("rejected", "Reject", ":material/cancel:"),
        ):
            if st.button(
                label,
                icon=icon,
                key=f"labels-{word}",
                help="Right: this was an anomaly." if word == "confirmed" else "A false alarm.",
            ):
                _store(bench, rows, word, note)


def said(bench: Bench, table: pd.DataFrame) -> list[str] | None:
    """Return what was said of each event of *table*; None when nothing was said of any."""
    placed = _placed(bench)
    if placed.empty:
        return None
    starts, stops = placed["start_row"].to_numpy(), placed["stop_row"].to_numpy()
    words = placed["verdict"].to_numpy()
    found = []
    for start, stop in zip(table["start_row"], table["stop_row"], strict=True):
        met = words[(starts < stop) & (stops > start)]
        found.append(", ".join(dict.fromkeys(met)))
    return found if any(found) else None


def panel(bench: Bench) -> None:
    """List the labels of the recording, take them in and out, and suggest a threshold."""
    placed = _placed(bench)
    left, right = st.columns([3, 2], gap="large")
    with left:
        _draw(bench)
        _list(bench, placed)
        _files(bench, placed)
    with right:
        _suggestion(bench, placed)


def _placed(bench: Bench) -> pd.DataFrame:
    """Return the labels with their rows in the result on the screen."""
    return labels.placed(labels.table(bench.run.content), bench.timeline.result.steps)


def _store(bench: Bench, rows: tuple[int, int], word: labels.Verdict, note: str) -> None:
    steps = bench.timeline.result.steps
    label = labels.of_rows(steps, *rows, word, note, os.environ.get("USER", ""))
    labels.add(bench.run.content, [label])
    st.rerun()


def _draw(bench: Bench) -> None:
    """Offer to label the rows on the screen as an anomaly that no event shows."""
    start, stop = bench.rows
    whole = (start, stop) == (0, len(bench.timeline))
    with st.container(horizontal=True, vertical_alignment="center"):
        rows = write.count(stop - start, "row")
        st.markdown(
            "Drag across the overview to choose the rows of a missed anomaly."
            if whole
            else f"The {rows} of the detail are a missed anomaly:",
            width="content",
        )
        if st.button(
            "Mark as anomaly",
            icon=":material/draw:",
            key="labels-drawn",
            disabled=whole,
            help="Adds a label for the rows of the detail.",
        ):
            _store(bench, (start, stop), "drawn", "")


def _list(bench: Bench, placed: pd.DataFrame) -> None:
    if placed.empty:
        st.info(
            "Nothing was said of this recording yet. Choose an event in the tab Events and "
            "confirm or reject it.",
            icon=":material/label:",
        )
        return
    key = f"labels-table-{st.session_state.get(_TURN, 0)}"
    timed = "time" in bench.timeline.result.steps
    shown = SHOWN if timed else [n for n in SHOWN if n not in ("start", "end")]
    frame = placed[["start_row", "stop_row", *shown]] if not timed else placed[shown]
    state = st.dataframe(
        frame.loc[:, (frame.astype(str) != "").any()],
        key=key,
        hide_index=True,
        height=min(248, 36 * (len(frame) + 1) + 3),
        on_select="rerun",
        selection_mode="multi-row",
        column_config={
            "verdict": "Label",
            "start": st.column_config.DatetimeColumn("Start", format="YYYY-MM-DD HH:mm:ss"),
            "end": st.column_config.DatetimeColumn("End", format="YYYY-MM-DD HH:mm:ss"),
            "entity": "Entity",
            "note": "Note",
            "who": "Who",
            "when": st.column_config.DatetimeColumn("When (UTC)", format="YYYY-MM-DD HH:mm"),
            "start_row": st.column_config.NumberColumn("Start row", format="localized"),
            "stop_row": st.column_config.NumberColumn("Stop row", format="localized"),
        },
        alt="Labels of the recording",
    )
    chosen = state["selection"]["rows"]
    if chosen and st.button(
        f"Delete {write.count(len(chosen), 'label')}", icon=":material/delete:", key="labels-delete"
    ):
        labels.remove(placed["id"].iloc[chosen].tolist())
        st.session_state[_TURN] = st.session_state.get(_TURN, 0) + 1
        st.rerun()


def _files(bench: Bench, placed: pd.DataFrame) -> None:
    content, steps = bench.run.content, bench.timeline.result.steps
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.download_button(
            "Labels as CSV",
            lambda: labels.to_csv(content),
            f"{bench.run.dataset}-labels.csv",
            "text/csv",
            icon=":material/download:",
            on_click="ignore",
            disabled=placed.empty,
        )
        with st.popover("Import CSV", icon=":material/upload:"):
            file = st.file_uploader(
                "Labels as CSV: verdict, and start and end or start_row and stop_row",
                type="csv",
                key=f"{FILE}-{st.session_state.get(_TURN, 0)}",
            )
            if file is not None and st.button("Import", key="labels-import", type="primary"):
                try:
                    found = labels.from_csv(file.getvalue(), steps, os.environ.get("USER", ""))
                except FusionscopeError as error:
                    explain(error)
                    return
                labels.add(content, found)
                st.session_state[_TURN] = st.session_state.get(_TURN, 0) + 1
                st.rerun()


def _suggestion(bench: Bench, placed: pd.DataFrame) -> None:
    """Show the present and the proposed cut, with what each catches and costs."""
    st.markdown("**A threshold from these labels**")
    cost = st.slider(
        "A miss costs as much as … false alarms",
        0.5,
        20.0,
        5.0,
        0.5,
        key=COST,
        help="A confirmed or drawn anomaly that the threshold misses, against a rejected event "
        "that it raises.",
    )
    if placed.empty:
        st.caption("Confirm or reject some events, and a threshold can be suggested.")
        return
    found = suggest(bench.timeline.result, bench.reading.decision, placed, cost)
    st.table(
        pd.DataFrame({"": ROWS, "now": _column(found.before), "proposed": _column(found.after)})
        .set_index("")
        .rename_axis(None),
        border="horizontal",
    )
    if found.after == found.before:
        st.caption("The present threshold is the cheapest one for these labels.")
        return
    st.button(
        "Use the proposed threshold",
        icon=":material/auto_fix_high:",
        key="labels-use",
        on_click=_use,
        args=(found.decision,),
        help="Moves the threshold on the screen; the run keeps its own until you press "
        "“Use this threshold”.",
    )


ROWS = ["Cut", "Anomalies caught", "Rejected events raised", "Alarms", "Alarms a day"]


def _column(effect: Effect) -> list[str]:
    return [
        write.number(effect.cut),
        f"{effect.caught} of {effect.wanted}",
        f"{effect.false} of {effect.rejected}",
        write.count(effect.alarms),
        write.number(effect.alarms_per_day),
    ]


def _use(decision: anomaly.Decision) -> None:
    st.session_state.update(operating.widgets_of(decision))
