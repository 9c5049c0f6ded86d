"""Forecasts without a network, against scikit-learn and plain arithmetic."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import Ridge as Reference

from core import forecast
from core.data.splits import Part
from core.errors import Cancelled, ConfigError
from core.forecast import boosting, ridge
from core.forecast.boosting import Boosting, rows_of
from core.forecast.forecaster import last_of
from core.forecast.ridge import PENALTIES, best_linear, fit_linear
from core.task import Silent
from tests.forecast.examples import prepared, recording, stations, table


class Stopping(Silent):
    """A reporter that stops the work."""

    def cancelled(self) -> bool:
        return True


def windows(samples, own=None):
    """Return inputs (W, inputs) and changes (W, H M), row by row, as the docstrings say them."""
    rows, answers = [], []
    targets = samples.panel.targets
    for origin in samples.origins:
        past = samples.scaled[origin - samples.lookback : origin].copy()
        last = past[-1, :, 0].copy()
        past[:-1, :, 0] -= last
        past = past if own is None else past[:, own]
        rows.append(past.ravel())
        later = samples.scaled[origin : origin + samples.horizon, targets, 0] - last[targets]
        known = samples.panel.known[origin : origin + samples.horizon, targets, 0]
        answers.append(np.where(known, later, np.nan).ravel())
    return np.array(rows), np.array(answers)


@pytest.mark.parametrize("settings", [{}, {"target": "s1"}, {"lookback": 1, "horizon": 1}])
def test_ridge_is_that_of_scikit_learn(settings):
    """With one penalty for all weights and none for the constant; the best penalty of a list."""
    ready = prepared(variant="ridge", **settings)
    parts = [windows(samples) for samples in (ready.training.train, ready.training.validation)]
    (inputs, changes), (held, later) = parts
    models = [Reference(alpha=penalty).fit(inputs, changes) for penalty in PENALTIES]
    errors = [np.square(model.predict(held) - later).mean() for model in models]
    expected = models[int(np.argmin(errors))].predict(held)
    model = forecast.fit(ready).forecaster
    said = model.forecast(ready.training.validation) - last_of(ready.training.validation)[:, None]
    np.testing.assert_allclose(said.reshape(expected.shape), expected, atol=2e-3)


def test_targets_that_were_not_measured_do_not_take_part():
    """Filled in by the regression itself, in turns, they tend to leave it as without them."""
    frame = table(600, 2)
    frame.loc[np.random.default_rng(0).choice(400, 80, replace=False), "s1"] = np.nan
    ready = prepared(recording(frame), variant="ridge", target="s1", horizon=2, lookback=3)
    inputs, changes = windows(ready.training.train)
    samples = ready.training.validation
    said = fit_linear(ready.training, False, False)[0].changes(samples, np.arange(len(samples)))
    held = windows(samples)[0]
    for step in range(2):
        known = np.isfinite(changes[:, step])
        assert 0.05 < 1 - known.mean() < 0.3
        alone, unchanged = [], []
        for penalty in PENALTIES:
            model = Reference(alpha=penalty)
            alone.append(model.fit(inputs[known], changes[known, step]).predict(held))
            unchanged.append(model.fit(inputs, np.nan_to_num(changes[:, step])).predict(held))
        near, far = (
            min(np.abs(said[:, step, 0] - other).max() for other in others)
            for others in (alone, unchanged)
        )
        assert near < 0.1 * far


@pytest.mark.parametrize("each", [False, True])
def test_every_target_may_be_forecast_from_its_own_node(each):
    ready = prepared(stations(), variant="ridge", target="s0", horizon=2)
    linear, error = fit_linear(ready.training, True, each)
    assert linear.weights.shape == (3 if each else 1, 6 * 2 + 1, 2)
    samples = ready.training.train
    own = [windows(samples, [node]) for node in range(3)]
    answers = own[0][1].reshape(len(samples), 2, 3)
    np.nan_to_num(answers, copy=False)
    held = ready.training.validation
    said = linear.changes(held, np.arange(len(held)))
    for node in range(3):
        if each:
            inputs, target = own[node][0], answers[:, :, node]
        else:
            inputs = np.concatenate([rows for rows, _ in own])
            target = np.concatenate([answers[:, :, place] for place in range(3)])
        seen = windows(held, [node])[0]
        gaps = [
            np.abs(said[:, :, node] - Reference(alpha=p).fit(inputs, target).predict(seen)).max()
            for p in PENALTIES
        ]
        # The station that begins late has gaps, which are filled in.
        assert min(gaps) < (0.15 if node == 1 or not each else 2e-3)
    assert error > 0


def test_the_best_of_the_regressions_is_chosen_by_validation():
    ready = prepared(variant="ridge")
    errors = {
        kind: fit_linear(ready.training, *kind)[1]
        for kind in ((True, False), (True, True), (False, False))
    }
    best = min(errors, key=lambda kind: errors[kind])
    linear = best_linear(ready.training)
    same, _ = fit_linear(ready.training, *best)
    np.testing.assert_array_equal(linear.weights, same.weights)


@pytest.mark.parametrize("own", [True, False])
@pytest.mark.parametrize("data", [recording(), stations()])
def test_without_the_level_the_same_course_is_forecast_wherever_it_lies(own, data):
    """Weather of a station is no course that is forecast: its level counts."""
    ready = prepared(data, variant="ridge").training
    linear, _ = fit_linear(ready, own, False, level=False)
    moved = ready.validation.scaled.copy()
    moved[..., 0] += 5
    higher = replace(ready.validation, scaled=moved)
    few = np.arange(10)
    said, other = (linear.changes(samples, few) for samples in (ready.validation, higher))
    np.testing.assert_allclose(other, said, atol=1e-4)
    assert np.abs(said).max() > 0.1
    level = fit_linear(ready, own, False)[0]
    assert np.abs(level.changes(higher, few) - level.changes(ready.validation, few)).max() > 0.01


def test_too_many_nodes_are_forecast_from_their_own_windows(monkeypatch):
    """Five hundred sensors with a lookback of 12 make 6,001 inputs of one regression."""
    rng = np.random.default_rng(0)
    first = table(120, 1)
    values = first[["s0"]].to_numpy() + rng.normal(0, 0.1, (120, 500)).astype(np.float32)
    nodes = pd.DataFrame(values, columns=[f"s{node}" for node in range(500)])
    data = recording(pd.concat([first[["time"]], nodes], axis=1))
    ready = prepared(data, variant="ridge", lookback=12)
    linear = forecast.fit(ready).forecaster.linear
    assert (linear.own, linear.weights.shape) == (True, (500, 13, 3))
    monkeypatch.setattr(ridge, "NUMBERS", 1_000)
    assert forecast.fit(ready).forecaster.linear.weights.shape == (1, 13, 3)
    assert best_linear(ready.training).weights.shape == (1, 13, 3)


def test_pieces_do_not_show_in_the_regression(monkeypatch):
    ready = prepared(variant="ridge")
    whole = forecast.fit(ready).forecaster
    monkeypatch.setattr(ridge, "CELLS", 500)
    parts = forecast.fit(ready).forecaster
    np.testing.assert_allclose(parts.linear.weights, whole.linear.weights, atol=1e-4)
    samples = ready.training.validation
    np.testing.assert_allclose(parts.forecast(samples), whole.forecast(samples), atol=1e-4)


def test_persistence_says_the_last_reading():
    data = recording()
    result = forecast.predict(forecast.fit(prepared(data, variant="persistence")), data)
    readings = data.frame[["s0", "s1", "s2"]].to_numpy()
    expected = np.repeat(readings[result.origins - 1][:, None], 3, axis=1)
    np.testing.assert_allclose(result.forecasts, expected, rtol=1e-5)
    assert forecast.measures(result)["skill"] == pytest.approx(0, abs=1e-5)


@pytest.mark.parametrize(
    ("lookback", "horizon", "season"),
    [(6, 3, 24), (30, 3, 24), (6, 12, 5), (2, 4, 4)],
    ids=["season longer than lookback", "shorter", "horizon longer than season", "as long"],
)
def test_seasonal_naive_repeats_the_last_season(lookback, horizon, season):
    data = recording(rows=300)
    settings = {"lookback": lookback, "horizon": horizon, "season": season}
    ready = prepared(data, variant="seasonal-naive", **settings)
    result = forecast.predict(forecast.fit(ready), data)
    readings = data.frame[["s0", "s1", "s2"]].to_numpy()
    for origin, said in zip(result.origins, result.forecasts, strict=True):
        expected = np.array([readings[origin - season + h % season] for h in range(horizon)])
        np.testing.assert_allclose(said, expected, rtol=1e-5)


@pytest.mark.parametrize(("weekend", "season"), [(5.0, 168), (0.0, 24)])
def test_seasonal_naive_takes_the_week_where_days_differ(weekend, season, tmp_path):
    rng = np.random.default_rng(0)
    time = pd.date_range("2024-01-01", periods=24 * 7 * 10, freq="h")
    days = np.sin(2 * np.pi * time.hour / 24) + weekend * (time.weekday > 4)
    # A course that wanders tells the week before apart from the day before.
    wandering = np.cumsum(rng.normal(0, 0.02, len(time)))
    data = recording(pd.DataFrame({"time": time, "load": days + wandering}))
    ready = prepared(data, variant="seasonal-naive", lookback=6, horizon=3)
    fitted = forecast.fit(ready)
    assert fitted.forecaster.season == season
    assert fitted.facts["season"] == f"{season} rows"
    fitted.save(tmp_path)
    result = forecast.predict(forecast.load(tmp_path), data)
    readings = data.frame["load"].to_numpy()
    np.testing.assert_allclose(
        result.forecasts[:, 1, 0], readings[result.origins + 1 - season], rtol=1e-4, atol=1e-4
    )


def test_seasonal_naive_never_looks_into_another_entity():
    data = stations()
    ready = prepared(data, variant="seasonal-naive", nodes="channels")
    samples = ready.training.train
    said = forecast.fit(ready).forecaster.forecast(samples)
    last = last_of(samples)
    for rows in data.entities.values():
        young = (samples.origins >= rows.start) & (samples.origins < rows.start + 22)
        assert young.any()
        expected = np.repeat(last[young][:, None], 3, axis=1)
        np.testing.assert_array_equal(said[young], expected)
        old = (samples.origins >= rows.start + 24) & (samples.origins < rows.stop)
        before = samples.scaled[samples.origins[old] - 24, :, 0]
        np.testing.assert_array_equal(said[old][:, 0], before)


def test_trees_are_those_of_scikit_learn(monkeypatch):
    """Their arrays, summed here, say what scikit-learn's own predict says."""
    import sklearn.ensemble

    monkeypatch.setattr(boosting, "ROUNDS", 20)
    kept = []

    class Kept(sklearn.ensemble.HistGradientBoostingRegressor):
        def fit(self, *args, **more):
            kept.append(self)
            return super().fit(*args, **more)

    monkeypatch.setattr(sklearn.ensemble, "HistGradientBoostingRegressor", Kept)
    ready = prepared(variant="boosting", target="s1", loss="mse")
    model = forecast.fit(ready).forecaster
    samples = ready.training.validation
    rows = rows_of(samples, np.arange(len(samples)))
    expected = np.column_stack([tree.predict(rows) for tree in kept])
    said = model.forecast(samples)[..., 0] - last_of(samples)
    assert len(kept) == 3
    np.testing.assert_allclose(said, expected, atol=1e-5)


