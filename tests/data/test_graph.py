"""Graphs: adjacencies and places as people write them, and one clear error for each mistake."""

from __future__ import annotations

import gzip
import io
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.data.graph import (
    Graph,
    adjacency,
    coordinates,
    distances,
    from_correlation,
    from_places,
    read_graph,
)
from core.errors import DataError

ABC = ("a", "b", "c")
WEIGHTS = np.array([[0, 0.5, 0], [0.25, 0, 2], [0, 2, 0]], np.float32)
IDS = ("773869", "767541", "767542")
STATIONS = """station,ID,lon,lat
north,1001A,116.3,40.2
south,1002A,116.4,39.8
"""
SENSORS = """index,sensor_id,latitude,longitude
0,773869,34.15497,-118.31829
1,767541,34.11621,-118.23799
2,767542,34.11641,-118.23819
"""


def table(names=None, rows=None, weights=WEIGHTS, separator=",") -> bytes:
    """Write an adjacency as CSV, with names of the columns and of the rows where given."""
    frame = pd.DataFrame(weights, index=rows, columns=names)
    return frame.to_csv(index=rows is not None, header=names is not None, sep=separator).encode()


@pytest.mark.parametrize("nodes", [ABC, IDS, ("0", "1", "2"), ("2", "1", "0")])
@pytest.mark.parametrize("header", [True, False])
@pytest.mark.parametrize("first", [True, False])
def test_an_adjacency_is_read_with_and_without_names(nodes, header, first):
    data = table(list(nodes) if header else None, list(nodes) if first else None)
    graph = read_graph(data, nodes)
    assert graph.nodes == nodes
    np.testing.assert_array_equal(graph.weights, WEIGHTS)
    assert graph.weights.dtype == np.float32
    assert graph.places is None


@pytest.mark.parametrize("nodes", [ABC, IDS])
@pytest.mark.parametrize("first", [True, False])
def test_names_in_another_order_say_which_node_is_which(nodes, first):
    order = [2, 0, 1]
    names = [nodes[i] for i in order]
    rows = names[::-1] if first else None
    inner = WEIGHTS[np.ix_(order, order)]
    data = table(names, rows, inner[::-1] if first else inner)
    np.testing.assert_array_equal(read_graph(data, nodes).weights, WEIGHTS)


def test_rows_alone_may_be_named_in_another_order():
    order = [2, 0, 1]
    data = table(None, [ABC[i] for i in order], WEIGHTS[np.ix_(order, order)])
    np.testing.assert_array_equal(read_graph(data, ABC).weights, WEIGHTS)


@pytest.mark.parametrize("separator", [",", ";", "\t", " "])
def test_the_delimiter_is_found(separator):
    named = read_graph(table(ABC, None, separator=separator), ABC)
    np.testing.assert_array_equal(named.weights, WEIGHTS)
    plain = read_graph(table(separator=separator), ABC)
    np.testing.assert_array_equal(plain.weights, WEIGHTS)


def test_a_file_may_be_packed_or_parquet(tmp_path: Path):
    frame = pd.DataFrame(WEIGHTS, index=list(ABC), columns=list(ABC))
    for options in ({}, {"index": False}):
        buffer = io.BytesIO()
        frame.to_parquet(buffer, **options)
        np.testing.assert_array_equal(read_graph(buffer.getvalue(), ABC).weights, WEIGHTS)
    packed = tmp_path / "graph.csv.gz"
    packed.write_bytes(gzip.compress(table(ABC)))
    np.testing.assert_array_equal(read_graph(packed, ABC).weights, WEIGHTS)


def test_counted_names_are_none():
    for start in (0, 1):
        data = table([str(n + start) for n in range(3)])
        np.testing.assert_array_equal(read_graph(data, ABC).weights, WEIGHTS)


def test_weights_of_zero_and_one_are_not_taken_for_names():
    nodes, weights = ("0", "1"), np.array([[0, 1], [1, 0]])
    graph = read_graph(table(weights=weights), nodes)
    np.testing.assert_array_equal(graph.weights, weights)


