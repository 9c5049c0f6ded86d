"""Metrics against scikit-learn and against counts by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.anomaly import Decision, Fixed, average_precision, evaluate, roc_auc
from core.anomaly.volume import volume
from tests.anomaly.examples import make_result

CUT = Decision(threshold=Fixed(value=1), merge_gap=0)


@given(
    st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=2, max_size=80).filter(
        lambda rows: 0 < sum(label for _, label in rows) < len(rows)
    )
)
def test_areas_equal_scikit_learn(rows):
    from sklearn.metrics import average_precision_score, roc_auc_score

    scores, labels = np.array([r[0] for r in rows], np.float32), np.array([r[1] for r in rows])
    assert average_precision(scores, labels) == pytest.approx(
        average_precision_score(labels, scores)
    )
    assert roc_auc(scores, labels) == pytest.approx(roc_auc_score(labels, scores))


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=60))
def test_point_metrics_equal_scikit_learn(rows):
    from sklearn.metrics import precision_recall_fscore_support

    flagged, labels = np.array([r[0] for r in rows]), np.array([r[1] for r in rows])
    metrics = evaluate(make_result(flagged * 2.0, labels=labels), decision=CUT)
    precision, recall, f1, _ = precision_recall_fscore_support(
        labels, flagged, average="binary", zero_division=0
    )
    assert metrics.get("point_precision", 0) == pytest.approx(precision if labels.any() else 0)
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


@pytest.mark.parametrize("score", [0, 5])
def test_without_a_labelled_anomaly_there_are_false_alarms_and_nothing_else(score):
    metrics = evaluate(make_result([0, score, 0], labels=[0, 0, 0]), decision=CUT)
    assert (metrics["labelled_events"], metrics["false_alarms"]) == (0, score > 0)
    assert metrics["false_alarm_rate"] == pytest.approx((score > 0) / 3)
    judged = ("precision", "recall", "f1", "vus", "auc", "delay")
    assert not [name for name in metrics if any(word in name for word in judged)]


def test_a_cut_that_flags_nothing_has_no_precision_and_no_delay():
    metrics = evaluate(make_result([0, 0, 1], labels=[0, 0, 1]), decision=CUT)
    assert (metrics["event_recall"], metrics["event_f1"], metrics["composite_f1"]) == (0, 0, 0)
    assert not {"point_precision", "event_precision", "delay_steps"} & set(metrics)


def test_all_rows_labelled_leave_out_what_needs_normal_ones():
    metrics = evaluate(make_result([5, 5], labels=[1, 1]), decision=CUT)
    assert metrics["point_f1"] == 1
    assert not {"vus_pr", "average_precision", "roc_auc", "false_alarm_rate"} & set(metrics)


def test_composite_f1_is_of_event_recall_and_point_precision():
    labels = [0, 1, 1, 1, 1, 0, 0, 1, 1, 0]
    scores = [0, 0, 2, 0, 0, 0, 2, 0, 0, 2]
    metrics = evaluate(make_result(scores, labels=labels), decision=CUT)
    assert (metrics["event_recall"], metrics["point_precision"]) == (1 / 2, 1 / 3)
    assert metrics["composite_f1"] == pytest.approx(2 * (1 / 2) * (1 / 3) / (1 / 2 + 1 / 3))


def test_delay_runs_from_the_start_of_a_caught_anomaly_to_its_first_flagged_step():
    #         begins early    two late         missed
    labels = [0, 1, 1, 0, 0, 1, 1, 1, 1, 0, 0, 1, 1, 0]
    scores = [2, 2, 0, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 2]
    metrics = evaluate(make_result(scores, labels=labels, seconds=30), decision=CUT)
    assert metrics["event_recall"] == pytest.approx(2 / 3)
    assert (metrics["delay_steps"], metrics["delay_seconds"]) == (1, 30)


def test_scores_without_a_threshold_are_of_the_test_rows_alone():
    """No soft label leaks over a boundary, or from a row that is not a test row."""
    rng = np.random.default_rng(0)
    labels = np.zeros(300, bool)
    labels[90:110] = labels[150:170] = True
    result = make_result(rng.normal(size=300), labels=labels, boundaries=(0, 100, 200, 250))
    part = np.repeat(["train", "test", "validation", "test"], [100, 100, 50, 50])
    result.steps["part"] = part
    metrics = evaluate(result, decision=CUT)
    test = part == "test"
    expected = volume(result.scores[test], labels[test], np.array([0, 100]))
    assert (metrics["vus_pr"], metrics["vus_roc"]) == (expected.pr, expected.roc)
    assert metrics["roc_auc"] == pytest.approx(roc_auc(result.scores[test], labels[test]))
    assert next(iter(metrics)) == "vus_pr"


def test_without_labels_there_are_alarms_but_no_recall():
    metrics = evaluate(make_result([0, 5, 0]), decision=CUT)
    assert metrics["alarms_per_day"] == pytest.approx(480)
    assert "point_f1" not in metrics
