"""Detectors without a network, against plain definitions and small worlds."""

from __future__ import annotations

import numpy as np
import pytest

from core.anomaly import Config
from core.anomaly.around import padded, spread, starts_of
from core.anomaly.clusters import Clusters
from core.anomaly.contributions import PIECE, Contributing
from core.anomaly.detector import TrainingRows
from core.anomaly.ensemble import Ensemble
from core.anomaly.forest import Forest
from core.anomaly.joined import Joined
from core.anomaly.mahalanobis import Mahalanobis
from core.anomaly.neighbours import Neighbours, WindowNeighbours, running_sums, segment_means
from core.anomaly.rolling import Rolling
from core.anomaly.scorers import MeanSquare
from core.anomaly.windowed_pca import WindowPca, components_of

METHODS = (Ensemble, WindowNeighbours, WindowPca, Rolling, Mahalanobis, Forest, Clusters)
TIMED = (Ensemble, WindowNeighbours, WindowPca, Rolling, Clusters)


def recording(rows=600, channels=3, seed=0):
    rng = np.random.default_rng(seed)
    phase = np.arange(rows)[:, None] * 2 * np.pi / 25 + np.arange(channels)
    return (np.sin(phase) * 1.4 + rng.normal(0, 0.1, (rows, channels))).astype(np.float32)


def fitted(method, rows=None, **settings) -> Contributing:
    rows = recording() if rows is None else rows
    detector = method(Config(**settings))
    detector.fit(TrainingRows(rows, [slice(0, len(rows))], []), None, None)
    return detector


@pytest.mark.parametrize("method", METHODS)
def test_the_score_is_the_sum_of_the_contributions(method):
    detector, values = fitted(method), recording(200, seed=1)
    contributions = detector.contributions(values, [slice(0, 200)])
    assert (contributions >= 0).all()
    residuals = detector.residuals(values, [slice(0, 200)])
    scores = MeanSquare().contributions(residuals).sum(axis=1)
    np.testing.assert_allclose(scores, contributions.sum(axis=1), rtol=1e-4)


@pytest.mark.parametrize("method", METHODS)
def test_a_broken_channel_is_found_and_blamed(method):
    detector, values = fitted(method), recording(400, seed=1)
    values[200:260, 1] += 6
    contributions = detector.contributions(values, [slice(0, 400)])
    inside, outside = contributions[215:245], contributions[:100]
    assert inside.sum(axis=1).min() > outside.sum(axis=1).max()
    assert contributions[215:245].sum(axis=0).argmax() == 1


@pytest.mark.parametrize("method", TIMED)
def test_a_causal_score_does_not_look_ahead_and_a_centred_one_does(method):
    values = recording(300, seed=1)
    changed = values.copy()
    changed[150:] += 4
    for causal in (True, False):
        detector = fitted(method, causal=causal)
        one, two = (detector.contributions(v, [slice(0, 300)])[:150] for v in (values, changed))
        assert np.allclose(one, two, rtol=1e-4, atol=1e-6) == causal


