"""Scorers against their definitions, and against one another."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pytest
from scipy import stats

from core.anomaly import Scoring
from core.anomaly.residuals import ResidualsInMemory
from core.anomaly.scorers import SCORERS, Rolling
from core.anomaly.scoring import fit_scorer, running_mean, scores_of
from tests.anomaly.examples import make_result

KINDS = list(SCORERS)


def test_every_scorer_can_be_chosen():
    assert list(get_args(Scoring.model_fields["kind"].annotation)) == KINDS
    assert all(scorer.label for scorer in SCORERS.values())


def residuals(rows: int, seed: int = 0, channels: int = 3) -> np.ndarray:
    rng = np.random.default_rng(seed)
    mix = rng.normal(size=(channels, channels))
    return (rng.normal(size=(rows, channels)) @ mix).astype(np.float32)


def fitted(kind: str, **settings):
    return fit_scorer(
        Scoring(kind=kind, **settings),
        ResidualsInMemory(("a", "b", "c"), residuals(3_000)),
        np.array([0, 1_000]),
    )


@pytest.mark.parametrize("kind", KINDS)
def test_a_large_residual_scores_high_and_its_channel_is_blamed(kind):
    part = 0.1 * residuals(400, seed=1)
    part[300, 1] += 40
    fit = fitted(kind)
    scores, contributions = fit.scores(part), fit.contributions(part)
    assert scores.argmax() == 300
    assert (contributions >= 0).all()
    assert np.isfinite(scores).all()
    assert contributions[300].argmax() == 1


@pytest.mark.parametrize("kind", KINDS)
def test_a_score_is_what_its_channels_add(kind):
    fit, part = fitted(kind), residuals(50, seed=2)
    together = (
        fit.contributions(part).max(1) if kind == "largest" else fit.contributions(part).sum(1)
    )
    np.testing.assert_allclose(fit.scores(part), together, rtol=1e-5)


def test_mahalanobis_is_the_distance_over_the_channels():
    training, part = residuals(3_000).astype(float), residuals(40, seed=3).astype(float)
    inverse = np.linalg.inv(np.cov(training, rowvar=False, ddof=0))
    gaps = part - training.mean(axis=0)
    expected = np.einsum("ij,jk,ik->i", gaps, inverse, gaps) / 3
    np.testing.assert_allclose(fitted("mahalanobis").scores(part), expected, rtol=1e-4)


def test_rolling_is_the_gaussian_tail_after_the_rows_before():
    part = np.abs(residuals(900, seed=4)).astype(float)
    row, before = 800, part[800 - Rolling.WINDOW : 800]
    tails = stats.norm.logsf(part[row], before.mean(axis=0), before.std(axis=0))
    assert fitted("rolling").scores(part)[row] == pytest.approx(-tails.mean(), rel=1e-4)


def test_rolling_gets_used_to_a_new_level_and_the_others_do_not():
    part = residuals(2_000, seed=5)
    part[200:] += 30
    scores = fitted("rolling").scores(part)
    assert scores[200] > 20 * np.median(scores[1_500:])
    plain = fitted("mean-square").scores(part)
    assert np.median(plain[1_500:]) > 20 * np.median(plain[:200])


def test_mixture_is_calibrated_on_what_is_like_training():
    """A score above 2 is one row in a hundred; of two humps the middle between is unusual."""
    rng = np.random.default_rng(6)

    def humps(rows):
        side = rng.choice([-3.0, 3.0], size=(rows, 2))
        return (side + rng.normal(0, 0.3, size=(rows, 2))).astype(np.float32)

    training = ResidualsInMemory(("a", "b"), humps(20_000))
    fit = fit_scorer(Scoring(kind="mixture"), training, np.array([0]))
    assert (fit.scores(humps(20_000)) > 2).mean() == pytest.approx(0.01, abs=0.008)
    np.testing.assert_allclose(np.sort(fit.scorer.means[[0, -1], 0]), [-3, 3], atol=0.2)


def test_mixture_does_not_saturate():
    part = np.zeros((4, 3), np.float32)
    part[:, 0] = [10, 100, 1_000, 10_000]
    assert (np.diff(fitted("mixture").scores(part)) > 0).all()


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("span", [1, 2, 5, 8, 100])
def test_running_mean_equals_the_plain_loop(span, causal):
    values = np.random.default_rng(7).normal(size=(30, 2))
    after = 0 if causal else span // 2
    expected = [
        values[max(0, row + after - span + 1) : row + after + 1].mean(axis=0) for row in range(30)
    ]
    np.testing.assert_allclose(running_mean(values, span, causal=causal), expected, rtol=1e-5)


def test_area_sees_a_small_deviation_that_lasts():
    part = residuals(2_000, seed=8)
    part[1_000:1_100] += 0.8
    plain, area = (fitted("mean-square", area=span).scores(part) for span in (1, 50))
    inside = slice(1_020, 1_080)
    assert np.median(area[inside]) / np.quantile(area[:900], 0.99) > np.median(
        plain[inside]
    ) / np.quantile(plain[:900], 0.99)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("causal", [False, True])
def test_pieces_and_blocks_fit_together(kind, causal, monkeypatch):
    fit = fitted(kind, area=5, smoothing=8, causal=causal)
    part, starts = residuals(1_500, seed=9), np.array([0, 700])
    whole = np.concatenate([fit.scores(part[:700]), fit.scores(part[700:])])
    monkeypatch.setattr("core.anomaly.scoring.GROUP_ROWS", 97)
    pieces = scores_of(fit, ResidualsInMemory(("a", "b", "c"), part), starts)
    np.testing.assert_allclose(pieces, whole, rtol=1e-3, atol=1e-5)


def test_causal_scores_do_not_look_ahead():
    part = residuals(500, seed=10)
    later = part.copy()
    later[300:] = 50
    for kind in KINDS:
        fit = fitted(kind, area=4, smoothing=6, causal=True)
        np.testing.assert_array_equal(fit.scores(part)[:300], fit.scores(later)[:300])


def test_a_result_under_another_scorer_keeps_everything_but_the_scores():
    part = residuals(200, seed=11)
    result = make_result(np.square(part).mean(axis=1), part, training=residuals(300))
    other = result.under(Scoring(kind="largest"))
    np.testing.assert_array_equal(other.scores, np.abs(part).max(axis=1))
    np.testing.assert_array_equal(other.reference, np.abs(residuals(300)).max(axis=1))
    assert other.under(Scoring()).scores == pytest.approx(result.scores, rel=1e-5)
    assert result.under(Scoring(kind="largest")) is other
    assert result.under(None) is result