def test_a_graph_of_more_nodes_is_cut():
    graph = read_graph(table(ABC), ("c", "b"))
    np.testing.assert_array_equal(graph.weights, [[0, 2], [2, 0]])


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (table(weights=np.eye(2)), "3 nodes, the adjacency 2 rows and columns"),
        (table(weights=np.eye(4)), "3 nodes, the adjacency 4 rows and columns"),
        (table(["x", "y", "z"]), "no node 'a', 'b', 'c'; its nodes are: x, y, z"),
        (table(["a", "b", "z"]), "no node 'c'; its nodes are: a, b, z"),
        (table(["a", "b", "b"]), "names 'b' more than once"),
        (table(["a", "b", "c"], ["a", "b", "x"]), "name different nodes: c, x"),
        (table(weights=WEIGHTS[:2]), "square; received 2 rows and 3 columns"),
        (table(weights=WEIGHTS[:, :2]), "square; received 3 rows and 2 columns|adjacency 2 rows"),
        (table(ABC, weights=np.ones((5, 3))), "square; received 5 rows and 3 columns"),
        (table(weights=[[0, 1, 0], [1, 0, -3], [0, 1, 0]]), r"row 2, column 3 .* negative: -3"),
        (table(weights=[[0, np.nan, 0], [1, 0, 3], [0, 1, 0]]), "row 1, column 2 .* no number"),
        (table(weights=[[0, 1, 0], [1, np.nan, 3], [np.nan, 1, 0]]), r"\(2 are such\)"),
        (table(weights=[[0, 1, 0], [1, 0, np.inf], [0, 1, 0]]), "row 2, column 3 .* no number"),
        (table(weights=[[0, 1, 0], [1, "near", 2], [0, 1, 0]]), "no number: near"),
        (b"", "cannot be read"),
        (b"\n\n", "cannot be read"),
        (bytes(range(128, 256)), "cannot be read"),
        (b"PAR1 broken", "cannot be read"),
        (b"\x1f\x8b broken", "cannot be read"),
    ],
)
def test_a_mistake_gets_one_line_that_says_how_to_mend_it(data, words):
    with pytest.raises(DataError, match=words) as error:
        read_graph(data, ABC)
    assert error.value.remedy
    assert "\n" not in str(error.value)


def test_a_file_that_is_not_there(tmp_path: Path):
    with pytest.raises(DataError, match="cannot be read"):
        read_graph(tmp_path / "nowhere.csv", ABC)


def test_many_missing_names_are_counted():
    nodes = [f"n{i}" for i in range(20)]
    with pytest.raises(DataError, match="'n4' and 15 more"):
        Graph(("x",), np.zeros((1, 1), np.float32)).of(nodes)


def test_places_by_either_spelling():
    stations = read_graph(STATIONS.encode(), ("south", "north"))
    np.testing.assert_array_equal(stations.places, [[39.8, 116.4], [40.2, 116.3]])
    assert stations.weights is None
    assert not stations.findings()
    by_id = read_graph(STATIONS.encode(), ("1002A",))
    np.testing.assert_array_equal(by_id.places, [[39.8, 116.4]])
    sensors = read_graph(SENSORS.encode(), IDS[::-1])
    np.testing.assert_allclose(sensors.places[2], [34.15497, -118.31829])


def test_places_of_numeric_names_in_parquet():
    buffer = io.BytesIO()
    pd.read_csv(io.StringIO(SENSORS)).to_parquet(buffer)
    assert read_graph(buffer.getvalue(), IDS).nodes == IDS


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (STATIONS, "no node 'east'; its nodes are: north, south"),
        (STATIONS.replace("north", "x").replace("south", "y"), "No column of the places names"),
        (STATIONS.replace("40.2", "95"), "place of 'north' is latitude 95, longitude 116.3"),
        (STATIONS.replace("116.4", "256.4"), "place of 'south'"),
        (STATIONS.replace("39.8", ""), "place of 'south'"),
        (STATIONS.replace("south", "north"), "'north' more than once"),
    ],
)
def test_a_mistake_in_places(data, words):
    with pytest.raises(DataError, match=words) as error:
        read_graph(data.encode(), ("north", "east"))
    assert error.value.remedy


def test_places_need_both_coordinates():
    with pytest.raises(DataError, match="latitude and longitude, received station, lat"):
        coordinates(pd.DataFrame({"station": ["a"], "lat": [1.0]}), ["a"])


def test_distances_between_cities():
    """Berlin to Paris 878 km, Berlin to Sydney 16 095 km, along great circles."""
    cities = np.array([[52.5200, 13.4050], [48.8566, 2.3522], [-33.8688, 151.2093]])
    found = distances(cities)
    assert found[0, 1] == pytest.approx(878, abs=3)
    assert found[0, 2] == pytest.approx(16_095, abs=30)
    np.testing.assert_array_equal(found, found.T)
    assert not found.diagonal().any()
    ends = distances(np.array([[0.0, 0.0], [0.0, 180.0]]))
    assert ends[0, 1] == pytest.approx(math.pi * 6371)


