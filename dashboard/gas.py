"""A finished run of a gas classifier on the screen: numbers, timeline and tabs.

All of it is one fragment: a moved threshold reruns this and nothing else, and cuts stored
probabilities; no model is asked.
"""

from __future__ import annotations

import os
from functools import partial
from typing import Any

import streamlit as st

from core import format as write
from core import runs, script
from core.gas import Decision
from dashboard import (
    cached,
    figures,
    gas_charts,
    gas_classes,
    gas_data,
    gas_faults,
    gas_recording,
    gas_runs,
    gas_tiles,
    gas_why,
    link,
    tabs,
)
from dashboard import card as card_view
from dashboard.choice import choice
from dashboard.controls import control, widget
from dashboard.draw import Drawn, show, spec
from dashboard.gas_bench import Bench
from dashboard.gas_course import Course
from dashboard.gas_setup import LINKED, PREFIX, RULE, SHOWN, TAB
from dashboard.markdown import plain
from dashboard.panels import losses
from dashboard.window import GAS

TESTED, ALL = "test", "all"
OPENED = "gas.opened"


def draw(run: runs.Run) -> None:
    """Draw the answer of *run*."""
    # Read here, not in the fragment: a damaged run is explained by the page.
    gas_data.result(run, run.id)
    card, stored = cached.card(run, run.id), run.decision()
    for note in card["notes"]:
        st.caption(f":orange[:material/warning:] {plain(note)}")
    _bench(run, card, None if stored is None else Decision.model_validate(stored))


@st.fragment
def _bench(run: runs.Run, card: dict[str, Any], stored: Decision | None) -> None:
    above = st.container()
    decision, whole = _rule(run, stored)
    bench = Bench(run, card, gas_data.result(run, run.id), decision)
    with above:
        gas_tiles.tiles(bench)
    drawn = _pictures(bench, whole)
    _downloads(bench, stored, drawn)
    _tabs(bench)
    with above:  # every part of the page has said by now what it could not do
        gas_tiles.assumed(bench)
        link.notices(only=LINKED)


def _rule(run: runs.Run, stored: Decision | None) -> tuple[Decision, bool]:
    """Draw the alarm rule, at first the *stored* one; return it, and whether all rows are shown."""
    _preset(run, stored)
    fields = Decision.model_fields
    columns = st.columns([3, 1.2], gap="medium", vertical_alignment="bottom")
    with columns[0]:
        threshold = widget(
            control("threshold", fields["threshold"]),
            PREFIX,
            gas_data.threshold(run, run.id),
            parts=1000,
        )
    with columns[1]:
        shown = choice(
            SHOWN,
            "Rows",
            {TESTED: "Test rows", ALL: "All rows"},
            TESTED,
            "Test rows stand one behind the other; those of other parts are left out, or shaded. "
            "Numbers count test rows alone.",
        )
    columns = st.columns([1.2, 3], gap="medium", vertical_alignment="bottom")
    with columns[0]:
        hold = widget(control("hold", fields["hold"]), PREFIX)
    with columns[1]:
        hysteresis = widget(control("hysteresis", fields["hysteresis"]), PREFIX)
    decision = Decision(threshold=threshold, hold=hold or 1, hysteresis=hysteresis)
    return decision, shown == ALL


def _preset(run: runs.Run, stored: Decision | None) -> None:
    """Set the rule to the one of a run when it is opened; what the link asks for goes first."""
    opened = st.session_state.get(OPENED)
    st.session_state[OPENED] = run.id
    if opened == run.id:
        return
    usual = stored or Decision(threshold=gas_data.threshold(run, run.id))
    for key in RULE:
        if opened is not None or key not in st.query_params:
            st.session_state[key] = getattr(usual, key.removeprefix(PREFIX))


def _keep(bench: Bench, stored: Decision | None) -> None:
    """Offer to store the rule with the run, for `fusionscope gas classify`."""
    same = stored == bench.decision
    if st.button(
        "In use" if same else "Use this rule",
        icon=":material/check:" if same else ":material/push_pin:",
        disabled=same,
        key="gas-use",
        help="Stores threshold, hold time and hysteresis with the run: the command line uses them. "
        "Earlier ones stay in the run's history.",
    ):
        bench.run.set_decision(bench.decision.model_dump(mode="json"), os.environ.get("USER", ""))
        st.rerun()


