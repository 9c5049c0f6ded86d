"""Rules from scores to a cut. A rule never touches a model: it reads stored scores."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from core.config import Config, setting
from core.errors import ConfigError


class Sigma(Config):
    """Mean plus k standard deviations of the training scores."""

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

    def cut(self, reference: np.ndarray) -> float:
        """Return the cut for the training scores *reference*, (n,)."""
        # In float64: the sum of a million float32 scores loses digits.
        values = _scores(reference).astype(np.float64)
        return float(values.mean() + self.k * values.std())


class Quantile(Config):
    """A quantile of the training scores."""

    kind: Literal["quantile"] = "quantile"
    q: float = setting(
        0.99,
        label="Quantile",
        help="Share of the training scores that lies below the cut. Higher: fewer alarms.",
        ge=0.5,
        le=1.0,
    )

    def cut(self, reference: np.ndarray) -> float:
        """Return the cut for the training scores *reference*, (n,)."""
        return float(np.quantile(_scores(reference), self.q))


class Fixed(Config):
    """A cut that the analyst sets by hand."""

    kind: Literal["fixed"] = "fixed"
    value: float = setting(
        1.0, label="Cut", help="Scores above this value are flagged. Higher: fewer alarms.", ge=0.0
    )

    def cut(self, reference: np.ndarray) -> float:
        """Return the value; *reference* is not read."""
        return self.value


Threshold = Annotated[Sigma | Quantile | Fixed, Field(discriminator="kind")]
THRESHOLDS: dict[str, type[Sigma] | type[Quantile] | type[Fixed]] = {
    "sigma": Sigma,
    "quantile": Quantile,
    "fixed": Fixed,
}


class Decision(Config):
    """From scores to events: a threshold, and what counts as one event."""

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


def _scores(reference: np.ndarray) -> np.ndarray:
    """Return *reference* when there is something to fit a rule on."""
    if len(reference) == 0:
        raise ConfigError(
            "This rule needs training scores, and there are none.", "Choose a fixed cut instead."
        )
    return reference
