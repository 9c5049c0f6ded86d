"""Which units fail next, and how worn is each of them?"""

from __future__ import annotations

import streamlit as st

from dashboard import fleet, fleet_setup, jobs_panel, link

st.title("Fleet")
choice = fleet_setup.sidebar()
link.notices()
if choice.run is not None:
    fleet.heading(choice.run, choice)
    fleet.draw(choice.run, choice)
elif choice.job is not None:
    jobs_panel.panel(choice.job)
else:
    fleet_setup.nothing_yet(choice)
