"""The tour: a small model, trained before the visitor's eyes on a sample, ends on its timeline."""

from __future__ import annotations

from typing import Any

import streamlit as st

from core import anomaly, jobs, runs
from core.data import catalog
from core.errors import JobError
from core.jobs import Job
from dashboard import cached, jobs_panel, link, routes

SAMPLE = "pump-station"
# Done in well under a minute on two cores, and better than every baseline on the sample.
SETTINGS: dict[str, Any] = {"lookback": 30, "units": 24, "epochs": 12, "stride": 2}
# The adaptive threshold as it is. The merge gap was chosen by the sample's labels, for a timeline
# to start from; the run's history says that it is the tour's.
CUT = anomaly.Decision(threshold=anomaly.Adaptive(), merge_gap=30)
KEY = "tour"  # In the address: the job of a tour, so that a reload finds it again.
_WATCHED = "tour.watched"


def config() -> anomaly.Config:
    """Return the settings of the tour's model."""
    return anomaly.Config(train_rows=catalog.entry(SAMPLE).train_rows, **SETTINGS)


def start() -> None:
    """Ask for the training; go to its timeline at once when the run is stored already."""
    job = jobs.submit("anomaly", cached.dataset(SAMPLE, "anomaly"), config(), jobs_panel.who())
    if job.state == "done":
        _finish(job)
    st.query_params[KEY] = job.id
    st.session_state[_WATCHED] = job.id
    st.rerun()


def current() -> Job | None:
    """Return the job of the tour in the address; None without one."""
    asked = st.query_params.get(KEY)
    if asked is None:
        return None
    try:
        return jobs.get(asked)
    except JobError:
        link.refuse(KEY, f"The link asks for tour = {asked}; there is no such training here.")
        return None


def panel(job: Job) -> None:
    """Show how the tour's training stands, live while it runs; then go to its timeline."""
    if job.state == "done":
        # Only who watched is taken along: the browser's way back would end there for ever.
        if st.session_state.pop(_WATCHED, None) == job.id:
            _finish(job)
        _taken(job)
        return
    if job.active:
        st.session_state[_WATCHED] = job.id
    label = catalog.entry(SAMPLE).label
    st.markdown(
        f"**The tour.** An LSTM autoencoder learns what is normal at the {label[:1].lower()}"
        f"{label[1:]}, in a process of its own: the page stays free, and a reload finds the "
        "training again. Then its timeline opens."
    )
    jobs_panel.panel(job)
    if not job.active:
        st.button("Close the tour", key="tour-close", on_click=leave)


def leave() -> None:
    """Forget the tour."""
    st.query_params.pop(KEY, None)


def _taken(job: Job) -> None:
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown("**The tour has been taken.** Its model is stored.", width="stretch")
        if st.button("Open its timeline", key="tour-open", type="primary"):
            _finish(job)
        st.button("Close", key="tour-close", on_click=leave)


def _finish(job: Job) -> None:
    assert job.run is not None
    run = runs.get(job.run)
    if not run.decisions():
        run.set_decision(CUT.model_dump(mode="json"), "tour")
    routes.to_run(run.name, job.dataset)
