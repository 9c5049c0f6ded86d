"""Alarms under a rule, what fails in the field, and what contributed to a decision."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from core import gas
from core import task as tasks
from core.data import catalog
from core.data.splits import Part
from core.errors import ConfigError
from core.gas import Config, Decision, Fault, Result
from core.gas.explain import CAMERA, SENSORS, gradients
from tests.gas.examples import sniffing


@pytest.fixture(scope="module")
def forest():
    recording = sniffing(rows=40)
    fitted = gas.fit(recording, Config(variant="lda", embargo=0))
    return recording, fitted, gas.predict(fitted, recording)


def result(leak, gas_shares, labels, part="test") -> Result:
    rows = len(leak)
    steps = pd.DataFrame(
        {
            "row": np.arange(rows),
            "session": ["a"] * rows,
            "part": [part] * rows,
            "leak": np.array(leak, np.float32),
            "p_NoGas": np.array([one[0] for one in gas_shares], np.float32),
            "p_Perfume": np.array([one[1] for one in gas_shares], np.float32),
            "p_Smoke": np.array([one[2] for one in gas_shares], np.float32),
            "label": labels,
        }
    )
    return Result(steps, ("NoGas", "Perfume", "Smoke"), 2.0, True)


def test_a_row_with_an_alarm_is_called_its_likeliest_gas_and_one_without_no_gas():
    likely_none = (0.6, 0.3, 0.1)
    judged = gas.judge(
        result([0.4, 0.4, 0.9], [likely_none, likely_none, (0.1, 0.2, 0.7)], [0, 1, 2]),
        Decision(threshold=0.4),
    )
    assert judged.named.tolist() == [1, 1, 2]  # the alarm decides, not the likeliest class
    judged = gas.judge(
        result([0.4, 0.4, 0.9], [likely_none, likely_none, (0.1, 0.2, 0.7)], [0, 1, 2]),
        Decision(threshold=0.5),
    )
    assert judged.named.tolist() == [0, 0, 2]
    assert judged.metrics["accuracy"] == pytest.approx(2 / 3)
    assert judged.metrics["recall"] == 0.5
    assert judged.metrics["misses"] == 0.5
    assert judged.metrics["false_alarms_an_hour"] == 0
    assert judged.confusion.loc["Perfume", "NoGas"] == 1
    assert judged.by_class.loc["Smoke", "f1"] == 1


def test_detection_under_a_rule_is_what_evaluate_says(forest):
    _, _, stored = forest
    decision = Decision(threshold=0.3, hold=2, hysteresis=0.1)
    own, known = gas.judge(stored, decision).metrics, gas.evaluate(stored, decision=decision)
    shared = ("recall", "misses", "false_alarm_rate", "false_alarms_an_hour", "exposures_found")
    assert {name: own[name] for name in shared} == {name: known[name] for name in shared}


def test_without_labelled_test_rows_nothing_is_measured():
    judged = gas.judge(result([0.9], [(0.1, 0.9, 0.0)], [1], part="train"), Decision())
    assert judged.metrics == {}
    assert judged.alarm.all()


def test_a_stuck_sensor_repeats_the_first_reading_of_each_session(forest):
    recording, fitted, _ = forest
    _, _, samples = gas.asked(fitted, recording)
    stuck = Fault(stuck="s1").of(samples).recording
    for rows in recording.sessions.values():
        assert (stuck.values[rows, 1] == recording.values[rows.start, 1]).all()
    np.testing.assert_array_equal(stuck.values[:, [0, 2]], recording.values[:, [0, 2]])
    assert stuck.fingerprint != recording.fingerprint  # features of it are others
    with pytest.raises(ConfigError, match="s9"):
        Fault(stuck="s9").of(samples)


def test_drift_rises_evenly_over_a_session_to_so_many_deviations(forest):
    recording, fitted, _ = forest
    _, _, samples = gas.asked(fitted, recording)
    rise = Fault(drift=2.0).of(samples).recording.values - recording.values
    for rows in recording.sessions.values():
        np.testing.assert_allclose(rise[rows.start], 0, atol=1e-5)
        np.testing.assert_allclose(
            rise[rows.stop - 1], 2 * np.array(fitted.scaler.scale), rtol=1e-3
        )
        np.testing.assert_allclose(np.diff(rise[rows, 0], 2), 0, atol=1e-4)


def test_no_fault_leaves_everything_as_it_is(forest):
    recording, fitted, _ = forest
    _, _, samples = gas.asked(fitted, recording)
    assert not Fault()
    assert Fault(drift=0.1)
    assert Fault().of(samples).recording is samples.recording
    lost = Fault(camera_lost=True, sensors_lost=True).of(samples)
    assert not lost.present(slice(None)).any()


def test_occlusion_asks_again_with_the_sensor_at_its_training_mean(forest):
    recording, fitted, stored = forest
    row = int(np.flatnonzero(stored.test & (stored.labels == 2))[0])
    found = gas.explain(fitted, recording, row)
    np.testing.assert_allclose(found.gas, stored.gas[row], atol=1e-6)
    assert found.code == stored.gas[row].argmax()
    assert list(found.without.index) == [SENSORS, CAMERA, "s0", "s1", "s2"]
    assert found.without[CAMERA] == pytest.approx(stored.gas[row, found.code])  # it sees none
    changed = recording.frame.assign(s0=np.float32(fitted.scaler.center[0]))
    other = gas.predict(fitted, replace(recording, frame=changed))
    assert found.without["s0"] == pytest.approx(other.gas[row, found.code], abs=1e-5)
    lost = gas.predict(fitted, recording, sensors_lost=True)
    assert found.without[SENSORS] == pytest.approx(lost.gas[row, found.code], abs=1e-5)
    assert found.gradients is None
    assert found.heat is None
    assert found.drop is None
    with pytest.raises(ConfigError, match="no row"):
        gas.explain(fitted, recording, len(recording))
    with pytest.raises(ConfigError, match="no class"):
        gas.explain(fitted, recording, 0, 9)


def test_integrated_gradients_add_up_to_the_change_of_the_log_odds():
    recording = sniffing(rows=30)
    config = Config(variant="bilstm", embargo=0, lookback=6, units=4, epochs=2)
    fitted = gas.fit(recording, config)
    _, parts, samples = gas.asked(fitted, recording)
    row = int(np.flatnonzero(parts == Part.TEST)[-1])
    one = replace(samples, rows=samples.rows[[row]], first=samples.first[[row]])

    def log_odds(samples) -> float:
        share = float(fitted.classifier.predict(samples).gas[0, 1])
        return float(np.log(share / (1 - share)))

    found = gradients(fitted.classifier, one, 1, steps=64)
    assert found.shape == (6, 3)
    expected = log_odds(one) - log_odds(replace(one, sensors_lost=True))
    assert found.sum() == pytest.approx(expected, abs=0.02 * max(1, abs(expected)))


def test_a_worker_opens_a_recording_again_as_it_was(home):
    table = sniffing(rows=20).frame.rename(columns={"unit": "session", "gas": "Gas"})
    name = catalog.add_upload(table.to_csv(index=False).encode(), "nose.csv").name
    first = tasks.opened("gas", name)
    again = tasks.reopened("gas", first.source, first.roles, first.cleaning)
    assert again.fingerprint == first.fingerprint
    assert again.classes == first.classes
