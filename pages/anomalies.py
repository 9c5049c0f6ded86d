"""Which moments are not normal, and which sensor says so?"""

from __future__ import annotations

import streamlit as st

from dashboard import jobs_panel, link, run_heading, setup, workbench

st.title("Anomalies")
asked = setup.sidebar()
link.notices(but=workbench.LINKED)
if asked.run is not None:
    run_heading.heading(asked.run)
    workbench.draw(asked.run)
elif asked.job is not None:
    jobs_panel.panel(asked.job)
else:
    setup.QUESTION.nothing_yet(asked)
