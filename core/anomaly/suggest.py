"""A threshold from what analysts say of events: shown with its effect before anything changes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.anomaly.decide import decide
from core.anomaly.intervals import Intervals
from core.anomaly.metrics import first_flagged, in_test, measure
from core.anomaly.result import Result
from core.anomaly.thresholds import Decision, Fixed
from core.errors import ConfigError

MISS_COST = 5.0  # of a confirmed anomaly that is missed, in false alarms


@dataclass(frozen=True)
class Effect:
    """What a cut makes of the labels.

    Attributes:
        cut: Of the scores.
        caught: Confirmed and drawn anomalies that an event overlaps.
        wanted: All of them.
        false: Rejected stretches that an event overlaps.
        rejected: All of them.
        alarms: Events among the test rows.
        alarms_per_day: The same a day; None without time.
    """

    cut: float
    caught: int
    wanted: int
    false: int
    rejected: int
    alarms: int
    alarms_per_day: float | None


@dataclass(frozen=True)
class Suggestion:
    """A proposed operating point beside the present one."""

    decision: Decision
    before: Effect
    after: Effect


def suggest(
    result: Result, decision: Decision, labels: pd.DataFrame, miss_cost: float = MISS_COST
) -> Suggestion:
    """Return the cheapest cut for *labels* that is nearest to the present one.

    A stretch is caught when its highest score lies above the cut. The cost is *miss_cost* for
    each confirmed or drawn stretch below the cut and 1 for each rejected one above.

    Args:
        result: Scores.
        decision: The present operating point; its event rules are kept.
        labels: Columns start_row, stop_row and verdict (`core.labels.placed`).
        miss_cost: Of a miss, in false alarms.

    Raises:
        ConfigError: there is no label.
    """
    if labels.empty:
        raise ConfigError(
            "There are no labels to learn from.", "Confirm or reject some events first."
        )
    scored = result.under(decision.scoring)
    rejected = (labels["verdict"] == "rejected").to_numpy()
    peaks = np.array(
        [
            float(scored.scores[start:stop].max())
            for start, stop in zip(labels["start_row"], labels["stop_row"], strict=True)
        ]
    )
    now = decide(result, decision).level
    cut = _cheapest(peaks[~rejected], peaks[rejected], now, miss_cost)
    proposed = decision.model_copy(update={"threshold": Fixed(value=cut)})
    before, after = (_effect(result, one, labels, rejected) for one in (decision, proposed))
    return Suggestion(proposed, before, after)


def _cheapest(wanted: np.ndarray, rejected: np.ndarray, now: float, miss_cost: float) -> float:
    """Return the cut of lowest cost, unchanged where *now* has it, else amid its neighbours."""
    edges = np.unique(np.r_[wanted, rejected])
    # Between two neighbouring peaks every cut costs the same: one candidate a gap, ends included.
    low, high = np.r_[0.0, edges], np.r_[edges, edges[-1] * 1.1 + 1e-9]
    costs = miss_cost * np.searchsorted(np.sort(wanted), low, "right")
    costs = costs + len(rejected) - np.searchsorted(np.sort(rejected), low, "right")
    best = np.flatnonzero(costs == costs.min())
    if any(low[gap] <= now < high[gap] for gap in best):
        return now
    middles = (low[best] + high[best]) / 2
    return float(middles[np.abs(middles - now).argmin()])


def _effect(
    result: Result, decision: Decision, labels: pd.DataFrame, rejected: np.ndarray
) -> Effect:
    outcome = decide(result, decision)
    stretches = Intervals(labels["start_row"].to_numpy(int), labels["stop_row"].to_numpy(int))
    met = first_flagged(stretches, outcome.found) < stretches.stops
    metrics = measure(outcome.result, outcome.found, outcome.level, None)
    return Effect(
        outcome.level,
        int((met & ~rejected).sum()),
        int((~rejected).sum()),
        int((met & rejected).sum()),
        int(rejected.sum()),
        len(in_test(outcome.found, outcome.result)),
        metrics.get("alarms_per_day"),
    )
