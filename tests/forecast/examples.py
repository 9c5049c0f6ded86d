"""Recordings and windows of forecasts, small enough to know their every row."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from core import forecast
from core.data.dataset import Cleaning, Dataset
from core.forecast.conformal import Bands
from core.forecast.result import Result
from core.forecast.samples import Samples
from tests.examples import dataset

QUICK = {"lookback": 6, "horizon": 3, "units": 8, "heads": 2, "epochs": 2, "batch_size": 64}


def table(rows: int = 240, channels: int = 3, seed: int = 0, freq: str = "1h") -> pd.DataFrame:
    """Return a frame of times and *channels* with a season of 24 rows, which follow one another."""
    rng = np.random.default_rng(seed)
    phase = np.arange(rows)[:, None] * 2 * np.pi / 24 - 0.5 * np.arange(channels)
    values = 10 + np.sin(phase) + rng.normal(0, 0.1, (rows, channels))
    frame = pd.DataFrame(values.astype(np.float32), columns=[f"s{i}" for i in range(channels)])
    frame.insert(0, "time", pd.date_range("2024-01-01", periods=rows, freq=freq))
    return frame


def recording(frame: pd.DataFrame | None = None, **more) -> Dataset:
    """Return a recording of *frame*, else of `table`, with its gaps as they are."""
    frame = table(**more) if frame is None else frame
    return replace(dataset(frame), cleaning=Cleaning(missing="keep"))


def stations(rows: int = 200, names: str = "abc", seed: int = 0) -> Dataset:
    """Return stations of two channels, recorded at the same hours; b starts and ends late."""
    frames = []
    for place, name in enumerate(names):
        frame = table(rows, 2, seed + place)
        frame.insert(1, "unit", name)
        frames.append(frame.iloc[10:] if name == "b" else frame.iloc[: rows - 10])
    return recording(pd.concat(frames, ignore_index=True))


def config(**settings) -> forecast.Config:
    """Return a config of a small model."""
    return forecast.Config.parse({**QUICK, **settings})


def prepared(data: Dataset | None = None, **settings) -> forecast.Prepared:
    """Return a recording, ready to be learned from."""
    return forecast.prepare(recording() if data is None else data, config(**settings))


def training_samples(data: Dataset | None = None, **settings) -> Samples:
    """Return the training windows."""
    return prepared(data, **settings).training.train


def result(truth: np.ndarray, said: np.ndarray, **more) -> Result:
    """Return forecasts one row ahead: *truth* and *said* are (rows, M), the first row unforecast.

    All rows are of the test.
    """
    rows, targets = truth.shape
    known = {
        "steps": pd.DataFrame({"part": ["test"] * rows}),
        "targets": tuple(f"t{i}" for i in range(targets)),
        "origins": np.arange(1, rows),
        "forecasts": said[1:, None].astype(np.float32),
        "last": truth[:-1].astype(np.float32),
        "actual": truth.astype(np.float32),
        "bands": Bands(
            np.full((1, targets), -1, np.float32), np.full((1, targets), 1, np.float32), 0.9
        ),
        "naive": np.ones(targets),
    }
    return Result(**{**known, **more})
