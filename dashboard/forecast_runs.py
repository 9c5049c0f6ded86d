"""Runs on one recording side by side, and the experiments that come with the task."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core import forecast, runs
from core import format as write
from core.errors import FusionscopeError
from core.forecast import VARIANTS
from dashboard import cached, forecast_charts, forecast_data, training_queue
from dashboard.draw import show, spec
from dashboard.forecast_bench import Bench
from dashboard.forecast_setup import EXPERIMENT
from dashboard.markdown import plain
from dashboard.notices import explain

MOST = 40  # runs that are put side by side
WINDOWS, ABLATIONS = "Window sizes", "Ablations"
BEST = "★"


def variants(bench: Bench) -> None:
    """Put every stored run on these readings side by side, and offer to train the rest."""
    _train(bench)
    stored = _alike(bench.run)
    if len(stored) < 2:
        st.info("There is no other run on these readings yet. Train the baselines first.")
        return
    names = {identifier: name for identifier, (name, _) in stored.items()}
    baselines = {identifier for identifier, (_, baseline) in stored.items() if baseline}
    _beside(bench, names, baselines)


def _train(bench: Bench) -> None:
    several = len(bench.result.targets) > 1
    groups = {
        "Train all baselines": [
            name
            for name, variant in VARIANTS.items()
            if variant.baseline and not (several and name == "boosting")
        ],
        "Train all paths and fusions": [
            name for name, variant in VARIANTS.items() if not variant.baseline
        ],
    }
    try:
        looked = {
            label: training_queue.look(
                forecast_data.TASK,
                bench.run.source,
                {
                    VARIANTS[name].label: forecast_data.with_variant(bench.run, name)
                    for name in names
                },
            )
            for label, names in groups.items()
        }
    except FusionscopeError as error:
        explain(error)
        return
    with st.container(horizontal=True):
        for number, (label, wanted) in enumerate(looked.items()):
            training_queue.offer(wanted, label, f"forecast-train-{number}")
    training_queue.progress([one for wanted in looked.values() for one in wanted])


def _alike(run: runs.Run) -> dict[str, tuple[str, bool]]:
    """Return name and whether it is a baseline of each run on the same readings, by id."""
    table, _ = runs.table(task="forecast", fingerprint=run.fingerprint, limit=200)
    own = cached.settings_of(run.id)
    found: dict[str, tuple[str, bool]] = {}
    for row in table.itertuples():
        settings = cached.settings_of(row.id)
        if not forecast_data.alike(own, settings):
            continue
        label = VARIANTS[row.variant].label if row.variant in VARIANTS else row.variant
        found[row.id] = (f"{label}, {settings['lookback']} rows · {row.name}", bool(row.baseline))
        if len(found) == MOST:
            break
    if run.id not in found:
        found[run.id] = (run.name, run.baseline)
    return found


def _beside(bench: Bench, names: dict[str, str], baselines: set[str]) -> None:
    """Draw runs beside one another: baselines on top, then by error.

    Args:
        bench: The run that they are compared with.
        names: Name of each run, by id.
        baselines: Ids of those that are baselines.
    """
    try:
        frame, best = forecast_data.compared(tuple(sorted(names)), bench.run.id)
    except FusionscopeError as error:
        explain(error)
        return
    frame = frame.assign(
        baseline=frame["name"].isin(baselines), own=frame["name"] == bench.run.id
    ).sort_values(["baseline", "mae"], ascending=[False, True], ignore_index=True)
    frame["label"] = [names[identifier] for identifier in frame["name"]]
    if best is None:
        st.caption(
            "No run is better than every other one by more than luck (Diebold-Mariano test with "
            "Holm's correction, 5 %), so none is marked."
        )
    else:
        st.caption(
            f"{BEST} {plain(names[best])} is better than every other one by more than luck "
            "(Diebold-Mariano test with Holm's correction, 5 %)."
        )
    own = frame.loc[frame["own"], "mae"].iloc[0]
    pictured = pd.DataFrame(
        {
            "name": frame["label"],
            "value": frame["mae"],
            "lower": own + frame["lower"],
            "upper": own + frame["upper"],
            "meaning": ["baseline" if flag else "prediction" for flag in frame["baseline"]],
        }
    )
    title = bench.titled("MAE", every=True)
    show(
        spec(forecast_charts.beside, tuple(pictured["name"]), title),
        {"runs": pictured, "reference": pd.DataFrame({"value": [own]})},
        alt="Error of each run, with the interval of its difference from the run on the screen",
        figure=f"{bench.run.name}-variants",
    )
    st.caption(
        "Dashes: the run on the screen. Bars: 95 % intervals of the difference from it; one that "
        "crosses the dashes may be luck. Grey: baselines."
    )
    st.dataframe(
        _readable(frame, best), hide_index=True, alt="Measures of each run, baselines first"
    )


def _readable(frame: pd.DataFrame, best: str | None) -> pd.DataFrame:
    measures = {
        "mae": "MAE",
        "rmse": "RMSE",
        "skill": "Skill",
        "mase": "MASE",
        "wape": "WAPE (%)",
        "coverage": "Intervals hold",
    }
    shown = pd.DataFrame(
        {
            "": [BEST if name == best else "" for name in frame["name"]],
            "Model and run": [
                f"{label}{' (baseline)' if flag else ''}"
                for label, flag in zip(frame["label"], frame["baseline"], strict=True)
            ],
        }
    )
    for name, title in measures.items():
        shown[title] = frame[name].map(write.percent if name == "coverage" else write.number)
    shown["Difference of MAE"] = [
        "the run on the screen"
        if row.own
        else write.NOTHING
        if pd.isna(row.difference)
        else "none"
        if row.difference == 0
        else f"{row.difference:+.3g} ({row.lower:+.3g} to {row.upper:+.3g})"
        for row in frame.itertuples()
    ]
    shown["p"] = [write.NOTHING if pd.isna(p) else f"{p:.2g}" for p in frame["p"]]
    return shown


def experiments(bench: Bench) -> None:
    """Try other lookbacks, or take the model apart: queue what is missing, compare the rest."""
    which = st.segmented_control(
        "Experiment",
        [WINDOWS, ABLATIONS],
        default=WINDOWS,
        key=EXPERIMENT,
        bind="query-params",
        required=True,
    )
    config = forecast_data.config_of(bench.run)
    if which == WINDOWS:
        st.caption("The same model with lookbacks of 32, 64, 128 and 256 rows.")
        configs = {"as it is": config} | forecast.window_sizes(config)
    else:
        st.caption("The same model with one part taken away or exchanged at a time.")
        configs = forecast.ablations(config)
    try:
        wanted = training_queue.look(forecast_data.TASK, bench.run.source, configs)
    except FusionscopeError as error:
        explain(error)
        return
    if len(wanted) < 2:
        st.info("This model has no part that could be taken away.")
        return
    training_queue.offer(wanted, "Train what is missing", "forecast-experiment")
    training_queue.progress(wanted)
    names = {one.run.id: one.label for one in wanted if one.run is not None}
    names.setdefault(bench.run.id, "as it is")
    if len(names) < 2:
        st.info("Nothing to compare yet: the trainings are queued by the button.")
        return
    _beside(bench, names, set())
