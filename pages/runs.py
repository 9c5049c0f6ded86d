"""Every trained model: filter, compare, tag, delete."""

from __future__ import annotations

import streamlit as st

from core import format as write
from core import runs
from core.errors import RunNotFound
from dashboard import link, routes, run_filters, run_panels

st.title("Runs")
wanted = run_filters.bar()
with st.skeleton(height=320):
    page, total = run_filters.page(wanted)
run_panels.trouble()
notices = st.container()
if page.empty and not wanted.narrow:
    with st.container(border=True, horizontal_alignment="center"):
        st.subheader("No run yet", anchor=False)
        st.markdown("A run is a trained detector with its scores, metrics and card.")
        with st.container(horizontal=True, horizontal_alignment="center"):
            if st.button("Take the tour", type="primary", key="runs-tour"):
                routes.to("overview")
            if st.button("Train a detector", key="runs-train"):
                routes.to("anomalies")
elif page.empty:
    st.info("No run meets these filters.", icon=":material/filter_alt_off:")
    st.button("Clear the filters", key="runs-clear", on_click=run_filters.clear)
else:
    run_filters.table(page, total)
name = st.query_params.get(run_panels.CHOSEN)
if name is not None:
    try:
        run = runs.get(name)
    except RunNotFound as error:
        link.refuse(run_panels.CHOSEN, f"The link asks for run = {name}. {error}")
    else:
        link.accept(run_panels.CHOSEN)
        run_panels.show(run)
elif not page.empty:
    st.caption(
        f"Choose one of {write.count(total, 'run')} to see its card, or mark several to compare "
        "them."
    )
with notices:
    link.notices(only=[run_panels.CHOSEN, *run_filters.KEYS])
