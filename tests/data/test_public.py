"""The names that `core.data` offers, and the public recordings as they are."""

from __future__ import annotations

import gzip
import io
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import core.data
from core.data import Cleaning, beijing, catalog, open_dataset
from core.data.graph import distances
from core.settings import settings
from tests.data.conftest import whats

SKAB = (
    "Accelerometer1RMS",
    "Accelerometer2RMS",
    "Current",
    "Pressure",
    "Temperature",
    "Thermocouple",
    "Voltage",
    "Volume Flow RateRMS",
)


def test_every_name_is_there() -> None:
    assert core.data.__all__ == sorted(core.data.__all__)
    for name in core.data.__all__:
        assert hasattr(core.data, name), name
        assert getattr(core.data, name).__doc__, name


def test_import_is_light() -> None:
    """Neither TensorFlow nor what only a download needs is loaded."""
    code = (
        "import sys, core.data; heavy = {'tensorflow', 'keras', 'sklearn', 'mlflow', 'streamlit',"
        " 'scipy.stats', 'pooch', 'requests'} & set(sys.modules); assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


@pytest.fixture
def folder(real_data: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("FUSIONSCOPE_DATA_DIR", str(real_data))
    settings.cache_clear()
    yield real_data
    settings.cache_clear()


@pytest.mark.parametrize("name", [name for name in catalog.PUBLIC if name.startswith("skab/valve")])
def test_skab(folder: Path, name: str) -> None:
    data = open_dataset(name)
    assert len(data) == catalog.entry(name).rows
    assert data.channels == SKAB
    assert (data.roles.time, data.roles.entity, data.roles.label) == ("datetime", None, "anomaly")
    assert data.step == pd.Timedelta("1s")
    assert set(data.units) == set(SKAB)
    frame = pd.read_csv(folder / catalog.PUBLIC[name].path, sep=";")
    np.testing.assert_array_equal(data.values, frame[list(SKAB)].to_numpy("f4"))
    np.testing.assert_array_equal(data.labels, frame["anomaly"] == 1)
    told = whats(data.findings)
    assert "changepoint|Marks change points" in told
    assert "no zone" in told


def test_skab_hole_in_time(folder: Path) -> None:
    """In the experiments 2, 4 and 7 more than half a minute is missing."""
    breaks = {i: len(open_dataset(f"skab/valve1/{i}").breaks) for i in range(16)}
    assert {i: n for i, n in breaks.items() if n} == {2: 1, 4: 1, 7: 1}


def test_skab_normal_operation(folder: Path) -> None:
    data = open_dataset("skab/anomaly-free")
    assert (len(data), data.channels, data.labels) == (9405, SKAB, None)


def test_ett(folder: Path) -> None:
    data = open_dataset("ett/ETTh1")
    assert len(data) == 17_420
    assert data.channels == ("HUFL", "HULL", "MUFL", "MULL", "LUFL", "LULL", "OT")
    assert data.step == pd.Timedelta("1h")
    assert any(f.column == "OT" and "Stands still" in f.what for f in data.findings)


def test_beijing_air(folder: Path) -> None:
    path = folder / "beijing_air" / "prsa_12_stations.csv.gz"
    data = open_dataset(path)
    assert (data.roles.time, data.roles.entity, data.roles.label) == ("datetime", "station", None)
    assert len(data.entities) == 12
    assert len(data.channels) == 11
    assert data.step == pd.Timedelta("1h")
    frame = pd.read_csv(path)
    missing = {f.column: f.count for f in data.findings if "missing value" in f.what}
    counts = frame[list(data.channels)].isna().sum()
    assert missing == {name: int(count) for name, count in counts.items() if count}
    filled = frame.groupby("station")[list(data.channels)].transform(by_hand)
    kept = filled.notna().all(axis=1)
    assert len(data) == kept.sum()
    np.testing.assert_allclose(data.values, filled[kept].to_numpy("f4"), rtol=1e-6)
    assert data.imputed is not None
    assert (
        data.imputed.sum()
        == (filled[kept].notna() & frame.loc[kept, filled.columns].isna()).sum().sum()
    )


def by_hand(column: pd.Series) -> pd.Series:
    """Fill gaps of at most ten rows, and none that is longer."""
    blank = column.isna()
    length = blank.groupby((~blank).cumsum()).transform("sum")
    line = column.interpolate(limit_area="inside")
    return line.where(~blank | (length <= 10))


def test_los_loop(folder: Path) -> None:
    data = open_dataset(folder / "los_loop" / "los_speed.csv")
    assert data.values.shape == (2016, 207)
    assert data.channels[0] == "773869"
    assert data.roles.time is None


def test_gas(folder: Path) -> None:
    data = open_dataset(folder / "multimodal_gas" / "Gas_Sensors_Measurements.csv")
    assert data.channels == ("MQ2", "MQ3", "MQ5", "MQ6", "MQ7", "MQ8", "MQ135")
    assert {name: rows.stop - rows.start for name, rows in data.entities.items()} == dict.fromkeys(
        ["NoGas", "Perfume", "Smoke", "Mixture"], 1600
    )


def test_turbofans_without_header(folder: Path) -> None:
    data = open_dataset(folder / "cmapss_fd001" / "train_FD001.txt")
    assert data.values.shape == (20_631, 26)
    assert "no header" in whats(data.findings)


@pytest.mark.parametrize(("name", "file"), [("", "train"), ("-test", "test")])
def test_turbofans(folder: Path, name: str, file: str) -> None:
    data = open_dataset(f"cmapss-fd001{name}")
    path = folder / "cmapss_fd001" / f"{file}_FD001.txt"
    frame = pd.read_csv(path, sep=r"\s+", header=None)
    assert (data.roles.time, data.roles.entity, data.roles.label) == (None, "unit", None)
    assert data.channels == (*(f"setting{i}" for i in (1, 2, 3)), *(f"s{i}" for i in range(1, 22)))
    assert set(data.units) < set(data.channels)
    np.testing.assert_array_equal(data.values, frame.iloc[:, 2:].to_numpy("f4"))
    lengths = {name: rows.stop - rows.start for name, rows in data.entities.items()}
    assert lengths == {str(unit): n for unit, n in frame.groupby(0).size().items()}
    assert "cycle|Counts the rows" in whats(data.findings)
    assert "no header" not in whats(data.findings)


def test_the_remaining_life_of_turbofans(folder: Path) -> None:
    truth = catalog.remaining_life("cmapss-fd001-test")
    assert truth.shape == (100,)
    assert truth.sum() == 7552
    assert catalog.remaining_life("cmapss-fd001") is None


def test_los_loop_has_times_units_graph_and_places(folder: Path) -> None:
    data = open_dataset("los_loop")
    assert data.values.shape == (2016, 207)
    assert (data.roles.time, data.step) == ("time", pd.Timedelta("5min"))
    assert str(data.time.iloc[0]) == "2012-03-01 00:00:00"
    assert str(data.time.iloc[-1]) == "2012-03-07 23:55:00"
    assert data.units == dict.fromkeys(data.channels, "mph")
    weights = pd.read_csv(folder / "los_loop" / "los_adj.csv", header=None).to_numpy("f4")
    np.testing.assert_array_equal(data.graph.weights, weights)
    places = pd.read_csv(folder / "los_loop" / "graph_sensor_locations.csv", dtype=str)
    places = places.set_index("sensor_id").loc[list(data.channels), ["latitude", "longitude"]]
    np.testing.assert_array_equal(data.graph.places, places.to_numpy(float))
    assert any("parts that no edge joins" in f.what for f in data.findings)
    roles = data.roles.model_copy(update={"channels": data.channels[5:8]})
    few = open_dataset("los_loop", roles=roles)
    np.testing.assert_array_equal(few.graph.weights, weights[5:8, 5:8])


def test_near_loops_are_the_ones_with_an_edge(folder: Path) -> None:
    """Weights and places come from two sources: they agree on which loop is which."""
    graph = open_dataset("los_loop").graph
    far, edges = distances(graph.places), graph.symmetric > 0
    np.fill_diagonal(far, np.nan)
    assert np.nanmedian(far[edges]) < 0.4 * np.nanmedian(far[~edges])


def test_beijing_air_has_places_units_and_gaps(folder: Path) -> None:
    data = open_dataset("beijing_air", cleaning=Cleaning(missing="keep"))
    assert len(data) == catalog.entry("beijing_air").rows == 420_768
    assert data.units["PM2.5"] == "µg/m³"
    assert set(data.units) == set(data.channels)
    assert data.graph.nodes == tuple(data.entities)
    table = pd.read_csv(folder / "beijing_air" / "stations.csv").set_index("station")
    table = table.loc[list(data.entities), ["lat", "lon"]]
    np.testing.assert_array_equal(data.graph.places, table.to_numpy())
    frame = pd.read_csv(folder / "beijing_air" / "prsa_12_stations.csv.gz")
    assert data.frame["PM2.5"].isna().sum() == frame["PM2.5"].isna().sum() > 8000


@pytest.mark.slow
def test_beijing_air_is_built_from_the_published_files(folder: Path, tmp_path: Path) -> None:
    """The twelve files, written as they are published, give the file of the folder to the byte."""
    text = gzip.decompress((folder / "beijing_air" / "prsa_12_stations.csv.gz").read_bytes())
    frame = pd.read_csv(io.BytesIO(text), dtype=str, keep_default_na=False)
    time = pd.to_datetime(frame["datetime"]).dt
    for place, part in enumerate(("year", "month", "day", "hour")):
        frame.insert(place, part, getattr(time, part))
    frame = frame.replace("", "NA")
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as files:
        for station, part in list(frame.groupby("station"))[::-1]:
            part = part.drop(columns=["datetime", "station"]).assign(station=station)
            part.insert(0, "No", range(1, len(part) + 1))
            name = f"PRSA_Data_20130301-20170228/PRSA_Data_{station}_20130301-20170228.csv"
            files.writestr(name, part.to_csv(index=False))
    path = tmp_path / "archive.zip"
    with zipfile.ZipFile(path, "w") as files:
        files.writestr("PRSA2017_Data_20130301-20170228.zip", inner.getvalue())
        files.writestr("data.csv", "a,b\n1,2\n")
    assert beijing.merged(path) == text


def test_another_name_of_ett(folder: Path) -> None:
    first, second = open_dataset("ett"), open_dataset("ett/ETTh1")
    assert (first.name, first.source, first.fingerprint) == (
        second.name,
        second.source,
        second.fingerprint,
    )
    assert catalog.known("ett")
    names = [entry.name for entry in catalog.entries()]
    assert names.count("ett/ETTh1") == 1
    assert "ett" not in names
