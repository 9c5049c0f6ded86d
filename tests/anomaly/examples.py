"""Results made by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd

from core.anomaly import Result
from core.anomaly.residuals import ResidualsInMemory, Training


def make_result(
    scores,
    residuals=None,
    *,
    labels=None,
    boundaries=(0,),
    part="test",
    seconds=60,
    reference=(0.0,),
    training=None,
):
    rows = len(scores)
    if residuals is None:
        residuals = np.ones((rows, 2), np.float32)
    steps = pd.DataFrame(
        {
            "time": pd.date_range("2024-05-01", periods=rows, freq=f"{seconds}s", tz="UTC"),
            "part": pd.Categorical(
                [part] * rows, categories=["embargo", "train", "validation", "test"]
            ),
            "score": np.asarray(scores, np.float32),
            "imputed": False,
        }
    )
    if labels is not None:
        steps["label"] = np.asarray(labels, bool)
    names = tuple(f"c{i}" for i in range(residuals.shape[1]))
    if training is None:
        training = np.zeros((1, residuals.shape[1]), np.float32)
    return Result(
        steps,
        ResidualsInMemory(names, residuals),
        np.array(boundaries),
        np.array(boundaries),
        np.asarray(reference, np.float32),
        Training(ResidualsInMemory(names, training), np.array([0])),
    )
