"""The frame around every page: title, logo, navigation, and the message when it cannot go on."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from core.errors import FusionscopeError
from dashboard import (
    theme,  # noqa: F401  registers the theme of the charts
    walk,
)
from dashboard.notices import explain

HERE = Path(__file__).parent
ASSETS, PAGES = HERE / "assets", HERE.parent / "pages"

# file, title, icon, what the page is for; the address is the name of the file.
ENTRIES = (
    ("overview", "Overview", "dashboard", "What is here, the latest runs, and a tour."),
    ("data", "Data", "table_chart", "Choose, fetch or upload a recording and check it."),
    ("anomalies", "Anomalies", "troubleshoot", "Which moments are not normal, and which sensor."),
    ("forecast", "Forecast", "query_stats", "What the sensors will read next, and how sure."),
    ("gas", "Gas", "gas_meter", "Whether there is a leak and of what, by sensors and a camera."),
    ("fleet", "Fleet", "precision_manufacturing", "Which units fail next, and how worn each is."),
    ("compare", "Compare", "compare_arrows", "Which model to run: metrics, tests, timelines."),
    ("experiments", "Experiments", "science", "Which settings, which window, which parts."),
    ("runs", "Runs", "inventory_2", "Every trained model: filter, compare, tag, delete."),
)

# A local icon before the navigation: otherwise the browser would fetch one from outside.
st.set_page_config(page_title="Fusionscope", page_icon=ASSETS / "mark.png", layout="wide")
st.logo(ASSETS / "logo.svg", icon_image=ASSETS / "mark.svg", size="large")

page = st.navigation(
    [
        st.Page(
            PAGES / f"{name}.py",
            title=title,
            icon=f":material/{icon}:",
            url_path=name,
            help=purpose,
            default=number == 0,
        )
        for number, (name, title, icon, purpose) in enumerate(
            entry for entry in ENTRIES if (PAGES / f"{entry[0]}.py").exists()
        )
    ],
    position="top",
)

try:
    walk.line()
    page.run()
except FusionscopeError as error:
    explain(error)
