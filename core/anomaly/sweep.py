"""What every cut would cost and catch, all at once: one sort of each kind of row, then counts.

A row is flagged as long as the cut is below its score. So is every other thing that is counted: an
event begins at a row that is above the cut while the row before it is not, an anomaly is caught
while the highest of its scores is above. Each count is how many values of a kind lie above the cut.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from core.anomaly.intervals import Intervals, detect
from core.anomaly.metrics import days_of, measure
from core.anomaly.result import Result
from core.anomaly.thresholds import Decision
from core.anomaly.truth import Truth

GRID = 100  # cuts that are tried one by one where events depend on one another
COLUMNS = (
    "cut",
    "point_precision",
    "point_recall",
    "composite_f1",
    "false_alarm_rate",
    "event_precision",
    "event_recall",
    "alarms_per_day",
    "false_alarms_per_day",
)


def sweep(
    result: Result, decision: Decision | None = None, truth: Truth | None = None
) -> pd.DataFrame:
    """Return the metrics of *result* at every cut that flags different test rows, rising.

    The cuts are scores: the lowest flags all but the rows that have it, the highest flags nothing.

    Exact for any shortest event and merge gap: both are known for all cuts at once, as a closing
    and an opening of the scores. A cool-down makes one event depend on another: then 100 cuts are
    tried, closer together the higher they are.

    Args:
        result: Scores, as `Outcome.result` has them.
        decision: Its shortest event, merge gap and cool-down are read; by default 1, 0 and 0.
        truth: Labels; None reads those of *result*.

    Returns:
        One row a cut: cut, point_precision, point_recall, composite_f1, false_alarm_rate,
        event_precision, event_recall, alarms_per_day, false_alarms_per_day; as `measure` has
        them, NaN where it leaves them out.
    """
    decision = decision or Decision(min_length=1, merge_gap=0)
    truth = result.truth if truth is None else truth
    rows = (_tried if decision.cool_down else _counted)(result, decision, truth)
    return pd.DataFrame(rows, columns=list(COLUMNS), dtype=np.float64)


def _counted(result: Result, decision: Decision, truth: Truth | None) -> dict[str, np.ndarray]:
    """Count at every cut."""
    spans = detect(result.test, 0.5, result.boundaries)
    levels, starts = _levels(result.scores, spans, decision)
    cuts = np.unique(np.r_[result.scores[result.test].min(initial=np.inf), levels])
    cuts = cuts[np.isfinite(cuts)]

    def above(values: np.ndarray) -> np.ndarray:
        return len(values) - np.searchsorted(np.sort(values), cuts, side="right")

    flagged = above(levels)
    joined = np.minimum(levels[1:], levels[:-1])
    joined[starts[1:] - 1] = -np.inf  # no event crosses a boundary
    events = flagged - above(joined)
    metrics = {"cut": cuts}
    days = days_of(result, len(levels))
    if days:
        metrics["alarms_per_day"] = events / days
    if truth is None:
        return metrics
    labelled = np.flatnonzero(truth.tested.labels)
    hits = above(levels[labelled])
    right = hits - above(_between(levels, labelled, starts))
    if days:
        metrics["false_alarms_per_day"] = (events - right) / days
    if truth.normal:
        metrics["false_alarm_rate"] = (flagged - hits) / truth.normal
    if truth.positives == 0:
        return metrics
    heads = np.cumsum(np.r_[0, truth.events.stops - truth.events.starts])[:-1]
    caught = above(np.maximum.reduceat(levels[labelled], heads)) / len(heads)
    precision = _ratio(hits, flagged)
    return metrics | {
        "point_precision": precision,
        "point_recall": hits / truth.positives,
        "composite_f1": _ratio(2 * np.nan_to_num(precision) * caught, precision + caught, 0.0),
        "event_precision": _ratio(right, events),
        "event_recall": caught,
    }


def _levels(
    scores: np.ndarray, spans: Intervals, decision: Decision
) -> tuple[np.ndarray, np.ndarray]:
    """Return the cut below which each test row is in an event, and the first rows of segments.

    To fill the gaps of at most g steps between flagged rows, and then to leave out the runs shorter
    than m, is to close and to open what is flagged, by g + 1 and m steps; of scores, both do so at
    every cut at once (Serra, Image Analysis and Mathematical Morphology, 1982).
    """
    starts = np.cumsum(np.r_[0, spans.stops - spans.starts])[:-1]
    pieces = [scores[a:b] for a, b in zip(spans.starts, spans.stops, strict=True)]
    if decision.merge_gap or decision.min_length > 1:
        pieces = [_smooth(piece, decision.min_length, decision.merge_gap) for piece in pieces]
    return np.concatenate([scores[:0], *pieces]), starts


def _smooth(scores: np.ndarray, min_length: int, merge_gap: int) -> np.ndarray:
    """Close and open the scores of one segment; beyond it nothing is flagged."""
    from scipy.ndimage import grey_closing, grey_opening

    rim = merge_gap + 1  # a closing looks past the edges
    padded = np.pad(scores, rim, constant_values=-np.inf)
    closed = grey_closing(padded, merge_gap + 1, mode="constant", cval=-np.inf)[rim:-rim]
    return grey_opening(closed, min_length, mode="constant", cval=-np.inf)


def _between(levels: np.ndarray, labelled: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """Return the cuts below which each labelled row is in one event with the labelled row before.

    The events that contain labelled rows are as many as these rows, less these pairs.
    """
    if len(labelled) < 2:
        return levels[:0]
    lowest = np.minimum.reduceat(levels, labelled)[:-1]
    segment = np.searchsorted(starts, labelled, side="right")
    same = segment[1:] == segment[:-1]
    return np.minimum(lowest, levels[labelled[1:]])[same]


def _ratio(part: np.ndarray, whole: np.ndarray, empty: float = np.nan) -> np.ndarray:
    """Return part / whole, and *empty* where there is no whole."""
    return np.divide(part, whole, out=np.full(len(part), empty), where=whole > 0)


def _tried(result: Result, decision: Decision, truth: Truth | None) -> list[dict[str, float]]:
    """Try some cuts, one by one."""
    falling = np.sort(result.scores[result.test])[::-1]
    places = np.geomspace(1, max(len(falling), 1), GRID).astype(int) - 1
    rules = (decision.min_length, decision.merge_gap, decision.cool_down)
    rows = []
    for cut in np.unique(falling[places[: len(falling)]]):
        found = detect(result.scores, cut, result.boundaries, *rules)
        rows.append(measure(result, found, float(cut), truth))
    return rows
