"""An operating point at work: from the residuals of a result to its events."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from core.anomaly.intervals import Intervals, detect, maxima
from core.anomaly.result import Result
from core.anomaly.thresholds import Cut, Decision


@dataclass(frozen=True, eq=False)
class Outcome:
    """What a decision makes of a result.

    Attributes:
        result: The result under the decision's scorer; rows that the cut was chosen on do not
            count in its metrics.
        cut: Of its scores.
        found: All events.
    """

    result: Result
    cut: Cut
    found: Intervals

    @cached_property
    def peaks(self) -> np.ndarray:
        """(events,) highest score of each event."""
        return maxima(self.result.scores, self.found)

    @cached_property
    def level(self) -> float:
        """The cut as one number."""
        return self.cut.level(self.result)


def decide(result: Result, decision: Decision | None = None) -> Outcome:
    """Return the events of *result* under *decision*, by default the adaptive threshold."""
    decision = decision or Decision()
    scored = result.under(decision.scoring)
    cut = decision.threshold.cut(scored)
    found = detect(
        scored.scores,
        cut.value,
        scored.boundaries,
        decision.min_length,
        decision.merge_gap,
        decision.cool_down,
    )
    counted = scored if cut.chosen_on is None else scored.without(cut.chosen_on)
    return Outcome(counted, cut, found)


def intervals(result: Result, decision: Decision) -> Intervals:
    """Return all events of *result* under *decision*."""
    return decide(result, decision).found
