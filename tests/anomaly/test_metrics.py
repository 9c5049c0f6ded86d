"""Metrics against scikit-learn and against counts by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.anomaly import Decision, Fixed, average_precision, evaluate
from tests.anomaly.examples import make_result

CUT = Decision(threshold=Fixed(value=1), merge_gap=0)


@given(
    st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=2, max_size=80).filter(
        lambda rows: 0 < sum(label for _, label in rows) < len(rows)
    )
)
def test_average_precision_equals_scikit_learn(rows):
    from sklearn.metrics import average_precision_score

    scores, labels = np.array([r[0] for r in rows], np.float32), np.array([r[1] for r in rows])
    assert average_precision(scores, labels) == pytest.approx(
        average_precision_score(labels, scores)
    )


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=60))
def test_point_metrics_equal_scikit_learn(rows):
    from sklearn.metrics import precision_recall_fscore_support

    flagged, labels = np.array([r[0] for r in rows]), np.array([r[1] for r in rows])
    metrics = evaluate(make_result(flagged * 2.0, labels=labels), decision=CUT)
    precision, recall, f1, _ = precision_recall_fscore_support(
        labels, flagged, average="binary", zero_division=0
    )
    assert metrics.get("point_precision", 0) == pytest.approx(precision)
    assert metrics.get("point_recall", 0) == pytest.approx(recall)
    if labels.any():
        assert metrics["point_f1"] == pytest.approx(f1)


def test_event_metrics_count_overlaps():
    #         caught          missed    caught twice        false alarm
    labels = [0, 1, 1, 0, 0, 1, 0, 0, 1, 1, 1, 1, 0, 0, 0]
    scores = [0, 0, 2, 2, 0, 0, 0, 0, 2, 0, 2, 0, 0, 2, 0]
    metrics = evaluate(make_result(scores, labels=labels), decision=CUT)
    assert metrics["events"] == 4
    assert metrics["labelled_events"] == 3
    assert metrics["event_precision"] == 3 / 4
    assert metrics["event_recall"] == 2 / 3
    assert metrics["event_f1"] == pytest.approx(2 * 0.75 * (2 / 3) / (0.75 + 2 / 3))
    assert metrics["false_alarms"] == 1
    # 15 steps of a minute are 15 / 1440 days.
    assert metrics["false_alarms_per_day"] == pytest.approx(96)
    assert metrics["false_alarm_rate"] == pytest.approx(2 / 8)


def test_only_test_rows_count():
    result = make_result([5, 5, 0, 5], labels=[0, 0, 0, 1], boundaries=(0, 2))
    result.steps["part"] = result.steps["part"].astype(str)
    result.steps.loc[:1, "part"] = "train"
    metrics = evaluate(result, decision=CUT)
    assert (metrics["events"], metrics["point_precision"]) == (1, 1.0)
    assert metrics["flagged_share"] == 0.5


def test_what_is_undefined_is_left_out():
    metrics = evaluate(make_result([0, 0, 0], labels=[0, 0, 0]), decision=CUT)
    assert metrics["labelled_events"] == 0
    assert not {"point_recall", "point_f1", "event_precision", "average_precision"} & set(metrics)


def test_without_labels_there_are_alarms_but_no_recall():
    metrics = evaluate(make_result([0, 5, 0]), decision=CUT)
    assert metrics["alarms_per_day"] == pytest.approx(480)
    assert "point_f1" not in metrics
