"""Intervals, measures and the test between two forecasts, against plain computations."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn import metrics as sklearn_metrics

from core import forecast
from core.errors import DataError
from core.forecast import compare
from core.forecast.conformal import Bands
from core.forecast.metrics import measure
from core.forecast.result import read_result
from tests.forecast.examples import prepared, recording, result, table

COLUMNS = ["origin", "time", "step", "target", "forecast", "lower", "upper", "actual"]
RNG = np.random.default_rng(7)


def sample(rows: int = 60, targets: int = 2) -> tuple[np.ndarray, np.ndarray]:
    truth = 5 + np.random.default_rng(1).normal(size=(rows, targets)) * [1.0, 3.0][:targets]
    return truth, truth + np.random.default_rng(2).normal(0, 0.5, truth.shape)


@pytest.fixture(scope="module")
def stored():
    """A result with several steps ahead, gaps, and a forecast beyond the end."""
    frame = table()
    frame.loc[200:204, "s1"] = np.nan
    data = recording(frame)
    return forecast.predict(forecast.fit(prepared(data, variant="seasonal-naive")), data)


@pytest.mark.parametrize(("count", "place"), [(19, 19), (39, 38), (40, 39), (79, 76), (5, 5)])
def test_a_bound_is_the_error_of_that_rank(count, place):
    """Of n errors the upper bound of 90 % is the ceil(.95 (n + 1))-th, the lower one its mirror."""
    errors = np.random.default_rng(0).permutation(np.arange(1.0, count + 1))
    bands = Bands.fit(errors[:, None, None], 0.9)
    assert bands.upper.item() == place
    assert bands.lower.item() == count + 1 - place


def test_bounds_belong_to_a_step_and_a_target_and_skip_gaps():
    errors = RNG.normal(size=(50, 3, 2))
    errors[:11, 1, 0] = np.nan
    errors[:, 2, 1] = np.nan
    bands = Bands.fit(errors, 0.9)
    assert bands.lower.shape == bands.upper.shape == (3, 2)
    assert bands.upper[1, 0] == np.sort(errors[11:, 1, 0])[37].astype(np.float32)
    assert np.isnan(bands.upper[2, 1])
    assert np.isfinite(bands.upper[:2]).all()


@pytest.mark.parametrize("coverage", [0.5, 0.8, 0.95])
def test_intervals_hold_their_share_of_exchangeable_noise(coverage):
    """At least that share, and not more than a rank on each side above it."""
    rng = np.random.default_rng(3)
    held = []
    for _ in range(400):
        errors = rng.standard_t(3, size=(79, 1, 1))
        bands = Bands.fit(errors, coverage)
        new = rng.standard_t(3, size=100)
        held.append(((new >= bands.lower.item()) & (new <= bands.upper.item())).mean())
    assert coverage - 0.01 < np.mean(held) < coverage + 2 / 80 + 0.01


def test_measures_are_those_of_scikit_learn():
    truth, said = sample()
    found = forecast.measures(result(truth, said))
    true, pred = truth[1:], said[1:]
    pooled = true.ravel(), pred.ravel()
    assert found["mae"] == pytest.approx(sklearn_metrics.mean_absolute_error(*pooled), rel=1e-5)
    assert found["rmse"] == pytest.approx(
        sklearn_metrics.root_mean_squared_error(*pooled), rel=1e-5
    )
    assert found["r2"] == pytest.approx(sklearn_metrics.r2_score(true, pred), rel=1e-5)
    assert found["mape"] == pytest.approx(
        100 * sklearn_metrics.mean_absolute_percentage_error(*pooled), rel=1e-4
    )
    assert found["readings"] == true.size


def test_measures_by_hand():
    truth = np.array([[2.0], [4.0], [0.0], [-8.0]])
    said = np.array([[0.0], [5.0], [1.0], [-6.0]])
    found = forecast.measures(result(truth, said, naive=np.array([0.5])))
    assert found["mae"] == pytest.approx(4 / 3)
    assert found["mape"] == pytest.approx(100 * (1 / 4 + 2 / 8) / 2)
    assert found["zeros"] == 1
    assert found["wape"] == pytest.approx(100 * 4 / 12)
    assert found["mase"] == pytest.approx(4 / 3 / 0.5)
    # Persistence is off by 2, 4 and 8.
    assert found["skill"] == pytest.approx(1 - (1 + 1 + 4) / (4 + 16 + 64))
    assert found["coverage"] == pytest.approx(2 / 3)
    assert found["width"] == pytest.approx(2)


def test_what_was_not_measured_is_left_out():
    truth, said = sample()
    truth[20:30, 0] = np.nan
    last = np.where(np.isnan(truth), 5.0, truth)[:-1]
    found = forecast.measures(result(truth, said, last=last))
    known = np.isfinite(truth[1:])
    assert found["readings"] == known.sum()
    assert found["mae"] == pytest.approx(np.abs(truth - said)[1:][known].mean(), rel=1e-5)
    reference = np.square(truth[1:] - last)[known].sum()
    squares = np.square(truth - said)[1:][known].sum()
    assert found["skill"] == pytest.approx(1 - squares / reference, rel=1e-5)
    assert forecast.measures(result(truth * np.nan, said, last=last)) == {"readings": 0}


def test_a_constant_target_has_no_r2_and_no_mase_and_that_is_said():
    truth = np.full((30, 1), 4.0)
    found = forecast.measures(result(truth, truth + 0.5, naive=np.array([np.nan])))
    assert not {"r2", "mase", "skill"} & set(found)
    assert found["mae"] == pytest.approx(0.5)
    lines = " ".join(forecast.advice(found))
    assert "R2 is undefined" in lines
    assert "MASE is undefined" in lines
    # One that varies beside it has its own.
    both = np.concatenate([truth, RNG.normal(size=(30, 1))], axis=1)
    found = forecast.measures(result(both, both + 0.1, naive=np.array([np.nan, 0.5])))
    expected = sklearn_metrics.r2_score(both[1:, 1], both[1:, 1] + 0.1)
    assert found["r2"] == pytest.approx(expected, abs=1e-5)
    assert found["mase"] == pytest.approx(0.2, rel=1e-4)


def test_a_constant_recording_is_forecast_and_said_to_be_constant():
    data = recording(table().assign(s0=np.float32(3)))
    fitted = forecast.fit(prepared(data, variant="ridge", target="s0"))
    metrics = forecast.evaluate(forecast.predict(fitted, data))
    assert metrics["mae"] == pytest.approx(0, abs=1e-5)
    assert len(forecast.advice(metrics)) == 2


def test_a_forecast_worse_than_no_change_is_said_to_be_so():
    truth, said = sample()
    assert (
        "worse than saying that nothing changes"
        in forecast.advice(forecast.measures(result(truth, said + 50)))[-1]
    )
    assert forecast.advice(forecast.measures(result(truth, truth + 0.01))) == []


@pytest.mark.parametrize("skill", [-0.003, 0.003])
def test_a_forecast_as_good_as_no_change_is_said_to_be_so(skill):
    measures = {"r2": 0.9, "mase": 1.0}
    assert "as good as saying" in forecast.advice(measures | {"skill": skill})[0]
    assert forecast.advice(measures | {"skill": 0.0}) == []  # persistence itself


def test_measures_by_step_target_and_hour_are_those_of_their_part(stored):
    test = stored.test
    error = np.abs(stored.truth - stored.forecasts)[test]
    steps, targets = forecast.by_step(stored), forecast.by_target(stored)
    assert steps["step"].tolist() == [1, 2, 3]
    np.testing.assert_allclose(steps["mae"], np.nanmean(error, axis=(0, 2)), rtol=1e-5)
    assert targets["target"].tolist() == ["s0", "s1", "s2"]
    np.testing.assert_allclose(targets["mae"], np.nanmean(error, axis=(0, 1)), rtol=1e-5)
    hours = forecast.by_hour(stored)
    rows = stored.origins[test][:, None] + np.arange(3)
    hour = stored.steps["time"].to_numpy()[rows].astype("datetime64[h]").astype(int) % 24
    for line in hours.itertuples():
        assert line.mae == pytest.approx(np.nanmean(error[hour == line.hour]), rel=1e-5)
    assert hours["readings"].sum() == np.isfinite(error).sum() == steps["readings"].sum()
    np.testing.assert_allclose(forecast.measures(stored)["mae"], np.nanmean(error), rtol=1e-5)


def test_the_r2_of_several_steps_is_the_mean_over_steps_and_targets(stored):
    whole, targets = forecast.measures(stored)["r2"], forecast.by_target(stored)["r2"]
    assert whole == pytest.approx(targets.mean(), rel=1e-6)
    assert whole == pytest.approx(forecast.by_step(stored)["r2"].mean(), rel=1e-6)
    test = stored.test
    truth, said = stored.truth[test][:, 1, 0], stored.forecasts[test][:, 1, 0]
    one = measure(
        stored.truth[test][:, 1:2, :1],
        stored.forecasts[test][:, 1:2, :1],
        stored.last[test][:, :1],
        stored.naive[:1],
    )
    assert one["r2"] == pytest.approx(sklearn_metrics.r2_score(truth, said), rel=1e-5)


def test_times_of_another_zone_have_the_hours_of_that_zone():
    frame = table().assign(time=lambda f: f["time"].dt.tz_localize("Asia/Shanghai"))
    data = recording(frame)
    said = forecast.predict(forecast.fit(prepared(data, variant="persistence")), data)
    hours = forecast.by_hour(said)
    assert hours["hour"].tolist() == list(range(24))
    noon = said.frame(np.array([-1]))
    assert noon["time"].iloc[-1] == frame["time"].iloc[-1] + pd.Timedelta(hours=3)


def test_a_stored_result_is_the_same(stored, tmp_path):
    stored.save(tmp_path)
    again = read_result(tmp_path)
    pd.testing.assert_frame_equal(again.frame(), stored.frame())
    pd.testing.assert_frame_equal(again.steps, stored.steps)
    assert forecast.measures(again) == forecast.measures(stored)
    assert again.step == pd.Timedelta(hours=1)


def test_the_frame_tells_every_step_of_every_target(stored):
    frame = stored.frame(np.array([5]))
    origin = stored.origins[5]
    assert list(frame) == [
        "origin",
        "time",
        "step",
        "target",
        "forecast",
        "lower",
        "upper",
        "actual",
    ]
    assert frame["target"].tolist() == ["s0", "s1", "s2"] * 3
    assert frame["step"].tolist() == [1, 1, 1, 2, 2, 2, 3, 3, 3]
    time = stored.steps["time"]
    assert (frame["origin"] == time[origin - 1]).all()
    assert frame["time"].tolist() == [time[origin + h] for h in range(3) for _ in range(3)]
    np.testing.assert_array_equal(frame["forecast"], stored.forecasts[5].ravel())
    np.testing.assert_array_equal(frame["actual"], stored.actual[origin : origin + 3].ravel())
    np.testing.assert_array_equal(
        frame["upper"], (stored.forecasts[5] + stored.bands.upper).ravel()
    )


def test_the_last_forecast_lies_beyond_the_recording(stored):
    assert stored.origins[-1] == len(stored)
    assert not stored.test[-1]
    assert np.isnan(stored.truth[-1]).all()
    frame = stored.frame(np.array([len(stored.origins) - 1]))
    end = stored.steps["time"].iloc[-1]
    assert frame["origin"].iloc[0] == end
    assert frame["time"].unique().tolist() == [end + pd.Timedelta(hours=h) for h in (1, 2, 3)]


def pair(gap: np.ndarray) -> tuple[forecast.Result, forecast.Result]:
    """Return two results whose absolute errors differ by *gap*."""
    truth = np.zeros((len(gap) + 1, 1))
    worse = np.r_[0, 2 + gap][:, None]
    return result(truth, worse), result(truth, np.full_like(truth, 2.0))


def newey_west(gap: np.ndarray, lags: int) -> float:
    """Return the variance of the mean, term by term as in the paper."""
    n, d = len(gap), gap - gap.mean()
    total = (d * d).sum() / n
    for lag in range(1, lags + 1):
        covariance = sum(d[t] * d[t - lag] for t in range(lag, n)) / n
        total += 2 * (1 - lag / (lags + 1)) * covariance
    return total / n


@pytest.mark.parametrize(("rows", "lags"), [(60, 3), (300, 5)])
def test_the_test_is_that_of_diebold_and_mariano(rows, lags):
    """Bartlett weights, 4 (n / 100)^(2/9) lags, Harvey's correction, Student's t."""
    noise = np.random.default_rng(4).normal(size=rows + 1)
    gap = 0.2 + 0.5 * (noise[1:] + 0.8 * noise[:-1])
    found = forecast.diebold_mariano(*pair(gap))
    h = lags + 1
    harvey = (rows + 1 - 2 * h + h * (h - 1) / rows) / rows
    statistic = gap.mean() / np.sqrt(newey_west(gap, lags) / harvey)
    assert found.p == pytest.approx(2 * stats.t.sf(abs(statistic), rows - 1), rel=1e-3)
    assert found.mean == pytest.approx(gap.mean(), rel=1e-5)
    assert (found.lower > 0) == (found.p < 0.05) == found.significant
    assert found.origins == rows


def test_with_independent_losses_it_is_near_the_t_test():
    gap = np.random.default_rng(5).normal(0.1, 0.5, 2000)
    found, plain = forecast.diebold_mariano(*pair(gap)), stats.ttest_1samp(gap, 0)
    interval = plain.confidence_interval()
    assert (found.lower, found.upper) == pytest.approx((interval.low, interval.high), abs=0.005)


def test_overlapping_forecasts_have_as_many_lags_as_steps_overlap():
    gap = np.random.default_rng(6).normal(size=400)
    smooth = np.convolve(gap, np.ones(24) / 24, "valid")
    h, n = 24, len(smooth)
    harvey = (n + 1 - 2 * h + h * (h - 1) / n) / n
    statistic = smooth.mean() / np.sqrt(newey_west(smooth, 23) / harvey)
    found = compare.test_of(smooth, 24)
    assert found.p == pytest.approx(2 * stats.t.sf(abs(statistic), n - 1), rel=1e-6)


def test_equal_forecasts_do_not_differ():
    truth, said = sample()
    same = result(truth, said)
    found = forecast.diebold_mariano(same, same)
    assert (found.mean, found.p, found.significant) == (0, 1, False)


def test_only_common_test_forecasts_are_compared():
    gap = np.random.default_rng(8).normal(0.3, 0.5, 80)
    first, second = pair(gap)
    gaps = first.actual.copy()
    gaps[50] = np.nan
    later = result(gaps, second.forecasts[np.r_[0, :80], 0], actual=gaps)
    found = forecast.diebold_mariano(first, later)
    assert found.origins == 79
    assert found.mean == pytest.approx(np.delete(gap, 49).mean(), rel=1e-5)
    squared = forecast.diebold_mariano(first, second, "squared")
    assert squared.mean == pytest.approx((np.square(2 + gap) - 4).mean(), rel=1e-5)


def test_what_cannot_be_compared_is_an_error():
    truth, said = sample()
    with pytest.raises(DataError, match="same targets and horizon"):
        forecast.diebold_mariano(result(truth, said), result(truth[:, :1], said[:, :1]))
    short = result(truth, said, origins=np.array([1, 2]), forecasts=said[1:3, None])
    with pytest.raises(DataError, match="2 test forecasts in common"):
        forecast.diebold_mariano(result(truth, said), short)


def test_bounds_without_errors_are_left_out_of_coverage():
    truth = RNG.normal(size=(5, 1, 2))
    lower = np.stack([np.full((5, 1), -9.0), np.full((5, 1), np.nan)], axis=2)
    found = measure(truth, truth, truth[:, 0] + 1, np.ones(2), lower, -lower)
    assert found["coverage"] == 1
    assert found["width"] == 18
