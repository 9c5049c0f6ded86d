"""What becomes of the answer when a camera goes dark, a sensor sticks, or all of them drift."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core import format as write
from core import gas
from core.errors import FusionscopeError
from core.gas import Fault, Judged, Result
from dashboard import gas_charts, gas_data
from dashboard.controls import control, widget
from dashboard.draw import show, spec
from dashboard.gas_bench import Bench
from dashboard.gas_course import Course
from dashboard.gas_setup import PREFIX
from dashboard.gas_tiles import TILES
from dashboard.notices import explain


def faults(bench: Bench) -> None:
    """Draw the switches, and the numbers and the timeline under them."""
    fault = _switches(bench)
    if not fault:
        st.caption(
            "Switch something off: the same run is asked again about the recording with that "
            "fault, and its numbers stand beside those without. The first answer loads the model "
            "and takes some seconds."
        )
        return
    try:
        result = gas_data.faulty(bench.run.id, fault.model_dump_json())
    except FusionscopeError as error:
        explain(error)
        return
    judged = gas.judge(result, bench.decision)
    _change(bench, result, judged)
    _timeline(bench, result, judged)


def _switches(bench: Bench) -> Fault:
    fields = Fault.model_fields
    recording = bench.recording
    if isinstance(recording, FusionscopeError):
        explain(recording)
        return Fault()
    sensors = {"": "None"} | {name: name for name in recording.channels}
    values = {}
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        if recording.frames is None:
            st.caption("There is no camera to lose.", width="content")
        for name in ("camera_lost", "sensors_lost"):
            if name == "sensors_lost" or recording.frames is not None:
                values[name] = widget(control(name, fields[name]), PREFIX)
    for column, name in zip(st.columns(2, gap="medium"), ("stuck", "drift"), strict=True):
        with column:
            names = sensors if name == "stuck" else None
            values[name] = widget(control(name, fields[name], names), PREFIX)
    return Fault.parse(values)


def _change(bench: Bench, result: Result, judged: Judged) -> None:
    """Put the numbers with the fault beside those without."""
    own, broken = bench.judged.metrics, judged.metrics
    with st.grid(len(TILES), min_column_width=140, gap="small"):
        for tile in TILES:
            st.metric(
                tile.label,
                tile.write(broken.get(tile.name)),
                delta=f"was {tile.write(own.get(tile.name))}",
                delta_color="off",
                delta_arrow="off",
                help=tile.help,
                border=True,
                height="stretch",
            )
    same = bool((result.leak == bench.result.leak).all() and (result.gas == bench.result.gas).all())
    if same:
        st.info("Nothing changes: this model does not use what is broken.")
        return
    moved = (judged.named != bench.judged.named)[result.test]
    if len(moved):
        st.caption(
            f"{write.percent(moved.mean())} of the test rows are called something else than before."
        )


def _timeline(bench: Bench, result: Result, judged: Judged) -> None:
    """Draw the probability with the fault over that without."""
    course = Course(result, judged, bench.decision, whole=False)
    whole = (0, len(course))
    before = bench.course().leak
    points = course.points(*whole)
    show(
        spec(gas_charts.detail),
        {
            "frame": course.frame(*whole),
            "points": points,
            "before": course.points(*whole, leak=before)[["x", "value"]],
            "cut": course.level(bench.decision.threshold, *whole),
            "release": course.release(*whole),
            "alarms": course.bands(judged.alarm, *whole),
            "gas": course.bands(course.gas, *whole),
            "parts": pd.DataFrame(columns=["x", "x2", "part"]),
            "sessions": course.borders(*whole),
        },
        key="gas-fault",
        alt="Probability of a leak with the fault and without it",
        figure=f"{bench.run.name}-fault",
    )
    st.caption("Green: with the fault, with its alarms. Grey: without it. All test rows.")
