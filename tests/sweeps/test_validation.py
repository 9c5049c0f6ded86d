"""What a search goes by is counted on validation rows, and test rows change nothing of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from core import anomaly, forecast, gas, life
from core.anomaly.residuals import ResidualsInMemory, Training
from core.forecast.conformal import Bands

RNG = np.random.default_rng(5)
PARTS = np.repeat(["train", "validation", "test"], [20, 12, 16])


def of(module, result):
    return module.EXPERIMENTS.validation(result)


def test_anomalies_are_judged_by_the_residuals_of_validation_rows():
    values = RNG.normal(size=(48, 3)).astype(np.float32)
    values[25, 1] = np.nan
    known = ResidualsInMemory(("a", "b", "c"), values)
    training = Training(ResidualsInMemory(known.channels, values[:20]), np.array([0]))
    steps = pd.DataFrame({"part": PARTS, "score": np.zeros(48, np.float32)})
    zero = np.array([0])
    result = anomaly.Result(steps, known, zero, zero, np.zeros(20, np.float32), training)
    part = values[20:32].astype(float)
    expected = np.sqrt(np.nanmean(part**2))
    assert of(anomaly, result) == {"residual": pytest.approx(expected)}
    none = replace(result, steps=steps.assign(part="test"))
    assert of(anomaly, none) == {}


def test_forecasts_are_judged_by_those_that_lie_whole_in_the_validation_rows():
    actual = RNG.normal(size=(48, 1)).astype(np.float32)
    origins = np.arange(20, 47)
    said = RNG.normal(size=(len(origins), 2, 1)).astype(np.float32)
    bands = Bands(np.full((2, 1), -1.0), np.full((2, 1), 1.0), 0.9)
    last = actual[origins - 1]
    steps = pd.DataFrame({"part": PARTS})
    result = forecast.Result(steps, ("a",), origins, said, last, actual, bands, np.ones(1))
    errors = [
        abs(float(actual[origin + h, 0] - said[number, h, 0]))
        for number, origin in enumerate(origins)
        for h in range(2)
        if origin >= 20 and origin + 1 < 32
    ]
    assert of(forecast, result)["mae"] == pytest.approx(np.mean(errors), rel=1e-5)
    other = said.copy()
    other[origins >= 32] += 100
    assert of(forecast, replace(result, forecasts=other)) == of(forecast, result)


def test_lives_are_judged_by_validation_units():
    actual, said = RNG.uniform(0, 90, 48), RNG.uniform(0, 60, 48)
    steps = pd.DataFrame({"part": PARTS, "remaining": said, "actual": actual, "entity": "u"})
    found = of(life, life.Result(steps, 60))
    gap = said[20:32] - np.minimum(actual[20:32], 60)
    assert found["rmse"] == pytest.approx(np.sqrt((gap**2).mean()))
    assert of(life, life.Result(steps.drop(columns="actual"), 60)) == {}


def gases(said: np.ndarray, labels: np.ndarray) -> gas.Result:
    steps = pd.DataFrame({"row": np.arange(48), "session": "s", "part": PARTS})
    columns = {"leak": 1 - said[:, 0], "p_none": said[:, 0], "p_gas": said[:, 1]}
    return gas.Result(steps.assign(**columns, label=labels), ("none", "gas"), 1.0, False)


def test_gases_are_judged_by_labelled_validation_rows():
    labels = RNG.integers(-1, 2, 48)
    leak = RNG.uniform(0.01, 0.99, 48).astype(np.float32)
    said = np.c_[1 - leak, leak]
    found = of(gas, gases(said, labels))
    rows = [row for row in range(20, 32) if labels[row] >= 0]
    right = [int(leak[row] > 0.5) == labels[row] for row in rows]
    assert found["accuracy"] == pytest.approx(np.mean(right))
    losses = [-np.log(said[row, labels[row]]) for row in rows]
    assert found["log_loss"] == pytest.approx(np.mean(losses), rel=1e-4)
    from sklearn.metrics import f1_score

    truth, named = labels[rows], (leak[rows] > 0.5).astype(int)
    assert found["macro_f1"] == pytest.approx(f1_score(truth, named, average="macro"))
    other = said.copy()
    other[32:] = other[32:, ::-1]
    assert of(gas, gases(other, labels)) == found
    assert of(gas, gases(said, np.full(48, -1))) == {}
