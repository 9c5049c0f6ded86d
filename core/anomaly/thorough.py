"""Metrics that take too long for a moving slider: for the card and for benchmarks."""

from __future__ import annotations

from core.anomaly.affiliation import affiliation
from core.anomaly.intervals import Intervals
from core.anomaly.metrics import first_flagged, harmonic, hits, in_test
from core.anomaly.result import Result
from core.anomaly.truth import Truth


def thorough(result: Result, found: Intervals, truth: Truth | None) -> dict[str, float]:
    """Return further metrics of the events *found* in *result*, counted on its test rows.

    affiliation_precision, affiliation_recall, affiliation_f1 (`affiliation`), pate (of the scores,
    without a threshold, see `pate`) and point_adjusted_f1 (see there for why not to trust it).
    Empty without a labelled anomaly; what is undefined is left out.
    """
    if truth is None or truth.positives == 0:
        return {}
    found = in_test(found, result)
    precision, recall = affiliation(found, truth.events, truth.spans)
    metrics = {} if precision is None else {"affiliation_precision": precision}
    metrics |= {
        "affiliation_recall": recall,
        "affiliation_f1": harmonic(precision or 0.0, recall),
        "point_adjusted_f1": point_adjusted_f1(found, truth),
    }
    return metrics if truth.pate is None else {"pate": truth.pate} | metrics


def point_adjusted_f1(found: Intervals, truth: Truth) -> float:
    """Return F1 over steps where one flagged step flags the whole anomaly that it lies in.

    Known to flatter: random scores reach high values where anomalies are long (Kim et al., Towards
    a Rigorous Evaluation of Time-Series Anomaly Detection, AAAI 2022). For comparison with
    published figures alone.
    """
    events = truth.events
    met = first_flagged(events, found) < events.stops
    caught = int((events.stops - events.starts)[met].sum())
    false = int((found.stops - found.starts).sum() - hits(found, truth).sum())
    flagged = caught + false
    return harmonic(caught / flagged if flagged else 0.0, caught / truth.positives)
