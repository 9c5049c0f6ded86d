"""What will these sensors read next, and does the model know it better than a baseline?"""

from __future__ import annotations

import streamlit as st

from dashboard import forecast, forecast_setup, jobs_panel, link, run_heading

st.title("Forecast")
asked = forecast_setup.sidebar()
link.notices(but=forecast_setup.LINKED)
if asked.run is not None:
    run_heading.heading(asked.run)
    forecast.draw(asked.run)
elif asked.job is not None:
    jobs_panel.panel(asked.job)
else:
    forecast_setup.nothing_yet(asked)
