"""Cleaning: what is filled, cut, resampled and left out, against plain recomputations."""

from __future__ import annotations

import pickle
import tracemalloc
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.data import Table, build, open_dataset
from core.data.cleaning import breaks_of, compact, fill_gaps
from core.data.dataset import Cleaning, Dataset, Roles
from core.data.resample import parse_step
from core.errors import ConfigError, DataError, RolesError
from tests.data.conftest import minutes

Make = Callable[..., Dataset]
N = 120
HALF = np.where(np.arange(N) < 60, np.arange(N), np.nan)


def noise(seed: int = 0, rows: int = N) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=rows)


def slow_fill(column: np.ndarray, entity: np.ndarray, missing: str, max_gap: int) -> np.ndarray:
    """Fill gap by gap and row by row, as one would by hand."""
    result = column.copy()
    for name in dict.fromkeys(entity.tolist()):
        rows = np.flatnonzero(entity == name)
        at = 0
        while at < len(rows):
            if not np.isnan(column[rows[at]]):
                at += 1
                continue
            end = at
            while end < len(rows) and np.isnan(column[rows[end]]):
                end += 1
            before = column[rows[at - 1]] if at else np.nan
            after = column[rows[end]] if end < len(rows) else np.nan
            if end - at <= max_gap and at > 0 and missing != "drop":
                for k in range(at, end):
                    share = (k - at + 1) / (end - at + 1)
                    line = before + share * (after - before)
                    result[rows[k]] = before if missing == "forward-fill" else line
            at = end
    return result


@given(
    cells=st.lists(st.one_of(st.none(), st.integers(-9, 9)), min_size=1, max_size=40),
    cuts=st.sets(st.integers(1, 39), max_size=3),
    missing=st.sampled_from(["interpolate", "forward-fill", "drop"]),
    max_gap=st.integers(1, 5),
)
def test_gaps_are_filled_as_by_hand(
    cells: list[int | None], cuts: set[int], missing: str, max_gap: int
) -> None:
    column = np.array([np.nan if cell is None else cell for cell in cells], dtype=float)
    entity = np.cumsum([i in cuts for i in range(len(column))])
    first = np.r_[True, np.diff(entity) != 0]
    expected = slow_fill(column, entity, missing, max_gap)
    filled = fill_gaps(copy := column.copy(), first, missing, max_gap)  # type: ignore[arg-type]
    np.testing.assert_allclose(copy, expected)
    changed = np.flatnonzero(np.isnan(column) & ~np.isnan(expected))
    np.testing.assert_array_equal(changed, [] if filled is None else filled)


@given(
    keep=st.lists(st.booleans(), min_size=1, max_size=30),
    cuts=st.sets(st.integers(1, 29)),
    wide=st.sets(st.integers(1, 29)),
)
def test_breaks_as_by_hand(keep: list[bool], cuts: set[int], wide: set[int]) -> None:
    first = np.array([i == 0 or i in cuts for i in range(len(keep))])
    hole = np.array([i in wide for i in range(len(keep))])
    kept = [i for i, k in enumerate(keep) if k]
    expected = []
    for place, (before, row) in enumerate(pairwise(kept), start=1):
        between = range(before + 1, row + 1)
        if not any(first[i] for i in between) and (
            row - before > 1 or any(hole[i] for i in between)
        ):
            expected.append(place)
    assert breaks_of(np.array(keep), first, hole).tolist() == expected


def test_compact_moves_rows_in_place() -> None:
    array = np.random.default_rng(0).normal(size=(200_000, 2))
    keep = np.random.default_rng(1).random(200_000) > 0.3
    expected = array[keep]
    result = compact(array, keep)
    np.testing.assert_array_equal(result, expected)
    assert np.shares_memory(result, array)


def test_interpolation_is_marked(make: Make) -> None:
    a = np.arange(N, dtype=float)
    a[10:13] = np.nan
    data = make({"time": minutes(N), "a": a, "b": noise()})
    np.testing.assert_allclose(data.values[:, 0], np.arange(N))
    assert data.imputed is not None
    assert np.flatnonzero(data.imputed[:, 0]).tolist() == [10, 11, 12]
    assert not data.imputed[:, 1].any()


def test_nothing_imputed_nothing_stored(make: Make) -> None:
    assert make({"a": noise(), "b": noise(1)}).imputed is None


def test_long_gaps_are_left_out_and_break(make: Make) -> None:
    a = noise()
    a[40:60] = np.nan
    data = make({"a": a, "b": noise(1)})
    assert len(data) == N - 20
    assert data.breaks == (40,)
    np.testing.assert_array_equal(data.values[:, 0], np.delete(a, slice(40, 60)).astype("f4"))
    np.testing.assert_array_equal(
        data.values[:, 1], np.delete(noise(1), slice(40, 60)).astype("f4")
    )
    assert "no window crosses" in "".join(f.action for f in data.findings)


def test_drop_leaves_out_every_gap(make: Make) -> None:
    a = noise()
    a[[0, 40, 119]] = np.nan
    data = make({"a": a, "b": noise(1)}, cleaning=Cleaning(missing="drop"))
    assert len(data) == N - 3
    assert data.breaks == (39,)
    assert data.imputed is None


