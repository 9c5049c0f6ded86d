"""A finished run on the screen: numbers, pictures, threshold and tabs that move together.

All of it is one fragment: a moved slider reruns this and nothing else, and reads stored scores.
"""

from __future__ import annotations

import os
from datetime import datetime
from typing import Any

import pandas as pd
import streamlit as st

from core import anomaly, runs, script
from core import format as write
from core.anomaly import Decision
from dashboard import (
    cached,
    curves_panel,
    labels_panel,
    link,
    new_data_panel,
    operating,
    panels,
    pictures,
    plots,
    rules_panel,
    tabs,
    tiles,
)
from dashboard import card as card_view
from dashboard.bench import Bench
from dashboard.draw import show, spec
from dashboard.markdown import plain
from dashboard.timeline import Timeline
from dashboard.window import DETAIL

# What the link may ask of the workbench; the workbench says itself what was wrong with it.
LINKED = frozenset({*operating.KEYS, DETAIL.start, DETAIL.stop, new_data_panel.KEY})
TABS = (
    *("Events", "Thresholds", "Curves", "Channels", "Labels"),
    *("New data", "History", "Card", "Code"),
)


def draw(run: runs.Run) -> None:
    """Draw the workbench of *run*, with the operating point that is stored with it."""
    stored = run.decisions()
    # Read here, not in the fragment: a damaged run is explained by the page.
    own, card = cached.timeline(run, run.id), cached.card(run, run.id)
    for note in card["notes"]:
        st.caption(f":orange[:material/warning:] {plain(note)}")
    _bench(run, own, card, stored[-1] if stored else None)


@st.fragment
def _bench(
    run: runs.Run, own: Timeline, card: dict[str, Any], stored: dict[str, Any] | None
) -> None:
    usual = Decision() if stored is None else Decision.model_validate(stored["decision"])
    operating.preset(run.id, usual)
    above = st.container()
    scoring = operating.scorer(own.result.scoring)
    timeline = cached.timeline(run, run.id, scoring.model_dump_json()) if scoring else own
    decision = operating.controls(timeline, scoring)
    reading = cached.reading(timeline, run.id, decision.model_dump_json())
    rows = DETAIL.current(run.id, len(timeline))
    table = anomaly.event_table(reading.outcome, channels=False)
    for note in reading.outcome.cut.notes:
        st.caption(f":orange[:material/info:] {plain(note)}")
    with above:
        link.notices(only=LINKED - {new_data_panel.KEY})
        tiles.tiles(reading.metrics, card["baselines"], timeline.result.labels is not None)
        pictures.overview(run.id, timeline, table, rows)
        inside, drawn = pictures.detail(timeline, reading, table, rows)
    _keep(run, decision, stored)
    _tabs(Bench(run, timeline, reading, table, rows, inside, drawn))


def _keep(run: runs.Run, decision: Decision, stored: dict[str, Any] | None) -> None:
    """Explain the marks, and offer to store the operating point with the run."""
    with st.container(horizontal=True, vertical_alignment="center"):
        show(
            spec(plots.legend),
            {"entries": pd.DataFrame(plots.LEGEND)},
            alt="Line: score. Dashes: threshold. Triangle: event. Amber: labelled anomaly. "
            "Grey: not test rows",
            width="content",
        )
        st.space("stretch")
        same = stored is not None and Decision.model_validate(stored["decision"]) == decision
        if stored is not None:
            when = datetime.fromisoformat(stored["when"])
            st.caption(f"In use since {write.moment(when, seconds=False)}", width="content")
        if st.button(
            "In use" if same else "Use this threshold",
            icon=":material/check:" if same else ":material/push_pin:",
            disabled=same,
            key="anomaly-use",
            help="Stores threshold, shortest event and merge gap with the run: scoring, reports "
            "and streams use them. Earlier ones stay in the run's history.",
        ):
            run.set_decision(decision.model_dump(mode="json"), os.environ.get("USER", ""))
            st.rerun()


def _tabs(bench: Bench) -> None:
    """Draw the tab that is open, and nothing of the others."""
    panel = {
        "Events": panels.events,
        "Channels": panels.channels,
        "Thresholds": rules_panel.rules,
        "Curves": curves_panel.curves,
        "Labels": labels_panel.panel,
        "New data": new_data_panel.panel,
        "History": panels.history,
        "Card": lambda bench: card_view.show(cached.card(bench.run, bench.run.id)),
        "Code": _code,
    }
    tabs.draw({name: panel[name] for name in TABS}, bench, "anomaly.tab")


def _code(bench: Bench) -> None:
    st.caption("This repeats what is on the screen; run it in the project's folder.")
    st.code(script.anomaly(bench.run, bench.reading.decision), language="python")
