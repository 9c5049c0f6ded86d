"""VUS against the plain definition, and against what is known of it."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.plain_vus import plain_vus
from core.anomaly.volume import volume


def recording(seed, rows=400, events=5, longest=30):
    rng = np.random.default_rng(seed)
    labels = np.zeros(rows, bool)
    for start in rng.integers(0, rows, events):
        labels[start : start + int(rng.integers(1, longest))] = True
    scores = rng.normal(size=rows) + labels * rng.normal()
    return scores.astype(np.float32), labels


def check(scores, labels, boundaries=(0,), buffer=100):
    found = volume(scores, labels, np.array(boundaries), buffer)
    assert found is not None
    pr, roc = plain_vus(scores, labels, boundaries, buffer)
    assert found.pr == pytest.approx(pr, abs=1e-9)
    assert found.roc == pytest.approx(roc, abs=1e-9)
    return found


@pytest.mark.parametrize("buffer", [0, 1, 7, 30])
@pytest.mark.parametrize("seed", range(4))
def test_equals_the_plain_definition(seed, buffer):
    check(*recording(seed), buffer=buffer)


def test_equals_the_plain_definition_at_the_full_buffer():
    check(*recording(7, rows=1000, longest=120))


def test_equals_what_the_authors_code_returns():
    """What `RangeAUC_volume_opt` of TSB-AD returned for this recording."""
    rows = np.arange(200)
    labels = ((rows >= 40) & (rows < 56)) | ((rows >= 120) & (rows < 131))
    scores = np.sin(rows * 0.37) + np.where(labels, 0.5, 0)
    found = check(scores, labels, buffer=10)
    assert (found.pr, found.roc) == pytest.approx(
        (0.5595501598524226, 0.7825487667797113), abs=1e-9
    )


@pytest.mark.parametrize("seed", range(4))
def test_ties_share_their_rank(seed):
    scores, labels = recording(seed)
    check(np.round(scores), labels, buffer=20)


def test_anomalies_that_touch_are_joined():
    labels = np.zeros(300, bool)
    labels[[20, 22, 30, 36, 37, 45, 90, 140]] = True
    check(np.random.default_rng(0).normal(size=300), labels, buffer=30)


@pytest.mark.parametrize("labelled", [slice(0, 5), slice(95, 100), slice(0, 99), slice(50, 51)])
def test_anomalies_at_the_edges(labelled):
    scores, labels = np.random.default_rng(1).normal(size=100), np.zeros(100, bool)
    labels[labelled] = True
    check(scores, labels, buffer=40)


def test_constant_scores():
    _, labels = recording(3)
    check(np.zeros(len(labels)), labels, buffer=20)


def test_fewer_rows_than_thresholds():
    check(np.array([0.0, 2, 1]), np.array([False, True, False]), buffer=4)


@pytest.mark.parametrize("seed", range(3))
def test_no_ramp_crosses_a_boundary(seed):
    scores, labels = recording(seed, events=8)
    check(scores, labels, boundaries=(0, 33, 150, 151, 300), buffer=40)
    labels[:] = False
    labels[90:100] = True
    inside = volume(scores, labels, np.array([0, 100]), 20)
    leaked = volume(scores, labels, np.array([0]), 20)
    assert inside != leaked


def test_scores_that_separate_are_perfect_and_reversed_ones_are_not():
    labels = np.zeros(2000, bool)
    labels[500:600] = True
    # Falls off with the distance from the anomaly, as the soft labels do.
    distance = np.maximum(np.maximum(500 - np.arange(2000), np.arange(2000) - 599), 0)
    good, bad = (volume(s, labels, np.array([0])) for s in (-1.0 * distance, 1.0 * distance))
    assert good.pr > 0.9 > 0.2 > bad.pr
    assert good.roc > 0.95 > 0.2 > bad.roc


@pytest.mark.parametrize("value", [False, True])
def test_nothing_without_both_kinds_of_rows(value):
    assert volume(np.arange(9.0), np.full(9, value), np.array([0])) is None
