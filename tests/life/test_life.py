"""Remaining life: windows, wear, baselines, intervals and metrics, against what is worked out."""

from __future__ import annotations

import numpy as np
import pytest

from core import anomaly, health, life
from core.data.splits import Part
from core.errors import DataError
from core.life.baselines import trailing_line
from core.life.units import Units
from core.life.wear import Wear
from tests.examples import dataset, wearing

BASELINES = [name for name, variant in life.VARIANTS.items() if variant.baseline]


@pytest.fixture(scope="module")
def data():
    return wearing(units=20)


def test_whole_units_are_dealt_out_and_every_part_gets_one(data):
    parts = life.split(data, life.Config())
    by_unit = [set(parts[rows].tolist()) for rows in data.entities.values()]
    assert all(len(found) == 1 for found in by_unit)
    counts = np.bincount([found.pop() for found in by_unit], minlength=4)
    assert counts[[Part.TRAIN, Part.VALIDATION, Part.TEST]].tolist() == [12, 4, 4]
    few = life.split(wearing(units=3), life.Config(validation_share=0.05, test_share=0.05))
    assert set(few.tolist()) == {Part.TRAIN, Part.VALIDATION, Part.TEST}
    assert Part.TEST not in life.split(data, life.Config(test_share=0))


def test_too_few_units_are_an_error_that_says_so():
    with pytest.raises(DataError, match="2 units"):
        life.split(wearing(units=2), life.Config())


def test_units_that_last_equally_long_are_doubted(data):
    cut = dataset(data.frame.groupby("unit", sort=False).head(30).reset_index(drop=True))
    config = life.Config(variant="mean-life")
    assert "equally long" in life.fit(cut, config).notes[0]
    assert life.fit(data, config).notes == ()


def test_a_window_ends_with_its_row_and_starts_with_the_unit():
    values = np.arange(14, dtype=np.float32).reshape(7, 2)
    units = Units(values, [slice(0, 3), slice(3, 7)], [slice(0, 3), slice(3, 5), slice(5, 7)])
    windows = units.windows(3).take(slice(None))
    expected = [[0, 0, 0], [0, 0, 1], [0, 1, 2], [3, 3, 3], [3, 3, 4], [5, 5, 5], [5, 5, 6]]
    np.testing.assert_array_equal(windows, values[np.array(expected)])
    assert units.age.tolist() == [1, 2, 3, 1, 2, 3, 4]
    assert units.remaining.tolist() == [2, 1, 0, 3, 2, 1, 0]


def test_the_line_through_the_last_rows_is_that_of_polyfit():
    values = np.random.default_rng(0).normal(size=50)
    level, slope = trailing_line(values, 8)
    for row in range(1, 50):
        part = values[max(0, row - 7) : row + 1]
        rise, here = np.polyfit(np.arange(len(part)) - len(part) + 1, part, 1)
        assert (slope[row], level[row]) == pytest.approx((rise, here))
    assert (level[0], slope[0]) == (values[0], 0)


def test_the_mean_life_counts_down_with_the_age(data):
    config = life.Config(variant="mean-life", cap=60)
    result = life.predict(life.fit(data, config), data)
    train = life.split(data, config) == Part.TRAIN
    mean = train.sum() / 12
    age = np.concatenate([np.arange(1, s.stop - s.start + 1) for s in data.entities.values()])
    np.testing.assert_allclose(result.steps["remaining"], np.clip(mean - age, 0, 60), rtol=1e-6)


def test_a_straight_line_of_wear_is_drawn_on_to_the_failure():
    """Readings that rise evenly to the same height leave no doubt."""
    frame = wearing(units=10).frame
    left = frame.groupby("unit").cumcount(ascending=False)
    frame["s0"] = (100 - left).astype(np.float32)
    frame["s1"] = frame["s2"] = np.float32(0)
    frame["s1"] = np.random.default_rng(0).normal(size=len(frame)).astype(np.float32)
    straight = dataset(frame)
    config = life.Config(variant="linear-degradation", lookback=10, cap=200)
    steps = life.predict(life.fit(straight, config), straight).steps
    late = steps[steps["age"] > 30]
    assert np.abs(late["remaining"] - late["actual"]).median() < 3


