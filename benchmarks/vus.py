"""Scores over all thresholds at once: VUS against its plain definition, and every cut's metrics."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.plain_vus import plain_vus
from benchmarks.table import Row, at_least, at_most
from core.anomaly import Decision, Result, sweep
from core.anomaly.residuals import ResidualsInMemory, Training
from core.anomaly.volume import volume

ROWS = 100_000


def run() -> list[Row]:
    """Time both forms of VUS on the same recording, one after the other."""
    scores, labels = recording(ROWS)
    fast, found = timed(lambda: volume(scores, labels, np.array([0])), times=5)
    slow, plain = timed(lambda: plain_vus(scores, labels), times=1)
    apart = max(abs(found.pr - plain[0]), abs(found.roc - plain[1]))
    large, labelled = recording(10 * ROWS)
    million, _ = timed(lambda: volume(large, labelled, np.array([0])), times=3)
    result, merging = result_of(large, labelled), Decision(min_length=3, merge_gap=5)
    judged, _ = timed(lambda: sweep(result), times=3)
    merged, _ = timed(lambda: sweep(result, merging), times=3)
    return [
        at_least("VUS over 100,000 scores, times as fast as plainly", slow / fast, 50, "x"),
        at_most("VUS, furthest from the plain definition", apart, 1e-6, ""),
        Row("VUS-PR and VUS-ROC over 1,000,000 scores", million * 1000, "ms"),
        at_most("metrics at every cut of 1,000,000 scores", judged, 1, "s"),
        Row("the same with a merge gap and a shortest event", merged, "s"),
    ]


def recording(rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Return scores and labels: an anomaly of 20 to 400 rows about every 1,700."""
    rng = np.random.default_rng(0)
    labels = np.zeros(rows, bool)
    for start in rng.integers(0, rows - 400, rows // 1700):
        labels[start : start + int(rng.integers(20, 400))] = True
    scores = rng.gamma(1, 1, rows) + 2 * labels * rng.random(rows)
    return scores.astype(np.float32), labels


def result_of(scores: np.ndarray, labels: np.ndarray) -> Result:
    """Return a result of test rows alone, one a second."""
    time = pd.date_range("2024-01-01", periods=len(scores), freq="1s", tz="UTC")
    steps = pd.DataFrame({"time": time, "part": "test", "score": scores, "label": labels})
    residuals = ResidualsInMemory(("sensor",), scores[:, None])
    first = np.array([0])
    return Result(steps, residuals, first, first, scores[:1], Training(residuals, first))


def timed(work: Callable[[], Any], times: int) -> tuple[float, Any]:
    """Return the least seconds of so many *times*, and what *work* returned."""
    seconds = []
    for _ in range(times):
        began = time.perf_counter()
        found = work()
        seconds.append(time.perf_counter() - began)
    return min(seconds), found