@pytest.mark.parametrize("method", TIMED)
@pytest.mark.parametrize("causal", [False, True])
def test_pieces_of_a_long_segment_fit_together(method, causal, monkeypatch):
    detector, values = fitted(method, causal=causal), recording(900, seed=1)
    whole = detector.contributions(values, [slice(0, 900)])
    assert len(values) < PIECE
    monkeypatch.setattr("core.anomaly.contributions.PIECE", 128)
    pieces = detector.contributions(values, [slice(0, 900)])
    np.testing.assert_allclose(pieces, whole, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("method", METHODS)
def test_a_segment_shorter_than_every_window_has_scores(method):
    detector = fitted(method)
    values = recording(37, seed=1)
    scores = detector.contributions(values, [slice(0, 3), slice(3, 37)])
    assert np.isfinite(scores).all()


@pytest.mark.parametrize("method", METHODS)
def test_a_channel_that_never_moves_in_training_does_no_harm(method):
    rows = recording()
    rows[:, 2] = 0
    values = recording(200, seed=1)
    values[:, 2] = 0
    values[100:150, 2] = 1
    scores = fitted(method, rows).contributions(values, [slice(0, 200)])
    assert np.isfinite(scores).all()


@pytest.mark.parametrize("method", METHODS)
def test_where_nothing_moves_in_training_any_change_stands_out(method):
    if method is Forest:
        pytest.skip("there is nothing to cut")
    rows, values = np.zeros_like(recording()), np.zeros_like(recording(200, seed=1))
    values[100:150, 1] = 1
    scores = fitted(method, rows).contributions(values, [slice(0, 200)]).sum(axis=1)
    assert np.isfinite(scores).all()
    assert scores[100:150].mean() > scores[:40].mean()


def test_neighbours_are_those_of_the_plain_definition():
    rows, values = recording(80), recording(40, seed=1)
    detector = fitted(lambda config: Neighbours(config, 10), rows, causal=True)
    scores = detector.contributions(values, [slice(0, 40)]).sum(axis=1)
    for row in (9, 20, 39):
        window = values[row - 9 : row + 1]
        plain = min(np.square(window - rows[s : s + 10]).mean() for s in range(71))
        assert scores[row] == pytest.approx(plain, rel=1e-4)


def test_a_training_window_is_not_its_own_neighbour():
    detector = fitted(lambda config: Neighbours(config, 10))
    rows = recording()
    found = detector.contributions(rows, [slice(0, len(rows))]).sum(axis=1)
    assert np.median(found) == pytest.approx(0, abs=1e-9)
    assert np.median(detector.own.sum(axis=1)) > 1e-3
    # As far from the others as rows of the same kind that it has never seen.
    fresh = detector.contributions(recording(seed=1), [slice(0, 600)]).sum(axis=1)
    assert np.median(detector.own.sum(axis=1)) == pytest.approx(np.median(fresh), rel=0.3)


def test_a_training_part_shorter_than_two_windows_still_has_neighbours():
    detector = fitted(lambda config: Neighbours(config, 100), recording(130))
    assert np.isfinite(detector.own).all()


def test_windows_are_described_by_the_means_of_their_segments():
    rows = recording(50)
    found = segment_means(running_sums(rows), np.array([0, 7]), 30)
    plain = rows[7:37].reshape(10, 3, 3).mean(axis=1).ravel()
    np.testing.assert_allclose(found[1], plain, rtol=1e-5, atol=1e-6)


def test_rolling_features_are_those_of_pandas():
    import pandas as pd

    rows = recording(200)
    features = list(fitted(Rolling, causal=True)._features(rows))
    frame = pd.DataFrame(rows.astype(float)).rolling(30)
    np.testing.assert_allclose(features[2][29:], frame.mean()[29:], atol=1e-6)
    np.testing.assert_allclose(features[3][29:], frame.std(ddof=0)[29:], atol=1e-5)
    np.testing.assert_allclose(features[-1][1:], np.abs(np.diff(rows, axis=0)), atol=1e-6)


@pytest.mark.parametrize("shape", [(40, 12), (12, 40)])
def test_components_are_those_of_the_singular_values(shape):
    data = np.random.default_rng(0).normal(size=shape) * np.linspace(3, 0.1, shape[1])
    found = components_of(data.astype(np.float32), 0.8)
    powers, vectors = np.linalg.svd(data, full_matrices=False)[1:]
    keep = int(np.searchsorted(np.cumsum(powers**2) / (powers**2).sum(), 0.8)) + 1
    plain = vectors[:keep]
    np.testing.assert_allclose(found.T @ found, plain.T @ plain, atol=1e-4)


def test_mahalanobis_is_about_one_where_all_is_normal():
    rng = np.random.default_rng(0)
    mix = np.array([[1, 0.9, 0], [0, 0.4, 0], [0, 0, 1]])
    rows = (rng.normal(size=(4000, 3)) @ mix).astype(np.float32)
    detector = fitted(Mahalanobis, rows)
    assert detector.own.sum(axis=1).mean() == pytest.approx(1, rel=0.05)
    along, across = np.array([[2, 2, 0], [2, -2, 0]], np.float32)
    scores = detector.contributions(np.stack([along, across]), [slice(0, 2)]).sum(axis=1)
    assert scores[1] > 5 * scores[0]


def test_the_forest_scores_as_scikit_learn_does():
    from sklearn.ensemble import IsolationForest

    rows, values = recording(), recording(300, seed=1) * 2
    scores = fitted(Forest, rows, seed=4).contributions(values, [slice(0, 300)]).sum(axis=1)
    plain = IsolationForest(n_estimators=100, max_samples=256, random_state=4).fit(rows)
    np.testing.assert_allclose(scores, -plain.score_samples(values), rtol=1e-5)


def test_joined_parts_are_weighed_by_what_is_usual():
    """A part whose scores are all a thousand times as high counts no more than the other."""

    class Scaled(Mahalanobis):
        factor = np.float32(1)

        def judge(self, part, first=None):
            return super().judge(part, first) * self.factor

    small, large = Scaled(Config()), Scaled(Config())
    large.factor = np.float32(1000)
    both = Joined(Config(), {"small": small, "large": large})
    both.learn(recording(), [slice(0, 600)])
    values = recording(100, seed=1)
    one = Joined(Config(), {"small": Scaled(Config())})
    one.learn(recording(), [slice(0, 600)])
    np.testing.assert_allclose(both.judge(values), one.judge(values), rtol=1e-3)


def test_windows_lie_around_a_row_or_end_with_it():
    part = np.arange(10.0)[:, None]
    assert starts_of(10, 4, causal=False).tolist() == [0, 0, 0, 1, 2, 3, 4, 5, 6, 6]
    rows = padded(part, 4, causal=True)
    assert rows[starts_of(10, 4, causal=True)[5] :][:4, 0].tolist() == [2, 3, 4, 5]
    assert spread(np.arange(100), 3).tolist() == [0, 50, 99]
