"""Rules from scores to a cut."""

from __future__ import annotations

import numpy as np
import pytest

from core.anomaly import Decision, Fixed, Quantile, Sigma
from core.errors import ConfigError
from tests.anomaly.examples import make_result

SCORES = np.random.default_rng(0).gamma(2, size=1000).astype(np.float32)


def cut(rule, reference):
    return rule.cut(make_result([0.0], reference=reference)).value


def test_sigma_is_mean_plus_k_deviations():
    values = SCORES.tolist()
    mean = sum(values) / len(values)
    deviation = (sum((v - mean) ** 2 for v in values) / len(values)) ** 0.5
    assert cut(Sigma(k=2.5), SCORES) == pytest.approx(mean + 2.5 * deviation)


def test_quantile_leaves_its_share_above():
    assert (cut(Quantile(q=0.9), SCORES) < SCORES).mean() == pytest.approx(0.1, abs=2e-3)


def test_fixed_reads_no_scores():
    assert cut(Fixed(value=4.2), np.empty(0)) == 4.2


@pytest.mark.parametrize("rule", [Sigma(), Quantile()])
def test_a_rule_without_scores_says_so(rule):
    with pytest.raises(ConfigError, match="training scores"):
        cut(rule, np.empty(0))


def test_a_decision_survives_json():
    decision = Decision(threshold=Quantile(q=0.95), min_length=3, merge_gap=5)
    assert Decision.model_validate_json(decision.model_dump_json()) == decision


def test_bounds_are_kept_with_a_readable_error():
    with pytest.raises(ConfigError, match=r"min_length \(Shortest event\).*received 0"):
        Decision.parse({"min_length": 0})
