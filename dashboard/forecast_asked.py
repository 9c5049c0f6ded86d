"""What the model itself is asked, in a worker: where it looks, what a sensor is worth, epochs."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from core import format as write
from core.errors import FusionscopeError
from core.forecast.fusion import LOOKS
from dashboard import cached, forecast_charts, forecast_data, link
from dashboard.choice import choice
from dashboard.draw import show, spec
from dashboard.forecast_bench import Bench
from dashboard.forecast_setup import EPOCH, ORIGIN, SILENT
from dashboard.markdown import plain
from dashboard.notices import explain

MOST_BARS = 20
LEAST = 0.1  # percent; smaller changes are not drawn


def attention(bench: Bench) -> None:
    """Show how much each path of a fusion looks at each past step of the other."""
    if bench.run.variant != "fusion" or bench.run.config.get("fusion") != "attention":
        st.info(
            "Attention is what the two paths of the model Fusion pay to each other, with Fusion "
            "set to attention. This run has none."
        )
        return
    origin = _origin(bench)
    try:
        weights = forecast_data.attention(bench.run.id, origin)
    except FusionscopeError as error:
        explain(error)
        return
    place = bench.result.targets.index(bench.target)
    columns = st.columns(2, gap="medium")
    for number, (column, look, title) in enumerate(zip(columns, weights, LOOKS, strict=True), 1):
        with column:
            one = look[min(place, len(look) - 1)]
            heads, steps = one.shape
            # At least three times what equal attention would be, so that even looks even.
            most = float(f"{max(one.max(), min(1.0, 3 / steps)):.2g}")
            cells = pd.DataFrame(
                {
                    "step": np.tile(np.arange(steps, 0, -1), heads),
                    "head": np.repeat(np.arange(1, heads + 1), steps),
                    "weight": one.ravel().astype(np.float64),
                }
            )
            whole = "" if len(look) > 1 or len(bench.result.targets) < 2 else ", all sensors as one"
            st.caption(f"{title[0].upper()}{title[1:]}{whole}")
            show(
                spec(forecast_charts.attention, heads, most),
                {"cells": cells},
                alt=f"Share of the attention of {heads} heads over {steps} past steps",
                figure=f"{bench.run.name}-attention-{number}-from-{origin}",
            )
    st.caption(
        "Weights of a head add up to 100 %. They say where the model reads from, not why: two "
        "models with other weights may forecast the same (Jain and Wallace 2019)."
    )
    if answer := bench.run.card()["fitted"].get("answer"):
        st.caption(f"The answer is a mean of forecasts: {answer}.")


def _origin(bench: Bench) -> int:
    """Let the reader choose from where the forecast is made; return its first row."""
    origins = bench.result.origins[bench.result.test]
    if bench.result.goes_on:
        origins = np.r_[origins, bench.result.origins[-1]]

    usual = len(origins)
    link.check(
        ORIGIN, "forecast number", link.up_to(len(origins)), f"allowed are 1 to {usual}", usual
    )
    left, right = st.columns([1, 3], vertical_alignment="bottom")
    number = left.number_input(
        "Forecast number",
        1,
        usual,
        usual,
        key=ORIGIN,
        bind="query-params",
        help=f"From 1, the first of the test rows, to {usual:,}, the last one.",
    )
    link.confirm(ORIGIN, number)
    origin = int(origins[number - 1])
    when = (
        pd.DatetimeIndex(bench.result.times(np.array([origin - 1])))[0] if _timed(bench) else None
    )
    said = write.moment(when) if when is not None else f"row {origin - 1:,}"
    right.caption(f"{plain(bench.target)}, forecast from what was known at {said}.")
    return origin


def _timed(bench: Bench) -> bool:
    return "time" in bench.result.steps and bench.result.step is not None


def what_if(bench: Bench) -> None:
    """Show what the error becomes without one sensor."""
    try:
        sensors = forecast_data.sensors(bench.run, bench.result)
    except FusionscopeError as error:
        explain(error)
        return
    left, right = st.columns([1, 2], vertical_alignment="bottom")
    with left:
        sensor = choice(
            SILENT,
            "Silence a sensor",
            sensors,
            None,
            "The model reads the sensor's mean over the training rows in place of its readings.",
            asked="sensor to silence",
            allowed="the recording has no such sensor",
            placeholder="Choose a sensor",
        )
    right.caption(
        "How much worse are the forecasts when a sensor fails? The first answer loads the model "
        "and takes some seconds; up to 200 test forecasts are made again."
    )
    if sensor is None:
        return
    try:
        found, count = forecast_data.silenced(bench.run.id, sensor)
    except FusionscopeError as error:
        explain(error)
        return
    _change(bench, sensor, found, count)


def _change(bench: Bench, sensor: str, found: pd.DataFrame, count: int) -> None:
    found = found.assign(change=100 * (found["silent"] / found["mae"] - 1))
    own = found[found["target"] == bench.target]
    rows = [("All targets", found.iloc[0])] if len(bench.result.targets) > 1 else []
    rows += [(bench.target, row) for _, row in own.iterrows()]
    with st.container(horizontal=True):
        for name, row in rows:
            st.metric(
                f"MAE of {plain(name)} without {plain(sensor)}",
                write.number(row["silent"]),
                delta=f"{row['change']:+.1f} % against {write.number(row['mae'])}",
                delta_color="inverse" if abs(row["change"]) >= 0.05 else "off",
                border=True,
                width="content",
            )
    st.caption(
        f"Counted on {write.count(count, 'test forecast')}, spread evenly. A sensor that the model "
        "does not use changes nothing; little change says that others tell the same."
    )
    others = found.iloc[1:].sort_values("change", key=np.abs, ascending=False)
    others = others[others["change"].abs() >= LEAST].head(MOST_BARS)
    if len(found) > 2 and others.empty:
        st.caption(f"No target's error changes by as much as {LEAST:g} %.")
    elif len(found) > 2:
        bars = others.rename(columns={"target": "name", "change": "value"})[["name", "value"]]
        st.caption(f"Change of the MAE by target, the largest first, from {LEAST:g} % on")
        show(
            spec(forecast_charts.ranked, len(bars), "Change of MAE (%)", "anomaly"),
            {"bars": bars},
            alt=f"Change of the error by target without {sensor}",
            figure=f"{bench.run.name}-without-{sensor}",
        )


def epochs(bench: Bench) -> None:
    """Load the weights of any epoch and compare it with those that the run keeps."""
    kept = forecast_data.epochs(bench.run, bench.run.id)
    if not kept:
        st.info("This forecaster is not trained in epochs: there are no others to compare with.")
        return
    names = {str(epoch): f"Epoch {epoch}" for epoch in kept}
    left, right = st.columns([1, 2], vertical_alignment="bottom")
    with left:
        epoch = choice(EPOCH, "Epoch", names, None, "Weights as they were after it.", asked="epoch")
    right.caption(
        "The weights of every epoch are kept. Choose one to see what it would have forecast; the "
        "answer takes some seconds."
    )
    if epoch is None:
        return
    try:
        measured = {
            "As stored": forecast_data.at_epoch(bench.run.id, None),
            names[epoch]: forecast_data.at_epoch(bench.run.id, int(epoch)),
        }
    except FusionscopeError as error:
        explain(error)
        return
    table = pd.DataFrame(
        {
            f"{label}, {part}": {
                name: write.number(found[part].get(measure)) for name, found in measured.items()
            }
            for part in ("validation", "test")
            for measure, label in (("mae", "MAE"), ("rmse", "RMSE"), ("skill", "Skill"))
        }
    )
    st.dataframe(table, alt="Measures of an epoch beside those of the stored weights")
    history = cached.history(bench.run, bench.run.id)
    row = history[history["epoch"] == int(epoch)]
    loss = "" if row.empty else f" Its validation loss was {write.number(row['val_loss'].iloc[0])}."
    st.caption(
        "Counted on up to 200 forecasts of each part, spread evenly. The stored weights are those "
        f"with the least validation loss; the test decides nothing.{loss}"
    )
