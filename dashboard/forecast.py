"""A finished run of a forecaster on the screen: numbers, pictures and tabs.

All of it is one fragment: another target, step or part reruns this and nothing else, and reads
stored forecasts.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import streamlit as st

from core import format as write
from core import runs, script
from dashboard import (
    cached,
    figures,
    forecast_asked,
    forecast_charts,
    forecast_data,
    forecast_errors,
    forecast_runs,
    link,
    tabs,
)
from dashboard import card as card_view
from dashboard.choice import choice
from dashboard.draw import Drawn, show, spec
from dashboard.forecast_bench import Bench
from dashboard.forecast_course import Course
from dashboard.forecast_setup import AHEAD, LINKED, SHOWN, TAB
from dashboard.forecast_tiles import tiles
from dashboard.markdown import plain
from dashboard.panels import losses
from dashboard.window import FORECAST


def draw(run: runs.Run) -> None:
    """Draw the answer of *run*."""
    # Read here, not in the fragment: a damaged run is explained by the page.
    forecast_data.result(run, run.id)
    card = cached.card(run, run.id)
    for note in card["notes"]:
        st.caption(f":orange[:material/warning:] {plain(note)}")
    _bench(run, card)


@st.fragment
def _bench(run: runs.Run, card: dict[str, Any]) -> None:
    result = forecast_data.result(run, run.id)
    first = Bench(run, card, result, result.targets[0], 1)
    unit = "" if len(first.units) > 1 else first.unit
    above = st.container()
    tiles(card["metrics"], card["baselines"], result.bands.coverage, unit)
    if first.mixed:
        st.caption(
            "MAE and RMSE add up targets of different units: read skill and MASE, or one target at "
            "a time under Hours and nodes."
        )
    elif first.unsure:
        st.caption(
            "MAE and RMSE add up all targets. No units are known: if the targets are different "
            "things, read skill and MASE, or one target at a time."
        )
    bench = _chosen(run, card)
    _pictures(bench)
    _tabs(bench)
    with above:  # every part of the page has said by now what it could not do
        link.notices(only=LINKED)


def _chosen(run: runs.Run, card: dict[str, Any]) -> Bench:
    """Draw the choice of what is looked at."""
    result = forecast_data.result(run, run.id)
    left, right = st.columns([2, 3], gap="medium", vertical_alignment="bottom")
    with left:
        target = choice(
            SHOWN,
            "Target shown",
            result.targets,
            result.targets[0],
            "The one whose readings and forecasts are drawn.",
            asked="target shown",
            allowed="this run forecasts no such target",
            here=True,
        )
    with right:
        ahead = _ahead(result.horizon)
    return Bench(run, card, result, target, ahead)


def _ahead(horizon: int) -> int:
    if horizon == 1:
        st.caption("Each forecast is about the next row.")
        return 1

    link.check(AHEAD, "step ahead", link.up_to(horizon), f"allowed are 1 to {horizon}", horizon)
    step = st.slider(
        "Steps ahead",
        1,
        horizon,
        horizon,
        key=AHEAD,
        bind="query-params",
        help="Each row is forecast several times. The picture shows what was said of it so many "
        "steps before.",
    )
    link.confirm(AHEAD, step)
    return step


def _pictures(bench: Bench) -> None:
    """Draw readings and forecasts: all of them small, with a brush, and the chosen part."""
    st.space("xsmall")  # the menu of the picture stands above it
    course = Course(bench.only, bench.ahead)
    owner = bench.run.id
    start, stop = FORECAST.current(owner, len(course), course.latest)
    whole = (0, len(course))
    show(
        spec(forecast_charts.overview, course.axis),
        {
            "frame": course.frame(*whole),
            "actual": course.readings(*whole),
            "window": course.window(start, stop),
        },
        key=FORECAST.brush_key(owner),
        on_select=partial(FORECAST.brushed, owner, course),
        alt=f"Readings of {bench.target} in the test rows; drag across a part to look closely",
    )
    title = bench.target if not bench.unit else f"{bench.target} ({bench.unit})"
    drawn = (
        spec(forecast_charts.detail, course.axis, title),
        {
            "frame": course.frame(start, stop),
            "actual": course.readings(start, stop),
            "said": course.forecasts(start, stop),
            "beyond": course.ahead_of_all(start, stop),
            "now": course.ends() if stop > course.end else course.ends().head(0),
        },
    )
    show(
        *drawn,
        key="forecast-detail",
        alt=f"Forecasts of {bench.target}, {bench.ahead} steps ahead, with intervals and readings",
    )
    beyond = (
        " Dotted: the last forecast, behind the end of the recording." if course.goes_on else ""
    )
    st.caption(
        f"Grey: readings of the test rows. Blue: what was forecast "
        f"{write.count(bench.ahead, 'step')} before, with an interval made for "
        f"{write.percent(bench.result.bands.coverage)} of the readings.{beyond} Drag across the "
        "small picture to look at a part; a double click there shows everything."
    )
    _downloads(bench, drawn)


def _downloads(bench: Bench, drawn: Drawn) -> None:
    with st.container(horizontal=True):
        st.download_button(
            "Forecasts as CSV",
            lambda: bench.only.frame().to_csv(index=False).encode(),
            f"{bench.run.name}-{bench.target}.csv",
            "text/csv",
            key="forecast-csv",
            icon=":material/download:",
            on_click="ignore",
            help="Of the target on the screen: one row a forecast and step ahead, with interval "
            "and reading.",
        )
        if len(bench.result.targets) > 1:
            st.download_button(
                "All targets as Parquet",
                lambda: bench.result.frame().to_parquet(index=False),
                f"{bench.run.name}-forecasts.parquet",
                "application/vnd.apache.parquet",
                key="forecast-parquet",
                icon=":material/download:",
                on_click="ignore",
            )
        figures.download(*drawn, f"{bench.run.name}-{bench.target}-ahead-{bench.ahead}")


def _tabs(bench: Bench) -> None:
    """Draw the tab that is open, and nothing of the others."""
    panels = {
        "Horizon": forecast_errors.horizon,
        "Hours and nodes": forecast_errors.where,
        "Errors": forecast_errors.errors,
        "Variants": forecast_runs.variants,
        "Experiments": forecast_runs.experiments,
        "Attention": forecast_asked.attention,
        "What if": forecast_asked.what_if,
        "Epochs": forecast_asked.epochs,
        "History": _history,
        "Card": lambda bench: card_view.show(bench.card),
        "Code": _code,
    }
    tabs.draw(panels, bench, TAB)


def _history(bench: Bench) -> None:
    frame = cached.history(bench.run, bench.run.id)
    if frame.empty:
        st.info("This forecaster is fitted in one step: there are no epochs to show.")
        return
    st.caption(
        f"{write.count(len(frame), 'epoch')} in {write.duration(bench.run.seconds)}. Measures of "
        "the scaled readings, whose standard deviation is 1."
    )
    losses(frame, 240, bench.run.name)


def _code(bench: Bench) -> None:
    st.caption("This repeats what is on the screen; run it in the project's folder.")
    st.code(script.forecast(bench.run, bench.target), language="python")
