"""A stored run of 1,000,000 rows, made once for the measurements that open one."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd

from core import anomaly, runs
from core.data import catalog, open_dataset

ROWS, CHANNELS = 1_000_000, 8


def stored_run() -> runs.Run:
    """Return the run in the present home folder; train it first if it is not there."""
    names = [entry.name for entry in catalog.entries() if entry.label == "big.parquet"]
    if not names:
        buffer = io.BytesIO()
        recording().to_parquet(buffer)
        names = [catalog.add_upload(buffer.getvalue(), "big.parquet").name]
    config = anomaly.Config(variant="pca", train_rows=200_000)
    return runs.train_or_load("anomaly", open_dataset(names[0]), config)[0]


def recording() -> pd.DataFrame:
    """Two weeks at about 1 Hz: waves that move together, with 400 short faults of one channel."""
    rng = np.random.default_rng(0)
    angle = np.arange(ROWS)[:, None] * 2 * np.pi / 3600 + np.arange(CHANNELS) * 0.4
    values = (np.sin(angle) + rng.normal(0, 0.1, angle.shape)).astype(np.float32)
    label = np.zeros(ROWS, np.int8)
    for start in rng.integers(ROWS // 5, ROWS - 200, 400):
        stop = start + rng.integers(5, 120)
        values[start:stop, rng.integers(CHANNELS)] += rng.uniform(0.5, 2)
        label[start:stop] = 1
    frame = pd.DataFrame(values, columns=[f"sensor_{i}" for i in range(CHANNELS)])
    frame.insert(0, "time", pd.date_range("2024-01-01", periods=ROWS, freq="1s", tz="UTC"))
    return frame.assign(anomaly=label)
