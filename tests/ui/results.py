"""Small results to draw."""

from __future__ import annotations

import numpy as np
import pandas as pd

from core.anomaly import Result
from core.anomaly.residuals import ResidualsInMemory, Training


def result(rows: int = 200, *, times: pd.Series | None = None, entities: int = 1) -> Result:
    """Return scores of 1 with an event of 9 in rows 120 to 129 and a spike in row 160."""
    scores = np.ones(rows, np.float32)
    scores[120:130] = 9
    scores[125] = 12
    scores[160] = 7
    residuals = np.full((rows, 3), 0.1, np.float32)
    residuals[120:130, 1] = 3
    parts = np.full(rows, 3)
    parts[:80], parts[80:90], parts[90:100] = 1, 2, 0
    labels = np.zeros(rows, bool)
    labels[118:130] = True
    steps = pd.DataFrame(
        {
            "part": pd.Categorical.from_codes(parts, ["embargo", "train", "validation", "test"]),
            "score": scores,
            "imputed": np.arange(rows) == 40,
            "label": labels,
        }
    )
    if times is not None:
        steps.insert(0, "time", times)
    if entities > 1:
        names = np.repeat([f"pump {n}" for n in range(entities)], rows // entities)
        steps.insert(0, "entity", pd.Series(names, dtype="category"))
    boundaries = np.unique(np.r_[0, 80, 90, 100, np.arange(entities) * (rows // entities)])
    return Result(
        steps,
        ResidualsInMemory(("a", "b", "c"), residuals),
        np.arange(entities) * (rows // entities),
        boundaries,
        np.random.default_rng(0).normal(1, 0.2, 80).astype(np.float32),
        Training(ResidualsInMemory(("a", "b", "c"), residuals[:80]), np.array([0])),
    )


def seconds(rows: int = 200, zone: str | None = None) -> pd.Series:
    """Return times a second apart."""
    return pd.Series(pd.date_range("2024-03-01 10:00", periods=rows, freq="s", tz=zone))
