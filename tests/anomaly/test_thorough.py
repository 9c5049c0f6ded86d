"""Affiliation, PATE and point-adjusted F1 against plain forms of their definitions."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from core.anomaly import Decision, Fixed, decide, thorough
from core.anomaly.affiliation import affiliation
from core.anomaly.intervals import Intervals, detect
from core.anomaly.pate import CUTS, pate
from tests.anomaly.examples import make_result

CUT = Decision(threshold=Fixed(value=1), merge_gap=0)
STEP = 0.02  # of the numeric integration, in rows


def intervals(*pairs):
    return Intervals(*np.array(pairs).reshape(-1, 2).T)


def recording(seed, rows=120, events=3, longest=15):
    rng = np.random.default_rng(seed)
    labels = np.zeros(rows, bool)
    for start in rng.integers(0, rows, events):
        labels[start : start + int(rng.integers(1, longest))] = True
    return np.round(rng.normal(size=rows) + labels, 1), labels


def plain_affiliation(found, wanted, spans):
    """Probabilities over points of the zone, integrals as means over points."""
    precisions, recalls = [], []
    for low, high in spans:
        inside = [(a, b) for a, b in wanted if low <= a < high]
        points = np.arange(low + STEP / 2, high, STEP)
        owner = np.argmin([away(points, [event]) for event in inside], axis=0) if inside else []
        for number, event in enumerate(inside):
            zone = points[owner == number]
            pieces = [(max(a, zone[0]), min(b, zone[-1])) for a, b in found]
            pieces = [(a, b) for a, b in pieces if b > a]
            recalls.append(0.0)
            if not pieces:
                continue
            flagged = zone[away(zone, pieces) == 0]
            apart = np.sort(away(zone, [event]))
            farther = 1 - np.searchsorted(apart, away(flagged, [event])) / len(zone)
            precisions.append(farther.mean())
            body = zone[away(zone, [event]) == 0]
            distance = away(body, pieces)
            closer = [(np.abs(zone - y) < d).mean() for y, d in zip(body, distance, strict=True)]
            recalls[-1] = 1 - np.mean(closer)
    return np.mean(precisions) if precisions else None, np.mean(recalls)


def away(points, events):
    """Distance of each point to the nearest of *events*, 0 inside."""
    return np.min([np.maximum(np.maximum(a - points, points - b), 0) for a, b in events], axis=0)


@pytest.mark.parametrize(
    ("found", "wanted", "spans"),
    [
        ([(2, 4)], [(6, 9)], [(0, 20)]),
        ([(7, 8), (15, 17)], [(6, 9)], [(0, 20)]),
        ([(0, 20)], [(3, 5), (12, 16)], [(0, 20)]),
        ([(9, 13)], [(3, 5), (12, 16)], [(0, 20)]),
        ([(1, 2), (4, 6), (9, 10), (18, 19)], [(3, 5), (7, 8), (12, 16)], [(0, 20)]),
        ([(0, 1)], [(0, 3), (25, 29)], [(0, 10), (20, 30)]),
        ([(8, 10), (10, 11), (14, 15)], [(4, 6), (12, 13)], [(0, 10), (10, 20)]),
        ([(22, 24)], [(4, 9)], [(0, 10), (20, 30)]),
    ],
)
def test_affiliation_equals_numeric_integration(found, wanted, spans):
    precision, recall = affiliation(intervals(*found), intervals(*wanted), intervals(*spans))
    expected = plain_affiliation(found, wanted, spans)
    assert precision == (None if expected[0] is None else pytest.approx(expected[0], abs=3e-3))
    assert recall == pytest.approx(expected[1], abs=3e-3)


def test_affiliation_equals_what_the_authors_code_returns():
    rows = np.arange(200)
    labels = ((rows >= 40) & (rows < 56)) | ((rows >= 120) & (rows < 131))
    flagged = np.sin(rows * 0.37) + np.where(labels, 0.5, 0) > 0.9
    found, wanted = (detect(values, 0.5, np.array([0])) for values in (flagged, labels))
    assert affiliation(found, wanted, intervals((0, 200))) == pytest.approx(
        (0.614567775974026, 0.9720221185064934), abs=1e-12
    )


def plain_pate(scores, labels, boundaries, buffer):
    areas = [
        plain_area(scores, labels, boundaries, early, late)
        for early in (0, buffer)
        for late in (0, buffer)
    ]
    return np.mean(areas)


def plain_area(scores, labels, boundaries, early, late):
    """One row after the other, as the paper weighs it; then the trapezoids."""
    events, ends, begins = plain_zones(labels, boundaries, early, late)
    curve = [(0.0, 1.0)]
    for cut in plain_cuts(scores, labels):
        flagged = scores >= cut
        right, missed = float((flagged & labels).sum()), 0.0
        for (start, stop), end, begin in zip(events, ends, begins, strict=True):
            body = range(start, stop + 1)
            met = [row for row in body if flagged[row]]
            for row in range(stop + 1, end + 1):
                far = sum(row - y for y in body) / sum(end - y for y in body)
                right += flagged[row] * (1 - far)
            for row in range(begin, start):
                far = sum(y - row for y in body) / sum(y - begin for y in body)
                right += flagged[row] * (1 - far) * bool(met)
            if not met:
                missed += stop + 1 - start
                continue
            run = next(row for row in range(met[0], stop + 2) if row not in met) - met[0]
            for row in set(body) - set(met):
                far = sum(row - y for y in range(start, start + run + 1))
                far /= max(sum(stop - y for y in body), 1)
                missed += 1 if row <= start + run else 1 - far
        recall, precision = right / (right + missed), right / flagged.sum()
        if recall >= curve[-1][0]:
            curve.append((recall, precision))
    return sum((b[0] - a[0]) * (a[1] + b[1]) / 2 for a, b in itertools.pairwise(curve))


def plain_zones(labels, boundaries, early, late):
    segments = list(zip(boundaries, [*boundaries[1:], len(labels)], strict=True))
    found = detect(labels, 0.5, np.array(boundaries))
    events = [(int(a), int(b) - 1) for a, b in zip(found.starts, found.stops, strict=True)]
    ends, begins = [], []
    for number, (start, stop) in enumerate(events):
        low, high = next((a, b) for a, b in segments if a <= start < b)
        following = [a for a, _ in events[number + 1 :]]
        ends.append(min([stop + late, high - 1, *(a - 1 for a in following)]))
        begins.append(max([start - early, low, *(end + 1 for end in ends[:-1])]))
    return events, ends, begins


def plain_cuts(scores, labels):
    """Distinct scores, without those between which no labelled row lies; even percentiles."""
    cuts = sorted(set(scores.tolist()), reverse=True)
    hits = [int((labels & (scores >= cut)).sum()) for cut in cuts]
    kept = [
        cut
        for i, cut in enumerate(cuts)
        if i in (0, len(cuts) - 1) or hits[i - 1] != hits[i] or hits[i] != hits[i + 1]
    ]
    return np.percentile(kept, np.linspace(100, 0, CUTS))


@pytest.mark.parametrize("boundaries", [(0,), (0, 30, 64, 65, 100)])
@pytest.mark.parametrize("seed", range(3))
def test_pate_equals_the_plain_form(seed, boundaries):
    scores, labels = recording(seed)
    found = pate(scores, labels, np.array(boundaries), 12)
    assert found == pytest.approx(plain_pate(scores, labels, boundaries, 12), abs=1e-9)


def test_pate_leaves_out_where_recall_falls():
    """A lone early row, flagged after a long run, makes that run count for less."""
    labels, scores = np.zeros(80, bool), np.zeros(80)
    labels[10:60] = True
    scores[15:40], scores[10], scores[70:] = 2, 1, 0.5
    found = pate(scores, labels, np.array([0]), 5)
    assert found == pytest.approx(plain_pate(scores, labels, (0,), 5), abs=1e-9)


def test_pate_equals_what_the_authors_package_returns():
    rows = np.arange(200)
    labels = ((rows >= 40) & (rows < 56)) | ((rows >= 120) & (rows < 131))
    scores = np.sin(rows * 0.37) + np.where(labels, 0.5, 0)
    assert pate(scores, labels, np.array([0]), 20) == pytest.approx(0.6185837038462656, abs=1e-9)


@pytest.mark.parametrize("value", [False, True])
def test_no_pate_without_both_kinds_of_rows(value):
    assert pate(np.arange(9.0), np.full(9, value), np.array([0])) is None


def measured(scores, labels, **more):
    outcome = decide(make_result(scores, labels=labels, **more), CUT)
    return thorough(outcome.result, outcome.found, outcome.result.truth)


def test_point_adjusted_f1_gives_a_whole_anomaly_for_one_step():
    labels = [0, 1, 1, 1, 1, 0, 0, 1, 1, 0]
    scores = [0, 0, 0, 2, 0, 0, 0, 0, 0, 2]
    # Four of six steps, one false: precision 4 / 5, recall 4 / 6.
    metrics = measured(scores, labels)
    assert metrics["point_adjusted_f1"] == pytest.approx(2 * 0.8 * (4 / 6) / (0.8 + 4 / 6))


def test_thorough_counts_test_rows_alone():
    labels = [0, 1, 1, 0, 0, 0, 1, 1, 0, 0]
    scores = [2, 2, 2, 0, 0, 0, 0, 2, 2, 0]
    whole = make_result(scores, labels=labels, boundaries=(0, 5))
    whole.steps["part"] = ["train"] * 5 + ["test"] * 5
    outcome = decide(whole, CUT)
    found = thorough(outcome.result, outcome.found, outcome.result.truth)
    assert found == measured(scores[5:], labels[5:])


def test_nothing_to_say_without_a_labelled_anomaly():
    assert measured([0, 5, 0], [0, 0, 0]) == {}
    assert measured([0, 5, 0], None) == {}


def test_nothing_flagged_is_zero_recall_and_no_precision():
    metrics = measured([0, 1, 0], [0, 1, 0])
    assert (metrics["affiliation_recall"], metrics["point_adjusted_f1"]) == (0, 0)
    assert "affiliation_precision" not in metrics
