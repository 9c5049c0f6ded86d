from __future__ import annotations

import errno
import gzip
import hashlib
import threading
import zipfile
from collections.abc import Iterator
from functools import partial
from http.server import HTTPServer, SimpleHTTPRequestHandler
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from core.data import catalog, open_dataset, publics, uploads
from core.data.dataset import Cleaning, Roles
from core.errors import StorageError, UnknownDataset, UnreadableFile
from core.settings import settings

pytestmark = pytest.mark.usefixtures("home")
ETT = "ett/ETTh1"
CSV = "time,a,b,anomaly\n" + "".join(
    f"2024-01-01 00:{i // 60:02d}:{i % 60:02d},{i % 7}.5,{i % 11},{int(i > 150)}\n"
    for i in range(200)
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "Pump Station (1).csv"
    path.write_text(CSV)
    return path


@pytest.fixture
def published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> publics.Public:
    """A small public set instead of the real ETTh1, not on this machine."""
    monkeypatch.delenv("FUSIONSCOPE_DATA_DIR", raising=False)
    settings.cache_clear()
    public = publics.Public(
        path="ett/ETTh1.csv",
        url="http://127.0.0.1:9/ETTh1.csv",
        sha256=hashlib.sha256(CSV.encode()).hexdigest(),
        rows=200,
        label="ETTh1",
        help="A transformer.",
        licence="CC BY-ND 4.0",
        home="http://127.0.0.1:9",
        units={"a": "kW"},
    )
    monkeypatch.setitem(publics.PUBLIC, ETT, public)
    return public


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A folder and the address under which it is served."""
    folder = tmp_path / "served"
    folder.mkdir()
    web = HTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    threading.Thread(target=web.serve_forever, daemon=True).start()
    yield folder, f"http://127.0.0.1:{web.server_port}"
    web.shutdown()
    web.server_close()


def test_entries_are_complete_and_unique() -> None:
    entries = catalog.entries()
    names = [entry.name for entry in entries]
    assert len(set(names)) == len(names)
    assert {"pump-station", "wind-park", "skab/valve1/0", "skab/valve1/15", ETT} <= set(names)
    assert {"skab/anomaly-free", "los_loop", "beijing_air"} <= set(names)
    for entry in entries:
        assert entry.label
        assert entry.description
        assert entry.licence
        assert entry.rows > 1000
        assert catalog.entry(entry.name) == entry
        if entry.kind == "public":
            assert entry.url.startswith("https://")
    assert catalog.entry("skab/valve1/0").train_rows == 400
    assert catalog.entry("skab/valve1/0").units["Pressure"] == "bar"


@pytest.mark.parametrize("name", ["pump-station", "wind-park"])
def test_samples_open(name: str) -> None:
    data = open_dataset(name)
    entry = catalog.entry(name)
    assert (data.name, data.source) == (name, name)
    assert len(data) == entry.rows
    assert data.units == entry.units
    assert data.labels is not None


def test_samples_are_made_where_the_project_folder_is_missing(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalog, "SAMPLES", tmp_path / "nowhere")
    path = catalog.fetch("wind-park")
    assert path.is_relative_to(home)
    monkeypatch.undo()
    assert path.read_bytes() == catalog.SAMPLES.joinpath("wind-park.csv").read_bytes()


@pytest.mark.parametrize("name", ["pump-staton", "skab/valve1/99"])
def test_unknown_names_list_near_ones(name: str) -> None:
    with pytest.raises(UnknownDataset, match=r"Near ones are: (pump-station|skab/valve1/9)"):
        open_dataset(name)


def test_upload_is_stored_once(file: Path, home: Path) -> None:
    first = catalog.add_upload(file, file.name)
    assert first.name.startswith("pump-station-1-")
    assert (first.kind, first.rows, first.label) == ("upload", 200, "Pump Station (1).csv")
    again = catalog.add_upload(gzip.compress(CSV.encode()), "other name.csv.gz")
    assert again == first
    assert len(list((home / "datasets").iterdir())) == 2
    assert [entry.name for entry in catalog.entries() if entry.kind == "upload"] == [first.name]


def test_upload_reads_back_as_the_file(file: Path) -> None:
    name = catalog.add_upload(file, file.name).name
    stored, direct = open_dataset(name), open_dataset(file)
    assert stored.fingerprint == direct.fingerprint
    np.testing.assert_array_equal(stored.values, direct.values)
    assert stored.findings == direct.findings
    again = open_dataset(stored.source, roles=stored.roles, cleaning=stored.cleaning)
    assert again.fingerprint == stored.fingerprint


def test_uploads_of_one_name_and_other_content() -> None:
    first = catalog.add_upload(CSV.encode(), "x.csv").name
    second = catalog.add_upload(CSV.replace("6.5", "7.5").encode(), "x.csv").name
    assert first != second
    assert {first, second} <= {entry.name for entry in catalog.entries()}


@pytest.mark.parametrize(
    "filename", ["", "???.csv", "名前.csv", "a" * 300 + ".csv", "../../etc/x.csv"]
)
def test_names_are_fit_for_links(filename: str) -> None:
    name = catalog.add_upload(CSV.encode(), filename).name
    assert len(name) < 60
    assert set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
    assert len(open_dataset(name)) == 200


def test_bad_upload_stores_nothing(home: Path) -> None:
    with pytest.raises(UnreadableFile):
        catalog.add_upload(b"a,b\n", "x.csv")
    assert not (home / "datasets").exists()


def test_full_disk_loses_nothing(file: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = catalog.add_upload(file, file.name)
    before = {path.name: path.read_bytes() for path in (home / "datasets").iterdir()}

    def full(table: object, draft: Path, **options: object) -> None:
        Path(draft).write_bytes(b"half a file")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(pq, "write_table", full)
    with pytest.raises(StorageError, match="No space left") as error:
        catalog.add_upload(CSV.replace("6.5", "7.5").encode(), "y.csv")
    assert "nothing was changed" in str(error.value)
    assert {path.name: path.read_bytes() for path in (home / "datasets").iterdir()} == before
    assert len(open_dataset(kept.name)) == 200


def test_damaged_upload_says_so(file: Path, home: Path) -> None:
    name = catalog.add_upload(file, file.name).name
    path = next((home / "datasets").glob("*.parquet"))
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(UnreadableFile, match=f"{name!r} is damaged"):
        open_dataset(name)
    path.unlink()
    assert not catalog.entry(name).available
    with pytest.raises(UnreadableFile, match="missing"):
        open_dataset(name)
    assert catalog.add_upload(file, file.name).available
    assert len(open_dataset(name)) == 200


def test_damaged_description_does_not_hide_the_others(file: Path, home: Path) -> None:
    name = catalog.add_upload(file, file.name).name
    (home / "datasets" / ("0" * 64 + ".json")).write_text('{"name": ')
    assert catalog.known(name)


def test_remove(file: Path, home: Path) -> None:
    name = catalog.add_upload(file, file.name).name
    catalog.save_recipe(name, None, Cleaning(max_gap=3))
    catalog.remove(name)
    assert not catalog.known(name)
    assert not list((home / "datasets").iterdir())
    assert not list((home / "recipes").iterdir())
    with pytest.raises(UnknownDataset, match="stays"):
        catalog.remove("pump-station")


@pytest.mark.parametrize("kind", ["sample", "upload"])
def test_recipe_is_used_when_nothing_is_said(file: Path, kind: str) -> None:
    name = "wind-park" if kind == "sample" else catalog.add_upload(file, file.name).name
    guessed = open_dataset(name).roles
    assert catalog.recipe(name) == (None, None)
    roles = guessed.model_copy(update={"channels": guessed.channels[:2]})
    catalog.save_recipe(name, roles, Cleaning(max_gap=3))
    data = open_dataset(name)
    assert data.roles == roles
    assert data.cleaning.max_gap == 3
    said = open_dataset(name, roles=guessed, cleaning=Cleaning())
    assert (said.roles, said.cleaning) == (guessed, Cleaning())


def test_recipe_of_nothing() -> None:
    with pytest.raises(UnknownDataset):
        catalog.save_recipe("nothing", Roles(channels=("a",)), None)


def test_damaged_recipe_is_as_none(home: Path) -> None:
    catalog.save_recipe("wind-park", None, Cleaning(max_gap=3))
    next((home / "recipes").iterdir()).write_text("{")
    assert catalog.recipe("wind-park") == (None, None)


def test_path_goes_before_nothing_and_name_before_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "wind-park").write_text(CSV)
    assert len(open_dataset("wind-park")) > 200
    assert len(open_dataset(Path("wind-park"))) == 200
    assert open_dataset(Path("wind-park")).source == str(tmp_path / "wind-park")


def test_folder_of_public_sets(
    published: publics.Public, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FUSIONSCOPE_DATA_DIR", str(tmp_path / "data"))
    settings.cache_clear()
    path = tmp_path / "data" / published.path
    assert not catalog.entry(ETT).available
    path.parent.mkdir(parents=True)
    path.write_text(CSV)
    assert catalog.entry(ETT).available
    assert catalog.fetch(ETT) == path
    data = open_dataset(ETT)
    assert len(data) == 200
    assert data.units == {"a": "kW"}
    path.write_text(CSV + "2024-01-02 00:00:00,1,2,0\n")
    with pytest.raises(UnreadableFile, match="checksum differs"):
        open_dataset(ETT)


def test_checksum_is_computed_once(
    published: publics.Public, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FUSIONSCOPE_DATA_DIR", str(tmp_path))
    settings.cache_clear()
    path = tmp_path / published.path
    path.parent.mkdir(parents=True)
    path.write_text(CSV)
    publics._sha256.cache_clear()
    for _ in range(3):
        catalog.fetch(ETT)
    assert publics._sha256.cache_info().misses == 1


def test_without_network_it_says_how_to_get_the_file(published: publics.Public, home: Path) -> None:
    with pytest.raises(UnknownDataset, match="FUSIONSCOPE_DATA_DIR") as error:
        open_dataset(ETT)
    assert published.url in str(error.value)
    assert "\n" not in str(error.value)
    path = home / "downloads" / published.path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(CSV)
    assert len(open_dataset(ETT)) == 200


def test_download(
    published: publics.Public,
    server: tuple[Path, str],
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from dataclasses import replace

    folder, address = server
    (folder / "ETTh1.csv").write_text(CSV)
    monkeypatch.setitem(publics.PUBLIC, ETT, replace(published, url=f"{address}/ETTh1.csv"))
    assert not catalog.entry(ETT).available
    shares: list[float] = []
    path = catalog.fetch(ETT, shares.append)
    assert path == home / "downloads" / "ett" / "ETTh1.csv"
    assert shares[-1] == 1.0
    assert shares == sorted(shares)
    assert catalog.entry(ETT).available
    (folder / "ETTh1.csv").unlink()
    assert len(open_dataset(ETT)) == 200
    catalog.remove(ETT)
    assert not path.exists()


def test_download_of_something_else_stores_nothing(
    published: publics.Public,
    server: tuple[Path, str],
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from dataclasses import replace

    folder, address = server
    (folder / "ETTh1.csv").write_text("<html>not found</html>")
    monkeypatch.setitem(publics.PUBLIC, ETT, replace(published, url=f"{address}/ETTh1.csv"))
    with pytest.raises(UnknownDataset, match="not the published file"):
        catalog.fetch(ETT)
    assert not catalog.entry(ETT).available
    assert not list((home / "downloads").rglob("*.csv"))


def test_upload_keeps_kinds_of_columns() -> None:
    frame = pd.DataFrame(
        {
            "time": pd.date_range("2024-01-01", periods=30, freq="s", tz="UTC"),
            "machine": ["x"] * 30,
            "n": np.arange(30),
            "a": np.random.default_rng(0).normal(size=30),
            "on": [True, False] * 15,
        }
    )
    name = catalog.add_upload(frame.to_csv(index=False).encode(), "kinds.csv").name
    stored = uploads.read(uploads.everything()[name]).frame
    assert [str(kind) for kind in stored.dtypes] == [
        "datetime64[us, UTC]",
        "str",
        "int64",
        "float64",
        "bool",
    ]


def test_files_that_belong_together_are_fetched_together(
    published: publics.Public,
    server: tuple[Path, str],
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from dataclasses import replace

    folder, address = server
    weights = "0,1\n1,0\n"
    (folder / "x.csv").write_text(CSV)
    (folder / "adj.csv").write_text(weights)
    graph = replace(
        published,
        path="ett/adj.csv",
        url=f"{address}/adj.csv",
        sha256=hashlib.sha256(weights.encode()).hexdigest(),
    )
    public = replace(published, url=f"{address}/x.csv", graph=graph, unit="V")
    monkeypatch.setitem(publics.PUBLIC, ETT, public)
    shares: list[float] = []
    path = catalog.fetch(ETT, shares.append)
    assert path.name == "ETTh1.csv"
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    (folder / "adj.csv").unlink()
    data = open_dataset(ETT)
    np.testing.assert_array_equal(data.graph.weights, [[0, 1], [1, 0]])
    assert data.units == {"a": "kW", "b": "V"}
    attached = catalog.save_graph(ETT, b"a,b\n0,3\n3,0\n", data.channels)
    assert open_dataset(ETT).graph.digest == attached.digest
    catalog.remove_graph(ETT)
    assert open_dataset(ETT).graph.digest == data.graph.digest
    (home / "downloads" / "ett" / "adj.csv").unlink()
    assert not catalog.entry(ETT).available
    catalog.remove(ETT)
    assert not path.exists()


@pytest.mark.parametrize("good", [True, False])
def test_a_file_that_is_merged_from_an_archive(
    published: publics.Public,
    server: tuple[Path, str],
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    good: bool,
) -> None:
    from dataclasses import replace

    folder, address = server
    with zipfile.ZipFile(folder / "all.zip", "w") as files:
        files.writestr("part.csv" if good else "other.csv", CSV)

    def merge(archive: Path) -> bytes:
        with zipfile.ZipFile(archive) as files:
            return files.read("part.csv")

    public = replace(published, path="x/merged.csv.gz", url=f"{address}/all.zip", merge=merge)
    monkeypatch.setitem(publics.PUBLIC, ETT, public)
    if good:
        assert catalog.fetch(ETT) == home / "downloads" / "x" / "merged.csv.gz"
        assert len(open_dataset(ETT)) == 200
    else:
        with pytest.raises(UnknownDataset, match="not the published file"):
            catalog.fetch(ETT)
    left = [path.name for path in (home / "downloads" / "x").iterdir()]
    assert left == (["merged.csv.gz"] if good else [])
