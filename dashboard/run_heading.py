"""The first line of a finished run: which model, of which recording, and when it was trained."""

from __future__ import annotations

import streamlit as st

from core import format as write
from core import peers, runs
from core import task as tasks
from dashboard import report_button, routes
from dashboard.markdown import plain


def heading(run: runs.Run) -> None:
    """Say which run is on the screen."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(
            f"**{plain(run.name)}** · {tasks.label(run.task, run.variant)} · {plain(run.dataset)}",
            width="content",
        )
        if run.champion:
            st.badge("champion", icon=":material/trophy:", color="green")
        if run.baseline:
            st.badge("baseline", color="gray")
        made = f"{write.moment(run.created, seconds=False)}, {write.ago(run.created)}"
        st.caption(f"trained in {write.duration(run.seconds)}, {made}", width="content")
        compared(run)
        report_button.draw([run.name])


def compared(run: runs.Run) -> None:
    """Offer to put *run* beside its baselines."""
    if st.button(
        "Compare",
        key="run-compare",
        icon=":material/compare_arrows:",
        type="tertiary",
        help="Puts this run beside the baselines that share its data and split.",
    ):
        routes.to("compare", runs=",".join(peers.rivals(run)))
