"""Intervals by resampling events: against drawing them plainly, and what they cover."""

from __future__ import annotations

import numpy as np
import pytest

from core.anomaly import Decision, Fixed, bootstrap, decide, measure
from core.anomaly.bootstrap import _anomalies, _blocks
from tests.anomaly.examples import make_result

CUT = Decision(threshold=Fixed(value=1), merge_gap=0)
NAMES = {"point_precision", "event_precision", "event_recall", "composite_f1"}


def world(seed, rows=4000, anomalies=20, catch=0.7, false=0.01):
    """Anomalies of 20 rows, of which a share is caught; false alarms of 3 rows."""
    rng = np.random.default_rng(seed)
    labels, scores = np.zeros(rows, bool), np.zeros(rows)
    for start in np.linspace(50, rows - 50, anomalies).astype(int):
        labels[start : start + 20] = True
        if rng.random() < catch:
            scores[start - 2 : start + 10] = 2
    for start in rng.integers(0, rows - 3, int(rows * false)):
        scores[start : start + 3] = 2
    return make_result(scores, labels=labels, boundaries=(0, rows // 2))


def intervals(result, **settings):
    outcome = decide(result, CUT)
    return bootstrap(outcome.result, outcome.found, outcome.result.truth, **settings)


def test_units_add_up_to_the_metrics():
    result = world(0)
    found = decide(result, CUT).found
    metrics = measure(result, found, 1.0, result.truth)
    caught, hit, spilt, met = _anomalies(found, result.truth).sum(axis=0)
    false_steps, false_alarms = _blocks(found, result.truth).sum(axis=0)
    assert hit / (hit + spilt + false_steps) == pytest.approx(metrics["point_precision"])
    assert met / (met + false_alarms) == pytest.approx(metrics["event_precision"])
    assert caught / 20 == pytest.approx(metrics["event_recall"])
    assert false_alarms == metrics["false_alarms"]


def test_units_know_whose_alarm_it_is():
    labels = [0, 1, 1, 0, 1, 1, 0, 0, 0, 1, 0, 0]
    scores = [2, 2, 2, 2, 2, 0, 0, 2, 0, 0, 2, 2]
    result = make_result(scores, labels=labels, boundaries=(0, 8))
    found = decide(result, CUT).found
    # One alarm over the first two anomalies, with two normal rows; two false alarms of 1 and 2.
    assert _anomalies(found, result.truth).tolist() == [[1, 2, 2, 1], [1, 1, 0, 0], [0, 0, 0, 0]]
    blocks = _blocks(found, result.truth)  # seven normal rows, so seven blocks of one
    assert blocks.tolist() == [[0, 0]] * 3 + [[1, 1], [0, 0], [2, 1], [0, 0]]


def test_recall_is_the_interval_of_a_plain_bootstrap():
    result = world(1)
    caught = _anomalies(decide(result, CUT).found, result.truth)[:, 0]
    rng = np.random.default_rng(5)
    plain = [rng.choice(caught, len(caught)).mean() for _ in range(20_000)]
    expected = np.quantile(plain, [0.025, 0.975])
    found = intervals(result, resamples=20_000)["event_recall"]
    assert found == pytest.approx(tuple(expected), abs=0.026)  # half an anomaly


def test_the_same_seed_gives_the_same_interval_and_more_level_a_wider_one():
    result = world(2)
    one, again, other = intervals(result), intervals(result), intervals(result, seed=1)
    assert one == again != other
    narrow = intervals(result, level=0.5)
    for name in NAMES:
        assert one[name][0] <= narrow[name][0] <= narrow[name][1] <= one[name][1]


def test_intervals_hold_the_truth_about_as_often_as_they_say():
    """Recall of .7, in 60 worlds: fewer than 48 hits of 57 expected would be chance of 1e-4."""
    held = [low <= 0.7 <= high for low, high in (recall_of(seed) for seed in range(60))]
    assert sum(held) >= 48


def recall_of(seed):
    return intervals(world(seed, anomalies=40, false=0), resamples=300)["event_recall"]


def test_a_clean_detector_has_points_for_intervals():
    result = world(0, catch=1, false=0)
    found = intervals(result)
    assert set(found) == NAMES
    assert found["event_recall"] == (1, 1)
    assert found["event_precision"] == (1, 1)


def test_what_is_undefined_is_left_out():
    assert intervals(make_result([0, 2, 0], labels=[0, 1, 0])) == {}
    assert intervals(make_result([0, 2, 0])) == {}
    nothing = intervals(make_result([0, 0, 0, 0], labels=[0, 1, 0, 1]))
    assert nothing == {"event_recall": (0, 0), "composite_f1": (0, 0)}
    assert set(intervals(make_result([2, 2], labels=[1, 1], boundaries=(0, 1)))) == NAMES
