"""Drift: the measures against plain definitions, the marks, and the words of the verdict."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import ks_2samp

from core import anomaly
from core.anomaly.drift import FEW, MARKS, drift
from core.anomaly.profile import STEPS, Profile, read_profile
from core.data import Part
from core.errors import RolesError, RunError
from tests.examples import dataset, waves

NAMES = ("Pressure", "Current", "Flow", "Level")


def noise(rows: int = 3000, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(rows, len(NAMES))).astype(np.float32)


def sluggish(rows: int, seed: int, memory: float = 0.95) -> np.ndarray:
    """Readings that hardly change from one row to the next: a few hundred say one thing."""
    steps = noise(rows, seed) * np.sqrt(1 - memory**2)
    return pd.DataFrame(steps).ewm(alpha=1 - memory, adjust=False).mean().to_numpy() / (1 - memory)


def recording(values: np.ndarray, names=NAMES, **columns):
    frame = pd.DataFrame(np.asarray(values, np.float32), columns=list(names))
    return dataset(frame.assign(**columns))


@pytest.fixture(scope="module")
def profile() -> Profile:
    return Profile.of(noise(), NAMES)


def plain_psi(known: np.ndarray, new: np.ndarray) -> float:
    """By the definition, on bins between the tenths of the training rows."""
    edges = np.quantile(known, np.arange(1, 10) / 10, method="inverted_cdf")
    total = 0.0
    for low, high in zip([-np.inf, *edges], [*edges, np.inf], strict=True):
        q = ((known > low) & (known <= high)).mean()
        p = ((new > low) & (new <= high)).mean()
        p = max(p, 1e-4, 0.5 / len(new))
        total += (p - q) * np.log(p / q)
    return total


@pytest.mark.parametrize(("shift", "spread"), [(0.0, 1.0), (0.3, 1.0), (-1.0, 1.0), (0.0, 2.5)])
def test_the_measures_are_those_of_the_definitions(profile, shift, spread):
    new = noise(1700, seed=1) * np.float32(spread) + np.float32(shift)
    found = drift(profile, recording(new)).channels.set_index("channel")
    for n, name in enumerate(NAMES):
        known = noise()[:, n]
        assert found.loc[name, "psi"] == pytest.approx(plain_psi(known, new[:, n]), rel=1e-6)
        statistic = ks_2samp(known, new[:, n]).statistic
        assert found.loc[name, "ks"] == pytest.approx(statistic, abs=1 / STEPS)
        outside = ((new[:, n] < known.min()) | (new[:, n] > known.max())).mean()
        assert found.loc[name, "outside"] == pytest.approx(outside)


def test_a_shifted_normal_has_the_values_at_which_the_limits_meet():
    grid = np.linspace(0.5, 99_999.5, 100_000) / 100_000
    from scipy.stats import norm

    known = norm.ppf(grid).astype(np.float32)[:, None]
    for shift, psi, ks in ((0.317, 0.1, 0.125), (0.51, 0.25, 0.2)):
        found = drift(Profile.of(known, ("a",)), recording(known + shift, ("a",))).channels
        assert found["psi"][0] == pytest.approx(psi, rel=0.1)
        assert found["ks"][0] == pytest.approx(ks, abs=0.01)


def test_a_switch_is_compared_by_how_often_it_is_on(profile):
    rng = np.random.default_rng(0)
    known = (rng.random((4000, 1)) < 0.02).astype(np.float32)
    switch = Profile.of(known, ("a",))
    same = drift(switch, recording(rng.random((2000, 1)) < 0.02, ("a",)))
    more = drift(switch, recording(rng.random((2000, 1)) < 0.4, ("a",)))
    other = drift(switch, recording(np.full((2000, 1), 0.5), ("a",)))
    assert (same.level, more.level, other.level) == ("trust", "distrust", "distrust")
    assert more.channels["ks"][0] == pytest.approx(0.38, abs=0.03)


@pytest.mark.parametrize("value", [-1.0, 0.0, 1e-30])
def test_a_constant_channel_that_has_another_value_has_moved(value):
    still = Profile.of(np.full((500, 1), 7.0, np.float32), ("a",))
    assert drift(still, recording(np.full((300, 1), 7.0), ("a",))).level == "trust"
    moved = drift(still, recording(np.full((300, 1), value), ("a",)))
    assert moved.channels.loc[0, ["ks", "outside"]].tolist() == [1.0, 1.0]
    assert moved.verdict == (
        "Do not trust it: 1 of 1 channels is outside what the model was trained on."
    )


def test_the_same_distribution_is_trusted(profile):
    for seed in range(1, 6):
        found = drift(profile, recording(noise(1500, seed)))
        assert (found.level, found.moved, found.remedy) == ("trust", [], "")
        assert found.verdict == "Trust it: 4 of 4 channels are as in the training rows."


def test_sluggish_rows_are_no_drift_although_a_test_of_significance_says_so():
    verdicts, significant = [], 0
    known = sluggish(6000, 100)
    for seed in range(10):
        new = sluggish(3000, seed)
        verdicts.append(drift(Profile.of(known.astype(np.float32), NAMES), recording(new)).level)
        significant += ks_2samp(known[:, 0], new[:, 0]).pvalue < 0.01
    assert significant >= 7
    assert verdicts.count("distrust") <= 2


def test_a_shifted_channel_is_named():
    known = np.tile(noise(), (1, 2))[:, :6]
    names = (*NAMES, "Speed", "Power")
    new = noise(1500, seed=1)[:, [0, 1, 2, 3, 0, 1]]
    new[:, 1] += 0.8
    found = drift(Profile.of(known, names), recording(new, names))
    assert (found.level, found.moved, found.far) == ("care", ["Current"], 1)
    assert found.verdict == "With care: Current has moved."
    assert found.channels["channel"][0] == "Current"
    new[:, [0, 3]] += 0.8
    found = drift(Profile.of(known, names), recording(new, names))
    assert found.level == "distrust"
    assert found.verdict == (
        "Do not trust it: 3 of 6 channels are outside what the model was trained on."
    )
    assert "follows the stream" in found.remedy


def test_far_outliers_that_stay_in_the_outer_bin_are_seen(profile):
    new = noise(2000, seed=1)
    assert drift(profile, recording(new)).level == "trust"
    high = new[:, 0] > np.quantile(new[:, 0], 0.92)
    new[high, 0] *= 1000
    row = drift(profile, recording(new)).channels.iloc[0]
    assert (row["channel"], row["mark"]) == ("Pressure", MARKS[1])
    assert row["psi"] < 0.1


def test_the_course_says_when_it_moved_away(profile):
    new = noise(2000, seed=1)
    new[1600:, 2] += 2
    time = pd.date_range("2024-01-01", periods=2000, freq="1min")
    found = drift(profile, recording(new, time=time))
    row = found.channels.set_index("channel").loc["Flow"]
    # Over the whole recording it has moved a little only, over its last quarter far.
    assert (row["mark"], row["since"]) == (MARKS[2], 1600)
    course = found.course[found.course["channel"] == "Flow"]
    assert course["psi"].to_numpy()[:16].max() < course["psi"].to_numpy()[16:].min()
    assert course["start"].iloc[16] == time[1600]
    assert course["end"].iloc[-1] == time[-1]
    assert course["start_row"].tolist() == list(range(0, 2000, 100))
    assert found.channels.set_index("channel").loc["Level", "since"] is pd.NA


def test_a_passing_fault_is_no_drift(profile):
    new = noise(2000, seed=1)
    new[900:1000, 2] += 5
    found = drift(profile, recording(new))
    assert found.channels.set_index("channel").loc["Flow", "since"] is pd.NA
    assert (found.course.query("channel == 'Flow'")["mark"] == MARKS[2]).sum() == 1


def test_entities_are_put_into_the_order_of_time(profile):
    time = pd.date_range("2024-01-01", periods=500, freq="1min")
    values = noise(1000, seed=1)
    values[400:500] += 3
    values[900:] += 3
    unit = np.repeat(["a", "b"], 500)
    course = drift(profile, recording(values, time=np.r_[time, time], unit=unit)).course
    marks = course.query("channel == 'Flow'")["mark"].tolist()
    assert marks == [MARKS[0]] * 16 + [MARKS[2]] * 4
    assert course["start"].is_monotonic_increasing is False  # channels come one after the other
    assert course.query("channel == 'Flow'")["start"].is_monotonic_increasing


def test_entities_side_by_side_are_no_drift():
    def days(rows, phase):
        return np.sin(np.arange(rows)[:, None] * 2 * np.pi / 370 + phase + np.arange(4))

    known = Profile.of((days(3200, 0) + 0.1 * noise(3200)).astype(np.float32), NAMES)
    values = np.concatenate([days(2000, 0)] * 3) + 0.1 * noise(6000, seed=1)
    time = pd.date_range("2024-01-01", periods=2000, freq="1min")
    data = recording(values, time=np.tile(time, 3), unit=np.repeat(["a", "b", "c"], 2000))
    found = drift(known, data)
    assert found.level != "distrust"
    # A block is a quarter of a day of all three: what a quarter of a day of training rows is.
    assert (found.course["mark"] != MARKS[0]).mean() < 0.2


def test_channels_are_matched_by_name(profile):
    values = noise(1500, seed=1)
    values[:, 1] += 3
    ahead = drift(profile, recording(values))
    turned = recording(np.c_[values[:, ::-1], values[:, :1]], (*NAMES[::-1], "Humidity"))
    found = drift(profile, turned)
    pd.testing.assert_frame_equal(found.channels, ahead.channels)
    assert (ahead.added, found.added) == ((), ("Humidity",))
    with pytest.raises(RolesError, match="no channel 'Current', 'Level'"):
        drift(profile, recording(values[:, [0, 2]], ("Pressure", "Flow")))


def test_training_rows_that_wander_are_a_wide_yardstick():
    wander = noise() + np.linspace(0, 3, 3000, dtype=np.float32)[:, None]
    new = noise(1000, seed=1) + np.float32(2.0)
    assert drift(Profile.of(noise() + np.float32(1.5), NAMES), recording(new)).level == "distrust"
    assert drift(Profile.of(wander, NAMES), recording(new)).level == "trust"


@pytest.mark.parametrize("rows", [1, 2, 15, 33])
def test_a_few_rows_are_compared_with_a_word_of_warning(profile, rows):
    found = drift(profile, recording(noise(rows, seed=1) + np.float32(30)))
    assert found.level == "distrust"
    assert f"{rows} rows are few" in found.remedy
    assert rows < FEW
    assert np.isfinite(found.course[["psi", "ks", "outside"]].to_numpy()).all()


@pytest.mark.parametrize("rows", [2, 10, 20])
def test_a_few_training_rows_are_enough_for_a_profile(rows):
    found = drift(Profile.of(noise(rows), NAMES), recording(noise(400, seed=1) + np.float32(30)))
    assert found.level == "distrust"
    assert np.isfinite(found.channels[["psi", "ks", "limit"]].to_numpy()).all()


def test_the_profile_is_of_the_training_rows_and_is_stored_with_the_model(tmp_path):
    data = waves()
    config = anomaly.Config(variant="pca", lookback=10, train_rows=200)
    fitted = anomaly.fit(data, config)
    known = data.values[anomaly.split(data, config) == Part.TRAIN]
    assert fitted.profile.rows == len(known) < 400
    assert np.array_equal(fitted.profile.quantiles[[0, -1]], [known.min(axis=0), known.max(axis=0)])
    fitted.save(tmp_path)
    before, after = drift(fitted.profile, data), drift(anomaly.load(tmp_path).profile, data)
    pd.testing.assert_frame_equal(before.channels, after.channels)
    assert (tmp_path / "profile.npz").stat().st_size < 10_000 * len(data.channels)


def test_a_run_without_a_profile_says_what_to_do(tmp_path):
    assert read_profile(tmp_path) is None
    with pytest.raises(RunError, match="train it again"):
        drift(None, waves())
