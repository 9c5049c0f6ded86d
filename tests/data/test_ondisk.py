"""A recording that is read in pieces equals the one that is read whole."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.data import Cleaning, open_dataset
from core.data import ondisk as module
from core.data.ondisk import DatasetOnDisk
from core.errors import ConfigError, DataError, RolesError, UnreadableFile


def recording(rows: int, seed: int = 0, holes: int = 6, entities: bool = True) -> pd.DataFrame:
    """Three channels with gaps, infinities, holes in time, repeats and rows without time."""
    rng = np.random.default_rng(seed)
    time = pd.Series(pd.date_range("2024-05-01", periods=rows, freq="1s", tz="UTC"))
    time += pd.to_timedelta(np.cumsum(rng.random(rows) < 0.02) * 60, unit="s")
    time[rng.random(rows) < 0.01] = pd.NaT
    frame = pd.DataFrame(rng.normal(size=(rows, 3)).astype(np.float32), columns=["a", "b", "c"])
    frame["b"] = frame["b"].astype(np.float64) * 1e30
    for start in rng.integers(0, rows, holes):
        frame.loc[start : start + rng.integers(0, 25), rng.choice(["a", "b", "c"])] = np.nan
    frame.loc[rng.integers(0, rows, 2), "b"] = [np.inf, 1e300]
    frame.insert(0, "time", time)
    if entities:
        frame.insert(1, "machine", np.repeat(["two", "one"], [rows // 3, rows - rows // 3]))
    frame["anomaly"] = (rng.random(rows) < 0.1).astype(np.int8)
    again = np.sort(np.r_[np.arange(rows), rng.integers(0, rows, 4)])  # rows that repeat a stamp
    return frame.iloc[again].reset_index(drop=True)


def write(frame: pd.DataFrame, folder, **options):
    path = folder / "recording.parquet"
    frame.to_parquet(path, **options)
    return path


def read_in_steps(data: DatasetOnDisk, step: int, around: int) -> np.ndarray:
    read, parts = data.reader(), []
    for at in range(0, len(data), step):
        first, stop = max(0, at - around), min(len(data), at + step)
        part = read(first, min(len(data), stop + around))
        parts.append(part[at - first : stop - first])
    return np.concatenate(parts)


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    piece=st.integers(1, 120),
    missing=st.sampled_from(["interpolate", "forward-fill", "drop"]),
    max_gap=st.integers(1, 15),
    entities=st.booleans(),
)
def test_pieces_equal_the_whole(seed, piece, missing, max_gap, entities, tmp_path_factory):
    path = write(recording(300, seed, entities=entities), tmp_path_factory.mktemp("data"))
    cleaning = Cleaning(missing=missing, max_gap=max_gap)
    whole = open_dataset(path, cleaning=cleaning)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "PIECE", piece)
        pieces = DatasetOnDisk(path, whole.roles, cleaning)
        values = read_in_steps(pieces, 37, 11)
    np.testing.assert_array_equal(values, whole.values)
    assert pieces.segments == whole.segments
    assert pieces.name == whole.name
    pd.testing.assert_series_equal(pieces.time, whole.time, check_names=False)
    np.testing.assert_array_equal(pieces.labels, whole.labels)
    np.testing.assert_array_equal(pieces.imputed_rows, whole.imputed_rows)
    if entities:
        pd.testing.assert_series_equal(pieces.entity, whole.entity, check_names=False)
    else:
        assert pieces.entity is whole.entity is None


def test_roles_are_guessed_from_the_first_rows(tmp_path):
    path = write(recording(300), tmp_path)
    assert DatasetOnDisk(path).roles == open_dataset(path).roles


def test_an_index_of_time_stamps_is_the_time(tmp_path):
    frame = recording(200, entities=False).dropna(subset="time").drop_duplicates("time")
    path = write(frame.set_index("time").rename_axis(None), tmp_path)
    pd.testing.assert_series_equal(DatasetOnDisk(path).time, open_dataset(path).time)


def test_a_recording_without_time_counts_rows(tmp_path):
    frame = pd.DataFrame({"a": np.arange(50.0) % 7, "b": np.arange(50.0) % 5})
    frame.loc[20:39, "a"] = np.nan
    pieces = DatasetOnDisk(write(frame, tmp_path))
    assert pieces.time is None
    assert pieces.segments == [slice(0, 20), slice(20, 30)]


def test_what_needs_the_whole_file_is_refused(tmp_path):
    frame = recording(100, entities=False)
    path = write(frame, tmp_path)
    with pytest.raises(ConfigError, match="resampled"):
        DatasetOnDisk(path, cleaning=Cleaning(step="1min"))
    write(frame.iloc[::-1], tmp_path)
    with pytest.raises(DataError, match="sorted"):
        DatasetOnDisk(path)
    write(frame.assign(machine=["x", "y"] * (len(frame) // 2)), tmp_path)
    with pytest.raises(DataError, match="sorted"):
        DatasetOnDisk(path)
    write(frame.assign(a=frame["a"].astype(str)), tmp_path)
    with pytest.raises(DataError, match="'a' is stored as"):
        DatasetOnDisk(path)


def test_a_file_that_cannot_be_read_says_so(tmp_path):
    path = tmp_path / "x.parquet"
    with pytest.raises(UnreadableFile, match="missing"):
        DatasetOnDisk(path)
    path.write_bytes(b"PAR1 and nothing else")
    with pytest.raises(UnreadableFile, match="damaged"):
        DatasetOnDisk(path)
    roles = open_dataset(write(recording(100), tmp_path)).roles
    with pytest.raises(RolesError, match="'z'"):
        DatasetOnDisk(tmp_path / "recording.parquet", roles.model_copy(update={"channels": ("z",)}))


def test_a_long_file_whose_gaps_are_kept_is_refused(tmp_path):
    path = write(recording(100), tmp_path)
    with pytest.raises(ConfigError, match="Choose interpolate"):
        DatasetOnDisk(path, cleaning=Cleaning(missing="keep"))
