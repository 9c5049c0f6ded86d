"""Rules from scores to a cut. A rule never touches a model: it reads stored scores."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field

from core.anomaly.result import Result
from core.anomaly.scoring import Scoring
from core.config import Config, setting
from core.errors import ConfigError


@dataclass(frozen=True, eq=False)
class Cut:
    """What a rule says of a result: scores above it are flagged.

    Attributes:
        value: One number, or (rows,) float32 where the cut follows the stream.
        notes: What the analyst should know, such as that the rule could not be fitted, and what
            stands in for it.
        chosen_on: (rows,) bool, rows whose labels it was chosen by: they do not count in metrics.
    """

    value: float | np.ndarray
    notes: tuple[str, ...] = ()
    chosen_on: np.ndarray | None = None

    def level(self, result: Result) -> float:
        """Return the cut as one number: where it follows the stream, its median over test rows."""
        if not isinstance(self.value, np.ndarray):
            return float(self.value)
        rows = self.value[result.test]
        return float(np.median(rows if len(rows) else self.value))


class Rule(Config):
    """A rule from the scores of a result to a cut.

    Attributes:
        label: Its name on the screen.
        reads: What it is fitted on, as the card says it.
        needs_labels: Whether it can only be fitted where there are labels.
    """

    label: ClassVar[str] = ""
    reads: ClassVar[str] = "the scores of the training rows"
    needs_labels: ClassVar[bool] = False

    @classmethod
    def summary(cls) -> str:
        """Return what it does, in one sentence."""
        return (cls.__doc__ or "").partition("\n")[0]

    def cut(self, result: Result) -> Cut:
        """Return the cut for the scores of *result*."""
        raise NotImplementedError


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


Threshold = Annotated[Sigma | Quantile | Fixed, Field(discriminator="kind")]
THRESHOLDS: dict[str, type[Rule]] = {"sigma": Sigma, "quantile": Quantile, "fixed": Fixed}


class Decision(Config):
    """From residuals to events: a scorer, a threshold, and what counts as one event."""

    scoring: Scoring | None = Field(
        None,
        title="Scorer",
        description="How residuals become scores; empty: as the detector does.",
    )
    threshold: Threshold = Field(default_factory=Sigma)
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


def known_scores(result: Result) -> np.ndarray:
    """Return the scores of the training rows, (n,), when there are any to fit a rule on."""
    reference = result.reference
    if len(reference) == 0:
        raise ConfigError(
            "This rule needs training scores, and there are none.", "Choose a fixed cut instead."
        )
    return reference
