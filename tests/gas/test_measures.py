"""Alarms, metrics, calibration and comparisons, against what is worked out row by row."""

from __future__ import annotations

import dataclasses
import time

import numpy as np
import pandas as pd
import pytest
from scipy.special import softmax
from sklearn import metrics as known

from core import gas
from core.errors import ConfigError, DataError
from core.gas.calibrate import Temperatures
from core.gas.classifier import Answer
from core.gas.metrics import calibration_error
from core.gas.result import column

CLASSES = ("NoGas", "Perfume", "Smoke")


def made(
    labels: np.ndarray,
    chances: np.ndarray,
    sessions: list[int] | None = None,
    part: str | list[str] = "test",
    exposed: np.ndarray | None = None,
) -> gas.Result:
    """Return a result; *sessions* are their lengths, one session when None."""
    count = len(labels)
    names = np.repeat([f"s{i}" for i in range(len(sessions or [1]))], sessions or [count])
    steps = pd.DataFrame({"row": np.arange(count), "session": pd.Categorical(names), "part": part})
    steps["leak"] = (1 - chances[:, 0]).astype(np.float32)
    for place, name in enumerate(CLASSES):
        steps[column(name)] = chances[:, place].astype(np.float32)
    steps["label"] = labels.astype(np.int8)
    if exposed is not None:
        steps["exposed"] = exposed
    return gas.Result(steps, CLASSES, 2.0, True)


