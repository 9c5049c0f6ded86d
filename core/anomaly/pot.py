"""Peaks over threshold: a tail fitted to the highest training scores."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import numpy as np

from core.anomaly.result import Result
from core.anomaly.rule import Cut, Rule, known_scores
from core.anomaly.tail import LEAST, fit_tail
from core.config import setting


def risk_setting() -> Any:
    """Declare the field that both rules with a tail share."""
    return setting(
        1e-3,
        label="Risk",
        help="Chance that a normal row exceeds the cut. Lower: fewer alarms.",
        ge=1e-7,
        le=1e-2,
        log=True,
    )


def level_setting() -> Any:
    """Declare where the tail begins, for both."""
    return setting(
        0.98,
        label="Tail from",
        help="The tail is fitted to the training scores above this quantile.",
        ge=0.5,
        le=0.99,
        advanced=True,
    )


class Pot(Rule):
    """A level that normal rows exceed with a chosen chance, from the tail of the training scores.

    Siffer et al. 2017, "Anomaly Detection in Streams with Extreme Value Theory", KDD: the
    calibration of SPOT.
    """

    label: ClassVar[str] = "Peaks over threshold"

    kind: Literal["pot"] = "pot"
    risk: float = risk_setting()
    level: float = level_setting()

    def cut(self, result: Result) -> Cut:
        """Return one number for all rows; a quantile where the tail is too thin to fit."""
        values = known_scores(result).astype(np.float64)
        start = float(np.quantile(values, self.level))
        peaks = values[values > start] - start
        if len(peaks) < LEAST:
            return Cut(float(np.quantile(values, 1 - self.risk)), (thin(len(peaks), self.level),))
        return Cut(start + fit_tail(peaks).excess(self.risk * len(values) / len(peaks)))


def thin(peaks: int, level: float) -> str:
    """Say that a tail of so many *peaks* cannot be fitted."""
    return (
        f"Too few tail points: {peaks} training scores lie above their {level:.0%} quantile, a "
        f"tail needs {LEAST}. A quantile of the training scores stands in: take more training "
        "rows, or lower Tail from."
    )
