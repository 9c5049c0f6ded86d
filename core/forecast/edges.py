"""Which graph a model reads: given, by distance, by correlation, or learned."""

from __future__ import annotations

import numpy as np

from core.data.graph import Graph, from_correlation, from_places
from core.errors import ConfigError
from core.forecast.config import Config
from core.forecast.panel import Panel


def graph_of(
    panel: Panel, given: Graph | None, scaled: np.ndarray, config: Config
) -> tuple[Graph, str]:
    """Return the graph of the nodes of *panel*, and where it comes from.

    Args:
        panel: The recording.
        given: What came with the data, weights or places or both; None without.
        scaled: (rows, N, F) training rows.
        config: Says which source is wanted.

    Returns:
        A graph without weights where they are to be learned.

    Raises:
        ConfigError: the source that the settings name is not there.
        DataError: the graph does not fit the nodes.
    """
    source = config.graph
    fits = given is not None and set(panel.nodes) <= set(given.nodes) and len(panel.nodes) > 1
    wanted = fits or source in ("given", "coordinates")  # it then says which node it lacks
    graph = given.of(panel.nodes) if wanted and given is not None else None
    weights = None if graph is None else graph.weights
    places = None if graph is None else graph.places
    if source == "auto":
        source = "given" if weights is not None else "coordinates"
        source = source if graph is not None else "correlation"
    if source == "learned":
        return Graph(panel.nodes, None, places), "learned with the model"
    if source == "correlation":
        found = from_correlation(panel.nodes, scaled[:, :, 0])
        other = "" if given is None or fits else "; the graph of the data has other nodes"
        return Graph(panel.nodes, found.weights, places), f"correlation in the training rows{other}"
    if source == "given":
        if weights is None:
            raise ConfigError(
                "No graph is given with the data.",
                "Attach an adjacency on the page Data or by --graph, or choose another graph.",
            )
        return Graph(panel.nodes, weights, places), "given with the data"
    if places is None:
        raise ConfigError(
            "No coordinates are given with the data.",
            "Attach a table with latitude and longitude on the page Data or by --graph, or choose "
            "another graph.",
        )
    return from_places(panel.nodes, places), "distances between coordinates"
