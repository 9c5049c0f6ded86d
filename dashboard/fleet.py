"""A fleet on the screen: who fails next, how sure that is, and the curve of every unit."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from core import format as write
from core import runs
from core.life import VARIANTS
from dashboard import cached, fleet_charts, fleet_data, report_button, run_heading
from dashboard.draw import show, spec
from dashboard.fleet_setup import Choice
from dashboard.markdown import plain

SOON = 30  # steps
POINTS = 40  # of a curve in a row of the table
RANK = "life.rank"
RANKS = {"Remaining life": "remaining", "Health": "health"}
_LATE = "promising too long a life costs more than too short a one (Saxena et al. 2008). 0 is best."
METRICS = {
    "rmse": (
        "RMSE (steps)",
        "Root of the mean squared error of the remaining life; the truth is held to the longest "
        "prediction, as in most papers. Lower is better.",
    ),
    "phm08": ("PHM08 score", f"Sum of the penalties of all units: {_LATE}"),
    "phm08_mean": ("PHM08 penalty", f"Mean penalty of a prediction: {_LATE}"),
    "late_share": (
        "Promised too much",
        "Share of the predictions that promise more steps than there were.",
    ),
    "rmse_uncapped": ("RMSE, truth as it is", "The same with the truth not held to anything."),
    "phm08_uncapped": ("PHM08, truth as it is", "The same with the truth not held to anything."),
}


def heading(run: runs.Run, choice: Choice) -> None:
    """Say which run judges which units."""
    own = choice.fleet == run.source
    judged = "units kept out of training" if own else f"units of {plain(choice.fleet)}"
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        label = VARIANTS[run.variant].label if run.variant in VARIANTS else run.variant
        st.markdown(
            f"**{plain(run.name)}** · {label}, learned from {plain(run.dataset)} · {judged}",
            width="content",
        )
        if run.baseline:
            st.badge("baseline", color="gray")
        run_heading.compared(run)
        report_button.draw([run.name])
    for note in cached.card(run, run.id)["notes"]:
        st.caption(f":orange[:material/warning:] {plain(note)}")


def draw(run: runs.Run, choice: Choice) -> None:
    """Draw tiles, ranking and curves of the fleet that *choice* asks for."""
    fleet = fleet_data.read(run, choice)
    above = st.container()
    ranked = _ranked(fleet)
    with above:
        _tiles(fleet, run)
    left, right = st.columns([4, 3], gap="medium")
    with left:
        chosen = _table(fleet, ranked)
    with right:
        _curves(fleet, chosen)
    _models(fleet)


def _tiles(fleet: fleet_data.Fleet, run: runs.Run) -> None:
    """Draw the numbers that count; each error has its best baseline beside it."""
    columns = st.columns(2 + len(fleet.tiles), gap="small")
    columns[0].metric("Units", write.count(len(fleet.now)), border=True, height="stretch")
    columns[1].metric(
        f"Due in {SOON} steps",
        write.count(int((fleet.now["remaining"] <= SOON).sum())),
        border=True,
        height="stretch",
        help=f"Units whose predicted remaining life is {SOON} steps or fewer.",
    )
    own = fleet.metrics.get(run.variant, {})
    others = {n: m for n, m in fleet.metrics.items() if n != run.variant and n in VARIANTS}
    best = min(others, key=lambda name: others[name]["rmse"], default="")
    for column, name in zip(columns[2:], fleet.tiles, strict=True):
        label, help = METRICS[name]
        beside = others[best].get(name) if best else None
        column.metric(
            label,
            _text(name, own.get(name)),
            delta=f"baseline {_text(name, beside)}" if best else "no baseline",
            delta_color="off",
            delta_arrow="off",
            help=help
            + (f" The best baseline here: {VARIANTS[best].label}." if best else "")
            + f" Of {fleet.judged}.",
            border=True,
            height="stretch",
        )
    if not own:
        st.caption(
            "How long these units will last is not known, so the predictions cannot be judged. "
            "When it is, bring a file with one number a unit."
        )


def _text(name: str, value: float | None) -> str:
    return write.percent(value) if name.endswith("share") else write.number(value)


def _ranked(fleet: fleet_data.Fleet) -> pd.DataFrame:
    """Return the units, those that need attention first."""
    by = st.segmented_control(
        "Rank by", list(RANKS), default="Remaining life", key=RANK, required=True
    )
    order = [RANKS[by], *(name for name in RANKS.values() if name != RANKS[by])]
    return fleet.now.sort_values(order, ignore_index=True)


def _table(fleet: fleet_data.Fleet, ranked: pd.DataFrame) -> str:
    """List the units with their curves; return the chosen one, the first when none is."""
    curves = {
        str(unit): _thin(values.to_numpy())
        for unit, values in fleet.steps.groupby("entity", observed=True)["health"]
    }
    shown = pd.DataFrame(
        {
            "unit": ranked["entity"].astype(str),
            "remaining": ranked["remaining"].round(),
            "interval": _intervals(ranked),
            "health": ranked["health"].round(2),
            "curve": [curves[unit] for unit in ranked["entity"].astype(str)],
            "age": ranked["age"],
        }
    )
    if "actual" in ranked and ranked["actual"].notna().any():
        shown["actual"] = ranked["actual"]
    picked = st.dataframe(
        shown,
        key="fleet-units",
        height=fleet_charts.HEIGHT * 2 + 178,
        hide_index=True,
        on_select="rerun",
        selection_mode="single-row",
        column_config=_columns(),
        alt="Units with health, predicted remaining life and its interval, most urgent first",
    )
    rows = picked["selection"]["rows"]
    return str(shown["unit"].iloc[rows[0] if rows and rows[0] < len(shown) else 0])


def _thin(values: np.ndarray) -> list[float]:
    places = np.linspace(0, len(values) - 1, min(POINTS, len(values))).round().astype(int)
    return values[places].round(3).tolist()


def _intervals(frame: pd.DataFrame) -> list[str]:
    return [
        f"{low:.0f} to {high:.0f}" for low, high in zip(frame["lower"], frame["upper"], strict=True)
    ]


def _columns() -> dict[str, object]:
    column = st.column_config
    return {
        "unit": column.TextColumn("Unit", pinned=True, width=56),
        "health": column.ProgressColumn(
            "Health",
            width=104,
            min_value=0,
            max_value=1,
            format="%.2f",
            help="1 as in early life, 0 as at failure; it never rises.",
        ),
        "curve": column.LineChartColumn("So far", y_min=0, y_max=1, width=96),
        "remaining": column.NumberColumn(
            "Steps left", format="%d", width=76, help="Predicted remaining life."
        ),
        "interval": column.TextColumn(
            "Four in five",
            width=84,
            help="Bounds that held for four in five such predictions on other units.",
        ),
        "age": column.NumberColumn("Age", format="%d", width=56, help="Steps in use."),
        "actual": column.NumberColumn(
            "Were left", format="%d", width=76, help="What is known by now."
        ),
    }


def _curves(fleet: fleet_data.Fleet, unit: str) -> None:
    """Draw health and remaining life of the chosen unit, the health before all others."""
    rows = fleet.steps[fleet.steps["entity"] == unit]
    now = fleet.now[fleet.now["entity"] == unit].iloc[0]
    st.markdown(f"**Unit {plain(unit)}**: health by age, the other units in grey")
    others = fleet.steps.loc[fleet.steps["age"] % 4 == 1, ["age", "health", "entity"]]
    columns = ["age", "health", "remaining", "lower", "upper"]
    show(
        spec(fleet_charts.health),
        {"others": others, "chosen": rows[columns]},
        alt=f"Health of unit {unit} over its age: {now['health']:.2f} now",
        figure=f"unit-{unit}-health",
    )
    known = "actual" in fleet.now and pd.notna(now["actual"])
    st.markdown(
        "Steps left, with bounds that hold four times in five"
        + ("; dashes: what was left" if known else "")
    )
    actual = pd.DataFrame({"age": [], "remaining": []})
    if known:
        left = now["actual"] + now["age"] - rows["age"]
        actual = pd.DataFrame({"age": rows["age"], "remaining": left.clip(upper=fleet.cap)})
    show(
        spec(fleet_charts.remaining),
        {"others": others, "chosen": rows[columns], "actual": actual},
        alt=f"Predicted remaining life of unit {unit} over its age: {now['remaining']:.0f} now",
        figure=f"unit-{unit}-life",
    )


def _models(fleet: fleet_data.Fleet) -> None:
    """Put the model and its baselines side by side."""
    if not fleet.metrics:
        return
    more = ("rmse_uncapped", "phm08_uncapped") if fleet.tiles == fleet_data.OF_UNITS else ()
    names = [*fleet.tiles, *more]
    rows = {
        VARIANTS[model].label if model in VARIANTS else model: {
            METRICS[name][0]: _text(name, values.get(name)) for name in names
        }
        for model, values in fleet.metrics.items()
    }
    st.markdown(f"**Models side by side**, {fleet.judged}")
    st.dataframe(
        pd.DataFrame.from_dict(rows, orient="index"),
        column_config={
            label: st.column_config.TextColumn(label, help=help, alignment="right")
            for label, help in METRICS.values()
        },
        alt="Errors of the model and of its baselines",
    )
