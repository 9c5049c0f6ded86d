"""Every trial of a study: its settings, what it reached, and the way to its run."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from core import format as write
from core import runs, sweeps
from core.errors import FusionscopeError
from core.sweeps import Study, Trial
from dashboard import routes, study_charts
from dashboard.study_words import TRIALS, titles_of


def draw(study: Study, trials: list[Trial]) -> None:
    """List every trial with its settings, what it reached, and a link to its run."""
    st.markdown("**Trials**")
    if not trials:
        st.caption("The first one is about to begin.")
        return
    aim, best = sweeps.aim_of(study), sweeps.best(study, trials)
    rows = [_row(study, trial, trial == best, aim.label) for trial in trials]
    column = st.column_config
    st.dataframe(
        pd.DataFrame(rows),
        hide_index=True,
        height="content" if len(rows) <= 12 else 460,
        column_config={
            "Trial": column.NumberColumn(pinned=True, width=60),
            "Run": column.LinkColumn(display_text=r"run=([^&]+)", width=130),
            "Note": column.TextColumn(width="large"),
        },
        placeholder=write.NOTHING,
        alt="Trials with state, settings, what they reached, time and run",
    )


def _row(study: Study, trial: Trial, best: bool, metric: str) -> dict[str, Any]:
    note = trial.message
    if trial.state == "running" and trial.curve:
        epochs = trial.config.get("epochs")
        note = f"epoch {len(trial.curve)} of {epochs}, validation loss {trial.curve[-1]:.3g}"
    elif trial.retries:
        note = note or f"taken up again {write.count(trial.retries, 'time')}"
    row: dict[str, Any] = {
        "Trial": trial.number + 1,
        "State": f"{'★ ' if best else ''}{TRIALS[trial.state]}",
    }
    if study.kind == "search":
        titles = titles_of(study)
        row |= {titles[name]: study_charts.short(v) for name, v in trial.params.items()}
    else:
        row["What"] = trial.label
    took = "stored before" if trial.seconds == 0 else write.duration(trial.seconds)
    row |= {metric: write.number(trial.value), "Time taken": took}
    return row | {"Run": None if trial.run is None else _address(trial.run), "Note": note}


@st.cache_data(ttl=300, max_entries=2_000, show_spinner=False)
def _address(identifier: str) -> str | None:
    """Return the address of a run; None when it was deleted."""
    try:
        run = runs.get(identifier)
    except FusionscopeError:
        return None
    return routes.address(run.name, run.source, run.task)
