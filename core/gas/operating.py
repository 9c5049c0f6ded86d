"""What an alarm rule makes of stored probabilities: alarms, named gases, and what they cost."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.gas.decision import Decision, alarms
from core.gas.metrics import Metrics, counted, detection, exposures, scores_of
from core.gas.result import Result


@dataclass(frozen=True, eq=False)
class Judged:
    """A result under one rule.

    Attributes:
        alarm: (rows,) bool.
        named: (rows,) int, place of the class that is named: the likeliest gas where there is an
            alarm, the first class, no gas, elsewhere.
        confusion: Test rows of each true class (index) that were given each class (columns).
        metrics: Of the labelled test rows: accuracy, macro_f1, recall, misses, false_alarm_rate,
            false_alarms_an_hour, exposures_found, delay_seconds (median of those found). What is
            undefined is left out.
    """

    alarm: np.ndarray
    named: np.ndarray
    confusion: pd.DataFrame
    metrics: Metrics

    @property
    def by_class(self) -> pd.DataFrame:
        """Precision, recall, f1 and rows of each class that the test rows have."""
        return scores_of(self.confusion.to_numpy(), tuple(self.confusion.columns))


def judge(result: Result, decision: Decision) -> Judged:
    """Apply *decision* to stored probabilities; no model is asked.

    Unlike `core.gas.evaluate`, which names the likeliest class whatever the threshold, a row
    without an alarm is one without gas: identification follows the rule, too.
    """
    alarm = alarms(result.leak, decision, result.sessions)
    named = np.where(alarm, 1 + result.gas[:, 1:].argmax(axis=1), 0)
    table = counted(result, named)
    if not result.test.any():
        return Judged(alarm, named, table, {})
    counts = table.to_numpy()
    metrics = {
        "accuracy": float(counts.trace() / counts.sum()),
        "macro_f1": float(scores_of(counts, result.classes)["f1"].mean()),
    }
    metrics |= detection(result, alarm) | exposures(result, alarm)
    return Judged(alarm, named, table, metrics)
