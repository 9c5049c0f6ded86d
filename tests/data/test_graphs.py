"""The graph of a recording: given, attached or published; never a reason not to open it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core import task as tasks
from core.data import Cleaning, Roles, catalog, graphs, open_dataset
from core.errors import DataError, StorageError, UnknownDataset, UnreadableFile
from tests.data.conftest import minutes

pytestmark = pytest.mark.usefixtures("home")

ROWS = 60
ABC = ("a", "b", "c")
WEIGHTS = np.array([[0, 1, 0], [1, 0, 2], [0, 2, 0]], np.float32)
PLACES = "node,latitude,longitude\na,40.0,116.0\nb,40.1,116.1\nc,40.2,116.2\n"


def frame(entities: tuple[str, ...] = ()) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    parts = []
    for entity in entities or ("",):
        part = pd.DataFrame({"time": minutes(ROWS)})
        if entities:
            part["station"] = entity
        parts.append(part.assign(**{name: rng.normal(size=ROWS) for name in ABC}))
    return pd.concat(parts)


def csv(data: pd.DataFrame) -> bytes:
    return data.to_csv(index=False).encode()


def named(names=ABC, weights=WEIGHTS) -> bytes:
    return csv(pd.DataFrame(weights, columns=list(names)))


def names_of(name: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    data = open_dataset(name)
    return data.channels, tuple(data.entities)


@pytest.fixture
def stored() -> str:
    return catalog.add_upload(csv(frame()), "net.csv").name


@pytest.fixture
def stations() -> str:
    return catalog.add_upload(csv(frame(("north", "east", "south", "west"))), "air.csv").name


def test_a_recording_opens_with_a_file_of_its_graph(tmp_path: Path):
    (tmp_path / "net.csv").write_bytes(csv(frame()))
    (tmp_path / "graph.csv").write_bytes(named(("c", "a", "b")))
    plain = open_dataset(tmp_path / "net.csv")
    data = open_dataset(tmp_path / "net.csv", graph=tmp_path / "graph.csv")
    assert plain.graph is None
    assert data.graph.nodes == ABC
    np.testing.assert_array_equal(data.graph.weights, WEIGHTS[np.ix_([1, 2, 0], [1, 2, 0])])
    assert data.fingerprint == plain.fingerprint


def test_a_file_that_does_not_fit_is_an_error(tmp_path: Path, stored: str, stations: str):
    path = tmp_path / "graph.csv"
    path.write_bytes(named(("x", "y", "z")))
    with pytest.raises(DataError, match="no node 'a'"):
        open_dataset(stored, graph=path)
    path.write_bytes(csv(pd.DataFrame(np.eye(7))))
    with pytest.raises(DataError, match=r"neither .* 3 nodes, .* 7 rows .* 4 nodes, .* 7 rows"):
        open_dataset(stations, graph=path)
    with pytest.raises(UnreadableFile, match="cannot be read"):
        open_dataset(stations, graph=tmp_path / "nowhere.csv")


def test_a_graph_may_be_of_the_entities(stations: str, tmp_path: Path):
    path = tmp_path / "graph.csv"
    weights = np.arange(16.0).reshape(4, 4)
    path.write_bytes(named(("west", "south", "east", "north"), weights))
    graph = open_dataset(stations, graph=path).graph
    assert graph.nodes == ("north", "east", "south", "west")
    np.testing.assert_array_equal(graph.weights, weights[::-1, ::-1])
    path.write_bytes(csv(pd.DataFrame(weights)))
    assert open_dataset(stations, graph=path).graph.nodes == graph.nodes


def test_one_channel_of_one_entity_has_no_graph(tmp_path: Path):
    path = tmp_path / "graph.csv"
    path.write_bytes(named(("a",), [[0]]))
    (tmp_path / "one.csv").write_bytes(csv(frame()[["time", "a"]]))
    with pytest.raises(DataError, match="at least 2"):
        open_dataset(tmp_path / "one.csv", graph=path)


def test_a_graph_is_attached_kept_and_taken_off(stored: str, home: Path):
    saved = catalog.save_graph(stored, named(), *names_of(stored))
    data = open_dataset(stored)
    assert data.graph.digest == saved.digest
    again = open_dataset(data.source, roles=data.roles, cleaning=data.cleaning)
    assert again.graph.digest == saved.digest
    assert graphs.changed(stored)
    catalog.remove_graph(stored)
    catalog.remove_graph(stored)
    assert open_dataset(stored).graph is None
    assert not graphs.changed(stored)
    assert not list((home / "graphs").iterdir())


def test_places_join_the_weights_that_were_attached_before(stored: str):
    names = names_of(stored)
    catalog.save_graph(stored, PLACES.encode(), *names)
    assert open_dataset(stored).graph.weights is None
    catalog.save_graph(stored, named(), *names)
    graph = open_dataset(stored).graph
    np.testing.assert_array_equal(graph.weights, WEIGHTS)
    np.testing.assert_array_equal(graph.places[1], [40.1, 116.1])
    catalog.save_graph(stored, PLACES.replace("40.1", "41.1").encode(), *names)
    graph = open_dataset(stored).graph
    np.testing.assert_array_equal(graph.weights, WEIGHTS)
    assert graph.places[1, 0] == 41.1


def test_a_graph_that_does_not_fit_changes_nothing(stored: str, home: Path):
    names = names_of(stored)
    with pytest.raises(DataError):
        catalog.save_graph(stored, named(("x", "y", "z")), *names)
    assert open_dataset(stored).graph is None
    catalog.save_graph(stored, named(), *names)
    with pytest.raises(DataError):
        catalog.save_graph(stored, b"1,2\n3,-4\n", *names)
    assert open_dataset(stored).graph is not None
    with pytest.raises(UnknownDataset):
        catalog.save_graph("nothing", named(), *names)


def test_fewer_channels_take_their_part_of_the_graph(stored: str):
    catalog.save_graph(stored, csv(pd.DataFrame(WEIGHTS)), *names_of(stored))
    roles = Roles(time="time", channels=("c", "b"))
    np.testing.assert_array_equal(open_dataset(stored, roles=roles).graph.weights, [[0, 2], [2, 0]])


def test_a_graph_without_names_is_of_all_columns(stored: str, tmp_path: Path):
    """It can be given when fewer channels are chosen, and fits when more are chosen later."""
    path = tmp_path / "graph.csv"
    path.write_bytes(csv(pd.DataFrame(WEIGHTS)))
    roles = Roles(time="time", channels=("c", "b"))
    data = open_dataset(stored, roles=roles, graph=path)
    np.testing.assert_array_equal(data.graph.weights, [[0, 2], [2, 0]])
    catalog.save_graph(stored, path.read_bytes(), data.channels, tuple(data.entities), ABC)
    assert open_dataset(stored).graph.nodes == ABC


def test_an_attached_graph_that_fits_no_more_is_a_finding(stored: str):
    channels = ("a", "b")
    catalog.save_graph(stored, named(channels, [[0, 1], [1, 0]]), channels)
    data = open_dataset(stored)
    assert data.graph is None
    (finding,) = [f for f in data.findings if "graph" in f.what]
    assert finding.severity == "warning"
    assert "no node 'c'" in finding.what
    catalog.save_graph(stored, named(), *names_of(stored))
    assert open_dataset(stored).graph.nodes == ABC


def test_a_damaged_graph_is_a_finding(stored: str, home: Path):
    catalog.save_graph(stored, named(), *names_of(stored))
    path = next((home / "graphs").iterdir())
    for content in (b"", path.read_bytes()[:90]):
        path.write_bytes(content)
        data = open_dataset(stored)
        assert data.graph is None
        assert any("damaged" in f.what for f in data.findings)
    catalog.save_graph(stored, named(), *names_of(stored))
    assert open_dataset(stored).graph is not None


def test_parts_without_an_edge_are_among_the_findings(stored: str):
    catalog.save_graph(stored, named(weights=np.zeros((3, 3))), *names_of(stored))
    assert any("3 parts" in f.what for f in open_dataset(stored).findings)


def test_the_graph_goes_with_its_data_set(stored: str, home: Path):
    catalog.save_graph(stored, named(), *names_of(stored))
    catalog.remove(stored)
    assert not list((home / "graphs").iterdir())


def test_a_full_disk_is_said(stored: str, home: Path, monkeypatch: pytest.MonkeyPatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    names = names_of(stored)
    monkeypatch.setattr(np, "savez_compressed", full)
    with pytest.raises(StorageError, match="No space left"):
        catalog.save_graph(stored, named(), *names)
    assert open_dataset(stored).graph is None


def key(source: str, reads_graph: bool, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return the key of a variant that reads a field "graph", or does not."""
    from dataclasses import replace

    from core import anomaly
    from core.config import setting

    class Config(anomaly.Config):
        graph: str = setting("given", label="Graph", help="Whose.")

    more = {"graph"} if reads_graph else set()
    variant = anomaly.VARIANTS["pca"]
    changed = replace(variant, reads=variant.reads | more)
    monkeypatch.setattr(tasks, "variant_of", lambda task, config: changed)
    return tasks.key_of("anomaly", Config(variant="pca"), open_dataset(source))


