"""What is here, the latest runs, and the tour."""

from __future__ import annotations

import streamlit as st

from dashboard import link, routes, standing, tour, walk

st.title("Fusionscope")
st.markdown(
    "A workbench for sensor recordings: train a detector, move its threshold, and see at once "
    "what it catches, what it costs, and which sensor is to blame; forecast what sensors will "
    "read, beside baselines; find gas leaks by sensors and a camera; rank units by the life they "
    "have left; put models side by side and report which one to run."
)
job = tour.current()
link.notices(only=[tour.KEY])
if job is not None:
    tour.panel(job)
else:
    first, second, third = st.columns(3, border=True)
    with first:
        st.subheader("Take the tour", anchor=False, icon=":material/explore:")
        st.markdown(
            "A small model learns a simulated pump station before your eyes, in under a minute, "
            "and ends on its timeline."
        )
        st.space("stretch")
        if st.button("Take the tour", type="primary", key="tour-start", width="stretch"):
            tour.start()
        if st.button(
            "Guided walk",
            key="walk-start",
            width="stretch",
            help="Anomalies, forecast and gas on samples: from models in training to thresholds to "
            "a report, in a few minutes.",
        ):
            walk.start()
    with second:
        st.subheader("Bring a recording", anchor=False, icon=":material/upload_file:")
        st.markdown(
            "Upload CSV or Parquet, see what was found in it, and say which column is what. "
            "It stays on this machine."
        )
        st.space("stretch")
        if st.button("Upload a recording", key="overview-upload", width="stretch"):
            routes.to("data")
    with third:
        st.subheader("Find, forecast, classify", anchor=False, icon=":material/troubleshoot:")
        st.markdown(
            "Train a detector and tune its threshold on stored scores, forecast what sensors "
            "will read, or tell gases apart."
        )
        st.space("stretch")
        with st.container(horizontal=True):
            if st.button("Anomalies", key="overview-detect", width="stretch"):
                routes.to("anomalies")
            if st.button("Forecast", key="overview-forecast", width="stretch"):
                routes.to("forecast")
            if st.button("Gas", key="overview-gas", width="stretch"):
                routes.to("gas")
standing.jobs_panel(leave_out=None if job is None else job.id)
standing.runs_panel()
