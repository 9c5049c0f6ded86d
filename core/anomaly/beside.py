"""Detectors side by side: one ruler, the same test rows, each with its own threshold."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache

import numpy as np
import pandas as pd

from core import beside
from core.anomaly.decide import Outcome, decide
from core.anomaly.intervals import detect
from core.anomaly.metrics import flags, in_test, measure
from core.anomaly.ranking import Ranking, two_kinds
from core.anomaly.resample import LEAST, resampled
from core.anomaly.result import Result
from core.anomaly.thresholds import Decision
from core.beside import Contest, Courses, Curve, Decisions
from core.errors import DataError

METRIC: str = "vus_pr"
BETTER: beside.Better = "higher"
TEST = (
    "bootstrap by event: labelled anomalies and blocks of normal rows drawn anew, the same for all"
)
SPLIT = ("train_rows", "train_share")
SHOWN = {
    "vus_pr": "VUS-PR",
    "composite_f1": "Composite F1",
    "event_recall": "Anomalies caught",
    "event_precision": "Right alarms",
    "false_alarms_per_day": "False alarms a day",
    "false_alarm_rate": "Time in false alarm",
    "delay_seconds": "Delay (s)",
}
POINTS = 200  # of a curve
KEPT = 8  # outcomes that stay in memory
CUTS = 40  # thresholds that are tried, the same shares of the rows for every detector


def contest(results: Mapping[str, Result], decisions: Decisions) -> Contest:
    """Hold detectors against one another by VUS-PR, which needs no threshold.

    Raises:
        DataError: they have no test rows in common.
    """
    outcomes, notes = _outcomes(results, decisions)
    measured = {
        name: measure(one.result, one.found, one.level, one.result.truth)
        for name, one in outcomes.items()
    }
    rows = int(next(iter(outcomes.values())).result.test.sum())
    truths = {name: one.result.truth for name, one in outcomes.items()}
    tested = {name: truth.tested for name, truth in truths.items() if truth is not None}
    drawn = None
    if len(tested) == len(outcomes):
        first = next(iter(tested.values()))
        drawn = resampled([one.scores for one in tested.values()], first.labels, first.boundaries)
    if drawn is None:
        few = f"fewer than {LEAST} labelled anomalies lie apart in the test rows"
        notes = (*notes, f"Nothing can be tested: {few}.")
        return Contest(measured, {}, beside.paired([], {}), rows, notes)
    values = {name: metrics[METRIC] for name, metrics in measured.items()}
    spans, pairs = beside.by_draws(values, dict(zip(tested, drawn, strict=True)))
    return Contest(measured, spans, pairs, rows, notes)


def _outcomes(
    results: Mapping[str, Result], decisions: Decisions
) -> tuple[dict[str, Outcome], tuple[str, ...]]:
    """Return what the decisions make of the results, counted on the test rows that all share."""
    if len({len(result) for result in results.values()}) > 1:
        raise DataError(
            "Only results of one recording can be compared row by row.", "Choose such runs."
        )
    made = {
        name: _decided(result, json.dumps(decisions.get(name) or {}, sort_keys=True))
        for name, result in results.items()
    }
    tests = [one.result.test for one in made.values()]
    shared = np.logical_and.reduce(tests)
    if not shared.any():
        raise DataError(
            "The runs have no test rows in common.", "Choose runs with the same training rows."
        )
    left = max(int(test.sum()) for test in tests) - int(shared.sum())
    if not left:
        return made, ()
    note = (
        f"{left:,} test rows are not counted: not every run has them, or a threshold was chosen "
        "by their labels."
    )
    counted = {
        name: Outcome(one.result.without(~shared), one.cut, one.found) for name, one in made.items()
    }
    return counted, (note,)


@lru_cache(maxsize=KEPT)
def _decided(result: Result, decision: str) -> Outcome:
    """Return what a decision, JSON, makes of *result*: table, courses and curves ask for it."""
    return decide(result, Decision.parse(json.loads(decision)))


def courses(
    results: Mapping[str, Result], decisions: Decisions, target: str = "", step: int = 1
) -> Courses:
    """Return scores, thresholds and alarms row by row; *target* and *step* mean nothing here."""
    outcomes, _ = _outcomes(results, decisions)
    first = next(iter(outcomes.values())).result
    time = first.steps.get("time")
    return Courses(
        title="Score (root scale)",
        time=time if time is not None and time.is_monotonic_increasing else None,
        values={name: one.result.scores for name, one in outcomes.items()},
        cuts={name: one.cut.value for name, one in outcomes.items()},
        fired={name: flags(one.found, len(first)) for name, one in outcomes.items()},
        nearer=None,
        actual=None,
        truth=first.labels,
        counted=first.test,
    )


def curves(results: Mapping[str, Result], decisions: Decisions) -> list[Curve]:
    """Return precision-recall, ROC and composite F1 by the share of the rows that are flagged."""
    outcomes, _ = _outcomes(results, decisions)
    precision, roc, swept = [], [], []
    for name, one in outcomes.items():
        truth = one.result.truth
        if truth is None or not two_kinds(truth.tested.labels):
            continue
        rows = truth.tested
        ranking = Ranking(rows.scores, rows.labels)
        recall = ranking.hits / ranking.hits[-1]
        false = (ranking.flagged - ranking.hits) / truth.normal
        kept = _spread(recall, false)
        precision.append(beside.line(name, recall[kept], (ranking.hits / ranking.flagged)[kept]))
        roc.append(beside.line(name, np.r_[0, false[kept]], np.r_[0, recall[kept]]))
        swept.append(_swept(name, one))
    if not precision:
        return []
    return [
        Curve("pr", "Precision and recall", "Recall", "Precision", beside.lines(precision), "xy"),
        Curve(
            "roc", "ROC", "False alarms, share of normal rows", "Recall", beside.lines(roc), "xy"
        ),
        Curve(
            "threshold",
            "Composite F1 by threshold",
            "Share of the test rows above the threshold (log scale)",
            "Composite F1",
            beside.lines(swept),
            "y",
            "Scores of different detectors have no common scale: their thresholds are put side by "
            "side by the share of the rows that lie above them.",
        ),
    ]


def _swept(name: str, one: Outcome) -> pd.DataFrame:
    """Return composite F1 at thresholds that flag even ranks of the test rows, few to many."""
    scores = one.result.scores
    falling = np.sort(scores[one.result.test])[::-1]
    shares = np.geomspace(max(1 / len(falling), 1e-4), 0.5, CUTS)
    rows = []
    for share in shares:
        cut = float(falling[min(int(share * len(falling)), len(falling) - 1)])
        found = in_test(detect(scores, cut, one.result.boundaries), one.result)
        metrics = measure(one.result, found, cut, one.result.truth)
        rows.append(metrics.get("composite_f1", np.nan))
    return beside.line(name, shares, np.array(rows))


def _spread(recall: np.ndarray, false: np.ndarray) -> np.ndarray:
    """Return places of few points that draw both curves, evenly far along the ROC curve."""
    if len(recall) <= POINTS:
        return np.arange(len(recall))
    along = recall + false
    wanted = np.searchsorted(along, np.linspace(along[0], along[-1], POINTS))
    return np.unique(np.r_[0, wanted.clip(0, len(along) - 1), len(along) - 1])
