"""Every cut at once against one cut after the other."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.anomaly import Decision, detect, measure, sweep
from core.anomaly.sweep import COLUMNS
from tests.anomaly.examples import make_result


def one_by_one(result, cuts, min_length=1, merge_gap=0, cool_down=0):
    rules = (min_length, merge_gap, cool_down)
    for cut in cuts:
        found = detect(result.scores, cut, result.boundaries, *rules)
        yield measure(result, found, float(cut), result.truth)


def check(result, decision):
    frame = sweep(result, decision)
    rules = (decision.min_length, decision.merge_gap, decision.cool_down)
    expected = list(one_by_one(result, frame["cut"].to_numpy(result.scores.dtype), *rules))
    assert tuple(frame.columns) == COLUMNS
    for name in COLUMNS:
        plain = [metrics.get(name, np.nan) for metrics in expected]
        np.testing.assert_allclose(frame[name], plain, rtol=1e-12, err_msg=name)
    return frame


@given(
    rows=st.lists(
        st.tuples(st.integers(0, 6), st.booleans(), st.integers(0, 3)), min_size=1, max_size=60
    ),
    cuts=st.sets(st.integers(1, 59), max_size=4),
    min_length=st.integers(1, 5),
    merge_gap=st.integers(0, 5),
)
def test_equals_one_cut_after_the_other(rows, cuts, min_length, merge_gap):
    boundaries = np.array([0, *sorted(cut for cut in cuts if cut < len(rows))])
    scores, labels = [row[0] for row in rows], [row[1] for row in rows]
    result = make_result(scores, labels=labels, boundaries=boundaries)
    # Whole segments are not test rows.
    segment = np.searchsorted(boundaries, np.arange(len(rows)), side="right")
    result.steps["part"] = np.where(segment % 3 == 1, "train", "test")
    check(result, Decision(min_length=min_length, merge_gap=merge_gap))


@pytest.mark.parametrize("seed", range(3))
def test_every_different_set_of_flagged_rows_has_its_cut(seed):
    rng = np.random.default_rng(seed)
    scores = np.round(rng.normal(size=500), 1)
    result = make_result(scores - scores.min(), labels=rng.random(500) < 0.2)
    frame = check(result, Decision(min_length=2, merge_gap=3))
    plain = {
        next(one_by_one(result, [cut], 2, 3))["flagged_share"] for cut in np.unique(result.scores)
    }
    assert len(plain) == len(frame) > 10
    exact = check(result, Decision(min_length=1, merge_gap=0))
    assert exact["cut"].to_list() == np.unique(result.scores).astype(float).tolist()


@pytest.mark.parametrize(("min_length", "merge_gap"), [(1, 0), (2, 2)])
def test_alarms_on_both_sides_of_a_boundary_are_two(min_length, merge_gap):
    rng = np.random.default_rng(0)
    scores, labels = rng.integers(0, 5, 400), rng.random(400) < 0.6
    result = make_result(scores, labels=labels, boundaries=np.arange(0, 400, 7))
    check(result, Decision(min_length=min_length, merge_gap=merge_gap))


def test_a_cool_down_is_tried_cut_by_cut():
    rng = np.random.default_rng(0)
    result = make_result(rng.random(400), labels=rng.random(400) < 0.2, boundaries=(0, 150))
    frame = check(result, Decision(min_length=1, merge_gap=1, cool_down=10))
    assert 50 < len(frame) <= 100
    assert frame["cut"].iloc[-1] == result.scores.max()


def test_without_a_labelled_anomaly_there_is_only_what_alarms_cost():
    for labels in (None, [0, 0, 0]):
        frame = check(make_result([1, 5, 1], labels=labels), Decision(min_length=1, merge_gap=0))
        assert frame["event_recall"].isna().all()
        assert frame["alarms_per_day"].tolist() == [480, 0]
        assert frame["false_alarm_rate"].isna().all() == (labels is None)


@pytest.mark.parametrize("cool_down", [0, 5])
def test_without_test_rows_there_is_no_cut(cool_down):
    result = make_result([1, 5, 1], labels=[0, 1, 0], part="train")
    frame = sweep(result, Decision(cool_down=cool_down))
    assert frame.empty
    assert tuple(frame.columns) == COLUMNS
