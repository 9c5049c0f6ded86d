"""The menu that hands a chart out as a file."""

from __future__ import annotations

from inspect import unwrap

import pandas as pd
import pytest
import streamlit as st

from core import jobs, runs, worker
from dashboard import figures, plots
from dashboard.draw import spec
from tests.ui.app import errors, open_page

DATA = {
    "points": pd.DataFrame(
        {"x": [1, 2], "name": "training", "meaning": "series", "value": [2.0, 1.0]}
    )
}


def test_each_file_is_made_when_it_is_asked_for_and_pictures_by_a_worker(monkeypatch):
    offered, asked = {}, []
    monkeypatch.setattr(
        st, "download_button", lambda label, data, name, *_, **__: offered.update({name: data})
    )
    monkeypatch.setattr(
        jobs, "ask", lambda name, *values: asked.append(name) or worker.call(name, values)
    )
    unwrap(figures.download)(
        spec(plots.lines, "Epoch", "Loss", 240, True, False), DATA, "wise-lark-loss"
    )
    assert list(offered) == ["wise-lark-loss.png", "wise-lark-loss.svg", "wise-lark-loss.csv"]
    assert not asked
    made = {name: make() for name, make in offered.items()}
    assert asked == ["core.figures:picture"] * 2
    assert made["wise-lark-loss.png"].startswith(b"\x89PNG")
    assert made["wise-lark-loss.svg"].startswith(b"<svg")
    assert made["wise-lark-loss.csv"].decode().splitlines()[0] == "x,name,meaning,value"


@pytest.mark.parametrize(("tab", "figures"), [("Events", 1), ("Curves", 2)])
def test_the_figures_of_a_run_are_offered(stored_home, tab, figures):
    run = runs.table(task="anomaly")[0].iloc[0]
    link = {"data": run["dataset"], "run": run["name"], "anomaly.tab": tab}
    app = open_page("anomalies", **link)
    assert not errors(app)
    labels = [button.proto.label for button in app.get("download_button")]
    assert [labels.count(kind) for kind in ("PNG", "SVG", "CSV")] == [figures] * 3
