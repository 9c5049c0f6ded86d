"""The operating point: the threshold's widgets, what it finds, and what others would find."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from core import anomaly
from core.anomaly import THRESHOLDS, Decision, Intervals, Outcome
from dashboard import link
from dashboard.controls import control, widget
from dashboard.timeline import Timeline

PREFIX = "anomaly."
KINDS = {"sigma": "Sigma", "quantile": "Quantile", "fixed": "Fixed"}
FIELDS = {"sigma": "k", "quantile": "q", "fixed": "value"}
KEYS = tuple(PREFIX + name for name in ("kind", "k", "q", "value", "min_length", "merge_gap"))
CUTS = 48  # Thresholds that `sweep` tries.


@dataclass(frozen=True)
class Reading:
    """What one operating point makes of a result.

    Attributes:
        decision: The operating point.
        outcome: Cut and events.
        metrics: See `core.anomaly.measure`; of the test rows.
    """

    decision: Decision
    outcome: Outcome
    metrics: dict[str, float]

    @property
    def cut(self) -> float:
        """Scores above it are flagged; where the cut follows the stream, its median."""
        return self.outcome.level

    @property
    def found(self) -> Intervals:
        """All events."""
        return self.outcome.found


def read(timeline: Timeline, decision: Decision) -> Reading:
    """Cut the stored scores of *timeline*."""
    outcome = anomaly.decide(timeline.result, decision)
    truth = outcome.result.truth
    metrics = anomaly.measure(outcome.result, outcome.found, outcome.level, truth)
    return Reading(decision, outcome, metrics)


def preset(run_id: str, decision: Decision) -> None:
    """Set the widgets to the stored operating point when another run is opened.

    What the link asks for goes first.
    """
    opened = st.session_state.get("operating.run")
    if opened == run_id:
        return
    st.session_state["operating.run"] = run_id
    values: dict[str, Any] = {
        "kind": decision.threshold.kind,
        "min_length": decision.min_length,
        "merge_gap": decision.merge_gap,
    }
    field = FIELDS[decision.threshold.kind]
    values[field] = getattr(decision.threshold, field)
    for name, value in values.items():
        if opened is not None or PREFIX + name not in st.query_params:
            st.session_state[PREFIX + name] = value


def controls(timeline: Timeline) -> Decision:
    """Draw kind, slider, shortest event and merge gap, and return the operating point."""
    kind_column, slider, length, gap = st.columns([2.3, 3, 1.2, 1.2], gap="medium")
    with kind_column:
        kind = _kind()
    rule = THRESHOLDS[kind]
    name = FIELDS[kind]
    item, default = control(name, rule.model_fields[name]), None
    if kind == "fixed":
        item = replace(item, high=timeline.top[1])
        default = float(f"{anomaly.Sigma().cut(timeline.result).level(timeline.result):.3g}")
        default = min(default, timeline.top[1])
    with slider:
        value = widget(item, PREFIX, default, parts=400)
    fields = Decision.model_fields
    with length:
        shortest = widget(control("min_length", fields["min_length"]), PREFIX, unit=False)
    with gap:
        merge = widget(control("merge_gap", fields["merge_gap"]), PREFIX, unit=False)
    return Decision(
        threshold=rule.parse({name: value}), min_length=shortest or 1, merge_gap=merge or 0
    )


def _kind() -> str:
    def option(text: str) -> str:
        names = {name: kind for kind, name in KINDS.items()}
        if text not in KINDS and text not in names:
            raise ValueError(text)
        return names.get(text, text)

    allowed = "allowed are " + ", ".join(KINDS)
    link.check(PREFIX + "kind", "Threshold", option, allowed, "sigma")
    kind = st.segmented_control(
        "Threshold",
        list(KINDS),
        default="sigma",
        required=True,
        format_func=lambda kind: KINDS[kind],
        key=PREFIX + "kind",
        bind="query-params",
        help="Sigma: so many standard deviations above the mean training score. Quantile: above "
        "so large a share of the training scores. Fixed: a score of your own.",
    )
    link.confirm(PREFIX + "kind", kind)
    return kind


def sweep(timeline: Timeline, decision: Decision) -> pd.DataFrame:
    """Return what each of many cuts would cost and catch, with the other rules of *decision*.

    Columns: cut, event_precision, event_recall, and false_alarms_per_day where there is time.
    """
    low = float(np.quantile(timeline.result.reference, 0.5))
    high = float(timeline.result.scores.max())
    cuts = np.unique(np.geomspace(max(low, high * 1e-4, 1e-12), max(high, 1e-12), CUTS + 1)[:-1])
    names = ("event_precision", "event_recall", "false_alarms_per_day")
    rows = []
    for cut in cuts:
        rule = decision.model_copy(update={"threshold": anomaly.Fixed(value=float(cut))})
        metrics = anomaly.evaluate(timeline.result, None, rule)
        rows.append({"cut": float(cut)} | {name: metrics.get(name, np.nan) for name in names})
    return pd.DataFrame(rows)
