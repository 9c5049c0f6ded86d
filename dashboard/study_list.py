"""The studies there are: what each asks, how far it is, and the best of it."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core import format as write
from core import sweeps
from core import task as tasks
from core.sweeps import Study
from dashboard import study_setup
from dashboard.study_words import KINDS, STATES

SHOWN = 50


def draw() -> None:
    """List the newest studies; a click on one opens it."""
    found = sweeps.recent(SHOWN)
    st.subheader("Studies", anchor=False)
    if not found:
        st.caption(
            "None yet. A study stays here with all of its trials, also when it was stopped: it "
            "can be taken up again."
        )
        return
    counts = sweeps.counts()
    names = [study.name for study in found]
    st.dataframe(
        pd.DataFrame([_row(study, counts.get(study.name, {})) for study in found]),
        key=f"studies-{len(names)}-{names[0]}",
        hide_index=True,
        height="content",
        on_select=lambda: _open(f"studies-{len(names)}-{names[0]}", names),
        selection_mode="single-row",
        column_config={
            "Study": st.column_config.TextColumn(pinned=True),
            "Begun (UTC)": st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm"),
        },
        alt="Studies with what they ask, their data set, their state and their best trial",
    )


def _row(study: Study, counts: dict[str, int]) -> dict[str, object]:
    ended = sum(counts.get(state, 0) for state in ("done", "pruned", "failed"))
    return {
        "Study": study.name,
        "What": KINDS[study.kind],
        "Model": tasks.label(study.task, str(study.config["variant"])),
        "Data set": study.dataset,
        "State": STATES[study.state][0],
        "Trials": f"{ended} of {study.planned}",
        "Failed": write.count(counts.get("failed", 0)) if counts.get("failed") else "",
        "Begun (UTC)": study.created,
    }


def _open(key: str, names: list[str]) -> None:
    rows = st.session_state[key]["selection"]["rows"]
    if rows:
        study_setup.open_study(names[rows[0]])