def _pictures(bench: Bench, whole: bool) -> Drawn:
    """Draw the probability of a leak, small with a brush and the chosen part large.

    Returns:
        What was drawn of the chosen part.
    """
    course = bench.course(whole)
    owner = f"{bench.run.id}-{'all' if whole else 'test'}"
    start, stop = GAS.current(owner, len(course))
    everything = (0, len(course))
    show(
        spec(gas_charts.overview),
        {
            "frame": course.frame(*everything),
            "points": course.points(*everything)[["x", "value"]],
            "alarms": course.bands(bench.judged.alarm, *everything),
            "window": course.window(start, stop),
        },
        key=GAS.brush_key(owner),
        on_select=partial(GAS.brushed, owner, course),
        alt="Probability of a leak; drag across a part to look closely",
    )
    drawn = (spec(gas_charts.detail), timeline(course, start, stop))
    show(
        *drawn,
        key="gas-detail",
        alt=f"Probability of a leak with {write.count(len(bench.judged.confusion))} classes, the "
        "alarm threshold, alarms and the rows with gas",
    )
    show(
        spec(gas_charts.lanes, bench.result.classes),
        {"frame": course.frame(start, stop)} | course.lanes(start, stop),
        key="gas-lanes",
        alt="Which class each row has, and which one it was called",
    )
    shaded = " Grey: rows that do not count." if whole else ""
    st.caption(
        "Green: probability of a leak. Dashes: where an alarm begins; dots: where it ends. "
        "Vermilion: alarms. Amber: gas in truth; below, blue on amber where it was called right."
        f"{shaded} Drag across the small picture to look at a part; a double click there shows "
        "everything."
    )
    return drawn


def timeline(course: Course, start: int, stop: int) -> dict[str, Any]:
    """Return what `gas_charts.detail` reads, without a fault to compare with."""
    points = course.points(start, stop)
    return {
        "frame": course.frame(start, stop),
        "points": points,
        "before": points[["x", "value"]].head(0),
        "cut": course.level(course.decision.threshold, start, stop),
        "release": course.release(start, stop),
        "alarms": course.bands(course.judged.alarm, start, stop),
        "gas": course.bands(course.gas, start, stop),
        "parts": course.parts(start, stop),
        "sessions": course.borders(start, stop),
    }


def _downloads(bench: Bench, stored: Decision | None, drawn: Drawn) -> None:
    def table() -> bytes:
        named = [bench.result.classes[code] for code in bench.judged.named]
        frame = bench.result.steps.assign(alarm=bench.judged.alarm, called=named)
        return frame.to_csv(index=False).encode()

    with st.container(horizontal=True):
        _keep(bench, stored)
        st.download_button(
            "Predictions as CSV",
            table,
            f"{bench.run.name}-gas.csv",
            "text/csv",
            key="gas-csv",
            icon=":material/download:",
            on_click="ignore",
            help="One row a row of the recording: session, part, probabilities, the alarm of this "
            "rule and the class it calls.",
        )
        st.download_button(
            "Confusion matrix as CSV",
            lambda: bench.judged.confusion.to_csv().encode(),
            f"{bench.run.name}-confusion.csv",
            "text/csv",
            key="gas-confusion-csv",
            icon=":material/download:",
            on_click="ignore",
            help="Test rows of each true class that were called each class, under this rule.",
        )
        figures.download(*drawn, f"{bench.run.name}-leak")


def _tabs(bench: Bench) -> None:
    """Draw the tab that is open, and nothing of the others."""
    panels = {
        "Recording": gas_recording.panel,
        "Classes": gas_classes.classes,
        "Curves": gas_classes.curves,
        "Why": gas_why.why,
        "Faults": gas_faults.faults,
        "Variants": gas_runs.variants,
        "History": _history,
        "Card": lambda bench: card_view.show(bench.card),
        "Code": _code,
    }
    tabs.draw(panels, bench, TAB)


def _history(bench: Bench) -> None:
    frame = cached.history(bench.run, bench.run.id)
    if frame.empty:
        st.info("This model is fitted in one step: there are no epochs to show.")
        return
    st.caption(f"{write.count(len(frame), 'epoch')} in {write.duration(bench.run.seconds)}.")
    losses(frame, 240, bench.run.name)


def _code(bench: Bench) -> None:
    st.caption("This repeats what is on the screen; run it in the project's folder.")
    st.code(script.gas(bench.run, bench.decision), language="python")
