"""Each rule against a plain computation of what it promises."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from statistics import median

import numpy as np
import pytest
from scipy import stats

from core.anomaly import (
    THRESHOLDS,
    Adaptive,
    Budget,
    Cost,
    Decision,
    Dspot,
    Dynamic,
    Mad,
    Pot,
    decide,
    evaluate,
)
from core.anomaly.dynamic import separating
from core.anomaly.intervals import detect
from core.anomaly.rule import streams
from core.anomaly.tail import LEAST, Tail, fit_tail
from core.errors import ConfigError
from tests.anomaly.examples import make_result

RNG = np.random.default_rng(0)
REFERENCE = RNG.gamma(2, size=3000).astype(np.float32)
SCORES = RNG.gamma(2, size=4000).astype(np.float32)
SCORES[1000:1060] += 8
SCORES[2000:] += np.linspace(0, 6, 2000, dtype=np.float32)
LABELS = np.zeros(len(SCORES), bool)
LABELS[1000:1060] = LABELS[3000:3010] = True
FOLLOWING = [Dspot(depth=50), Dynamic(window=400), Adaptive(), Budget()]
ALL = [rule() for kind, rule in THRESHOLDS.items() if kind != "fixed"]


def kinds(rules):
    return pytest.mark.parametrize("rule", rules, ids=[rule.kind for rule in rules])


def result_of(scores=SCORES, reference=REFERENCE, **more):
    return make_result(scores, reference=reference, **more)


def cut(rule, scores=SCORES, reference=REFERENCE, **more):
    return rule.cut(result_of(scores, reference, **more)).value


def of_entities(scores, stops, **more):
    result = result_of(scores, boundaries=(0, *stops[:-1]), **more)
    names = np.repeat([f"unit-{i}" for i in range(len(stops))], np.diff([0, *stops]))
    return replace(result, steps=result.steps.assign(entity=names))


# What holds for every rule


@kinds(ALL)
def test_a_decision_with_it_survives_json(rule):
    decision = Decision(threshold=rule)
    assert Decision.model_validate_json(decision.model_dump_json()) == decision


@kinds(ALL)
def test_without_training_scores_it_says_so_and_with_one_it_works(rule):
    with pytest.raises(ConfigError, match="training scores"):
        cut(rule, reference=np.empty(0), labels=np.zeros(len(SCORES), bool))
    found = cut(rule, reference=[1.0], labels=LABELS)
    assert np.isfinite(found).all()


@kinds([rule for rule in ALL if not rule.needs_labels])
def test_scores_that_never_vary_are_not_flagged(rule):
    constant = np.full(500, 2.0, np.float32)
    value = cut(rule, constant, constant)
    assert np.isfinite(value).all()
    assert not (constant > value).any()


@kinds(FOLLOWING)
def test_it_never_looks_ahead(rule):
    before = cut(rule)
    for row in (700, 2500):
        later = SCORES.copy()
        later[row:] = RNG.gamma(2, size=len(SCORES) - row) * 30
        # The budget silences a row by its own score, which is there when the row is judged.
        np.testing.assert_allclose(cut(rule, later)[:row], before[:row], rtol=1e-6)
        assert not np.allclose(cut(rule, later)[row + 500 :], before[row + 500 :])


@kinds(FOLLOWING)
def test_each_entity_begins_anew_from_the_training_scores(rule):
    both = rule.cut(of_entities(np.r_[SCORES, SCORES], [len(SCORES), 2 * len(SCORES)])).value
    np.testing.assert_array_equal(both, np.tile(cut(rule), 2))


def test_a_gap_in_an_entity_does_not_begin_a_new_stream():
    result = of_entities(SCORES, [1500, 4000])
    result = replace(result, boundaries=np.array([0, 500, 1500, 2000]))
    assert streams(result) == [slice(0, 1500), slice(1500, 4000)]
    assert streams(result_of(SCORES, boundaries=(0, 500))) == [slice(0, 4000)]


# Median absolute deviation, peaks over threshold


def test_mad_is_the_median_plus_k_scaled_deviations():
    values = REFERENCE.astype(float).tolist()
    center = median(values)
    spread = 1.4826 * median(abs(value - center) for value in values)
    assert cut(Mad(k=4)) == pytest.approx(center + 4 * spread)


@pytest.mark.parametrize("shape", [-0.3, 0.0, 0.3])
def test_the_tail_is_found_again(shape):
    sample = stats.genpareto.rvs(shape, scale=2.0, size=5000, random_state=1)
    tail = fit_tail(sample)
    assert tail.shape == pytest.approx(shape, abs=0.06)
    assert tail.scale == pytest.approx(2.0, rel=0.06)
    likely = stats.genpareto.fit(sample, floc=0)
    assert (tail.shape, tail.scale) == pytest.approx((likely[0], likely[2]), abs=0.02)


@pytest.mark.parametrize("shape", [-0.4, 0.0, 0.4])
def test_the_excess_is_the_quantile_of_the_distribution(shape):
    expected = stats.genpareto.isf(1e-3, shape, scale=2.0)
    assert Tail(shape, 2.0).excess(1e-3) == pytest.approx(expected)


def test_equal_excesses_have_a_tail():
    assert np.isfinite(fit_tail(np.full(20, 3.0)).excess(1e-3))


def test_peaks_over_threshold_reach_beyond_what_was_seen():
    reference = np.random.default_rng(3).exponential(size=20_000)
    assert cut(Pot(risk=1e-5), reference=reference) == pytest.approx(-np.log(1e-5), rel=0.1)


@kinds([Pot(), Dspot()])
def test_too_few_tail_points_fall_back_to_a_quantile_with_a_note(rule):
    few = REFERENCE[:100]
    found = rule.cut(result_of(reference=few))
    assert found.value == pytest.approx(np.quantile(few, 1 - rule.risk))
    assert "Too few tail points" in found.notes[0]


def plain_dspot(scores, known, rule):
    """The algorithm row by row."""
    depth, window, apart = rule.depth, list(known[: rule.depth]), []
    for score in known[depth:]:
        apart.append(score - np.mean(window))
        window = [*window[1:], score]
    start = np.quantile(apart, rule.level)
    peaks = [x - start for x in apart if x > start]
    seen, cuts, fitted = len(apart), [], 0
    for score in scores:
        if not fitted or len(peaks) >= fitted + max(LEAST, int(0.2 * fitted)):
            fitted = len(peaks)
            level = start + fit_tail(np.array(peaks)).excess(rule.risk * seen / fitted)
        mean = np.mean(window)
        cuts.append(mean + level)
        if score - mean <= level:
            window, seen = [*window[1:], score], seen + 1
            if score - mean > start:
                peaks.append(score - mean - start)
    return np.array(cuts)


def test_dspot_equals_the_algorithm_row_by_row():
    rule = Dspot(risk=5e-3, depth=40, level=0.9)
    expected = plain_dspot(SCORES.astype(float), REFERENCE[:800].astype(float), rule)
    value = cut(rule, reference=REFERENCE[:800])
    np.testing.assert_allclose(value, expected, rtol=1e-5)
    assert 10 < np.count_nonzero(value < SCORES) < 200


def test_dspot_follows_a_drift_that_breaks_a_fixed_cut():
    scores = SCORES[2000:] + np.linspace(0, 20, 2000, dtype=np.float32)
    assert (scores > cut(Pot(), scores)).mean() > 0.5
    assert (scores > cut(Dspot(depth=50), scores)).mean() < 0.03


# Dynamic


def plain_separating(scores, prune):
    """The paper's definition, candidate by candidate."""
    mean, spread, best, level = scores.mean(), scores.std(), -np.inf, np.inf
    for z in np.arange(2, 10.5, 0.5):
        candidate = mean + z * spread
        below = scores[scores <= candidate]
        if len(below) == len(scores):
            continue
        runs = detect(scores, candidate, np.array([0]))
        drop = (mean - below.mean()) / mean + (spread - below.std()) / spread
        gain = drop / ((scores > candidate).sum() + len(runs) ** 2)
        if gain > best:
            best, level = gain, candidate
    runs = detect(scores, level, np.array([0]))
    peaks = sorted((scores[a:b].max() for a, b in zip(runs.starts, runs.stops, strict=True)))[::-1]
    peaks.append(scores[scores <= level].max())
    normal = peaks[0]
    for higher, lower in pairwise(peaks):
        if (higher - lower) / higher > prune:
            normal = lower
    return max(normal / (1 - prune), level if level < np.inf else 0.0)


