"""The menu that hands out a report."""

from __future__ import annotations

from inspect import unwrap

import streamlit as st

from core import jobs, runs
from dashboard import report_button
from tests.ui.app import errors, open_page


def test_reports_are_asked_for_by_click_alone(monkeypatch):
    offered, asked = {}, []
    monkeypatch.setattr(
        st, "download_button", lambda label, data, name, *_, **__: offered.update({name: data})
    )
    monkeypatch.setattr(jobs, "ask", lambda name, *values, **_: asked.append((name, *values)))
    unwrap(report_button.draw)(["wise-lark"])
    unwrap(report_button.draw)(["wise-lark", "quiet-otter"])
    assert list(offered) == [
        "wise-lark-report.html",
        "wise-lark-report.pdf",
        "comparison-of-2-report.html",
        "comparison-of-2-report.pdf",
    ]
    assert not asked
    offered["wise-lark-report.pdf"]()
    offered["comparison-of-2-report.html"]()
    assert asked == [
        ("core.report:pdf", ["wise-lark"]),
        ("core.report:html", ["wise-lark", "quiet-otter"]),
    ]


def test_a_run_on_the_screen_offers_its_report(stored_home, monkeypatch):
    monkeypatch.setattr(report_button, "find_spec", lambda name: None)
    run = runs.table(task="anomaly")[0].iloc[0]
    app = open_page("anomalies", data=run["dataset"], run_=run["name"])
    assert not errors(app)
    buttons = {button.proto.label: button.proto for button in app.get("download_button")}
    assert not buttons["HTML"].disabled
    assert buttons["PDF"].disabled
    assert any("pip install 'fusionscope[pdf]'" in caption.value for caption in app.caption)
