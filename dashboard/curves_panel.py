"""What every other threshold would cost and catch, the present one marked, and how sure that is."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from core import anomaly
from core import format as write
from dashboard import cached, plots
from dashboard.bench import Bench
from dashboard.draw import show, spec

SHARES = {"point_precision": "precision", "event_recall": "recall", "composite_f1": "composite F1"}
ALARMS = {"alarms_per_day": "alarms", "false_alarms_per_day": "false alarms"}
SURE = {
    "composite_f1": "Composite F1",
    "event_recall": "Anomalies caught",
    "event_precision": "Right alarms",
    "point_precision": "Flagged time that is labelled",
}
FURTHER = {
    "vus_roc": ("VUS-ROC", "as VUS-PR, under the ROC surface"),
    "average_precision": ("AUC-PR", "area under the precision-recall curve of single rows"),
    "roc_auc": ("AUC-ROC", "area under the ROC curve of single rows"),
    "pate": ("PATE", "of the scores; early and late detections count in part"),
    "affiliation_precision": ("Affiliation precision", "how near alarms are to anomalies"),
    "affiliation_recall": ("Affiliation recall", "how near anomalies are to alarms"),
    "affiliation_f1": ("Affiliation F1", "both; read it beside the false time"),
    "point_f1": ("F1 of rows", "of single rows, at the present threshold"),
    "event_f1": ("F1 of events", "by overlap; an alarm that never ends has 1"),
    "point_adjusted_f1": (
        "Point-adjusted F1",
        "flatters: one flagged row counts for a whole anomaly, so that noise scores high. For "
        "comparison with published figures alone",
    ),
}
POINTS = 240  # Cuts of a curve that are drawn; all of them are counted.


def curves(bench: Bench) -> None:
    """Draw precision, recall and alarms a day over the threshold."""
    events = bench.reading.decision.model_copy(update={"threshold": anomaly.Sigma()})
    frame = _drawn(cached.sweep(bench.timeline, bench.run.id, events.model_dump_json()))
    cut = pd.DataFrame({"x": [bench.reading.cut]})
    if isinstance(bench.reading.outcome.cut.value, np.ndarray):
        st.caption(
            "The present threshold follows the stream: its median over the test rows is marked."
        )
    left, right = st.columns(2, gap="medium")
    with left:
        points = plots.long(frame, "cut", SHARES)
        if points.empty:
            st.info(
                "Precision and recall need labelled anomalies among the test rows. Name the label "
                "column on the page Data if the recording has one."
            )
        else:
            st.caption("Flagged time that is labelled (precision), anomalies caught (recall)")
            show(
                spec(plots.lines, "Threshold (root scale)", "Share", 220, False, True, "sqrt"),
                {"points": points, "cut": cut},
                alt="Point precision, event recall and composite F1 over the threshold",
                figure=f"{bench.run.name}-precision",
            )
            _sure(bench)
            _further(bench)
    with right:
        points = plots.long(frame, "cut", ALARMS)
        if points.empty:
            st.info("The recording has no time column, so there is no day to count in.")
            return
        st.caption("Alarms a day")
        show(
            spec(plots.lines, "Threshold (root scale)", "Alarms a day", 220, False, True, "sqrt"),
            {"points": points, "cut": cut},
            alt="Alarms and false alarms a day over the threshold",
            figure=f"{bench.run.name}-alarms",
        )


def _further(bench: Bench) -> None:
    """List the metrics that other papers report, when somebody asks for them."""
    asked = st.expander(
        "Metrics that other papers report", key="anomaly-further", on_change="rerun"
    )
    if not asked.open:
        return
    outcome = bench.reading.outcome
    known = bench.reading.metrics | anomaly.thorough(
        outcome.result, outcome.found, outcome.result.truth
    )
    rows = [
        (title, write.number(known[name]), words)
        for name, (title, words) in FURTHER.items()
        if name in known
    ]
    asked.table(
        pd.DataFrame(rows, columns=["Metric", "Value", "What it says"]).set_index("Metric"),
        border="horizontal",
    )


def _drawn(frame: pd.DataFrame) -> pd.DataFrame:
    """Return few of the cuts, evenly spread on a root scale."""
    if len(frame) <= POINTS:
        return frame
    roots = np.sqrt(np.maximum(frame["cut"].to_numpy(), 0))
    wanted = np.linspace(roots[0], roots[-1], POINTS)
    return frame.iloc[np.unique(np.searchsorted(roots, wanted).clip(0, len(frame) - 1))]


def _sure(bench: Bench) -> None:
    """Say how sure the metrics at the present threshold are."""
    outcome = bench.reading.outcome
    ends = anomaly.bootstrap(outcome.result, outcome.found, outcome.result.truth)
    if not ends:
        return
    words = [
        f"{label} {write.percent(bench.reading.metrics[name])} "
        f"({write.percent(ends[name][0])} to {write.percent(ends[name][1])})"
        for name, label in SURE.items()
        if name in ends and name in bench.reading.metrics
    ]
    st.caption(
        "At the present threshold: " + "; ".join(words) + ". In brackets: 95 % intervals from "
        "drawing the labelled anomalies anew; few anomalies make them wide."
    )
