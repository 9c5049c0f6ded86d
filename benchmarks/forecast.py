"""The forecast task's speed: samples a second in training, milliseconds a forecast."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.table import Row, at_least, at_most, in_process
from core import forecast
from core.backend import tensorflow
from core.data.dataset import Dataset, Roles
from core.forecast.network import Examples, Network
from core.forecast.samples import Samples
from core.training import Schedule, train

ROUNDS, EPOCHS = 3, 3
ROWS, CHANNELS = 6_000, 11  # as a station of Beijing air, cut
SOURCE_BATCH, BATCH = 32, 256
SENSORS, CALLS = 207, 50


def run() -> list[Row]:
    """Time each way in a process of its own, in turns: a busy machine is slow for all alike."""
    speeds: dict[str, list[float]] = {name: [] for name in WAYS}
    for _ in range(ROUNDS):
        for name, measured in speeds.items():
            measured.append(float(in_process("benchmarks.forecast", name)))
    speed = {name: float(np.median(measured)) for name, measured in speeds.items()}
    return [
        Row("fusion as published, ours", speed["ours"], "samples/s"),
        Row("fusion as published, eager, batch 32", speed["eager"], "samples/s"),
        at_least("training, ours to eager", speed["ours"] / speed["eager"], 8.0, "x"),
        at_most("forecast of 207 nodes, batch 1, loaded run", speed["latency"], 10.0, "ms"),
    ]


def _recording(rows: int, channels: int) -> Dataset:
    """A random walk around a daily course."""
    rng = np.random.default_rng(0)
    daily = np.sin(2 * np.pi * np.arange(rows) / 24)[:, None]
    values = (daily + 0.1 * rng.normal(size=(rows, channels)).cumsum(axis=0)).astype(np.float32)
    names = tuple(f"s{number}" for number in range(channels))
    frame = pd.DataFrame(values, columns=list(names))
    time_of = pd.date_range("2024-01-01", periods=rows, freq="h")
    frame.insert(0, "time", time_of)
    return Dataset("walk", frame, Roles(time="time", channels=names), content="walk")


def _prepared() -> tuple[Network, Samples]:
    """The network as its authors have it, untrained, and its training windows."""
    config = forecast.Config(variant="fusion-lstm", target="s0", lookback=5, horizon=1)
    prepared = forecast.prepare(_recording(ROWS, CHANNELS), config)
    network = forecast.VARIANTS["fusion-lstm"].build(config)
    network.prepare(prepared.training, None)
    return network, prepared.training.train


def _ours() -> float:
    """Samples a second of the project's loop, batch 256."""
    tensorflow()
    import keras

    network, samples = _prepared()
    network.model.compile(keras.optimizers.Adam(0.001), "mse")
    few = Examples(replace(samples, origins=samples.origins[:1]))
    schedule = Schedule(1 + EPOCHS, BATCH, patience=99, seed=0)
    history = train(network.model, Examples(samples), few, schedule)
    return len(samples) / min(epoch["seconds"] for epoch in history[1:])  # the first one compiles


def _eager() -> float:
    """Samples a second of `model.fit` with `run_eagerly=True` and batch 32, on ready windows."""
    tensorflow()
    import keras

    network, samples = _prepared()
    few = min(len(samples), 2_048)
    inputs, targets = Examples(samples).take(np.arange(few))
    network.model.compile(keras.optimizers.Adam(0.001), "mse", run_eagerly=True)

    def epoch() -> None:
        network.model.fit(inputs, targets, epochs=1, batch_size=SOURCE_BATCH, verbose=0)

    return few / _timed(epoch)


def _timed(epoch: Callable[[], None]) -> float:
    """Return the seconds of the fastest run after one that warms up."""
    epoch()
    seconds = []
    for _ in range(EPOCHS):
        began = time.perf_counter()
        epoch()
        seconds.append(time.perf_counter() - began)
    return min(seconds)


def _latency() -> float:
    """Milliseconds of one forecast of 207 nodes by the default model, the median of fifty."""
    recording = _recording(600, SENSORS)
    config = forecast.Config(lookback=12, horizon=12, epochs=1, batch_size=256)
    fitted = forecast.fit(recording, config)
    with tempfile.TemporaryDirectory() as folder:
        fitted.save(Path(folder))
        fitted = forecast.load(Path(folder))
    samples = forecast.prepare(recording, config).training.validation
    one = replace(samples, origins=samples.origins[:1])
    fitted.forecaster.forecast(one)
    seconds = []
    for _ in range(CALLS):
        began = time.perf_counter()
        fitted.forecaster.forecast(one)
        seconds.append(time.perf_counter() - began)
    return 1_000 * float(np.median(seconds))


WAYS: dict[str, Callable[[], float]] = {"ours": _ours, "eager": _eager, "latency": _latency}

if __name__ == "__main__":
    print(WAYS[sys.argv[1]]())
