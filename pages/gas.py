"""Is there a leak, of which gas, and how sure is that with a sensor or the camera gone?"""

from __future__ import annotations

import streamlit as st

from dashboard import gas, gas_recording, gas_setup, jobs_panel, link, run_heading

st.title("Gas")
asked = gas_setup.sidebar()
link.notices(but=gas_setup.LINKED)
if asked.run is not None:
    run_heading.heading(asked.run)
    gas.draw(asked.run)
elif asked.job is not None:
    jobs_panel.panel(asked.job)
    gas_recording.alone(asked)
else:
    gas_recording.alone(asked)
    gas_setup.nothing_yet(asked)
