"""Thresholds of every kind side by side, on the scores that are on the screen."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from core import format as write
from core.anomaly import THRESHOLDS
from dashboard import cached, operating, plots
from dashboard.bench import Bench
from dashboard.draw import show, spec
from dashboard.markdown import plain

LABELLED = {
    "composite_f1": ("Composite F1", write.number),
    "event_recall": ("Anomalies caught", write.percent),
    "point_precision": ("Flagged time labelled", write.percent),
    "false_alarm_rate": ("Time in false alarm", write.percent),
    "delay_seconds": ("Delay", write.duration),
}
ALWAYS = {
    "events": ("Events", write.count),
    "alarms_per_day": ("Alarms/day", write.number),
    "flagged_share": ("Time in alarm", write.percent),
    "cut": ("Cut", write.number),
}
COMPARE = "anomaly.compare"


def rules(bench: Bench) -> None:
    """Draw the events of every rule under one another, and their metrics in a table."""
    if not st.toggle(
        "Compare all thresholds",
        key=COMPARE,
        bind="query-params",
        help="Every rule cuts the scores on the screen, with the event rules chosen above: the "
        "chosen one with its settings, the others with their defaults.",
    ):
        st.caption("Each rule is tried on the stored scores; nothing is trained.")
        return
    decision = bench.reading.decision
    tried = cached.side_by_side(bench.timeline, bench.run.id, decision.model_dump_json())
    names = {kind: rule.label for kind, rule in THRESHOLDS.items()}
    labels = bench.timeline.marks(*bench.rows)["labels"]
    bars = [
        bench.timeline.stretches(one.found, *bench.rows).assign(rule=names[kind], meaning="anomaly")
        for kind, one in tried.items()
        if one.found is not None
    ]
    if not labels.empty:
        bars.insert(0, labels.assign(rule="labels", meaning="label"))
    order = (["labels"] if not labels.empty else []) + [names[kind] for kind in tried]
    show(
        spec(plots.strips, bench.timeline.axis, tuple(order)),
        {
            "bars": pd.concat(bars, ignore_index=True),
            "frame": bench.timeline.frame(*bench.rows, (0.0, 0.0))[["x"]],
        },
        alt="Flagged stretches of every threshold under one another",
        figure=f"{bench.run.name}-thresholds",
    )
    rows, notes = [], []
    for kind, one in tried.items():
        row: dict[str, Any] = {"Threshold": names[kind], "Reads": THRESHOLDS[kind].reads}
        for name, (title, text) in (LABELLED | ALWAYS).items():
            row[title] = text(one.metrics.get(name)) if one.metrics else write.NOTHING
        rows.append(row)
        notes += [f"{names[kind]}: {note}" for note in one.notes]
    frame = pd.DataFrame(rows)
    known = [title for title in frame if (frame[title] != write.NOTHING).any()]
    st.dataframe(
        frame[known].style.apply(
            lambda row: (
                ["font-weight: 600" if row["Threshold"] == names[decision.threshold.kind] else ""]
                * len(row)
            ),
            axis=1,
        ),
        hide_index=True,
        height="content",
        key="anomaly-rules",
        on_select=lambda: _choose(list(tried)),
        selection_mode="single-row",
        alt="Metrics of every threshold",
    )
    st.caption("Choose a row to use that threshold. What none of them can know stays empty.")
    for note in notes:
        st.caption(f":orange[:material/info:] {plain(note)}")


def _choose(kinds: list[str]) -> None:
    rows = st.session_state["anomaly-rules"]["selection"]["rows"]
    if rows:
        st.session_state[operating.PREFIX + "kind"] = kinds[rows[0]]
