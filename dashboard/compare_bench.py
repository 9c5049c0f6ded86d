"""The page Compare: verdict and table, then timelines, curves, settings and effects in tabs."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core import format as write
from core import runs
from core.beside import Courses, Curve
from core.errors import FusionscopeError
from core.runs import Run
from dashboard import (
    compare_charts,
    compare_data,
    compare_table,
    link,
    report_button,
    routes,
    tabs,
)
from dashboard.choice import choice
from dashboard.compare_course import Course
from dashboard.compare_data import CHIPS, Bench
from dashboard.draw import show, spec
from dashboard.markdown import plain
from dashboard.notices import explain
from dashboard.window import Window

WINDOW = Window("compare", "compare.")
TAB, TARGET, AHEAD = "compare.tab", "compare.target", "compare.ahead"
LINKED = (TARGET, AHEAD, WINDOW.start)


def nothing_yet() -> None:
    """Say what to do when nothing is chosen."""
    stored = len(runs.stored(limit=2))
    with st.container(border=True, horizontal_alignment="center"):
        if stored < 2:
            st.subheader("There is nothing to compare yet", anchor=False, text_alignment="center")
            st.markdown(
                "A comparison needs two runs of one task on the same recording.",
                text_alignment="center",
            )
            if st.button("Train a detector", key="compare-train-one", type="primary"):
                routes.to("anomalies")
            return
        st.subheader("Which runs?", anchor=False, text_alignment="center")
        st.markdown(
            "Choose two to eight runs in the sidebar, or all variants that a data set has. The "
            "page Runs leads here as well: mark its rows there.",
            text_alignment="center",
            width=520,
        )


def draw(found: list[Run], heading: DeltaGenerator) -> None:
    """Draw the comparison of runs that share data and split; the report goes beside *heading*."""
    try:
        bench = compare_data.bench(found)
    except FusionscopeError as error:
        explain(error)
        return
    with heading:
        report_button.draw([run.name for run in found], right=True)
    compare_table.verdict(bench)
    compare_table.table(bench)
    tabs.draw(
        {"Timelines": timelines, "Curves": curves, "Settings": settings, "Effects": effects},
        bench,
        TAB,
    )


@st.fragment
def timelines(bench: Bench) -> None:
    """Draw what the runs say row by row; a brush redraws nothing else."""
    above = st.container()
    try:
        courses = _courses(bench)
    except FusionscopeError as error:
        explain(error)
        return
    course = Course(courses, bench.names, bench.meanings)
    owner = "-".join(one[:8] for one in bench.ids)
    start, stop = WINDOW.current(owner, len(course), course.latest)
    with above:
        link.notices(only=LINKED)
    _agreement(bench, course)
    st.space("xsmall")  # the menu of the picture stands above it
    show(
        spec(compare_charts.strip, course.axis, course.lanes),
        {
            "frame": course.frame(0, len(course)),
            "bands": course.strip,
            "uncounted": course.uncounted(0, len(course)),
            "window": course.window(start, stop),
        },
        key=WINDOW.brush_key(owner),
        on_select=partial(WINDOW.brushed, owner, course),
        alt="Where the runs agree and where only one of them has an alarm or is nearest; drag "
        "across a part to look closely",
        figure="compare-agreement",
    )
    show(
        spec(
            compare_charts.lanes,
            course.axis,
            tuple(bench.names),
            courses.title,
            bool(courses.cuts),
            courses.actual is not None,
        ),
        {
            "frame": course.frame(start, stop),
            "points": course.points(start, stop),
            "pointer": course.pointer(start, stop),
            "fired": course.fired(start, stop),
            "truth": course.truth(start, stop),
            "uncounted": course.uncounted(start, stop),
            "names": _names(bench),
        },
        key="compare-lanes",
        alt=f"{courses.title} of each run under one another, on one axis",
        figure="compare-timelines",
    )
    st.caption(_explained(courses))


def _courses(bench: Bench) -> Courses:
    """Return the courses of what is chosen, where there is something to choose."""
    first, target, step = bench.first, "", 1
    if len(first.targets) > 1 or first.steps > 1:
        left, right = st.columns([1, 2], gap="medium")
        with left:
            if len(first.targets) > 1:
                target = choice(
                    TARGET,
                    "Target",
                    list(first.targets),
                    first.targets[0],
                    "What the lanes show; the table counts all targets.",
                    asked="target",
                    here=True,
                )
        with right:
            step = _ahead(first.steps)
    return compare_data.courses(bench, target, step)


def _ahead(steps: int) -> int:
    if steps < 2:
        return 1

    link.check(AHEAD, "steps ahead", link.up_to(steps), f"allowed are 1 to {steps}", 1)
    step = st.slider("Steps ahead", 1, steps, 1, key=AHEAD, bind="query-params")
    link.confirm(AHEAD, step)
    return step


def _names(bench: Bench) -> pd.DataFrame:
    """Return [y, name, label, meaning]: what is written beside each lane."""
    table = bench.comparison.table
    return pd.DataFrame(
        {
            "y": len(table) - 0.5 - np.arange(len(table)),
            "name": table["run"],
            "label": table["label"],
            "meaning": table["run"].map(bench.meanings),
        }
    )


def _agreement(bench: Bench, course: Course) -> None:
    """Say how often the runs agree."""
    shares = course.shares()
    alone = ", ".join(
        f"{CHIPS[bench.meanings[name]]} {plain(name)} {_percent(shares[name])}"
        for name in bench.names
    )
    if course.courses.fired:
        st.markdown(
            f"Of the test rows that all share, every run has an alarm in "
            f"**{_percent(shares['all'])}** and none in **{_percent(shares['none'])}**. "
            f"Only one has it: {alone}."
        )
    else:
        st.markdown(f"Nearest to what came, share of the test rows: {alone}.")


def _percent(share: float) -> str:
    """Write a share on one line."""
    return write.percent(share).replace(" ", "\u00a0")


def _explained(courses: Courses) -> str:
    told = "Drag across the strip to look at a part; a double click there shows everything."
    if courses.fired:
        return (
            f"{courses.title}, each run between its own ends. Dashes: its own threshold, as chosen "
            "for the run, else the usual one. Vermilion: its alarms. Amber: labelled. Grey: rows "
            f"that do not count. {told}"
        )
    return (
        f"{courses.title}: what came in slate, what each run said in its colour, all on one scale. "
        f"Grey: rows that do not count. {told}"
    )


def curves(bench: Bench) -> None:
    """Draw the runs on one axis, picture by picture."""
    try:
        found = compare_data.curves(bench.ids, bench.stamp)
    except FusionscopeError as error:
        explain(error)
        return
    if not found:
        st.info("These runs were not trained in epochs, and the recording has no labels.")
        return
    for start in range(0, len(found), 2):
        for column, one in zip(st.columns(2, gap="medium"), found[start : start + 2], strict=False):
            with column:
                _curve(bench, one)


def _curve(bench: Bench, one: Curve) -> None:
    inside = set(one.points["run"])
    shown = tuple((bench.meanings[name], name) for name in bench.names if name in inside)
    points = one.points.assign(
        meaning=one.points["run"].map(bench.meanings), order=np.arange(len(one.points))
    )
    st.markdown(f"**{one.title}**")
    kind = "log" if "log" in one.x else "linear"
    show(
        spec(compare_charts.lines, one.x, one.y, one.shares, shown, kind),
        {"points": points},
        alt=f"{one.title}: {one.y} over {one.x}, one line a run",
        figure=f"compare-{one.name}",
    )
    if one.note:
        st.caption(one.note)


def settings(bench: Bench) -> None:
    """Show the settings in which the runs differ."""
    found = bench.comparison
    st.markdown(plain(found.changed[0].upper() + found.changed[1:]) + ".")
    if found.settings.empty:
        st.caption("The same settings on the same data: only versions or threads differ.")
        return
    frame = found.settings.drop(columns="setting").set_index("title")[bench.names]
    frame = frame.T.fillna(write.NOTHING).map(lambda text: plain(str(text)))
    frame.index = pd.Index(
        [f"{CHIPS[bench.meanings[name]]} {plain(name)}" for name in frame.index], name="Run"
    )
    frame.columns = [plain(str(title)) for title in frame.columns]
    st.table(frame, border="horizontal", alt="Settings in which the runs differ")
    st.caption("What a model does not read is left out; a setting that one model alone reads too.")


def effects(bench: Bench) -> None:
    """Show what each single change of one run does, with its interval."""
    found = bench.comparison
    main = found.titles.get(found.metric, found.metric)
    if found.reference is None or found.effects.empty:
        st.info(
            "No two of these runs differ in a single setting: an effect cannot be told from the "
            "others. Compare runs that differ in one setting from one of them."
        )
        return
    frame = found.effects.dropna(subset=["difference"])
    st.markdown(
        f"What one change of **{plain(bench.called[found.reference])}** does to {plain(main)}; "
        f"{'lower' if found.better == 'lower' else 'higher'} is better."
    )
    if frame.empty:
        st.info("Nothing can be tested: see the notes above the table.")
        return
    names = [
        f"{row.component}: {before} → {after}"
        for row, before, after in zip(frame.itertuples(), frame["from"], frame["to"], strict=True)
    ]
    clear = (frame["lower"] > 0) | (frame["upper"] < 0)
    bars = pd.DataFrame(
        {
            "name": names,
            "value": frame["difference"],
            "lower": frame["lower"],
            "upper": frame["upper"],
            "meaning": ["prediction" if sure else "baseline" for sure in clear],
        }
    )
    show(
        spec(compare_charts.effects, tuple(names), f"Change of {main}"),
        {"bars": bars, "none": pd.DataFrame({"value": [0.0]})},
        alt=f"Change of {main} by each single change, with 95 % intervals",
        figure="compare-effects",
    )
    st.caption(
        "95 % intervals of the paired test, of each change alone; one that crosses the dashes may "
        "be luck, and is grey. Among many changes one in twenty seems clear by luck."
    )
