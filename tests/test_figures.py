"""Charts as files: what is drawn, in which colours, and the numbers behind it."""

from __future__ import annotations

import struct
from io import BytesIO
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest

from core import figures
from core.palette import LIGHT
from dashboard import charts, gas_plots, plots
from dashboard.draw import spec
from dashboard.timeline import Timeline
from tests.ui import results

LINES = (
    spec(plots.lines, "Epoch", "Loss", 240, True, False),
    {
        "points": pd.DataFrame(
            {"x": [1, 2, 3], "name": "training", "meaning": "series", "value": [3.0, np.nan, 1.0]}
        )
    },
)


def timeline(zone: str | None = None) -> tuple[dict, dict]:
    shown = Timeline(results.result(times=results.seconds(zone=zone)))
    data = {
        "frame": shown.frame(0, 200, shown.top),
        **shown.marks(0, 200),
        "cut": pd.DataFrame({"x": shown.at(np.array([0, 199])), "score": [5.0, 5.0]}),
        "points": shown.points(0, 200, keep=np.array([1])),
        "events": pd.DataFrame(columns=["x", "x2", "peak_x", "peak", "event"]),
    }
    return spec(charts.detail, shown.axis), data


def texts(svg: bytes) -> list[str]:
    return [node.text or "" for node in ElementTree.fromstring(svg).iter() if node.text]


def test_a_png_has_two_dots_a_pixel():
    image = figures.picture(*LINES, "png")
    assert image[:8] == b"\x89PNG\r\n\x1a\n"
    wide, high = struct.unpack(">II", image[16:24])
    assert wide == 2 * figures.WIDTH
    assert high > 2 * 240


def test_an_svg_is_drawn_in_the_colours_of_the_light_theme_and_asks_for_nothing():
    svg = figures.picture(*LINES, "svg")
    assert LIGHT["series"].lower().encode() in svg.lower()
    assert {"Epoch", "Loss", "training"} <= set(texts(svg))
    assert svg.count(b"http") == svg.count(b"http://www.w3.org/")


@pytest.mark.parametrize("zone", [None, "Asia/Tokyo"])
def test_times_are_drawn_as_they_were_recorded(zone):
    shown = texts(figures.picture(*timeline(zone), "svg"))
    assert {"10:00", "10:01", "10:02", "10:03"} <= set(shown)


def test_a_name_with_markup_is_text():
    cells = pd.DataFrame({"truth": ["<b>x"], "said": ["<b>x"], "share": [1.0], "text": ["1"]})
    svg = figures.picture(spec(gas_plots.confusion, ("<b>x",)), {"cells": cells}, "svg")
    assert "<b>x" in texts(svg)


def test_a_table_has_the_numbers_of_one_data_set():
    back = pd.read_csv(BytesIO(figures.table(LINES[1])))
    pd.testing.assert_frame_equal(back, LINES[1]["points"], check_dtype=False)


def test_a_table_names_its_data_sets_and_leaves_the_corners_out():
    _, data = timeline("Asia/Tokyo")
    back = pd.read_csv(BytesIO(figures.table(data)))
    assert set(back["data"]) == {"labels", "parts", "imputed", "cut", "points"}
    points = back[back["data"] == "points"]
    np.testing.assert_allclose(points["score"], data["points"]["score"])
    assert points["x"].iloc[0] == "2024-03-01 10:00:00"


def test_nothing_is_an_empty_table():
    assert figures.table({"points": pd.DataFrame({"x": []})}) == b""
