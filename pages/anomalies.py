"""Which moments are not normal, and which sensor says so?"""

from __future__ import annotations

import streamlit as st

from dashboard import jobs_panel, link, setup, workbench

st.title("Anomalies")
choice = setup.sidebar()
link.notices(but=workbench.LINKED)
if choice.run is not None:
    workbench.heading(choice.run)
    workbench.draw(choice.run)
elif choice.job is not None:
    jobs_panel.panel(choice.job)
else:
    setup.nothing_yet(choice)
