"""The rules from scores to a cut, and the operating point that one is part of."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field

from core.anomaly.adaptive import Adaptive
from core.anomaly.budget import Budget
from core.anomaly.cost import Cost
from core.anomaly.dspot import Dspot
from core.anomaly.dynamic import Dynamic
from core.anomaly.pot import Pot
from core.anomaly.result import Result
from core.anomaly.rule import Cut, Rule, known_scores
from core.anomaly.scoring import Scoring
from core.config import Config, setting

TO_SIGMA = 1.4826  # median absolute deviations in a standard deviation of a Gaussian


class Sigma(Rule):
    """Mean plus k standard deviations of the training scores."""

    label: ClassVar[str] = "Sigma"

    kind: Literal["sigma"] = "sigma"
    k: float = setting(
        3.0,
        label="k",
        help="How many standard deviations above the mean training score an alarm begins. "
        "Higher: fewer alarms.",
        unit="σ",
        ge=0.0,
        le=50.0,
    )

    def cut(self, result: Result) -> Cut:
        """Return one number for all rows."""
        # In float64: the sum of a million float32 scores loses digits.
        values = known_scores(result).astype(np.float64)
        return Cut(float(values.mean() + self.k * values.std()))


class Quantile(Rule):
    """A quantile of the training scores."""

    label: ClassVar[str] = "Quantile"

    kind: Literal["quantile"] = "quantile"
    q: float = setting(
        0.99,
        label="Quantile",
        help="Share of the training scores that lies below the cut. Higher: fewer alarms.",
        ge=0.5,
        le=1.0,
    )

    def cut(self, result: Result) -> Cut:
        """Return one number for all rows."""
        return Cut(float(np.quantile(known_scores(result), self.q)))


class Mad(Rule):
    """Median plus k median absolute deviations of the training scores, scaled to σ."""

    label: ClassVar[str] = "Median deviation"

    kind: Literal["mad"] = "mad"
    k: float = setting(
        5.0,
        label="k",
        help="How many robust standard deviations above the median training score an alarm "
        "begins. A few extreme training scores do not move it. Higher: fewer alarms.",
        unit="σ",
        ge=0.0,
        le=100.0,
    )

    def cut(self, result: Result) -> Cut:
        """Return one number for all rows (Hampel 1974 for the deviation)."""
        values = known_scores(result).astype(np.float64)
        median = np.median(values)
        deviation = TO_SIGMA * np.median(np.abs(values - median))
        return Cut(float(median + self.k * deviation))


class Fixed(Rule):
    """A cut that the analyst sets by hand."""

    label: ClassVar[str] = "Fixed"
    reads: ClassVar[str] = "nothing: it was set by hand"

    kind: Literal["fixed"] = "fixed"
    value: float = setting(
        1.0, label="Cut", help="Scores above this value are flagged. Higher: fewer alarms.", ge=0.0
    )

    def cut(self, result: Result) -> Cut:
        """Return the value."""
        return Cut(self.value)


RULES: tuple[type[Rule], ...] = (
    *(Sigma, Quantile, Mad, Pot, Dspot, Dynamic, Adaptive, Budget, Cost, Fixed),
)
Threshold = Annotated[
    Sigma | Quantile | Mad | Pot | Dspot | Dynamic | Adaptive | Budget | Cost | Fixed,
    Field(discriminator="kind"),
]
THRESHOLDS: dict[str, type[Rule]] = {rule.model_fields["kind"].default: rule for rule in RULES}


class Decision(Config):
    """From residuals to events: a scorer, a threshold, and what counts as one event."""

    scoring: Scoring | None = Field(
        None,
        title="Scorer",
        description="How residuals become scores; empty: as the detector does.",
    )
    threshold: Threshold = Field(default_factory=Adaptive)
    min_length: int = setting(
        1,
        label="Shortest event",
        help="Shorter runs of flagged steps are ignored.",
        unit="steps",
        ge=1,
        le=1000,
    )
    merge_gap: int = setting(
        5,
        label="Merge gap",
        help="Events with at most this many calm steps between them become one.",
        unit="steps",
        ge=0,
        le=1000,
    )
    cool_down: int = setting(
        0,
        label="Cool-down",
        help="After an event no other one begins for so many steps: one fault, one alarm.",
        unit="steps",
        ge=0,
        le=100_000,
    )
