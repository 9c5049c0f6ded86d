"""Which channels or entities are neighbours: what is known, attach a file, take it off."""

from __future__ import annotations

import streamlit as st

from core import format as write
from core.data import Dataset, Graph, candidates, catalog, graphs
from core.data.catalog import Entry
from core.errors import FusionscopeError
from core.settings import settings
from dashboard import graph_map
from dashboard.draw import show, spec
from dashboard.notices import explain

TYPES = ["csv", "tsv", "txt", "gz", "parquet", "pq"]
_TROUBLE, _TURN = "graph.trouble", "graph.turn"


def wanted(dataset: Dataset) -> bool:
    """Whether there is more than one node that a graph could join."""
    return max(len(dataset.channels), len(dataset.entities)) > 1


def panel(entry: Entry, dataset: Dataset) -> None:
    """Show the graph of a recording and let it be attached or taken off."""
    left, right = st.columns([3, 2], gap="large")
    with left:
        if dataset.graph is None:
            st.info(
                "Nobody has said yet which sensors are neighbours. Attach an adjacency or the "
                "places of the sensors; forecasts can also find neighbours by correlation.",
                icon=":material/hub:",
            )
        else:
            _map(dataset.graph, dataset.name)
    with right:
        if dataset.graph is not None:
            _facts(dataset, dataset.graph, attached=graphs.changed(entry.name) > 0)
        _files(entry, dataset)


def _map(graph: Graph, name: str) -> None:
    show(
        spec(graph_map.structure, graph_map.where(graph)),
        graph_map.frames(graph),
        alt=f"Map of {len(graph.nodes)} nodes with lines between neighbours",
        figure=f"{name}-map",
    )
    if graph.weights is not None and graph.places is None:
        st.caption("Nodes stand on a circle, for their places are not known.")


def _facts(dataset: Dataset, graph: Graph, attached: bool) -> None:
    of = "channel" if graph.nodes == dataset.channels else "entity"
    many = "channels" if of == "channel" else "entities"
    facts = {
        "Nodes": write.count(len(graph.nodes), of, many),
        "Places": "not known" if graph.places is None else "known",
        "Edges": "not known: made by distance when a model asks",
        "Comes from": "your file" if attached else "the catalog",
    }
    if graph.weights is not None:
        facts |= {"Edges": write.count(graph.edges), "Parts": write.count(graph.parts)}
    st.table(facts, border="horizontal", width="content", alt="What is known of the graph")
    if graph.weights is not None and graph.parts > 1:
        st.caption("No edge joins the parts: nothing passes from one to another.")


def _files(entry: Entry, dataset: Dataset) -> None:
    error = st.session_state.get(_TROUBLE, {}).get(entry.name)
    if error is not None:
        explain(error)
    st.file_uploader(
        "Attach an adjacency or places",
        type=TYPES,
        max_upload_size=settings().upload_limit_mb,
        key=_key(),
        on_change=_attach,
        args=(entry.name, dataset),
        help="CSV or Parquet. An adjacency has one row and one column a node, with names or in "
        "the order of the recording; 0 is no edge. Places have a column of names, latitude and "
        "longitude. One does not replace the other.",
    )
    if graphs.changed(entry.name):
        st.button(
            "Take it off",
            key="graph-remove",
            icon=":material/link_off:",
            on_click=_remove,
            args=(entry.name,),
            help="Forgets the file; models that were trained with it stay.",
        )


def _key() -> str:
    return f"graph-upload-{st.session_state.get(_TURN, 0)}"


def _attach(name: str, dataset: Dataset) -> None:
    """Keep the uploaded file; one that does not fit changes nothing."""
    file = st.session_state[_key()]
    if file is None:
        return
    st.session_state[_TURN] = st.session_state.get(_TURN, 0) + 1  # An empty uploader again.
    st.session_state[_TROUBLE] = {}
    try:
        every = candidates(catalog.read(name).frame, dataset.roles)
        catalog.save_graph(name, file.getvalue(), dataset.channels, tuple(dataset.entities), every)
    except FusionscopeError as error:
        said = type(error)(f"{file.name}: {error.problem}", error.remedy)
        st.session_state[_TROUBLE] = {name: said}


def _remove(name: str) -> None:
    st.session_state[_TROUBLE] = {}
    try:
        catalog.remove_graph(name)
    except FusionscopeError as error:
        st.session_state[_TROUBLE] = {name: error}