def test_forward_fill_repeats(make: Make) -> None:
    a = noise()
    a[117:] = np.nan
    data = make({"a": a, "b": noise(1)}, cleaning=Cleaning(missing="forward-fill"))
    assert (data.values[117:, 0] == np.float32(a[116])).all()


def test_nothing_is_invented_before_the_first_reading(make: Make) -> None:
    a = noise()
    a[60:63] = np.nan
    data = make({"machine": np.repeat(["x", "y"], 60), "a": a, "b": noise(1)})
    assert {name: s.stop - s.start for name, s in data.entities.items()} == {"x": 60, "y": 57}
    assert data.imputed is None


def test_sorted_by_entity_in_order_of_appearance_then_time(make: Make) -> None:
    rng = np.random.default_rng(3)
    machine = np.array(["pump-10", "pump-2", "pump-1"])[np.r_[0, 1, 2, rng.integers(0, 3, N - 3)]]
    time = minutes(N)[rng.permutation(N)]
    a = noise()
    data = make({"time": time, "machine": machine, "a": a})
    assert list(data.entities) == ["pump-10", "pump-2", "pump-1"]
    expected = pd.DataFrame({"t": time, "m": machine, "a": a})
    expected["m"] = pd.Categorical(expected["m"], ["pump-10", "pump-2", "pump-1"])
    expected = expected.sort_values(["m", "t"])
    np.testing.assert_array_equal(data.values[:, 0], expected["a"].astype("f4"))
    assert data.frame["time"].tolist() == expected["t"].tolist()