@pytest.mark.parametrize("prune", [0.0, 0.13, 0.5])
@pytest.mark.parametrize("rows", [slice(0, 900), slice(900, 1300), slice(2000, 4000)])
def test_the_dynamic_cut_is_the_one_of_the_paper(rows, prune):
    scores = SCORES[rows].astype(float)
    assert separating(scores, prune) == pytest.approx(plain_separating(scores, prune))


def test_the_dynamic_cut_stays_as_an_anomaly_enters_and_leaves_its_window():
    scores = np.random.default_rng(4).gamma(20, 0.05, size=3000).astype(np.float32)
    scores[1000:1100] += 10
    value = cut(Dynamic(window=400), scores, scores[:500])
    assert (scores > value)[1000:1100].all()
    after = value[1100:]
    assert after.min() > 0.8 * value[:1000].min()
    assert after.max() < 1.25 * value[:1000].max()
    assert (scores > value)[1100:].mean() < 0.005


def test_the_dynamic_cut_reports_every_batch():
    scores = np.ones(3000, np.float32) + RNG.random(3000, np.float32) * 0.1
    places = np.arange(60, 3000, 300)
    scores[places] = 5
    value = cut(Dynamic(window=400), scores, scores[:50])
    np.testing.assert_array_equal(np.flatnonzero(scores > value), places)


