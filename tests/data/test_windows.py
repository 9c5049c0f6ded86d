from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.data import Windows, check_lookback
from core.data.dataset import Dataset
from core.errors import TooShort

Make = Callable[..., Dataset]


@given(
    lengths=st.lists(st.integers(1, 12), min_size=1, max_size=4),
    lookback=st.integers(1, 6),
    stride=st.integers(1, 4),
)
def test_as_by_hand(lengths: list[int], lookback: int, stride: int) -> None:
    edges = np.cumsum([0, *lengths])
    segments = [slice(int(a), int(b)) for a, b in pairwise(edges)]
    values = np.arange(edges[-1] * 2, dtype=np.float32).reshape(-1, 2)
    expected = []
    for segment in segments:
        last = segment.stop - lookback
        starts = list(range(segment.start, last + 1, stride))
        expected += starts if not starts or starts[-1] == last else [*starts, last]
    windows = Windows(values, segments, lookback, stride)
    assert windows.starts.tolist() == expected
    assert windows.starts.dtype == np.int32
    assert len(windows) == len(expected)
    batch = windows.take(np.arange(len(windows)))
    assert batch.shape == (len(expected), lookback, 2)
    assert batch.dtype == np.float32
    assert batch.flags.c_contiguous
    for window, start in zip(batch, expected, strict=True):
        np.testing.assert_array_equal(window, values[start : start + lookback])


def test_a_batch_is_a_copy() -> None:
    values = np.zeros((10, 2), dtype=np.float32)
    batch = Windows(values, [slice(0, 10)], 3).take(slice(0, 4))
    batch[:] = 1
    assert not values.any()


def test_windows_cost_less_than_a_tenth_of_the_data() -> None:
    values = np.zeros((200_000, 20), dtype=np.float32)
    tracemalloc.start()
    windows = Windows(values, [slice(0, len(values))], 64)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert windows.values is values
    assert windows.starts.nbytes == 0.05 * values.nbytes - 63 * 4
    assert peak < 0.08 * values.nbytes


def test_lookback_longer_than_the_shortest_entity(make: Make) -> None:
    a = np.random.default_rng(0).normal(size=70)
    data = make({"pump": ["pump-1"] * 50 + ["pump-2"] * 20, "a": a})
    check_lookback(data, 20)
    with pytest.raises(TooShort, match="Entity 'pump-2' has 20 rows, a window needs 30"):
        check_lookback(data, 30)


def test_lookback_longer_than_the_recording(make: Make) -> None:
    with pytest.raises(TooShort, match="The recording has 10 rows, a window needs 11"):
        check_lookback(make({"a": np.arange(10.0)}), 11)


def test_lookback_longer_than_every_run_without_a_gap(make: Make) -> None:
    a = np.random.default_rng(0).normal(size=100)
    a[20:40] = a[60:80] = np.nan
    data = make({"a": a, "b": np.arange(100.0)})
    check_lookback(data, 20)
    with pytest.raises(TooShort, match="without a gap has 20 rows, a window needs 21"):
        check_lookback(data, 21)
