"""Where a forecaster is wrong: by step ahead, hour and node, and how far."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from core import format as write
from core.data import Graph
from core.forecast import VARIANTS
from dashboard import forecast_charts, forecast_data, graph_map
from dashboard.draw import show, spec
from dashboard.forecast_bench import Bench
from dashboard.forecast_setup import OF
from dashboard.markdown import plain

BARS = 20  # targets that are drawn; the table has all of them
DOTS = 2_000  # forecasts of the scatter
BINS = 60
EVERY = "All targets"


def horizon(bench: Bench) -> None:
    """Show how the error grows with the steps ahead, beside the baselines."""
    target = _of(bench)
    rows = {_label(bench.run.variant): forecast_data.by_step(bench.run, bench.run.id, target)}
    for run in forecast_data.baselines(bench.run):
        rows[_label(run.variant)] = forecast_data.by_step(run, run.id, target)
    own = next(iter(rows))
    title = bench.titled("MAE", every=not target)
    lines = [
        frame[["step", "mae"]]
        .rename(columns={"step": "x", "mae": "value"})
        .assign(name=name, meaning="prediction" if name == own else "baseline")
        for name, frame in rows.items()
        if "mae" in frame
    ]
    if bench.result.horizon > 1 and lines:
        # One name at the end of its line, the others further to the left: lines may lie together.
        share = (bench.result.horizon - 1) / len(lines)
        places = [round((len(lines) - number) * share) for number in range(len(lines))]
        names = pd.concat(line.iloc[[at]] for line, at in zip(lines, places, strict=True))
        show(
            spec(forecast_charts.by_step, title),
            {"points": pd.concat(lines[::-1]), "names": names},
            alt=f"Error by step ahead of {own} and of its baselines",
            figure=f"{bench.run.name}-steps",
        )
    _steps_table(rows)


def _steps_table(rows: dict[str, pd.DataFrame]) -> None:
    """List the measures at some of the steps ahead."""
    frame = rows[next(iter(rows))]
    steps = sorted({1, *np.linspace(1, len(frame), min(len(frame), 6)).round().astype(int)})
    measures = {
        "mae": "MAE",
        "rmse": "RMSE",
        "r2": "R2",
        "mape": "MAPE (%)",
        "zeros": "Zeros left out of it",
        "wape": "WAPE (%)",
        "mase": "MASE",
        "skill": "Skill",
        "coverage": "Intervals hold",
        "width": "Their width",
        "readings": "Readings",
    }
    known = [name for name in measures if name in frame]
    table = frame.set_index("step").loc[steps, known].T
    whole = ("zeros", "readings")
    shown = pd.DataFrame(
        {
            str(step): [
                write.count(value) if name in whole else write.number(value)
                for name, value in table[step].items()
            ]
            for step in steps
        },
        index=[measures[name] for name in known],
    )
    st.caption("Measures of the test forecasts by step ahead")
    st.dataframe(shown.rename_axis("Steps ahead"), alt="Measures by step ahead")


def where(bench: Bench) -> None:
    """Show at which hours and for which targets the forecasts are off."""
    target = _of(bench)
    left, right = st.columns(2, gap="medium")
    with left:
        _hours(bench, target)
    if len(bench.result.targets) < 2:
        right.caption("By target")
        right.info("This run forecasts a single target: there is nothing to set beside it.")
        return
    table = forecast_data.by_target(bench.run, bench.run.id)
    # Errors of targets with different units are told apart by what each of them usually does.
    apart = bench.mixed or bench.unsure
    name, title = ("mase", "MASE") if apart else ("mae", bench.titled("MAE", every=True))
    ranked = table.dropna(subset=[name]).sort_values(name, ascending=False)
    with left:
        _map(bench, ranked.set_index("target")[name], title)
    with right:
        _ranked(bench, ranked.rename(columns={"target": "name", name: "value"}), title)
    with st.expander("All targets as a table"):
        st.dataframe(
            ranked.set_index("target"), height=320, alt="Measures of every target, worst first"
        )


def _hours(bench: Bench, target: str) -> None:
    st.caption(f"By hour of the day, {plain(target or EVERY.lower())}")
    hours = forecast_data.by_hour(bench.run, bench.run.id, target)
    if hours.empty:
        st.info("The recording has no times, so there are no hours of the day.")
        return
    show(
        spec(forecast_charts.by_hour, bench.titled("MAE", every=not target)),
        {"bars": hours.rename(columns={"mae": "value"})},
        alt="Mean absolute error by hour of the day",
        figure=f"{bench.run.name}-hours",
    )


def _ranked(bench: Bench, table: pd.DataFrame, title: str) -> None:
    """Draw the targets with the largest errors."""
    many = len(table) > BARS
    st.caption(
        f"By target, the {BARS} worst of {len(table):,}" if many else "By target, worst first"
    )
    bars = table.head(BARS)[["name", "value"]]
    show(
        spec(forecast_charts.ranked, len(bars), title),
        {"bars": bars},
        alt=f"Error by target, most for {bars['name'].iloc[0]}",
        figure=f"{bench.run.name}-targets",
    )


def _map(bench: Bench, errors: pd.Series, title: str) -> None:
    """Draw the nodes where they are, coloured by error."""
    known = forecast_data.graph(bench.run)
    nodes = tuple(bench.result.targets)
    graph = known if known is not None and set(nodes) <= set(known.nodes) else Graph(nodes)
    values = np.array([errors.get(node, np.nan) for node in graph.nodes])
    show(
        spec(graph_map.structure, graph_map.where(graph), True, title),
        graph_map.frames(graph, values),
        alt=f"Map of {len(graph.nodes)} nodes, coloured by error",
        figure=f"{bench.run.name}-map",
    )
    if graph.places is None:
        more = "" if graph.weights is not None else " The recording has no graph (page Data)."
        st.caption(f"Nodes stand on a circle, for their places are not known.{more}")


def errors(bench: Bench) -> None:
    """Show how far the forecasts of the target on the screen are off, one step ahead."""
    only, step = bench.only, bench.ahead - 1
    truth, said = only.truth[only.test][:, step, 0], only.forecasts[only.test][:, step, 0]
    known = np.isfinite(truth) & np.isfinite(said)
    truth, said = truth[known], said[known]
    if not len(truth):
        st.info("Nothing was measured in the test rows.")
        return
    error = (said - truth).astype(np.float64)
    st.caption(
        f"{plain(bench.target)}, {write.count(bench.ahead, 'step')} ahead. Mean error "
        f"{write.number(error.mean())} (0 is without bias), half of all errors lie between "
        f"{write.number(np.quantile(error, 0.25))} and {write.number(np.quantile(error, 0.75))}."
    )
    left, right = st.columns(2, gap="medium")
    with left:
        show(
            spec(forecast_charts.distribution, bench.titled("Forecast minus reading")),
            {"bins": _bins(error), "zero": pd.DataFrame({"low": [0.0]})},
            alt="How often each error occurs",
            figure=f"{bench.run.name}-errors",
        )
    with right:
        chosen = np.linspace(0, len(truth) - 1, min(len(truth), DOTS)).round().astype(int)
        ends = np.array([min(truth.min(), said.min()), max(truth.max(), said.max())], np.float64)
        show(
            spec(forecast_charts.scatter, bench.unit or bench.target),
            {
                "points": pd.DataFrame({"actual": truth[chosen], "value": said[chosen]}),
                "ends": pd.DataFrame({"actual": ends, "value": ends}),
            },
            alt="Forecasts against readings; the dashed line is where both are the same",
            figure=f"{bench.run.name}-scatter",
        )
    if len(truth) > DOTS:
        st.caption(f"The scatter shows {DOTS:,} of {len(truth):,} forecasts, evenly spread.")


def _bins(error: np.ndarray) -> pd.DataFrame:
    """Return [low, high, share] of 60 steps; the rare ends are in the outermost two."""
    low, high = np.quantile(error, [0.002, 0.998])
    if not high > low:
        low, high = low - 0.5, high + 0.5
    counts, edges = np.histogram(np.clip(error, low, high), bins=BINS, range=(low, high))
    return pd.DataFrame({"low": edges[:-1], "high": edges[1:], "share": counts / len(error)})


def _of(bench: Bench) -> str:
    """Let the reader choose between the target on the screen and all; return "" for all."""
    if len(bench.result.targets) < 2:
        return bench.result.targets[0]
    if bench.mixed:
        st.caption(f"Of {plain(bench.target)}: targets with different units are not added up.")
        return bench.target
    one = "Target shown"
    of = st.segmented_control(
        "Errors of",
        [EVERY, one],
        default=one if bench.unsure else EVERY,
        key=OF,
        bind="query-params",
        required=True,
    )
    return bench.target if of == one else ""


def _label(variant: str) -> str:
    return VARIANTS[variant].label if variant in VARIANTS else variant