def guessed(rows: int = 400, skill: float = 1.5, seed: int = 0, **more: object) -> gas.Result:
    """Return a result that is right more often than not, labels in blocks of 20 rows."""
    rng = np.random.default_rng(seed)
    labels = np.repeat(rng.integers(0, 3, rows // 20), 20)
    chances = softmax(rng.normal(size=(rows, 3)) + skill * np.eye(3)[labels], axis=1)
    return made(labels, chances, **more)


def slow_alarms(leak: np.ndarray, decision: gas.Decision, sessions: list[slice]) -> list[bool]:
    """Follow the rule row by row."""
    found = []
    for session in sessions:
        on, above = False, 0
        for value in leak[session]:
            above = above + 1 if value >= decision.threshold else 0
            if above >= decision.hold:
                on = True
            elif value < decision.threshold - decision.hysteresis:
                on = False
            found.append(on)
    return found


@pytest.mark.parametrize("hold", [1, 2, 5])
@pytest.mark.parametrize("hysteresis", [0.0, 0.15, 1.0])
@pytest.mark.parametrize("threshold", [0.0, 0.5, 0.9])
def test_alarms_follow_the_rule_row_by_row(hold, hysteresis, threshold):
    leak = np.random.default_rng(1).uniform(0, 1, 500).round(2)
    sessions = [slice(0, 1), slice(1, 200), slice(200, 203), slice(203, 500)]
    decision = gas.Decision(threshold=threshold, hold=hold, hysteresis=hysteresis)
    assert gas.alarms(leak, decision, sessions).tolist() == slow_alarms(leak, decision, sessions)


def test_a_slider_over_many_rows_is_fast():
    leak = np.random.default_rng(1).uniform(0, 1, 100_000)
    began = time.perf_counter()
    gas.alarms(leak, gas.Decision(hold=3, hysteresis=0.1), [slice(0, 100_000)])
    assert time.perf_counter() - began < 0.2


def test_metrics_are_those_of_scikit_learn():
    result = guessed()
    labels, named = result.labels, result.gas.argmax(axis=1)
    found = gas.evaluate(result, decision=gas.Decision(threshold=0.6))
    there, alarm = labels > 0, result.leak >= 0.6
    assert found["accuracy"] == pytest.approx(known.accuracy_score(labels, named))
    assert found["macro_f1"] == pytest.approx(known.f1_score(labels, named, average="macro"))
    assert found["roc_auc"] == pytest.approx(known.roc_auc_score(there, result.leak))
    precision = known.average_precision_score(there, result.leak)
    assert found["average_precision"] == pytest.approx(precision)
    assert found["recall"] == pytest.approx(known.recall_score(there, alarm))
    assert found["misses"] == pytest.approx(1 - found["recall"])
    assert found["false_alarm_rate"] == pytest.approx(alarm[~there].mean())
    table = known.confusion_matrix(labels, named)
    np.testing.assert_array_equal(gas.confusion(result), table)
    plain = known.precision_recall_fscore_support(labels, named)
    np.testing.assert_allclose(gas.by_class(result).to_numpy().T, plain)
    roc, pr = gas.curves(result)
    for at in (0, len(roc) // 2, len(roc) - 1):
        cut = result.leak >= roc["threshold"].iloc[at]
        assert roc["false_alarm_rate"].iloc[at] == pytest.approx(cut[~there].mean())
        assert roc["recall"].iloc[at] == pytest.approx(cut[there].mean())
    cut = result.leak >= pr["threshold"].iloc[7]
    assert pr["precision"].iloc[7] == pytest.approx(there[cut].mean())


def test_only_labelled_test_rows_count():
    whole = guessed(400)
    parts = np.where(np.arange(400) < 100, "train", "test")
    steps = whole.steps.assign(part=parts)
    steps.loc[300:, "label"] = -1
    cut = dataclasses.replace(whole, steps=steps)
    middle = dataclasses.replace(whole, steps=whole.steps[100:300].reset_index(drop=True))
    decision = gas.Decision()
    assert gas.evaluate(cut, decision=decision) == gas.evaluate(middle, decision=decision)
    assert gas.evaluate(dataclasses.replace(cut, steps=steps.assign(part="train"))) == {}


def test_false_alarms_are_counted_by_the_hour_of_clean_air():
    labels = np.zeros(1800, int)  # an hour of rows, two seconds each
    leak = np.zeros(1800)
    leak[[10, 11, 12, 500, 899, 900]] = 0.9  # the last two lie in two sessions
    chances = np.c_[1 - leak, leak, np.zeros(1800)]
    result = made(labels, chances, [900, 900])
    assert gas.evaluate(result, decision=gas.Decision())["false_alarms_an_hour"] == 4
    held = gas.evaluate(result, decision=gas.Decision(hold=3))
    assert held["false_alarms_an_hour"] == 1
    assert "recall" not in held
    assert "roc_auc" not in held


def test_the_delay_counts_from_exposure():
    labels = np.repeat([0, 1, 2], 20)
    leak, exposed = np.zeros(60), np.zeros(60, bool)
    exposed[[*range(25, 30), *range(33, 36), *range(45, 60)]] = True
    leak[[27, 28, 50]] = 0.9
    chances = np.c_[1 - leak, leak, np.zeros(60)]
    found = gas.evaluate(made(labels, chances, [20, 20, 20], exposed=exposed))
    waits = gas.delays(made(labels, chances, [20, 20, 20], exposed=exposed), leak > 0.5)
    assert waits == [4.0, np.inf, 10.0]
    assert found["delay_seconds"] == 7.0
    assert found["exposures_found"] == pytest.approx(2 / 3)
    assert gas.delays(made(labels, chances, [20, 20, 20]), leak > 0.5) == [14.0, 20.0]
    later = made(labels, chances, [20, 20, 20], part=["train"] * 30 + ["test"] * 30)
    assert gas.delays(later, leak > 0.5) == [20.0], "the other session began before the test"


@pytest.mark.parametrize("hold", [1, 3])
def test_a_threshold_is_chosen_on_validation_rows_alone(hold):
    parts = np.repeat(["train", "validation", "test"], 400).tolist()
    result = guessed(1200, part=parts)
    rows, there = result.of_part("validation"), result.labels > 0
    chosen = gas.chosen(result, recall=0.9, hold=hold)
    alarm = gas.alarms(result.leak, chosen, result.sessions)
    assert alarm[rows & there].mean() >= 0.9
    higher = chosen.model_copy(update={"threshold": chosen.threshold + 0.02})
    assert gas.alarms(result.leak, higher, result.sessions)[rows & there].mean() < 0.9
    steps = result.steps.copy()
    steps.loc[result.test, "leak"] = 0.123
    assert gas.chosen(dataclasses.replace(result, steps=steps), recall=0.9) == gas.chosen(
        result, recall=0.9
    )
    few = gas.chosen(result, false_alarms_an_hour=60, hold=hold)
    many = gas.chosen(result, false_alarms_an_hour=300, hold=hold)
    assert few.threshold > many.threshold


def test_a_wish_that_cannot_be_met_says_so():
    with pytest.raises(ConfigError, match="one of the two"):
        gas.chosen(guessed())
    with pytest.raises(ConfigError, match="validation"):
        gas.chosen(guessed(), recall=0.9)


def test_calibration_is_the_share_that_is_right():
    said = np.repeat([0.55, 0.95], 100)
    labels = np.r_[np.repeat([1, 2], [50, 50]), np.ones(100)]
    chances = np.c_[(1 - said) / 2, said, (1 - said) / 2]
    table = gas.calibration(made(labels, chances))
    np.testing.assert_allclose(table["said"], [0.55, 0.95], rtol=1e-6)
    np.testing.assert_allclose(table["right"], [0.5, 1.0])
    assert table["rows"].tolist() == [100, 100]
    assert calibration_error(made(labels, chances)) == pytest.approx(0.05)


def test_temperature_takes_back_what_was_too_sure():
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 1.5, (20_000, 3))
    labels = (softmax(logits, axis=1).cumsum(axis=1) < rng.uniform(size=(20_000, 1))).sum(axis=1)
    sure = softmax(3 * logits, axis=1)
    answer = Answer(1 - sure[:, 0], sure)
    heats = Temperatures.fit(answer, labels)
    assert heats.gas == pytest.approx(3, rel=0.05)
    mended = heats.apply(answer)
    np.testing.assert_allclose(mended.gas, softmax(logits, axis=1), atol=0.02)
    np.testing.assert_allclose(mended.leak, 1 - mended.gas[:, 0], atol=1e-6)
    unsure = softmax(0.3 * logits, axis=1)
    assert Temperatures.fit(Answer(1 - unsure[:, 0], unsure), labels).gas == 1
    two_heads = heats.apply(Answer(sure[:, 0].astype(np.float32), sure))
    assert (np.argsort(two_heads.leak) == np.argsort(sure[:, 0].astype(np.float32))).mean() > 0.9


def test_intervals_hold_the_figure_and_know_that_neighbours_are_alike():
    result = guessed(1200)
    decision = gas.Decision()
    found, table = gas.evaluate(result, decision=decision), gas.intervals(result, decision)
    for name, row in table.iterrows():
        assert row["lower"] < found[name] < row["upper"], name
    assert set(table.index) == {"accuracy", "macro_f1", "recall", "false_alarm_rate"}
    wrong = np.arange(1200) // 60 % 4 == 0  # whole minutes, not single rows
    chances = np.eye(3)[np.where(wrong, (result.labels + 1) % 3, result.labels)]
    streaks = made(result.labels, chances)
    widths = [
        float(np.ptp(gas.intervals(streaks, decision, block=n).loc["accuracy"])) for n in (1, 60)
    ]
    assert widths[1] > 3 * widths[0]


def test_a_single_block_of_each_class_is_not_sure():
    labels = np.repeat([0, 1, 2], 50)
    wrong = np.arange(150) % 50 < 20
    result = made(labels, np.eye(3)[np.where(wrong, (labels + 1) % 3, labels)])
    low, high = gas.intervals(result).loc["accuracy"]
    assert low < 0.55 < 0.65 < high


def test_mcnemar_counts_rows_that_one_alone_has_right():
    first, second = guessed(skill=2.0), guessed(skill=1.0, seed=0)
    test = gas.mcnemar(first, second)
    right, other = (one.gas.argmax(axis=1) == one.labels for one in (first, second))
    from scipy.stats import binomtest

    assert test.first_alone == (right & ~other).sum()
    assert test.second_alone == (other & ~right).sum()
    expected = binomtest(test.first_alone, test.first_alone + test.second_alone).pvalue
    assert test.p == pytest.approx(expected)
    assert test.accuracy == pytest.approx(right.mean() - other.mean())
    assert test.lower < test.accuracy < test.upper
    same = gas.mcnemar(first, first)
    assert (same.p, same.accuracy, same.lower, same.upper) == (1, 0, 0, 0)
    with pytest.raises(DataError, match="same recording"):
        gas.mcnemar(first, guessed(200))
    with pytest.raises(DataError, match="no test rows"):
        gas.mcnemar(first, dataclasses.replace(first, steps=first.steps.assign(part="train")))