def test_the_graph_is_part_of_the_key_of_what_reads_it(
    stored: str, monkeypatch: pytest.MonkeyPatch
):
    without = {reads: key(stored, reads, monkeypatch) for reads in (True, False)}
    catalog.save_graph(stored, named(), *names_of(stored))
    first = {reads: key(stored, reads, monkeypatch) for reads in (True, False)}
    catalog.save_graph(stored, named(weights=WEIGHTS * 2), *names_of(stored))
    second = {reads: key(stored, reads, monkeypatch) for reads in (True, False)}
    assert without[False] == first[False] == second[False]
    assert len({without[True], first[True], second[True]}) == 3


def test_a_task_that_keeps_gaps_opens_them(stored: str, monkeypatch: pytest.MonkeyPatch):
    gaps = frame()
    gaps.loc[5:8, "a"] = np.nan
    name = catalog.add_upload(csv(gaps), "gaps.csv").name
    roles = Roles(time="time", channels=("a", "b"))
    catalog.save_recipe(name, roles, Cleaning(missing="drop", max_gap=3))
    plain = tasks.opened("anomaly", name)
    assert plain.fingerprint == open_dataset(name).fingerprint
    assert len(plain) == ROWS - 4
    monkeypatch.setattr(tasks.get("anomaly"), "KEEPS_GAPS", True, raising=False)
    data = tasks.opened("anomaly", name)
    assert data.roles == roles
    assert data.cleaning == Cleaning(missing="keep", max_gap=3)
    assert len(data) == ROWS
    assert data.frame["a"].isna().sum() == 4
    again = open_dataset(data.source, roles=data.roles, cleaning=data.cleaning)
    assert again.fingerprint == data.fingerprint


def test_a_task_opens_a_file_with_a_graph(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "net.csv").write_bytes(csv(frame()))
    (tmp_path / "graph.csv").write_bytes(named())
    for keeps in (False, True):
        monkeypatch.setattr(tasks.get("anomaly"), "KEEPS_GAPS", keeps, raising=False)
        for source in (tmp_path / "net.csv", str(tmp_path / "net.csv")):
            data = tasks.opened("anomaly", source, graph=tmp_path / "graph.csv")
            assert data.graph.nodes == ABC
            assert data.cleaning.missing == ("keep" if keeps else "interpolate")
