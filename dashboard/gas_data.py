"""What the page Gas reads again and again: probabilities, what a rule makes of them, answers.

Everything here is shared between visitors and must not be changed by them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from core import gas, jobs, runs
from core import task as tasks
from core.config import Config
from core.errors import DataError
from core.gas import Decision, Fault, GasRecording, Judged, Result
from core.gas.metrics import usual
from core.gases import Curves
from dashboard import cached

TASK = "gas"
# Runs that agree on these are judged by the same rows.
ROWS = ("fingerprint", "fold", "embargo", "warm_up")
SAME = (*ROWS, "protocol")
FRESH = 10  # seconds until a baseline that was trained meanwhile is seen
WAIT = 180  # seconds for an answer; the first one loads the model


def recording(name: str) -> GasRecording:
    """Open a recording of gases.

    Raises:
        FusionscopeError: it is none, or not there any more.
    """
    opened = cached.dataset(name, TASK)
    if not isinstance(opened, GasRecording):
        raise DataError(f"{name!r} is no recording of gas sensors.", "Choose another data set.")
    return opened


@st.cache_resource(max_entries=8, show_spinner="Reading the stored probabilities …")
def result(_run: runs.Run, run_id: str) -> Result:
    """Return the stored probabilities of a run."""
    read: Result = _run.result()
    return read


@st.cache_resource(max_entries=32, show_spinner=False)
def judged(_run: runs.Run, run_id: str, decision: str) -> Judged:
    """Return what a rule (JSON) makes of a run."""
    return gas.judge(result(_run, run_id), Decision.model_validate_json(decision))


@st.cache_data(max_entries=32, show_spinner="Choosing a threshold …")
def threshold(_run: runs.Run, run_id: str) -> float:
    """Return the threshold that finds 99 % of the gas in the validation rows, to a thousandth."""
    return max(0.001, math.floor(1000 * usual(result(_run, run_id)).threshold) / 1000)


@st.cache_data(max_entries=32, ttl=FRESH, show_spinner=False)
def baseline(_run: runs.Run, run_id: str) -> str:
    """Return the id of the best stored baseline that is judged by the same rows; "" without."""
    table, _ = runs.table(task=TASK, fingerprint=_run.fingerprint, baseline=True, limit=200)
    own = cached.settings_of(run_id)
    known = [
        runs.get(identifier)
        for identifier in table["id"]
        if identifier != run_id and alike(own, cached.settings_of(identifier), SAME)
    ]
    if not known:
        return ""
    return max(known, key=lambda run: run.metrics.get("macro_f1", 0.0)).id


def alike(own: Mapping[str, Any], other: Mapping[str, Any], names: tuple[str, ...] = SAME) -> bool:
    """Whether two runs agree on these settings; not by their keys, which change with versions."""
    return all(own.get(name) == other.get(name) for name in names)


def config_of(run: runs.Run, **changes: Any) -> Config:
    """Return the settings of a run with *changes*."""
    return tasks.get(TASK).Config.parse(run.config | changes)


@st.cache_resource(max_entries=16, show_spinner="Drawing curves …")
def curves(run_id: str) -> Curves:
    """Return `core.gases.curves`."""
    said: Curves = _ask("curves", run_id)
    return said


@st.cache_resource(max_entries=64, show_spinner="Taking one thing after another away …")
def explained(run_id: str, row: int, code: int | None) -> gas.Explanation:
    """Return `core.gases.explained`."""
    said: gas.Explanation = _ask("explained", run_id, row, code)
    return said


@st.cache_resource(max_entries=16, show_spinner="Asking the model again …")
def faulty(run_id: str, fault: str) -> Result:
    """Return `core.gases.faulty`; *fault* is JSON."""
    said: Result = _ask("faulty", run_id, Fault.model_validate_json(fault))
    return said


@st.cache_data(max_entries=16, show_spinner="Comparing the runs …")
def compared(identifiers: tuple[str, ...]) -> tuple[pd.DataFrame, str, str | None]:
    """Return `core.gases.compare` of these runs."""
    said: tuple[pd.DataFrame, str, str | None] = _ask("compare", list(identifiers))
    return said


def _ask(function: str, *arguments: Any) -> Any:
    return jobs.ask(f"core.gases:{function}", *arguments, timeout=WAIT)
