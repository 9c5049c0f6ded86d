from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np
import pytest

from core.data import Scaler
from core.data.dataset import Dataset
from core.data.scaling import Kind
from core.errors import RolesError, RunDamaged

Make = Callable[..., Dataset]
X = np.random.default_rng(0).normal([5, -3, 1e6], [2, 0.01, 10], size=(200_000, 3)).astype("f4")


@pytest.mark.parametrize("kind", ["standard", "min-max", "robust"])
def test_as_numpy_says(kind: Kind) -> None:
    exact = X.astype(float)
    low, middle, high = np.percentile(exact, [25, 50, 75], axis=0)
    center, scale = {
        "standard": (exact.mean(axis=0), exact.std(axis=0)),
        "min-max": (exact.min(axis=0), np.ptp(exact, axis=0)),
        "robust": (middle, high - low),
    }[kind]
    scaler = Scaler.fit(X, ["a", "b", "c"], kind)
    np.testing.assert_allclose(scaler.center, center, rtol=1e-6)
    np.testing.assert_allclose(scaler.scale, scale, rtol=1e-6)
    scaled = scaler.transform(X)
    assert scaled.dtype == np.float32
    np.testing.assert_allclose(scaled, (exact - center) / scale, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(scaler.inverse(scaled), X, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("kind", ["standard", "min-max", "robust"])
def test_constant_channel(kind: Kind) -> None:
    values = np.c_[np.full(50, 0.1), np.arange(50)].astype("f4")
    scaler = Scaler.fit(values, kind=kind)
    assert scaler.scale[0] == 1.0
    np.testing.assert_allclose(scaler.transform(values)[:, 0], 0, atol=1e-7)


def test_channel_that_rarely_moves_has_a_robust_scale() -> None:
    values = np.zeros((100, 1), dtype="f4")
    values[:10] = 3
    assert Scaler.fit(values, kind="robust").scale[0] == pytest.approx(values.std())


def test_input_is_not_changed() -> None:
    values = X[:100].copy()
    values.flags.writeable = False
    Scaler.fit(values).transform(values)


def test_json_gives_the_same_numbers() -> None:
    scaler = Scaler.fit(X, ["a", "b", "c"])
    again = Scaler.from_json(scaler.to_json())
    assert again == scaler
    np.testing.assert_array_equal(again.transform(X), scaler.transform(X))


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"kind": "magic"}'])
def test_damaged_json(text: str) -> None:
    with pytest.raises(RunDamaged, match="scaler"):
        Scaler.from_json(text)


def test_json_is_plain() -> None:
    content = json.loads(Scaler.fit(X, ["a", "b", "c"]).to_json())
    assert set(content) == {"kind", "channels", "center", "scale"}


def test_channels_are_matched_by_name(make: Make) -> None:
    rng = np.random.default_rng(0)
    data = make({name: rng.normal(size=30) for name in "abc"})
    scaler = Scaler.fit(data.values[:, [2, 0]], ["c", "a"])
    np.testing.assert_array_equal(scaler.select(data), data.values[:, [2, 0]])
    assert Scaler.fit(data.values, data.channels).select(data) is data.values


def test_missing_channel_is_named(make: Make) -> None:
    data = make({"a": np.arange(9.0), "b": np.arange(9.0) ** 2})
    with pytest.raises(RolesError, match="no channel 'zz'"):
        Scaler.fit(data.values, ["a", "zz"]).select(data)