@pytest.mark.parametrize("variant", BASELINES)
def test_predictions_stay_between_nothing_and_the_cap(data, variant):
    steps = life.predict(life.fit(data, life.Config(variant=variant, cap=30)), data).steps
    assert steps["remaining"].between(0, 30).all()
    assert (steps["lower"] <= steps["remaining"]).all()
    assert (steps["remaining"] <= steps["upper"]).all()
    assert steps["upper"].max() <= 30


def test_health_falls_from_one_to_none_and_never_rises(data):
    steps = life.predict(life.fit(data, life.Config(variant="mean-life")), data).steps
    by_unit = steps.groupby("entity", observed=True)["health"]
    assert by_unit.first().median() > 0.9
    assert by_unit.last().median() < 0.1
    assert all((np.diff(values) <= 0).all() for _, values in by_unit)


def test_health_is_worked_out_as_documented():
    measure = np.array([0.0, 1.0, 3.0, 2.0, 10.0, 0.0])
    units = [slice(0, 4), slice(4, 6)]
    half = 0.5 ** (1 / health.HALF_LIFE)
    worn = health.wear(measure, units, start=0.5)
    expected = 0.5
    for row in range(4):
        expected = half * expected + (1 - half) * measure[row]
        assert worn[row] == pytest.approx(expected)
    assert worn[4] == pytest.approx(half * 0.5 + (1 - half) * 10)  # nothing of the unit before
    index = health.health(np.array([0.0, 1, 3, 2, 10, 0]), units, new=1, failed=5)
    assert index.tolist() == [1, 1, 0.5, 0.5, 0, 0]


def test_wear_is_the_regression_on_first_and_last_rows(data):
    units = Units.of(data, data.values)
    wear = Wear.fit(units)
    lives = np.repeat(units.lives, units.lives)
    new, failing = units.age <= 0.2 * lives, units.remaining < np.maximum(1, 0.05 * lives)
    rows = np.r_[data.values[new], data.values[failing]]
    target = np.r_[np.zeros(new.sum()), np.ones(failing.sum())]
    moving = np.c_[rows[:, :2], np.ones(len(rows))]  # the third channel stands still
    solution = np.linalg.solve(moving.T @ moving, moving.T @ target)
    np.testing.assert_allclose(wear.weights, [*solution[:2], 0], atol=1e-6)
    assert wear.offset == pytest.approx(solution[2], abs=1e-6)


def test_the_later_course_of_a_unit_does_not_touch_what_was_said_before(data):
    """Cut short, a unit in service gets the same numbers for the rows that are left."""
    fitted = life.fit(data, life.Config(variant="linear-degradation"))
    frame = data.frame.groupby("unit", sort=False).head(25).reset_index(drop=True)
    whole, cut = (life.predict(fitted, d).steps for d in (data, dataset(frame)))
    kept = whole[whole["age"] <= 25].reset_index(drop=True)
    for name in ("remaining", "health", "lower", "upper"):
        np.testing.assert_allclose(kept[name], cut[name], rtol=1e-5, atol=1e-6)
    assert "actual" not in cut
    assert life.evaluate(life.predict(fitted, dataset(frame))) == {}


def test_the_fleet_is_the_last_row_of_every_unit_in_order(data):
    result = life.predict(life.fit(data, life.Config(variant="mean-life")), data)
    assert result.fleet["entity"].tolist() == list(data.entities)
    assert (result.fleet["actual"] == 0).all()
    assert result.fleet["age"].tolist() == [s.stop - s.start for s in data.entities.values()]


def test_intervals_hold_as_often_as_they_say():
    rng = np.random.default_rng(0)
    actual = rng.uniform(0, 100, 40_000)
    predicted = np.clip(actual + rng.normal(0, 2 + actual / 5), 0, 100)
    pairs = np.c_[predicted, actual]
    lower, upper = life.interval(pairs[::2], predicted[1::2], 100)
    inside = (lower <= actual[1::2]) & (actual[1::2] <= upper)
    assert inside.mean() == pytest.approx(0.8, abs=0.02)
    short = predicted[1::2] < 10
    assert (upper - lower)[short].mean() < 0.6 * (upper - lower)[~short].mean()


