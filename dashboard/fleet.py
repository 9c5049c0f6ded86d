"""A fleet on the screen: who fails next, how sure that is, and the curve of every unit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import streamlit as st

from core import fleet as judging
from core import jobs, life, runs
from core import task as tasks
from core.data import catalog
from core.errors import FusionscopeError
from core.life import VARIANTS
from dashboard import cached, fleet_charts
from dashboard import format as write
from dashboard.draw import show, spec
from dashboard.fleet_setup import UPLOAD, Choice
from dashboard.markdown import plain

SOON = 30  # steps
POINTS = 40  # of a curve in a row of the table
SHARE, RANK = "life.seen", "life.rank"
RANKS = {"Remaining life": "remaining", "Health": "health"}
TILES = {
    "rmse": (
        "RMSE (steps)",
        "Root of the mean squared error of the remaining life; the truth is held to the longest "
        "prediction, as in most papers. Lower is better.",
    ),
    "phm08_mean": (
        "PHM08 penalty",
        "Mean penalty of a prediction, 0 at best: promising too long a life costs more than too "
        "short a one (score of the PHM 2008 challenge, a unit).",
    ),
    "late_share": (
        "Promised too much",
        "Share of the predictions that promise more steps than there were.",
    ),
}


@dataclass(frozen=True)
class Fleet:
    """What the page shows.

    Attributes:
        steps: Rows of the units as far as they have been seen; `core.life.Result.steps`.
        now: The last of these rows of each unit, with what is known of its remaining life in
            `actual` (NaN where nothing is).
        metrics: By model, of the predictions that can be judged.
        judged: What these predictions are, in words.
        cap: Longest prediction, in steps.
    """

    steps: pd.DataFrame
    now: pd.DataFrame
    metrics: dict[str, dict[str, float]]
    judged: str
    cap: int


def heading(run: runs.Run, choice: Choice) -> None:
    """Say which run judges which units."""
    own = choice.fleet == run.source
    judged = "units that it has not seen" if own else f"units of {plain(choice.fleet)}"
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        label = VARIANTS[run.variant].label if run.variant in VARIANTS else run.variant
        st.markdown(
            f"**{plain(run.name)}** · {label}, learned from {plain(run.dataset)} · {judged}",
            width="content",
        )
        if run.baseline:
            st.badge("baseline", color="gray")
    for note in cached.card(run, run.id)["notes"]:
        st.caption(f":orange[:material/warning:] {plain(note)}")


def draw(run: runs.Run, choice: Choice) -> None:
    """Draw tiles, ranking and curves of the fleet that *choice* asks for."""
    fleet = _fleet(run, choice)
    above = st.container()
    ranked = _ranked(fleet)
    with above:
        _tiles(fleet, run)
    left, right = st.columns([4, 3], gap="medium")
    with left:
        chosen = _table(fleet, ranked)
    with right:
        _curves(fleet, chosen)


def _fleet(run: runs.Run, choice: Choice) -> Fleet:
    """Return what is shown: units in service, or those kept out of training, cut short."""
    result = _result(run, run.id, choice.fleet)
    steps = result.steps
    if choice.detector is not None:
        steps = _by_scores(steps, choice.detector, choice.fleet)
    if choice.fleet != run.source:
        truth = _truth(choice.fleet, steps)
        now = _last(steps).assign(actual=np.nan if truth is None else truth)
        return Fleet(steps, now, _judge(run, choice, truth), "units of this fleet", result.cap)
    kept = steps[result.test] if result.test.any() else steps
    share = st.slider(
        "How much of their life is seen",
        10,
        100,
        80,
        5,
        format="%d %%",
        key=SHARE,
        help="These units have failed already. The page shows them as they stood when this share "
        "of their life was over.",
    )
    life_time = kept.groupby("entity", observed=True)["age"].transform("max")
    seen = kept[kept["age"] <= np.maximum(1, life_time * share / 100)]
    metrics = {run.variant: run.metrics} | cached.card(run, run.id)["baselines"]
    known = {name: values for name, values in metrics.items() if values}
    return Fleet(seen, _last(seen), known, "all steps of the units kept out", result.cap)


@st.cache_resource(max_entries=8, show_spinner="Judging the fleet …")
def _result(_run: runs.Run, run_id: str, source: str) -> life.Result:
    """Return what a run says of a recording; a worker reckons what is not stored."""
    if source == _run.source:
        return _run.result()
    return jobs.ask("core.fleet:predict", run_id, source, timeout=120)


@st.cache_resource(max_entries=4, show_spinner="Reading the health from the scores …")
def _health(_run: runs.Run, run_id: str, source: str) -> np.ndarray:
    if source == _run.source:
        return judging.health(run_id, source)
    return jobs.ask("core.fleet:health", run_id, source, timeout=120)


def _by_scores(steps: pd.DataFrame, detector: runs.Run, source: str) -> pd.DataFrame:
    """Return *steps* with the health by the scores of *detector*, where these show wear."""
    try:
        return steps.assign(health=_health(detector, detector.id, source))
    except FusionscopeError as error:
        st.warning(f"{error} The health shown is by this model's wear.", icon=":material/warning:")
        return steps


def _truth(source: str, steps: pd.DataFrame) -> np.ndarray | None:
    """Return (units,) steps: as uploaded, else as published with the data set, else None."""
    names = [str(name) for name in steps["entity"].cat.categories]
    file = st.session_state.get(UPLOAD)
    try:
        if file is not None:
            return life.read_truth(file.getvalue(), names)
        return catalog.remaining_life(source) if catalog.known(source) else None
    except FusionscopeError as error:
        st.warning(f"The remaining life cannot be read: {error}", icon=":material/warning:")
        return None


def _judge(run: runs.Run, choice: Choice, truth: np.ndarray | None) -> dict[str, dict[str, float]]:
    """Return the metrics of the run and of its baselines on the fleet; empty without a truth."""
    if truth is None:
        return {}
    config = life.Config.parse(run.config)
    names = dict.fromkeys([run.variant, *(n for n, v in VARIANTS.items() if v.companion)])
    metrics = {}
    for name in names:
        other = config.model_copy(update={"variant": name})
        # A key needs of the recording what the run remembers of it.
        known = cached.Facts(run.fingerprint, 0)
        found = run if name == run.variant else runs.find(tasks.key_of("life", other, known))
        if found is not None:
            result = _result(found, found.id, choice.fleet)
            predicted = result.fleet["remaining"].to_numpy(float)
            metrics[name] = life.judge(predicted, truth, result.cap)
    return metrics


def _last(steps: pd.DataFrame) -> pd.DataFrame:
    return steps.groupby("entity", sort=False, observed=True).tail(1).reset_index(drop=True)


def _tiles(fleet: Fleet, run: runs.Run) -> None:
    """Draw the numbers that count; each error has its best baseline beside it."""
    columns = st.columns(2 + len(TILES), gap="small")
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
    for column, (name, (label, help)) in zip(columns[2:], TILES.items(), strict=True):
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


def _ranked(fleet: Fleet) -> pd.DataFrame:
    """Return the units, those that need attention first."""
    by = st.segmented_control(
        "Rank by", list(RANKS), default="Remaining life", key=RANK, required=True
    )
    order = [RANKS[by], *(name for name in RANKS.values() if name != RANKS[by])]
    return fleet.now.sort_values(order, ignore_index=True)


def _table(fleet: Fleet, ranked: pd.DataFrame) -> str:
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


def _curves(fleet: Fleet, unit: str) -> None:
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
    )
