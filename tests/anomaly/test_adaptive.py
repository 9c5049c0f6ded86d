"""The threshold that holds under drift, against its rule row by row."""

from __future__ import annotations

import numpy as np
import pytest

from core.anomaly import Adaptive, Sigma
from tests.anomaly.examples import make_result

RNG = np.random.default_rng(0)
REFERENCE = RNG.gamma(2, size=3000).astype(np.float32)
SCORES = RNG.gamma(2, size=4000).astype(np.float32)
SCORES[1000:1060] += 8
SCORES[2000:] += np.linspace(0, 6, 2000, dtype=np.float32)


def cut(rule, scores):
    return rule.cut(make_result(scores, reference=REFERENCE)).value


def plain_adaptive(scores, known, rule):
    """The rule row by row."""
    floor, level = np.quantile(known, rule.floor), np.quantile(known, 1 - rule.rate)
    past, cuts = list(known), []
    for score in scores:
        step = rule.step * max(np.std(past[-rule.memory :]), np.std(known))
        level = max(level, floor)
        cuts.append(level)
        level += step * (1 - rule.rate) if score > level else -step * rule.rate
        past.append(score)
    return np.array(cuts)


@pytest.mark.parametrize("rule", [Adaptive(), Adaptive(rate=0.005, floor=0.9, step=1.0, memory=30)])
def test_adaptive_equals_the_rule_row_by_row(rule):
    scores = np.r_[SCORES, SCORES * 2, SCORES].astype(np.float32)  # more than one piece
    expected = plain_adaptive(scores.astype(float), REFERENCE.astype(float), rule)
    np.testing.assert_allclose(cut(rule, scores), expected, rtol=1e-5)


@pytest.mark.parametrize("drift", ["none", "slow", "jump", "restless"])
def test_the_adaptive_cut_keeps_to_its_rate_under_drift(drift):
    rows = np.arange(20_000)
    scores = np.random.default_rng(6).gamma(2, size=len(rows))
    scores = {
        "none": scores,
        "slow": scores + rows / 500,
        "jump": scores + 30 * (rows > 5000),
        "restless": scores * np.where(rows > 5000, 10, 1),
    }[drift].astype(np.float32)
    share = (scores > cut(Adaptive(rate=0.01), scores)).mean()
    assert 0.005 < share < 0.016
    sigma = (scores > cut(Sigma(), scores)).mean()
    assert drift == "none" or sigma > 0.1


def test_a_recording_calmer_than_training_is_not_flagged():
    value = cut(Adaptive(), SCORES[:900] * 0.1)
    assert not (SCORES[:900] * 0.1 > value).any()
    assert value.min() >= np.float32(np.quantile(REFERENCE, 0.99))


def test_an_anomaly_is_flagged_at_once_and_a_level_that_stays_is_accepted():
    scores = SCORES[:900].copy()
    scores[400:] += 15
    flagged = scores > cut(Adaptive(), scores)
    assert flagged[400:403].all()
    assert flagged[500:].mean() < 0.04
