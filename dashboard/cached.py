"""What pages read again and again, kept in memory: few entries, never copied, never pickled.

Everything here is shared between visitors and must not be changed by them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from core import anomaly, runs
from core import task as tasks
from core.data import Cleaning, Dataset, Graph, Roles, catalog, graphs, open_dataset
from core.errors import DataError
from dashboard import operating
from dashboard.operating import Reading, Tried
from dashboard.timeline import Timeline


@dataclass(frozen=True)
class Facts:
    """What is remembered of a data set that is not kept in memory.

    Attributes:
        fingerprint: Of content, roles and cleaning; what a run's key needs of it.
        rows: How many, after cleaning.
        graph: Of its nodes; part of the key of what reads it.
        channels: Their names.
        entities: Their names; a single one without a name where there are none.
        units: Unit by channel, as far as known.
    """

    fingerprint: str
    rows: int
    graph: Graph | None = None
    channels: tuple[str, ...] = ()
    entities: tuple[str, ...] = ()
    units: Mapping[str, str] = field(default_factory=dict)


def facts(name: str, task: str = "") -> Facts:
    """Return what a key needs of the data set *name*; the recording itself is let go again."""
    return _facts(name, _keeper(task), *_recipe(name), graphs.changed(name))


def dataset(name: str, task: str = "") -> Dataset:
    """Open the data set *name* with the roles and the cleaning that were chosen for it.

    Args:
        name: In the catalog.
        task: For which it is opened: some keep gaps. Without one, as the analyst has chosen.
    """
    return _dataset(name, _keeper(task), *_recipe(name), graphs.changed(name))


def _keeper(task: str) -> str:
    """Return *task* when it opens a recording in a way of its own; else the same for all."""
    return task if task and tasks.opens_otherwise(task) else ""


@dataclass(frozen=True, eq=False)
class Readings:
    """The channels of a recording, without the frame that they came in.

    Attributes:
        values: (rows, N) float32.
        channels: Names of the N columns.
        units: Unit by channel, as far as known.
    """

    values: np.ndarray
    channels: tuple[str, ...]
    units: dict[str, str]


@st.cache_resource(max_entries=1, show_spinner="Opening the recording …")
def readings(_run: runs.Run, run_id: str) -> Readings:
    """Return what a run was trained on and scored, as it was then."""
    recorded = card(_run, run_id)["data"]
    opened = _open(_run.source, json.dumps(recorded["roles"]), json.dumps(recorded["cleaning"]))
    if opened.fingerprint != _run.fingerprint:
        raise DataError("the file has changed since the run was trained.", "Train a new run.")
    return Readings(opened.values, opened.channels, opened.units)


@st.cache_resource(max_entries=32, show_spinner="Reading who is to blame …")
def shares(
    _timeline: Timeline, run_id: str, scoring: anomaly.Scoring, start: int, stop: int
) -> pd.Series:
    """Return each channel's share of the score of these rows, worst first."""
    return anomaly.channel_shares(_timeline.result, start, stop)


def _recipe(name: str) -> list[str | None]:
    return [None if part is None else part.model_dump_json() for part in catalog.recipe(name)]


def _open(name: str, roles: str | None, cleaning: str | None) -> Dataset:
    return open_dataset(
        name,
        roles=None if roles is None else Roles.model_validate_json(roles),
        cleaning=None if cleaning is None else Cleaning.model_validate_json(cleaning),
    )


# What a data set is opened with is read anew when its recipe or its graph changes.
@st.cache_resource(max_entries=64, show_spinner="Reading the recording …")
def _facts(name: str, task: str, roles: str | None, cleaning: str | None, graph: int) -> Facts:
    opened = tasks.opened(task, name) if task else open_dataset(name)
    return Facts(
        opened.fingerprint,
        len(opened),
        opened.graph,
        opened.channels,
        tuple(opened.entities),
        opened.units,
    )


@st.cache_resource(max_entries=1, show_spinner="Opening the recording …")
def _dataset(name: str, task: str, roles: str | None, cleaning: str | None, graph: int) -> Dataset:
    return tasks.opened(task, name) if task else open_dataset(name)


@st.cache_resource(max_entries=3, show_spinner="Reading the stored scores …")
def timeline(_run: runs.Run, run_id: str, scoring: str | None = None) -> Timeline:
    """Return the stored result of a run, ready for the screen; *scoring* (JSON) rescores it."""
    if scoring is None:
        return Timeline(_run.result())
    own = timeline(_run, run_id)
    return Timeline(own.result.under(anomaly.Scoring.model_validate_json(scoring)))


@st.cache_resource(max_entries=8, show_spinner="Comparing with the training rows …")
def drift(_run: runs.Run, run_id: str, name: str, fingerprint: str) -> anomaly.Drift:
    """Return how far the data set *name* lies from the training rows of a run."""
    return anomaly.drift(anomaly.read_profile(_run.checked("model")), dataset(name))


@st.cache_resource(max_entries=2, show_spinner="Reading the scores …")
def rescored(folder: str, changed: int, scoring: str | None = None) -> Timeline:
    """Return what a run has scored of another recording; *scoring* (JSON) rescores it."""
    if scoring is None:
        return Timeline(anomaly.read_result(Path(folder)))
    own = rescored(folder, changed)
    return Timeline(own.result.under(anomaly.Scoring.model_validate_json(scoring)))


@st.cache_resource(max_entries=16, show_spinner=False)
def card(_run: runs.Run, run_id: str) -> dict[str, Any]:
    """Return the card of a run."""
    return _run.card()


@st.cache_resource(max_entries=16, show_spinner=False)
def history(_run: runs.Run, run_id: str) -> pd.DataFrame:
    """Return one row an epoch of a run."""
    return _run.history()


@st.cache_data(max_entries=512, show_spinner=False)
def settings_of(identifier: str) -> dict[str, Any]:
    """Return the settings that a run was trained with, and its data's fingerprint."""
    run = runs.get(identifier)
    return run.config | {"fingerprint": run.fingerprint}


@st.cache_resource(max_entries=4, show_spinner="Trying every threshold …")
def sweep(_timeline: Timeline, run_id: str, rule: str) -> pd.DataFrame:
    """Return what every cut would cost and catch (`core.anomaly.sweep`); *rule* is JSON.

    The scorer in *rule* tells one timeline of the run from another.
    """
    return anomaly.sweep(_timeline.result, anomaly.Decision.model_validate_json(rule))


@st.cache_resource(max_entries=3, show_spinner=False)
def reading(_timeline: Timeline, run_id: str, decision: str) -> Reading:
    """Return what an operating point (JSON) makes of a result; a brush or a tab leaves it alone.

    The scorer in *decision* tells one timeline of the run from another.
    """
    return operating.read(_timeline, anomaly.Decision.model_validate_json(decision))


@st.cache_resource(max_entries=2, show_spinner="Trying every rule …")
def side_by_side(_timeline: Timeline, run_id: str, decision: str) -> dict[str, Tried]:
    """Return what every threshold rule makes of the scores on the screen; *decision* is JSON."""
    return operating.side_by_side(_timeline, anomaly.Decision.model_validate_json(decision))
