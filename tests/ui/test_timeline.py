"""Rows become x, stretches become marks, a brush becomes rows."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from core import anomaly
from dashboard.timeline import Timeline
from tests.ui.results import result, seconds


def clock(text: str) -> pd.Timestamp:
    return pd.Timestamp(text, tz="UTC")


def test_time_is_shown_as_it_was_recorded_with_its_zone_named():
    timeline = Timeline(result(times=seconds(zone="Asia/Tokyo")))
    assert timeline.axis.title == "Time (Asia/Tokyo)"
    # The clock of the recording, called UTC so that the browser leaves it alone.
    assert timeline.points(0, 200)["x"].iloc[0] == clock("2024-03-01 10:00")


def test_without_time_rows_are_counted():
    timeline = Timeline(result())
    assert not timeline.axis.temporal
    assert timeline.points(0, 200)["x"].tolist() == list(range(200))


def test_entities_that_overlap_in_time_stand_in_a_row():
    times = pd.concat([seconds(100), seconds(100)], ignore_index=True)
    timeline = Timeline(result(times=times, entities=2))
    assert not timeline.axis.temporal
    marks = timeline.marks(0, 200)["entities"]
    assert marks.to_dict("list") == {"x": [0, 100], "entity": ["pump 0", "pump 1"]}


def test_marks_are_cut_at_the_edges_of_the_picture():
    marks = Timeline(result(times=seconds())).marks(60, 125)
    assert marks["labels"].to_dict("records") == [
        {"x": clock("2024-03-01 10:01:58"), "x2": clock("2024-03-01 10:02:04")}
    ]
    parts = marks["parts"]
    assert parts["part"].tolist() == ["training rows", "validation rows", "embargo"]
    assert parts["x"].min() == clock("2024-03-01 10:01:00")
    assert marks["imputed"].empty
    assert len(Timeline(result()).marks(0, 200)["imputed"]) == 1


def test_an_event_that_begins_before_the_picture_keeps_its_stretch_but_not_its_peak():
    timeline = Timeline(result())
    table = anomaly.events(timeline.result, anomaly.Fixed(value=5))
    shown = timeline.events(table, 128, 200)
    assert shown["x"].tolist() == [128, 160]
    assert np.isnan(shown["peak"].iloc[0])
    assert shown["peak"].iloc[1] == 7


@pytest.mark.parametrize("zone", [None, "Europe/Berlin"])
def test_a_brush_in_time_gives_the_rows_below_it(zone):
    timeline = Timeline(result(times=seconds(zone=zone)))
    low, high = (
        clock(text).timestamp() * 1000 for text in ("2024-03-01 10:00:10", "2024-03-01 10:00:20")
    )
    assert timeline.rows_between(low, high) == (10, 21)


def test_a_brush_over_rows_gives_these_rows():
    assert Timeline(result()).rows_between(9.4, 20.7) == (10, 21)


def test_the_peak_of_every_event_is_among_the_points():
    rows = 50_000
    scores = np.random.default_rng(1).random(rows).astype(np.float32)
    base = result(rows)
    base.steps["score"] = scores
    keep = np.array([1_234, 40_000])
    x = Timeline(base).points(0, rows, keep=keep)["x"]
    assert {1_234, 40_000} <= set(x)


def test_the_histogram_counts_every_row_once():
    assert Timeline(result()).bins["share"].sum() == pytest.approx(1)


def test_the_window_is_drawn_only_when_the_detail_shows_a_part():
    timeline = Timeline(result())
    assert timeline.window(0, 200).empty
    assert timeline.window(10, 20).to_dict("list") == {"x": [10], "x2": [20]}