def test_boosting_reads_changes_levels_calendar_and_what_is_known_ahead():
    samples = prepared(variant="boosting", target="s1", future="s2").training.train
    row = rows_of(samples, np.array([3]))[0]
    origin = samples.origins[3]
    past, own = samples.scaled[origin - 6 : origin, :, 0], samples.scaled[origin - 6 : origin, 1, 0]
    ahead = samples.scaled[origin : origin + 3, 2, 0]
    expected = [*(own[:-1] - own[-1]), *past.ravel(), *samples.when[origin], *ahead]
    np.testing.assert_allclose(row, expected, rtol=1e-6)


def test_far_steps_share_trees_and_are_interpolated(monkeypatch):
    monkeypatch.setattr(boosting, "MOST", 3)
    monkeypatch.setattr(boosting, "ROUNDS", 5)
    ready = prepared(variant="boosting", target="s1", horizon=7)
    model = forecast.fit(ready).forecaster
    assert sorted(set(model.trees["step"].tolist())) == [0, 3, 6]
    said = model.forecast(ready.training.train)[..., 0]
    np.testing.assert_allclose(said[:, 1], said[:, 0] + (said[:, 3] - said[:, 0]) / 3, rtol=1e-4)
    np.testing.assert_allclose(
        said[:, 5], said[:, 3] + (said[:, 6] - said[:, 3]) * 2 / 3, rtol=1e-4
    )


