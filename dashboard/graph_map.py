"""A graph as a map: nodes where they are, or on a circle, with lines between neighbours."""

from __future__ import annotations

from typing import Literal

import altair as alt
import numpy as np
import pandas as pd

from core.data import Graph
from dashboard.charts import FIT
from dashboard.theme import named, paint, painted

HEIGHT = 380
MOST_NAMES = 24  # more would hide one another; all are told by the tooltip
MOST_EDGES = 1_500  # the strongest are drawn; more would be one grey patch

Where = Literal["places", "circle"]


def graph_map(graph: Graph, values: np.ndarray | None = None, title: str = "") -> alt.LayerChart:
    """Return the map with its data: every node with its name, edges as lines, darker when strong.

    Args:
        graph: N nodes with places, weights or both. Without places they stand on a circle.
        values: (N,) colour of each node, such as its error; NaN for none.
        title: What the values are, with their unit.
    """
    chart = structure(where(graph), values is not None, title)
    datasets = {
        name: frame.astype(object).where(frame.notna(), None).to_dict("records")
        for name, frame in frames(graph, values).items()
    }
    return chart.properties(datasets=datasets)


def where(graph: Graph) -> Where:
    """Return where the nodes of *graph* are drawn."""
    return "circle" if graph.places is None else "places"


def frames(graph: Graph, values: np.ndarray | None = None) -> dict[str, pd.DataFrame]:
    """Return what `structure` reads.

    - nodes [x, y, node, name, neighbours, value]: one row a node; name is what is written beside
      it, empty where there are many; value with *values* alone.
    - edges [x, y, x2, y2, weight, opacity, pair]: the strongest, each drawn once.
    """
    x, y = _positions(graph)
    nodes = pd.DataFrame({"x": x, "y": y, "node": graph.nodes})
    nodes["name"] = nodes["node"] if len(nodes) <= MOST_NAMES else ""
    if values is not None:
        nodes["value"] = np.asarray(values, np.float64)
    if graph.weights is None:
        return {"nodes": nodes.assign(neighbours=0), "edges": _edges(graph, x, y, np.zeros((0, 2)))}
    pairs = np.argwhere(np.triu(graph.symmetric) > 0)
    strength = graph.symmetric[pairs[:, 0], pairs[:, 1]]
    pairs = pairs[np.argsort(-strength, kind="stable")[:MOST_EDGES]]
    nodes["neighbours"] = (graph.symmetric > 0).sum(axis=1)
    return {"nodes": nodes, "edges": _edges(graph, x, y, pairs)}


def structure(place: Where, valued: bool = False, title: str = "") -> alt.LayerChart:
    """Return the chart of the data sets nodes and edges (`frames`).

    Args:
        place: "places" draws axes of longitude and latitude, "circle" none.
        valued: Whether nodes are coloured by their value.
        title: What the values are.
    """
    x, y = (_axis(name, label, place) for name, label in (("x", "Longitude"), ("y", "Latitude")))
    weight = alt.Tooltip("weight:Q", title="Weight", format=".3g")
    lines = (
        named("edges")
        .mark_rule(strokeWidth=1.2)
        .encode(
            x=x,
            y=y,
            x2="x2:Q",
            y2="y2:Q",
            opacity=alt.Opacity("opacity:Q", scale=None, legend=None),
            tooltip=[alt.Tooltip("pair:N", title="Edge"), weight],
        )
    )
    told = [
        alt.Tooltip("node:N", title="Node"),
        alt.Tooltip("neighbours:Q", title="Neighbours"),
    ]
    nodes = named("nodes").mark_point(filled=True, size=70, opacity=1, strokeWidth=0.8)
    if not valued:
        dots = paint(nodes.encode(x=x, y=y, tooltip=told), "prediction")
    else:
        told.append(alt.Tooltip("value:Q", title=title or "Value", format=".3~g"))
        # Not the scale "color": that one turns meanings into colours.
        fill = alt.Fill("value:Q", scale=alt.Scale(range="ramp"), title=title or "Value")
        dots = nodes.encode(x=x, y=y, tooltip=told, fill=fill, stroke=painted(alt.Stroke))
        dots = dots.transform_calculate(meaning="'baseline'")  # so that pale nodes are seen
    names = named("nodes").mark_text(dy=-12, fontSize=11).encode(x=x, y=y, text="name:N")
    layers = [paint(lines, "baseline"), dots, paint(names, "baseline")]
    return alt.layer(*layers).properties(height=HEIGHT, autosize=FIT)


def _axis(name: Literal["x", "y"], label: str, place: Where) -> alt.X | alt.Y:
    axis = alt.Axis(title=f"{label} (°)", format=".6~g", tickCount=5) if place == "places" else None
    channel = alt.X if name == "x" else alt.Y
    return channel(f"{name}:Q", scale=alt.Scale(zero=False, nice=False, padding=32), axis=axis)


def _positions(graph: Graph) -> tuple[np.ndarray, np.ndarray]:
    if graph.places is not None:
        return graph.places[:, 1], graph.places[:, 0]
    turn = 2 * np.pi * np.arange(len(graph.nodes)) / len(graph.nodes)
    return np.sin(turn), np.cos(turn)


def _edges(graph: Graph, x: np.ndarray, y: np.ndarray, pairs: np.ndarray) -> pd.DataFrame:
    """Return one row for each of *pairs* (edges, 2) of nodes."""
    one, other = pairs.astype(int).T
    weight = np.zeros(0) if graph.weights is None else graph.symmetric[one, other]
    most = weight.max(initial=0.0) or 1.0
    return pd.DataFrame(
        {
            "x": x[one],
            "y": y[one],
            "x2": x[other],
            "y2": y[other],
            "weight": weight.astype(np.float64),
            "opacity": 0.15 + 0.75 * weight.astype(np.float64) / most,
            "pair": [
                f"{graph.nodes[i]} – {graph.nodes[j]}" for i, j in zip(one, other, strict=True)
            ],
        }
    )
