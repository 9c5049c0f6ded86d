"""A moved threshold over 1,000,000 stored scores: cut, events, metrics and chart together."""

from __future__ import annotations

import json
import time
from pathlib import Path

import numpy as np
from streamlit.testing.v1 import AppTest

from benchmarks.big import stored_run
from benchmarks.table import Row, at_most, in_process
from core.runs import Run

MAIN = Path(__file__).resolve().parents[1] / "dashboard" / "main.py"
MOVES = 60


def run() -> list[Row]:
    """Time the rerun that one move of the slider causes, in a fresh process, at many places."""
    p50, p95 = json.loads(in_process("benchmarks.slider"))
    return [
        at_most("threshold move over 1,000,000 scores, p95", p95, 100, "ms"),
        Row("threshold move over 1,000,000 scores, median", p50, "ms"),
    ]


def moves(run: Run) -> tuple[float, float]:
    """Return median and 95th percentile of moves on the page of *run*, in milliseconds."""
    page = AppTest.from_file(MAIN, default_timeout=60)
    page.query_params["anomaly.kind"] = "sigma"
    page.query_params["data"], page.query_params["run"] = run.dataset, run.name
    page.run()
    page.switch_page("../pages/anomalies.py").run()
    slider = page.slider(key="anomaly.sigma.k")
    seconds = []
    for k in np.random.default_rng(0).permutation(np.linspace(1, 12, MOVES)):
        slider.set_value(round(float(k), 2))
        began = time.perf_counter()
        page.run()
        seconds.append(time.perf_counter() - began)
    assert not page.exception
    milliseconds = np.array(seconds) * 1000
    return float(np.median(milliseconds)), float(np.percentile(milliseconds, 95))


if __name__ == "__main__":
    print(json.dumps(moves(stored_run())))
