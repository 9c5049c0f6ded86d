"""Choose, fetch or upload a recording, and check it."""

from __future__ import annotations

import streamlit as st

from core.errors import FusionscopeError, UnknownDataset, UnreadableFile
from dashboard import (
    cached,
    data_pictures,
    data_recipe,
    data_source,
    data_view,
    gas_frames,
    graph_panel,
    link,
)
from dashboard.notices import explain
from dashboard.window import RECORDING

TABS = ("Findings", "Columns and gaps", "Statistics")
GRAPH, FRAMES = "Graph", "Frames"

st.title("Data")
entry = data_source.sidebar()
data_source.trouble()
data_source.heading(entry)
notices = st.container()
dataset = None
if not entry.available:
    data_source.fetch(entry)
else:
    try:
        dataset = cached.dataset(entry.name)
    except FusionscopeError as error:
        explain(error)
        if not isinstance(error, UnreadableFile | UnknownDataset):
            data_recipe.editor(entry.name, entry.rows)  # Other choices may mend it.
if dataset is not None:
    data_view.tiles(dataset)
    data_pictures.channels(dataset)
    names = [*TABS, GRAPH] if graph_panel.wanted(dataset) else list(TABS)
    names += [FRAMES] if entry.gas else []
    tabs = st.tabs(names, key="data.tab", on_change="rerun", bind="query-params")
    for tab, name in zip(tabs, names, strict=True):
        if tab.open:
            with tab:
                if name == "Findings":
                    data_view.findings(dataset)
                    data_view.faults(entry.faults)
                elif name == "Statistics":
                    found, _ = data_recipe.columns(entry.name, entry.rows)
                    data_view.statistics(dataset, found.set_index("column")["missing"])
                elif name == GRAPH:
                    graph_panel.panel(entry, dataset)
                elif name == FRAMES:
                    gas_frames.panel(entry)
                else:
                    data_recipe.editor(entry.name, entry.rows)
with notices:
    link.notices(only=[data_source.KEY, *data_source.OWN, RECORDING.start])
