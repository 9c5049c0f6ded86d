"""The operating point: the threshold's widgets, what it finds, and what others would find."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import streamlit as st

from core import anomaly
from core.anomaly import THRESHOLDS, Decision, Intervals, Outcome, Rule, Scoring, scorers
from core.errors import ConfigError
from dashboard.choice import choice
from dashboard.controls import control, widget
from dashboard.timeline import Timeline


def fields_of(rule: type[Rule]) -> list[str]:
    """Return the fields of *rule* that can be moved, the one that matters most first."""
    return [name for name in rule.model_fields if name != "kind"]


PREFIX, SCORER = "anomaly.", "anomaly.scorer"
OWN = "own"  # The scorer that the detector has chosen itself.
SCORERS = {OWN: "The detector's own"} | {kind: one.label for kind, one in scorers.SCORERS.items()}
SCORER_HELP = (
    "How the residuals of all channels become one score a step; it matters more than the network. "
    "Mean square: all channels count. Largest: the worst one decides. Mahalanobis: what usually "
    "deviates together counts less. Rolling Gaussian: mean and variance follow the stream, so that "
    "a new level is got used to. Mixture and Fisher: tail probabilities of each channel, joined "
    "and calibrated (M2AD); 3 is one row in a thousand."
)
EVENT_RULES = ("min_length", "merge_gap", "cool_down")
USUAL = Decision().threshold.kind
KINDS = {kind: rule.label for kind, rule in THRESHOLDS.items()}
KEYS = (
    *(SCORER, f"{SCORER}.smoothing", f"{SCORER}.area", f"{SCORER}.causal", f"{PREFIX}kind"),
    *(f"{PREFIX}{kind}.{name}" for kind, rule in THRESHOLDS.items() for name in fields_of(rule)),
    *(PREFIX + name for name in EVENT_RULES),
)


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
    for key, value in widgets_of(decision).items():
        if opened is not None or key not in st.query_params:
            st.session_state[key] = value


def widgets_of(decision: Decision) -> dict[str, Any]:
    """Return the values of the widgets that stand for *decision*, by their keys."""
    rule, scoring = decision.threshold, decision.scoring
    values: dict[str, Any] = {PREFIX + name: getattr(decision, name) for name in EVENT_RULES}
    values |= {f"{PREFIX}{rule.kind}.{name}": getattr(rule, name) for name in fields_of(type(rule))}
    values |= {PREFIX + "kind": rule.kind, SCORER: scoring.kind if scoring else OWN}
    if scoring:
        names = ("smoothing", "area", "causal")
        values |= {f"{SCORER}.{name}": getattr(scoring, name) for name in names}
    return values


def scorer(own: Scoring) -> Scoring | None:
    """Draw the choice of the scorer and return it; None leaves the detector's own."""
    kind_column, smoothing, area, causal = st.columns(
        [2.6, 1.6, 1.6, 1.6], gap="medium", vertical_alignment="bottom"
    )
    with kind_column:
        kind = choice(SCORER, "Scorer", SCORERS, OWN, SCORER_HELP)
    if kind == OWN:
        smoothing.caption(f"Uses: {_words(own)}.")
        return None
    fields, prefix = Scoring.model_fields, f"{SCORER}."
    with smoothing:
        rows = widget(control("smoothing", fields["smoothing"]), prefix, own.smoothing)
    with area:
        span = widget(control("area", fields["area"]), prefix)
    with causal:
        back = widget(control("causal", fields["causal"]), prefix)
    return Scoring(kind=kind, smoothing=rows or 1, area=span or 1, causal=back)


def _words(scoring: Scoring) -> str:
    text = SCORERS[scoring.kind].lower()
    return text + (f", over {scoring.smoothing} rows" if scoring.smoothing > 1 else "")


def controls(timeline: Timeline, scoring: Scoring | None) -> Decision:
    """Draw threshold and event rules, and return the operating point."""
    kind_column, slider, length, gap, rest = st.columns([1.8, 3, 1.2, 1.2, 1.2], gap="medium")
    with kind_column:
        kind = choice(PREFIX + "kind", "Threshold", KINDS, USUAL, _kind_help())
    with slider:
        values = _rule(kind, timeline)
    rules = {}
    for column, name in zip((length, gap, rest), EVENT_RULES, strict=True):
        with column:
            item = control(name, Decision.model_fields[name])
            rules[name] = widget(item, PREFIX, unit=False) or item.low
    return Decision(scoring=scoring, threshold=THRESHOLDS[kind].parse(values), **rules)


def _rule(kind: str, timeline: Timeline) -> dict[str, Any]:
    """Draw the fields of a rule: the first as a slider, the others on request."""
    rule, prefix = THRESHOLDS[kind], f"{PREFIX}{kind}."
    values = {}
    first, *others = fields_of(rule)
    item, default = control(first, rule.model_fields[first]), None
    if kind == "fixed":
        item = replace(item, high=timeline.top[1])
        level = anomaly.Sigma().cut(timeline.result).level(timeline.result)
        default = min(float(f"{level:.3g}"), timeline.top[1])
    values[first] = widget(item, prefix, default, parts=400)
    if others:
        with st.popover("More of this rule", icon=":material/tune:"):
            for name in others:
                values[name] = widget(control(name, rule.model_fields[name]), prefix)
    return values


def _kind_help() -> str:
    lines = [f"{rule.label}: {rule.summary()}" for rule in THRESHOLDS.values()]
    return "How the cut is found. " + " ".join(lines)


@dataclass(frozen=True)
class Tried:
    """What one of many rules makes of a result.

    Attributes:
        found: Its events; None when it cannot be fitted here.
        metrics: See `core.anomaly.measure`.
        notes: Why it cannot, or what stands in for it.
    """

    found: Intervals | None
    metrics: dict[str, float]
    notes: tuple[str, ...]


def side_by_side(timeline: Timeline, decision: Decision) -> dict[str, Tried]:
    """Return what every rule makes of *timeline*: the chosen one as it is, others by default."""
    tried = {}
    for kind, rule in THRESHOLDS.items():
        chosen = decision.threshold if kind == decision.threshold.kind else rule()
        if kind == "fixed" and kind != decision.threshold.kind:
            continue  # a cut by hand has no default that means anything here
        try:
            one = read(timeline, decision.model_copy(update={"threshold": chosen}))
        except ConfigError as error:
            tried[kind] = Tried(None, {}, (str(error),))
        else:
            tried[kind] = Tried(one.found, one.metrics, one.outcome.cut.notes)
    return tried
