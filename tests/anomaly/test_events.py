"""Events against a plain loop that says what they are."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.anomaly import Decision, Fixed, channel_shares, decide, detect, event_table, events
from tests.anomaly.examples import make_result


def plain_detect(scores, cut, boundaries, min_length, merge_gap):
    """The definition, one step at a time."""
    segment = np.searchsorted(boundaries, np.arange(len(scores)), side="right")
    runs: list[list[int]] = []
    for row, score in enumerate(scores):
        if not score > cut:
            continue
        if runs and segment[row] == segment[runs[-1][1] - 1] and row - runs[-1][1] <= merge_gap:
            runs[-1][1] = row + 1
        else:
            runs.append([row, row + 1])
    return [(a, b) for a, b in runs if b - a >= min_length]


@given(
    scores=st.lists(st.integers(0, 3), min_size=1, max_size=60),
    cuts=st.sets(st.integers(1, 59), max_size=4),
    min_length=st.integers(1, 4),
    merge_gap=st.integers(0, 4),
)
def test_detect_equals_the_plain_loop(scores, cuts, min_length, merge_gap):
    boundaries = np.array([0, *sorted(c for c in cuts if c < len(scores))])
    found = detect(np.array(scores, np.float32), 1.5, boundaries, min_length, merge_gap)
    expected = plain_detect(scores, 1.5, boundaries, min_length, merge_gap)
    assert list(zip(found.starts, found.stops, strict=True)) == expected


def test_an_event_tells_when_how_high_and_which_channel():
    residuals = np.zeros((6, 3), np.float32)
    residuals[2:4] = [[0, 1, -3], [0, 1, 1]]
    table = events(make_result([0, 0, 5, 9, 0, 0], residuals), Fixed(value=1))
    event = table.iloc[0]
    assert len(table) == 1
    assert (event.start_row, event.stop_row, event.steps, event.seconds) == (2, 4, 2, 120)
    assert event.start == pd.Timestamp("2024-05-01 00:02", tz="UTC")
    assert event.end == pd.Timestamp("2024-05-01 00:03", tz="UTC")
    assert (event.peak, event.peak_row) == (9, 3)
    # c2: 9 + 1, c1: 1 + 1, of 12.
    assert event.channel == "c2"
    assert event.share == pytest.approx(10 / 12)
    assert event.ranking == "c2 83%, c1 17%, c0 0%"


def test_shares_sum_to_one_and_are_even_where_nothing_deviates():
    result = make_result([0, 0], np.zeros((2, 4), np.float32))
    shares = channel_shares(result, 0, 2)
    assert shares.tolist() == [0.25] * 4
    assert list(shares.index) == ["c0", "c1", "c2", "c3"]


def test_no_event_leaves_an_empty_table_with_all_columns():
    full = events(make_result([9, 0]), Fixed(value=1))
    empty = events(make_result([0, 0]), Fixed(value=1))
    assert len(empty) == 0
    assert list(empty.columns) == list(full.columns)


def test_the_table_lists_the_worst_events_in_order_of_time():
    scores = [0, 5, 0, 2, 0, 9, 0, 3, 0]
    result = make_result(scores)
    table = event_table(decide(result, Decision(threshold=Fixed(value=1), merge_gap=0)), listed=2)
    assert table["peak"].tolist() == [5, 9]
    assert table["event"].tolist() == [1, 3]


def test_an_event_may_end_with_the_recording():
    table = events(make_result([0, 0, 2, 7]), Decision(threshold=Fixed(value=1)))
    assert (table.loc[0, "stop_row"], table.loc[0, "peak"]) == (4, 7)


def test_a_recording_without_time_counts_rows():
    result = make_result([0, 3, 3, 0])
    bare = dataclasses.replace(result, steps=result.steps.drop(columns="time"))
    event = events(bare, Fixed(value=1)).iloc[0]
    assert (event.start, event.end) == (1, 2)
    assert np.isnan(event.seconds)