def test_boosting_wants_a_single_target():
    with pytest.raises(ConfigError, match="single target, here are 3"):
        forecast.fit(prepared(variant="boosting"))


def test_boosting_learns_of_measured_targets_alone(monkeypatch):
    monkeypatch.setattr(boosting, "ROUNDS", 10)
    frame = table(400)
    frame.loc[50:200, "s1"] = np.nan
    ready = prepared(recording(frame), variant="boosting", target="s1")
    assert np.isfinite(forecast.fit(ready).forecaster.forecast(ready.training.validation)).all()


def test_a_step_that_was_never_measured_ends_in_one_clear_error():
    """Such as a sensor that reads every fourth row, forecast one window a day."""
    frame = table(400)
    ready = prepared(recording(frame), variant="boosting", target="s1")
    panel = ready.panel
    known = panel.known.copy()
    known[ready.parts == Part.VALIDATION, 1] = False
    known[np.flatnonzero(ready.parts == Part.VALIDATION)[0], 1] = True
    held = replace(ready.training.validation, panel=replace(panel, known=known))
    held = replace(held, origins=held.origins[:1])
    with pytest.raises(ConfigError, match="2 steps ahead"):
        Boosting(ready.config).fit(replace(ready.training, validation=held), None, None)


@pytest.mark.parametrize("variant", ["ridge", "boosting"])
def test_a_baseline_stops_when_it_is_told_to(variant):
    with pytest.raises(Cancelled):
        forecast.fit(prepared(variant=variant, target="s0"), reporter=Stopping())
