"""Which runs stand side by side: chosen one by one, or all that a data set has; in the link."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from core import peers, runs
from core import task as tasks
from core.errors import FusionscopeError
from core.runs import Run
from dashboard import link
from dashboard.choice import choice
from dashboard.markdown import plain
from dashboard.notices import explain
from dashboard.run_list import CHAMPION

RUNS = "runs"  # in the link: names with commas between
TASK, DATA, PICKED = "compare.task", "compare.data", "compare.picked"
LISTED = 200  # newest runs that may be chosen
NAMES = {"anomaly": "Anomalies", "forecast": "Forecasts", "gas": "Gas", "life": "Remaining life"}


def sidebar() -> list[Run]:
    """Draw the choice, and return the runs that are chosen and there."""
    found = _asked()
    with st.sidebar:
        task = _task(found)
        stored = runs.stored(task, limit=LISTED)
        data = _data(stored, found)
        if data is not None:
            _shortcuts(task, data)
            _pick([run for run in stored if run.dataset == data], found)
    return found


def _asked() -> list[Run]:
    """Return the runs that the link names; a notice says which ones are not there."""
    names = [name.strip() for name in st.query_params.get(RUNS, "").split(",")]
    names = list(dict.fromkeys(name for name in names if name))
    known = runs.several(names)
    missing = [name for name in names if name not in known]
    if missing:
        one = len(missing) == 1
        link.refuse(
            RUNS,
            f"The link asks for {'a run that is' if one else 'runs that are'} not there (any "
            f"more): {plain(', '.join(missing))}. "
            f"{'It is' if one else 'They are'} left out.",
        )
    else:
        link.accept(RUNS)
    return list({run.id: run for run in known.values()}.values())


def _task(found: list[Run]) -> str:
    """Draw the choice of the task; that of the runs in the link goes before."""
    if found and TASK not in st.query_params and _new(found):
        st.session_state[TASK] = found[0].task
    options = {name: NAMES.get(name, name) for name in tasks.TASKS}
    chosen: str = choice(
        TASK,
        "Task",
        options,
        _usual(),
        "What the runs answer; only runs of one task can be compared.",
        asked="task",
        here=True,
    )
    return chosen


def _usual() -> str:
    """Return the task of the newest run."""
    newest = runs.stored(limit=1)
    return newest[0].task if newest else tasks.TASKS[0]


def _new(found: list[Run]) -> bool:
    """Whether the link has just begun to ask for these runs."""
    names = [run.name for run in found]
    return st.session_state.get("compare.seen") != names


def _data(stored: list[Run], found: list[Run]) -> str | None:
    """Draw the choice of the data set; None where no run is stored."""
    names = list(dict.fromkeys(run.dataset for run in [*found, *stored]))
    if found and DATA not in st.query_params and _new(found):
        st.session_state[DATA] = found[0].dataset
    st.session_state["compare.seen"] = [run.name for run in found]
    if not names:
        return None
    chosen: str = choice(
        DATA,
        "Data set",
        names,
        names[0],
        "Runs are compared on one recording.",
        asked="data set",
        allowed="no run of this task is on it",
        here=True,
    )
    return chosen


def _shortcuts(task: str, data: str) -> None:
    """Offer what is compared most often."""
    _offer(
        "All variants on this data",
        "compare-variants",
        ":material/select_all:",
        "The newest run of each model that shares data and split with the champion or, without "
        "one, with the newest run; of more than eight the best.",
        lambda: peers.variants(task, data),
        "This data set has fewer than two runs that share a split: train another model first.",
    )
    _offer(
        "Champion and baselines",
        "compare-champion",
        ":material/trophy:",
        "The chosen run of this data set, and the baselines that share its split.",
        lambda: peers.champion(task, data),
        "No run of this data set is a champion with baselines beside it. The page Runs marks one.",
    )


def _offer(
    label: str, key: str, icon: str, help: str, names: Callable[[], list[str]], nothing: str
) -> None:
    if not st.button(label, key=key, icon=icon, help=help, width="stretch"):
        return
    try:
        chosen = names()
    except FusionscopeError as error:
        explain(error)
        return
    if len(chosen) < peers.FEWEST:
        st.info(nothing)
        return
    put(chosen)
    st.rerun()


def _pick(stored: list[Run], found: list[Run]) -> None:
    """Draw the choice of single runs."""
    about = {run.name: _about(run) for run in [*found, *stored]}
    st.session_state[PICKED] = [run.name for run in found]
    st.multiselect(
        "Runs",
        list(about),
        format_func=lambda name: f"{name} · {about[name]}",
        key=PICKED,
        on_change=lambda: put(st.session_state[PICKED]),
        placeholder="Choose two to eight",
        help="Type a part of a name or of a model to find it.",
    )


def _about(run: Run) -> str:
    return f"{tasks.label(run.task, run.variant)}{f' {CHAMPION}' if run.champion else ''}"


def put(names: list[str]) -> None:
    """Put *names* into the link."""
    if names:
        st.query_params[RUNS] = ",".join(names)
    else:
        st.query_params.pop(RUNS, None)
