"""A long series with fewer points keeps what must be seen."""

from __future__ import annotations

import numpy as np

from core import downsample


def noise(rows: int) -> np.ndarray:
    return np.random.default_rng(0).normal(size=rows).astype(np.float32)


def test_a_short_series_keeps_every_row():
    assert downsample.rows(noise(100)).tolist() == list(range(100))


def test_a_long_series_has_about_as_many_points_as_asked():
    rows = downsample.rows(noise(500_000), points=1_000)
    assert 900 <= len(rows) <= 1_000
    assert rows[0] == 0
    assert rows[-1] == 499_999
    assert (np.diff(rows) > 0).all()


def test_the_highest_value_is_never_lost():
    values = noise(300_000)
    values[123_456] = 50
    assert 123_456 in downsample.rows(values)


def test_what_must_be_kept_is_kept():
    keep = np.array([5, 77_777, 250_000])
    rows = downsample.rows(noise(200_000), keep=keep)
    assert {5, 77_777} <= set(rows.tolist())
    assert rows.max() < 200_000


def test_a_part_is_drawn_from_its_own_rows():
    rows = downsample.rows(noise(100_000), 20_000, 20_050)
    assert rows.tolist() == list(range(20_000, 20_050))


def test_rows_outside_of_the_series_are_left_out():
    assert downsample.rows(noise(10), -5, 50).tolist() == list(range(10))
    assert downsample.rows(noise(10), 30, 50).tolist() == []
