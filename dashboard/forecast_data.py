"""What the page Forecast reads again and again: stored forecasts, their errors, the baselines.

Everything here is shared between visitors and must not be changed by them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from core import forecast, jobs, runs
from core import task as tasks
from core.config import Config
from core.data import Graph
from core.errors import FusionscopeError
from core.forecast import VARIANTS, Result
from core.forecast.network import EPOCHS
from dashboard import cached

TASK = "forecast"
# Runs that agree on these are about the same readings.
SAME = (
    *("fingerprint", "target", "entity", "nodes"),
    *("horizon", "train_share", "validation_share"),
)
WAIT = 120  # seconds for an answer; the first one loads the model


@st.cache_resource(max_entries=4, show_spinner="Reading the stored forecasts …")
def result(_run: runs.Run, run_id: str) -> Result:
    """Return the stored forecasts of a run."""
    read: Result = _run.result()
    return read


@st.cache_resource(max_entries=8, show_spinner=False)
def only(_run: runs.Run, run_id: str, target: str) -> Result:
    """Return the forecasts of one target of a run."""
    return result(_run, run_id).only(target)


def _part(run: runs.Run, target: str) -> Result:
    return only(run, run.id, target) if target else result(run, run.id)


@st.cache_data(max_entries=64, show_spinner="Counting errors …")
def by_step(_run: runs.Run, run_id: str, target: str) -> pd.DataFrame:
    """Return `core.forecast.by_step` of one target, or of all together (target "")."""
    return forecast.by_step(_part(_run, target))


@st.cache_data(max_entries=16, show_spinner="Counting errors …")
def by_hour(_run: runs.Run, run_id: str, target: str) -> pd.DataFrame:
    """Return `core.forecast.by_hour` of one target, or of all together (target "")."""
    return forecast.by_hour(_part(_run, target))


@st.cache_data(max_entries=8, show_spinner="Counting errors …")
def by_target(_run: runs.Run, run_id: str) -> pd.DataFrame:
    """Return `core.forecast.by_target`, the largest error first."""
    frame = forecast.by_target(result(_run, run_id))
    return frame.sort_values("mae", ascending=False, ignore_index=True)


def config_of(run: runs.Run) -> Config:
    """Return the settings of a run; what its variant does not read at its default."""
    return tasks.get(TASK).Config.parse(run.config)


def with_variant(run: runs.Run, variant: str) -> Config:
    """Return the settings of a run for another variant."""
    return forecast.Config.parse(config_of(run).model_dump() | {"variant": variant})


def baselines(run: runs.Run) -> list[runs.Run]:
    """Return the stored baselines of the same question as *run*, the newest of each kind."""
    table, _ = runs.table(task=TASK, fingerprint=run.fingerprint, baseline=True, limit=200)
    own, found = cached.settings_of(run.id), {}
    for identifier, variant in zip(table["id"], table["variant"], strict=True):
        known = variant in VARIANTS and VARIANTS[variant].companion and variant != run.variant
        other = cached.settings_of(identifier)
        if known and variant not in found and alike(own, other, "lookback"):
            found[variant] = runs.get(identifier)
    return list(found.values())


def alike(own: Mapping[str, Any], other: Mapping[str, Any], *more: str) -> bool:
    """Whether two runs are about the same readings, and agree on the settings *more*.

    Not by their keys: these change with the version of the program.
    """
    return all(own.get(name) == other.get(name) for name in (*SAME, *more))


def graph(run: runs.Run) -> Graph | None:
    """Return the graph of the nodes, if they have one or places."""
    try:
        return cached.facts(run.source, TASK).graph
    except FusionscopeError:
        return None


def units(run: runs.Run, targets: tuple[str, ...]) -> dict[str, str]:
    """Return the unit of each target, empty where it is not known.

    Where entities are the nodes, it is that of the channel that is forecast of each of them.
    """
    try:
        facts = cached.facts(run.source, TASK)
    except FusionscopeError:
        return dict.fromkeys(targets, "")
    usual = str(run.config.get("target") or facts.channels[0])
    names = {target: target if target in facts.channels else usual for target in targets}
    return {target: facts.units.get(name, "") for target, name in names.items()}


def ask(function: str, *arguments: Any) -> Any:
    """Return what `core.forecasts` answers, from a worker.

    Raises:
        FusionscopeError: what went wrong there, or there was no answer in time.
    """
    return jobs.ask(f"core.forecasts:{function}", *arguments, timeout=WAIT)


@st.cache_data(max_entries=64, show_spinner="Asking the model where it looks …")
def attention(run_id: str, origin: int) -> Any:
    """Return `core.forecasts.attention`."""
    return ask("attention", run_id, origin)


@st.cache_data(max_entries=128, show_spinner="Forecasting without this sensor …")
def silenced(run_id: str, sensor: str) -> tuple[pd.DataFrame, int]:
    """Return `core.forecasts.silenced`."""
    said: tuple[pd.DataFrame, int] = ask("silenced", run_id, sensor)
    return said


@st.cache_data(max_entries=128, show_spinner="Loading this epoch …")
def at_epoch(run_id: str, epoch: int | None) -> dict[str, dict[str, float]]:
    """Return `core.forecasts.at_epoch`."""
    said: dict[str, dict[str, float]] = ask("at_epoch", run_id, epoch)
    return said


@st.cache_data(max_entries=16, show_spinner=False)
def epochs(_run: runs.Run, run_id: str) -> list[int]:
    """Return the epochs whose weights are kept with a run."""
    return sorted(int(path.stem) for path in (_run.folder / "model" / EPOCHS).glob("*.npz"))


@st.cache_data(max_entries=16, show_spinner="Comparing the forecasts …")
def compared(identifiers: tuple[str, ...], reference: str) -> tuple[pd.DataFrame, str | None]:
    """Return `core.forecasts.compare` of these runs."""
    said: tuple[pd.DataFrame, str | None] = ask("compare", list(identifiers), reference)
    return said


def entities_are_nodes(run: runs.Run, found: Result) -> bool:
    """Whether the targets are entities, such as stations, of each of which one channel is read."""
    try:
        return set(found.targets) <= set(cached.facts(run.source, TASK).entities)
    except FusionscopeError:
        return False


def sensors(run: runs.Run, found: Result) -> list[str]:
    """Return what can be silenced: nodes, and channels where entities are the nodes."""
    facts = cached.facts(run.source, TASK)
    if entities_are_nodes(run, found):
        return [*found.targets, *facts.channels]
    return list(facts.channels)
