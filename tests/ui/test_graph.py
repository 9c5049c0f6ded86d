"""The graph of a recording on the page Data: a map, a file to attach, a button to take it off."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from core.data import Graph, catalog, open_dataset
from core.data.dataset import Cleaning
from dashboard import cached, data_pictures, graph_map
from dashboard.draw import spec
from dashboard.theme import MEANINGS
from tests.ui.app import errors, metrics, open_page, run

ABC = ("a", "b", "c")
WEIGHTS = np.array([[0, 1, 0], [0.5, 0, 4], [0, 0, 0]], np.float32)
PLACES = np.array([[40.0, 116.0], [40.1, 116.2], [40.2, 116.1]])
FILE = b"a,b,c\n0,1,0\n1,0,2\n0,2,0\n"
TAB = {"data.tab": "Graph"}


@pytest.fixture
def stored(home) -> str:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"time": pd.date_range("2024-01-01", periods=90, freq="1min")})
    frame = frame.assign(**{name: rng.normal(size=90) for name in ABC})
    frame.loc[10:40, "a"] = np.nan
    return catalog.add_upload(frame.to_csv(index=False).encode(), "net.csv").name


def attach(app, content: bytes, name: str = "graph.csv"):
    # That of the tab comes before that of the sidebar.
    app.file_uploader[0].upload(name, content)
    return run(app)


def facts(app) -> str:
    return " ".join(table.value.to_string() for table in app.table)


def buttons(app) -> set[str]:
    return {button.key for button in app.button}


def test_a_graph_is_attached_and_taken_off(stored):
    app = open_page("data", data=stored, **TAB)
    assert any("Nobody has said" in info.value for info in app.info)
    assert "graph-remove" not in buttons(app)
    app = attach(app, FILE)
    assert not errors(app)
    assert "your file" in facts(app)
    assert "3 channels" in facts(app)
    np.testing.assert_array_equal(open_dataset(stored).graph.weights[0], [0, 1, 0])
    app.button(key="graph-remove").click()
    run(app)
    assert any("Nobody has said" in info.value for info in app.info)
    assert open_dataset(stored).graph is None


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"0,1\n1,0\n", "3 nodes, the adjacency 2 rows"),
        (FILE.replace(b"a,b,c", b"a,b,x"), "no node 'c'"),
        (FILE.replace(b"2", b"-2"), "negative"),
        (b"\xff\xfe\x00", "cannot be read"),
    ],
)
def test_a_bad_file_gets_one_message_and_changes_nothing(stored, content, words):
    app = attach(open_page("data", data=stored, **TAB), content, "bad.csv")
    assert len(errors(app)) == 1
    assert "bad.csv" in errors(app)[0]
    assert words in errors(app)[0]
    assert open_dataset(stored).graph is None
    app = attach(app, FILE)
    assert not errors(app)


def test_the_message_belongs_to_its_recording(stored):
    app = attach(open_page("data", data=stored, **TAB), b"1,2\n", "bad.csv")
    app.selectbox(key="data").set_value("pump-station")
    run(app)
    assert not errors(app)


def test_parts_are_among_the_findings(stored):
    catalog.save_graph(stored, b"a,b,c\n0,1,0\n1,0,0\n0,0,0\n", ABC)
    app = open_page("data", data=stored)
    assert any("2 parts" in text for text in app.table[0].value["What"])


def test_a_single_channel_has_no_graph(home):
    frame = pd.DataFrame({"a": np.random.default_rng(0).normal(size=90)})
    name = catalog.add_upload(frame.to_csv(index=False).encode(), "one.csv").name
    app = open_page("data", data=name, **TAB)
    assert "Graph" not in [tab.label for tab in app.tabs]
    app = open_page("data", data="pump-station")
    assert "Graph" in [tab.label for tab in app.tabs]


def test_the_graph_in_memory_is_the_one_that_is_attached(stored):
    assert cached.dataset(stored).graph is None
    catalog.save_graph(stored, FILE, ABC)
    first = cached.dataset(stored).graph
    assert cached.facts(stored, "anomaly").graph.digest == first.digest
    catalog.save_graph(stored, FILE.replace(b"2", b"3"), ABC)
    assert cached.dataset(stored).graph.weights[1, 2] == 3
    catalog.remove_graph(stored)
    assert cached.facts(stored).graph is None


def test_a_task_that_keeps_gaps_has_a_recording_of_its_own(stored, monkeypatch):
    from core import anomaly

    assert cached.dataset(stored, "anomaly") is cached.dataset(stored)
    monkeypatch.setattr(anomaly, "KEEPS_GAPS", True, raising=False)
    assert cached.facts(stored, "anomaly").rows == 90
    assert cached.facts(stored).rows == 59
    assert cached.dataset(stored, "anomaly").cleaning.missing == "keep"


@pytest.mark.parametrize("tab", ["Findings", "Statistics", "Columns and gaps"])
def test_a_recording_with_gaps_is_shown(stored, tab):
    catalog.save_recipe(stored, None, Cleaning(missing="keep"))
    app = open_page("data", data=stored, **{"data.tab": tab})
    assert not errors(app)
    assert metrics(app)["Rows"] == "90"
    if tab == "Statistics":
        row = app.dataframe[0].value.set_index("channel").loc["a"]
        known = open_dataset(stored).frame["a"].dropna()
        assert row["mean"] == pytest.approx(known.mean(), rel=5e-3)
        assert sum(row["shape"]) == 59
    if tab == "Columns and gaps":
        ways = next(box for box in app.selectbox if box.key and box.key.endswith("missing"))
        assert "keep gaps (forecasts only)" in ways.options


def test_a_gap_is_a_gap_in_the_picture(home, monkeypatch):
    """Also where a long recording is drawn with fewer points."""
    values = np.sin(np.arange(9000) / 50)
    values[1000:1100] = values[5000] = np.nan
    frame = pd.DataFrame({"a": values, "b": 1.0})
    name = catalog.add_upload(frame.to_csv(index=False).encode(), "long.csv").name
    catalog.save_recipe(name, None, Cleaning(missing="keep"))
    found = {}
    monkeypatch.setattr(
        data_pictures, "show", lambda _, data, *, alt, **__: found.update({alt: data})
    )
    open_page("data", data=name)
    for picture in found.values():
        points = picture["points"].set_index("x")["value"]
        assert len(points) < 4000
        if picture is found.get("Readings of channel b"):
            continue
        assert points.loc[1000:1099].isna().all()
        assert len(points.loc[1000:1099])
        assert np.isnan(points.loc[5000])
        assert points.drop(5000).loc[1100:].notna().all()
        assert points.loc[:999].notna().all()
        assert points.max() > 0.99


def drawn(*args) -> dict:
    return graph_map.graph_map(*args).to_dict()


def test_nodes_stand_where_they_are_and_edges_between_them():
    found = graph_map.frames(Graph(ABC, WEIGHTS, PLACES))
    nodes, edges = found["nodes"], found["edges"]
    assert nodes["x"].tolist() == [116.0, 116.2, 116.1]
    assert nodes["y"].tolist() == [40.0, 40.1, 40.2]
    assert nodes["neighbours"].tolist() == [1, 2, 1]
    assert nodes["name"].tolist() == list(ABC)
    assert edges["pair"].tolist() == ["b – c", "a – b"]  # the strongest first
    assert edges["weight"].tolist() == [4.0, 1.0]
    assert edges["opacity"].is_monotonic_decreasing
    assert edges.loc[1, ["x", "y", "x2", "y2"]].tolist() == [116.0, 40.0, 116.2, 40.1]


def test_without_places_nodes_stand_on_a_circle():
    nodes = graph_map.frames(Graph(ABC, WEIGHTS))["nodes"]
    np.testing.assert_allclose(nodes["x"] ** 2 + nodes["y"] ** 2, 1.0)
    assert len(nodes.round(6).drop_duplicates(["x", "y"])) == 3
    text = json.dumps(drawn(Graph(ABC, WEIGHTS)))
    assert "Longitude" not in text
    assert "Longitude" in json.dumps(drawn(Graph(ABC, None, PLACES)))


def test_places_alone_have_no_lines():
    found = graph_map.frames(Graph(ABC, None, PLACES))
    assert len(found["nodes"]) == 3
    assert found["edges"].empty


def test_only_the_strongest_of_many_edges_are_drawn():
    weights = np.random.default_rng(0).uniform(size=(80, 80)).astype("f4")
    graph = Graph(tuple(map(str, range(80))), weights)
    edges = graph_map.frames(graph)["edges"]
    assert not graph_map.frames(graph)["nodes"]["name"].any()
    assert len(edges) == graph_map.MOST_EDGES < graph.edges
    every = np.sort(graph.symmetric[np.triu_indices(80, 1)])
    assert edges["weight"].min() == pytest.approx(every[-len(edges)])


def test_values_colour_the_nodes():
    chart = drawn(Graph(ABC, WEIGHTS, PLACES), np.array([1.5, np.nan, 3.0]), "MAE (mph)")
    assert [row["value"] for row in chart["datasets"]["nodes"]] == [1.5, None, 3.0]
    fill = chart["layer"][1]["encoding"]["fill"]
    assert (fill["field"], fill["title"]) == ("value", "MAE (mph)")
    assert "fill" not in json.dumps(drawn(Graph(ABC, WEIGHTS, PLACES))["layer"][1]["encoding"])


@pytest.mark.parametrize("place", ["places", "circle"])
@pytest.mark.parametrize("valued", [True, False])
def test_the_structure_holds_no_data_and_its_colours_are_meanings(place, valued):
    chart = spec(graph_map.structure, place, valued)
    assert "datasets" not in chart
    assert [layer["data"]["name"] for layer in chart["layer"]] == ["edges", "nodes", "nodes"]
    text = json.dumps(chart)
    assert json.dumps(list(MEANINGS)) in text
    assert '"#' not in text