def test_edges_by_distance_are_a_gaussian_kernel():
    """Against the equation, written out node by node."""
    places = np.random.default_rng(0).uniform([39, 116], [41, 117], (6, 2))
    graph = from_places("abcdef", places)
    known = distances(places)
    every = [known[i, j] for i in range(6) for j in range(6) if i != j]
    mean = sum(every) / len(every)
    variance = sum((one - mean) ** 2 for one in every) / len(every)
    for i in range(6):
        for j in range(6):
            weight = math.exp(-(known[i, j] ** 2) / variance)
            expected = 0.0 if i == j or weight < 0.1 else weight
            assert graph.weights[i, j] == pytest.approx(expected, rel=1e-5)
    np.testing.assert_array_equal(graph.places, places)


@pytest.mark.parametrize("places", [[[1.0, 2.0]], [[1.0, 2.0], [1.0, 2.0]]])
def test_places_without_a_spread_have_finite_edges(places):
    graph = from_places([str(n) for n in range(len(places))], np.array(places))
    assert np.isfinite(graph.weights).all()
    assert graph.parts == 1


def test_edges_by_correlation():
    rng = np.random.default_rng(0)
    base = rng.normal(size=(400, 2))
    values = np.c_[
        base[:, 0], -base[:, 0] + 0.1 * rng.normal(size=400), base[:, 1], np.full(400, 7.0)
    ]
    graph = from_correlation((*ABC, "flat"), values, neighbours=1)
    expected = abs(np.corrcoef(values[:, 0], values[:, 1])[0, 1])
    assert graph.weights[0, 1] == pytest.approx(expected, rel=1e-5)
    assert expected > 0.9
    assert not graph.weights[3].any()
    assert not graph.weights.diagonal().any()
    np.testing.assert_array_equal(graph.weights, graph.weights.T)


def test_each_node_keeps_its_nearest_neighbours():
    values = np.random.default_rng(1).normal(size=(200, 12))
    whole = from_correlation(list("abcdefghijkl"), values, neighbours=11).weights
    cut = from_correlation(list("abcdefghijkl"), values, neighbours=3).weights
    for node in range(12):
        nearest = np.argsort(whole[node])[-3:]
        np.testing.assert_array_equal(cut[node, nearest], whole[node, nearest])
    assert (cut > 0).sum() < (whole > 0).sum() == 132


def test_parts_that_no_edge_joins_are_a_finding():
    weights = np.zeros((5, 5), np.float32)
    weights[0, 1] = weights[2, 1] = weights[3, 3] = 1.0
    graph = Graph(tuple("abcde"), weights)
    assert graph.parts == 3
    (finding,) = graph.findings()
    assert finding.severity == "warning"
    assert "3 parts" in finding.what
    assert "2 nodes without an edge" in finding.what
    weights = weights.copy()
    weights[3, 4] = weights[4, 0] = 0.1
    assert not Graph(tuple("abcde"), weights).findings()


def test_both_directions_count():
    graph = Graph(ABC, WEIGHTS)
    np.testing.assert_array_equal(graph.symmetric, [[0, 0.5, 0], [0.5, 0, 2], [0, 2, 0]])
    loops = Graph(ABC, WEIGHTS + np.eye(3, dtype=np.float32))
    np.testing.assert_array_equal(loops.symmetric, graph.symmetric)


def test_places_alone_have_no_edges():
    with pytest.raises(DataError, match="no edges"):
        _ = Graph(("a",), None, np.zeros((1, 2))).symmetric


def test_the_digest_tells_graphs_apart():
    places = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    graphs = [
        Graph(ABC, WEIGHTS),
        Graph(ABC, WEIGHTS.T),
        Graph(("a", "c", "b"), WEIGHTS),
        Graph(ABC, None, places),
        Graph(ABC, WEIGHTS, places),
        Graph(ABC, WEIGHTS, places + 1e-9),
    ]
    assert len({graph.digest for graph in graphs}) == len(graphs)
    again = adjacency(pd.DataFrame(WEIGHTS, columns=list(ABC)), ABC)
    assert again.digest == graphs[0].digest
    turned = Graph(("c", "a", "b"), WEIGHTS[np.ix_([2, 0, 1], [2, 0, 1])])
    assert turned.digest != graphs[0].digest
    assert turned.of(ABC).digest == graphs[0].digest


def test_the_loops_of_los_angeles(real_data: Path):
    speeds = real_data / "los_loop" / "los_speed.csv"
    nodes = pd.read_csv(speeds, nrows=1).columns
    graph = read_graph(real_data / "los_loop" / "los_adj.csv", nodes)
    frame = pd.read_csv(real_data / "los_loop" / "los_adj.csv", header=None)
    np.testing.assert_array_equal(graph.weights, frame.to_numpy("f4"))
    assert graph.findings()
    sensors = read_graph(real_data / "los_loop" / "graph_sensor_locations.csv", nodes)
    assert sensors.nodes == tuple(nodes)
    assert distances(sensors.places).max() < 60
