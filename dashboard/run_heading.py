"""The first line of a finished run: which model, of which recording, and when it was trained."""

from __future__ import annotations

import streamlit as st

from core import runs
from core import task as tasks
from dashboard import format as write
from dashboard import report_button
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
        report_button.draw([run.name])
