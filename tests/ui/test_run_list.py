"""The list of runs: each task has a number that counts, and it is called by its name."""

from __future__ import annotations

import pandas as pd
import pytest

from core.task import TASKS
from dashboard import run_list


@pytest.mark.parametrize(
    ("row", "text"),
    [
        ({"task": "anomaly", "vus_pr": 0.7123, "mae": float("nan")}, "0.712 VUS-PR"),
        ({"task": "anomaly", "vus_pr": float("nan")}, "–"),
        ({"task": "forecast", "mae": 12.345}, "12.3 MAE"),
        ({"task": "life", "rmse": 15.5}, "15.5 RMSE"),
        ({"task": "life"}, "–"),
    ],
)
def test_the_number_of_each_task_has_its_name(row, text, monkeypatch):
    monkeypatch.setattr(run_list, "_check", lambda identifier: {"beside": "", "state": "whole"})
    usual = {"id": "a", "name": "a", "dataset": "d", "variant": "pca", "baseline": False}
    usual |= {"champion": False, "created": pd.Timestamp(0), "seconds": 1.0, "tags": {}}
    shown = run_list.readable(pd.DataFrame([usual | row]))
    assert shown["score"].tolist() == [text]


def test_every_task_has_one():
    assert set(run_list.LEADS) == set(TASKS)