@pytest.mark.parametrize("names", [[3, 11], [3.0, 11.0], ["3", "11"]])
def test_entities_are_text(make: Make, names: list[object]) -> None:
    data = make(
        {"machine": np.repeat(names, N // 2), "a": noise()},
        Roles(entity="machine", channels=("a",)),
    )
    assert list(data.entities) == ["3", "11"]


def test_resampling_takes_means(make: Make) -> None:
    rng = np.random.default_rng(4)
    start = np.datetime64("2024-01-01T00:00:07", "us")
    time = start + np.cumsum(rng.integers(1, 50, N)).astype("timedelta64[s]")
    machine = np.repeat(["x", "y"], N // 2)
    frame = pd.DataFrame({"time": time, "machine": machine, "a": noise(), "b": noise(1)})
    frame["anomaly"] = (rng.random(N) > 0.8).astype(int)
    frame.loc[frame.index % 7 == 0, "a"] = np.nan
    data = make(frame, cleaning=Cleaning(step="2min", max_gap=3))
    for name, rows in data.entities.items():
        part = frame[frame["machine"] == name].set_index("time").drop(columns="machine")
        expected = part.resample("2min").mean()
        expected[["a", "b"]] = expected[["a", "b"]].interpolate(limit_area="inside")
        np.testing.assert_allclose(data.values[rows], expected[["a", "b"]], rtol=1e-5, atol=1e-6)
        assert data.frame["time"].iloc[rows].tolist() == expected.index.tolist()
        assert data.labels is not None
        worst = part["anomaly"].resample("2min").max().ffill()
        np.testing.assert_array_equal(data.labels[rows], worst == 1)
    assert data.step == pd.Timedelta("2min")


def test_resampling_uses_repeated_stamps(make: Make) -> None:
    time = np.repeat(minutes(N // 2), 2)
    a = noise()
    data = make({"time": time, "a": a}, cleaning=Cleaning(step="1min"))
    np.testing.assert_allclose(data.values[:, 0], a.reshape(-1, 2).mean(axis=1), rtol=1e-6)


def test_empty_intervals_are_imputed_or_left_out(make: Make) -> None:
    rows = np.r_[0:50, 55:80, 110:N]
    data = make({"time": minutes(N)[rows], "a": noise()[rows]}, cleaning=Cleaning(step="1min"))
    assert data.imputed is not None
    assert np.flatnonzero(data.imputed[:, 0]).tolist() == list(range(50, 55))
    assert len(data) == N - 30
    assert data.breaks == (80,)


@pytest.mark.parametrize("step", ["soon", "-1s", "0s", "5 parsecs", "NaT"])
def test_bad_step(make: Make, step: str) -> None:
    with pytest.raises(ConfigError, match="such as 1s, 5min or 1h"):
        make({"time": minutes(N), "a": noise()}, cleaning=Cleaning(step=step))


def test_step_without_time(make: Make) -> None:
    with pytest.raises(ConfigError, match="needs a time column"):
        make({"a": noise()}, cleaning=Cleaning(step="1s"))


def test_step_far_too_short(make: Make) -> None:
    time = minutes(N) + np.arange(N).astype("timedelta64[D]")
    with pytest.raises(ConfigError, match="would give"):
        make({"time": time, "a": noise()}, cleaning=Cleaning(step="1us"))


def test_parse_step() -> None:
    assert parse_step(" 90s ") == pd.Timedelta("90s")


def test_empty_step_keeps_the_steps(make: Make) -> None:
    assert len(make({"time": minutes(N), "a": noise()}, cleaning=Cleaning(step=""))) == N


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        ({"a": np.full(N, 1.0), "b": np.full(N, 2.0)}, "constant"),
        ({"a": np.full(N, np.nan), "b": np.full(N, np.nan)}, "No channel has a value"),
        ({"a": HALF, "b": HALF[::-1]}, "No row is left"),
        ({"a": [1.0]}, "constant"),
    ],
)
def test_nothing_to_work_with(make: Make, columns: dict[str, object], says: str) -> None:
    with pytest.raises(DataError, match=says):
        make(columns, Roles(channels=tuple(columns)))


def test_bad_roles_are_refused(make: Make) -> None:
    with pytest.raises(RolesError, match="no column 'zz'"):
        make({"a": noise()}, Roles(channels=("zz",)))


def test_promises_of_a_dataset(make: Make) -> None:
    data = make({"time": minutes(N), "machine": "x", "a": noise(), "b": np.arange(N), "anomaly": 0})
    assert list(data.frame.columns) == ["time", "machine", "a", "b", "anomaly"]
    assert data.values.dtype == np.float32
    assert data.values.flags.c_contiguous
    assert not data.values.flags.writeable
    assert data.frame["anomaly"].dtype == np.int8
    assert np.shares_memory(data.values, data.frame["a"].to_numpy())


def test_survives_pickling(make: Make) -> None:
    data = make({"time": minutes(N), "a": noise()})
    again = pickle.loads(pickle.dumps(data))  # noqa: S301 - made two words ago
    np.testing.assert_array_equal(again.values, data.values)
    assert again.fingerprint == data.fingerprint


def test_table_is_not_changed() -> None:
    a = noise()
    a[5] = np.inf
    frame = pd.DataFrame({"a": a, "b": noise(1)})
    before = frame.copy()
    build(Table(frame, (), "0" * 64))
    pd.testing.assert_frame_equal(frame, before)


def test_reopened_with_the_same_fingerprint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    a = noise()
    a[5:8] = np.nan
    frame = pd.DataFrame({"time": minutes(N), "a": a, "b": noise(1), "void": np.nan})
    frame.to_csv(tmp_path / "x.csv", index=False)
    monkeypatch.chdir(tmp_path)
    data = open_dataset("x.csv", cleaning=Cleaning(max_gap=5))
    monkeypatch.chdir("/")
    again = open_dataset(data.source, roles=data.roles, cleaning=data.cleaning)
    assert again.fingerprint == data.fingerprint
    np.testing.assert_array_equal(again.values, data.values)
    other = open_dataset(data.source, roles=data.roles, cleaning=Cleaning(missing="drop"))
    assert other.fingerprint != data.fingerprint


def test_memory_of_a_build() -> None:
    """Building costs little more than the values themselves, gaps and all."""
    rows, channels = 100_000, 20
    values = np.random.default_rng(0).normal(size=(rows, channels))
    values[500:504, 3] = np.nan
    values[2000:2100, 5] = np.nan
    frame = pd.DataFrame({f"s{i}": values[:, i].copy() for i in range(channels)})
    table = Table(frame, (), "0" * 64)
    size = rows * channels * 4
    tracemalloc.start()
    data = build(table)
    peak = tracemalloc.get_traced_memory()[1]
    assert data.values.nbytes == pytest.approx(size, rel=0.01)
    tracemalloc.stop()
    assert peak < 2.5 * size


def test_gaps_may_be_kept(make):
    """No row is left out and nothing is filled in, not even where no channel has a value."""
    a, b = np.arange(40.0), np.cos(np.arange(40.0))
    a[3:25] = b[20:25] = np.nan
    columns = {"time": minutes(40), "a": a, "b": b, "none": np.full(40, np.nan)}
    roles = Roles(time="time", channels=("a", "b", "none"))
    data = make(columns, roles, Cleaning(missing="keep"))
    assert data.channels == ("a", "b")
    assert len(data) == 40
    assert data.imputed is None
    assert data.segments == [slice(0, 40)]
    np.testing.assert_array_equal(data.frame["a"], a.astype("f4"))
    np.testing.assert_array_equal(data.frame["b"], b.astype("f4"))
    with pytest.raises(DataError, match=r"'a' has no number in row 3.*Choose interpolate"):
        _ = data.values
    assert data.fingerprint != make(columns, roles).fingerprint


def test_kept_gaps_do_not_hide_that_nothing_moves(make):
    flat = np.ones(20)
    flat[4:6] = np.nan
    with pytest.raises(DataError, match="constant"):
        make({"a": flat}, Roles(channels=("a",)), Cleaning(missing="keep"))


def test_no_window_crosses_a_hole_in_time_where_gaps_are_kept(make):
    time = np.r_[minutes(30), minutes(30, "2024-01-02")]
    values = np.sin(np.arange(60.0))
    values[7] = np.nan
    data = make({"time": time, "a": values}, cleaning=Cleaning(missing="keep"))
    assert data.segments == [slice(0, 30), slice(30, 60)]
