"""Long recordings of one kind, and a stored run on each, made once for all measurements."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from core import anomaly, runs
from core.data import catalog, open_dataset

ROWS, CHANNELS = 1_000_000, 8
TRAINED = 200_000
OUT = Path(__file__).parent / "out"


def stored_run(pieces: int = 1, variant: str = "pca", **settings: float) -> runs.Run:
    """Return a run on *pieces* times 1,000,000 rows in the present home folder; train it if new."""
    name = f"big-{pieces}.parquet" if pieces > 1 else "big.parquet"
    names = [entry.name for entry in catalog.entries() if entry.label == name]
    if not names:
        names = [catalog.add_upload(file(pieces), name).name]
    config = anomaly.Config.parse({"variant": variant, "train_rows": TRAINED} | settings)
    return runs.train_or_load("anomaly", open_dataset(names[0]), config)[0]


def file(pieces: int) -> Path:
    """Return a Parquet file of so many times 1,000,000 rows; write it, piece by piece, if new."""
    path = OUT / f"big-{pieces}.parquet"
    if not path.exists():
        OUT.mkdir(exist_ok=True)
        draft = path.with_suffix(".part")
        schema = pa.Schema.from_pandas(recording(0).head(1), preserve_index=False)
        with pq.ParquetWriter(draft, schema) as writer:
            for number in range(pieces):
                writer.write_table(pa.Table.from_pandas(recording(number), schema))
        draft.rename(path)
    return path


def recording(number: int = 0) -> pd.DataFrame:
    """Twelve days at 1 Hz: waves that move together, with 400 short faults of one channel."""
    rng = np.random.default_rng(number)
    rows = np.arange(number * ROWS, (number + 1) * ROWS)
    angle = rows[:, None] * 2 * np.pi / 3600 + np.arange(CHANNELS) * 0.4
    values = (np.sin(angle) + rng.normal(0, 0.1, angle.shape)).astype(np.float32)
    label = np.zeros(ROWS, np.int8)
    for start in rng.integers(ROWS // 5, ROWS - 200, 400):
        stop = start + rng.integers(5, 120)
        values[start:stop, rng.integers(CHANNELS)] += rng.uniform(0.5, 2)
        label[start:stop] = 1
    frame = pd.DataFrame(values, columns=[f"sensor_{i}" for i in range(CHANNELS)])
    begin = pd.Timestamp("2024-01-01", tz="UTC") + pd.Timedelta(seconds=number * ROWS)
    frame.insert(0, "time", pd.date_range(begin, periods=ROWS, freq="1s"))
    return frame.assign(anomaly=label)
