"""Charts are valid, say with shape and dash what they say with colour, and read named data."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from dashboard import charts, plots
from dashboard.draw import spec
from dashboard.theme import MEANINGS

TIME = charts.Axis(True, "Time (UTC)")
ROW = charts.Axis(False, "Row")

ALL = [
    (charts.overview, (TIME,)),
    (charts.overview, (ROW,)),
    (charts.detail, (TIME,)),
    (charts.detail, (ROW,)),
    (charts.channel, (TIME, "bar", True)),
    (charts.channel, (ROW, "", False)),
    (plots.histogram, ()),
    (plots.legend, ()),
    (plots.shares, (8,)),
    (plots.lines, ("Epoch", "Loss", 200, True, False)),
    (plots.lines, ("Threshold", "Share", 200, False, True)),
]


def layers(chart: dict) -> list[dict]:
    """Return the layers, each with its data, which Altair lifts out when all share it."""
    shared = {"data": chart["data"]} if "data" in chart else {}
    return [shared | layer for one in chart["layer"] for layer in one.get("layer", [one])]


def marks(chart: dict) -> dict[str, dict]:
    """Return the mark of each layer by the name of its data and its type."""
    return {f"{x['data']['name']} {x['mark']['type']}": x["mark"] for x in layers(chart)}


@pytest.mark.parametrize(("make", "args"), ALL)
def test_a_chart_is_valid_and_holds_no_data(make, args):
    chart = make(*args).to_dict()
    assert "datasets" not in chart
    assert all("name" in layer["data"] for layer in layers(chart))


@pytest.mark.parametrize(("make", "args"), ALL)
def test_every_colour_is_a_meaning_and_comes_from_the_theme_that_is_on(make, args):
    text = json.dumps(make(*args).to_dict())
    colours = json.dumps([layer["encoding"].get("color") for layer in layers(json.loads(text))])
    assert '"range": "category"' in colours
    assert json.dumps(list(MEANINGS)) in colours
    assert "#" not in colours


def test_an_event_is_told_by_its_shape_and_a_threshold_by_its_dash():
    detail = marks(charts.detail(TIME).to_dict())
    assert detail["events point"]["shape"] == "triangle-down"
    assert detail["cut line"]["strokeDash"]
    assert "strokeDash" not in detail["points line"]


def test_the_labels_lie_in_a_strip_below_the_score():
    chart = charts.detail(TIME).to_dict()
    label = next(x for x in layers(chart) if x["data"]["name"] == "labels")
    score = next(x for x in layers(chart) if x["data"]["name"] == "points")
    assert label["encoding"]["y"]["value"] >= score["encoding"]["y"]["scale"]["range"][0]


def test_the_overview_has_a_brush_along_x_of_that_name():
    params = charts.overview(TIME).to_dict()["params"]
    assert [param["name"] for param in params] == ["brush"]
    assert params[0]["select"]["encodings"] == ["x"]


def test_histogram_and_detail_share_their_height_and_scale():
    detail, beside = charts.detail(TIME).to_dict(), plots.histogram().to_dict()
    assert detail["height"] == beside["height"]
    assert detail["autosize"] == beside["autosize"]
    rules = [
        next(x for x in layers(chart) if x["data"]["name"] == "cut")["encoding"]["y"]["scale"]
        for chart in (detail, beside)
    ]
    assert rules[0] == rules[1]


def test_time_is_not_moved_into_the_zone_of_the_browser():
    for layer in layers(charts.detail(TIME).to_dict()):
        if "x" in layer["encoding"] and "scale" in layer["encoding"]["x"]:
            assert layer["encoding"]["x"]["scale"]["type"] == "utc"


def test_a_structure_is_made_once():
    assert spec(charts.detail, TIME) is spec(charts.detail, charts.Axis(True, "Time (UTC)"))


def test_lines_are_told_apart_by_name_colour_and_dash():
    frame = pd.DataFrame({"epoch": [1, 2], "loss": [2.0, 1.0], "val_loss": [2.0, float("nan")]})
    tall = plots.long(frame, "epoch", {"loss": "training", "val_loss": "validation"})
    assert tall["name"].tolist() == ["training", "training", "validation"]
    assert len({(plots.LINES[name])[0] for name in set(tall["name"])}) == 2
    assert list(tall.columns) == ["x", "name", "value", "meaning"]