def test_the_dynamic_cut_takes_a_level_that_lasts_as_the_new_normal():
    scores = np.random.default_rng(5).gamma(20, 0.05, size=3000).astype(np.float32)
    scores[1000:] += 10
    flagged = scores > cut(Dynamic(window=400), scores, scores[:500])
    assert flagged[1000:1150].all()
    assert not flagged[1500:].any()


# Budget


def begun(scores, value, boundaries=(0,)):
    return detect(scores, value, np.array(boundaries)).starts


@pytest.mark.parametrize("alarms", [1, 3, 10])
def test_never_more_alarms_than_the_budget_in_any_day(alarms):
    rng = np.random.default_rng(7)
    scores = (rng.gamma(2, size=6000) + np.linspace(0, 9, 6000)).astype(np.float32)
    day, boundaries = 144, (0, 1000, 1001)
    value = cut(Budget(alarms=alarms), scores, boundaries=boundaries, seconds=600)
    starts = begun(scores, value, boundaries)
    most = max(((starts >= row) & (starts < row + day)).sum() for row in range(6000 - day))
    assert most == alarms
    assert len(starts) > alarms * 6000 / day / 4


def test_the_budgets_cut_is_the_lowest_that_would_have_kept_to_it():
    reference = REFERENCE[:2880]  # two days, so six alarms
    value = cut(Budget(alarms=3), SCORES[:10], reference)[0]

    def alarms(level):
        return len(begun(reference, level))

    higher = np.unique(reference[reference >= value])
    assert max(alarms(level) for level in higher) <= 6
    assert alarms(np.nextafter(value, np.float32(0))) > 6


def test_an_alarm_that_has_begun_goes_on():
    scores = np.ones(3000, np.float32)
    scores[1000:1400] = 50  # past midnight of the recording, at row 1,152
    scores[1500:1600] = 60
    flagged = scores > cut(Budget(alarms=1), scores, np.ones(1000), seconds=150)
    assert flagged[1000:1152].all()
    assert not flagged[1500:1576].any()


def test_without_time_a_day_has_1440_rows_and_a_note_says_so():
    result = result_of()
    timeless = replace(result, steps=result.steps.drop(columns="time"))
    found = Budget().cut(timeless)
    assert "1,440 rows" in found.notes[0]
    np.testing.assert_array_equal(found.value, cut(Budget(), seconds=60))


# Cost


def plain_cost(scores, labels, level, miss, stop):
    """Cost of a cut on the first *stop* rows."""
    inside = np.arange(len(scores)) < stop
    wanted = detect(labels & inside, 0.5, np.array([0]))
    length = int(np.median(wanted.stops - wanted.starts))
    flagged = (scores > level) & inside
    total = 0.0
    for a, b in zip(wanted.starts, wanted.stops, strict=True):
        total += miss * (not flagged[a:b].any())
    false = detect(flagged & ~labels, 0.5, np.array([0]))
    for a, b in zip(false.starts, false.stops, strict=True):
        late = (a > 0 and labels[a - 1]) or (b < len(labels) and labels[b])
        total += np.ceil(max(b - a - late * length, 0) / length)
    return total


@pytest.mark.parametrize("miss", [0.5, 5.0, 100.0])
def test_no_other_cut_is_cheaper(miss):
    rng = np.random.default_rng(8)
    labels = np.zeros(3000, bool)
    for start in range(100, 3000, 250):
        labels[start : start + 20] = True
    scores = (rng.gamma(2, size=3000) + 5 * labels * rng.random(3000)).astype(np.float32)
    found = Cost(miss=miss).cut(result_of(scores, labels=labels))
    assert found.chosen_on.sum() == 1500
    chosen = plain_cost(scores, labels, found.value, miss, 1500)
    others = [plain_cost(scores, labels, level, miss, 1500) for level in np.unique(scores)[::5]]
    assert chosen <= min(others)


def test_rows_that_the_cut_was_chosen_on_do_not_count():
    decision = Decision(threshold=Cost())
    outcome = decide(result_of(labels=LABELS), decision)
    assert not outcome.result.test[:2000].any()
    assert outcome.result.test[2000:].all()
    assert evaluate(result_of(labels=LABELS), decision=decision)["labelled_events"] == 1


def test_an_anomaly_is_chosen_on_as_a_whole():
    labels = LABELS.copy()
    labels[1990:2010] = True
    assert Cost().cut(result_of(labels=labels)).chosen_on.sum() == 2010


def test_without_labels_there_is_no_cheapest_cut():
    with pytest.raises(ConfigError, match="has none"):
        cut(Cost())


def test_labels_without_a_positive_fall_back_with_a_note():
    found = Cost().cut(result_of(labels=np.zeros(len(SCORES), bool)))
    assert "No labelled anomaly" in found.notes[0]
    assert found.value == pytest.approx(np.quantile(REFERENCE, 0.99))
    assert found.chosen_on is None