def test_intervals_of_predictions_that_are_all_alike():
    pairs = np.c_[np.full(50, 7.0), np.arange(50.0)]
    lower, upper = life.interval(pairs, np.array([0.0, 7.0, 60.0]), 60)
    assert np.isfinite([lower, upper]).all()
    assert (lower[1], upper[1]) == pytest.approx((4.9, 44.1))


def test_metrics_are_those_of_the_papers():
    predicted, actual = np.array([10.0, 30.0, 50.0]), np.array([20.0, 20.0, 80.0])
    metrics = life.judge(predicted, actual, cap=60)
    assert metrics["rmse"] == pytest.approx(10)
    assert metrics["phm08"] == pytest.approx(2 * (np.exp(10 / 13) - 1) + np.exp(1) - 1)
    assert metrics["rmse_uncapped"] == pytest.approx(np.sqrt((100 + 100 + 900) / 3))
    assert metrics["phm08_mean"] == pytest.approx(metrics["phm08"] / 3)
    assert metrics["late_share"] == pytest.approx(1 / 3)
    assert life.phm08(actual, actual) == 0


def test_without_test_units_the_card_says_so(data):
    fitted = life.fit(data, life.Config(variant="mean-life", test_share=0))
    metrics = life.evaluate(life.predict(fitted, data))
    assert metrics == {}
    assert "kept out" in life.advice(metrics)[0]


# Health from the scores of a detector.


@pytest.fixture(scope="module")
def scored(data):
    fitted = anomaly.fit(
        data, anomaly.Config(variant="max-z", lookback=2, train_rows=26, validation_share=0.4)
    )
    return fitted, anomaly.predict(fitted, data)


def test_health_from_scores_follows_the_wear(data, scored):
    steps = scored[1].steps.assign(health=anomaly.health(scored[1]))
    by_unit = steps.groupby("entity", observed=True, sort=False)["health"]
    assert by_unit.first().median() > 0.5
    assert by_unit.last().median() < 0.1
    assert all((np.diff(values) <= 0).all() for _, values in by_unit)


def test_a_units_own_end_does_not_touch_its_health(data, scored):
    """Worse ends of one unit move the levels of the others, not its own."""
    fitted, before = scored
    frame, rows = data.frame.copy(), data.entities["unit-3"]
    frame.loc[rows.stop - 5 : rows.stop - 1, "s0"] = 50
    after = anomaly.predict(fitted, dataset(frame))
    early = slice(rows.start, rows.stop - 5)
    one, two = anomaly.health(before), anomaly.health(after)
    np.testing.assert_allclose(one[early], two[early], atol=1e-6)
    other = data.entities["unit-4"]
    assert (two[other] >= one[other] - 1e-6).all()


def test_a_fleet_in_service_is_judged_by_units_that_failed(data, scored):
    fitted, failed = scored
    frame = data.frame.groupby("unit", sort=False).head(25).reset_index(drop=True)
    fleet = anomaly.health(anomaly.predict(fitted, dataset(frame)), failed)
    whole = anomaly.health(failed)[(data.frame.groupby("unit").cumcount() < 25).to_numpy()]
    assert np.abs(fleet - whole).max() < 0.2


def test_health_needs_other_units_and_scores_that_rise(data, scored):
    fitted = scored[0]
    alone = dataset(data.frame.iloc[data.entities["unit-0"]].reset_index(drop=True))
    with pytest.raises(DataError, match="only one"):
        anomaly.health(anomaly.predict(fitted, alone))
    still = data.frame.groupby("unit", sort=False).head(15).reset_index(drop=True)
    still[["s0", "s1"]] *= 0.001
    with pytest.raises(DataError, match="do not show wear"):
        anomaly.health(anomaly.predict(fitted, dataset(still)))
