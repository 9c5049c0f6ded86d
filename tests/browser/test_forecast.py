"""From a sample to a forecast beside its baselines, as a person does it."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow]

ASKED = {
    "data": "pump-station",
    "variant": "lstm",
    "target": "flow",
    "lookback": "6",
    "horizon": "3",
    "epochs": "3",
    "units": "4",
    "batch_size": "1024",
}


def test_from_a_sample_to_a_forecast_beside_its_baselines(visit):
    page = visit.page
    visit.open("forecast?" + "&".join(f"forecast.{name}={value}" for name, value in ASKED.items()))
    page.get_by_test_id("stSidebarUserContent").get_by_role(
        "button", name="Train", exact=True
    ).click()

    # Readings and forecasts appear when it is done; the address holds what is looked at.
    page.get_by_role("button", name="Forecasts as CSV").wait_for(timeout=240_000)
    visit.settle()
    page.get_by_role("slider", name="Steps ahead").press("Home")
    page.wait_for_url(re.compile(r"forecast\.ahead=1"))
    visit.settle()
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Forecasts as CSV").click()
    with Path(waiting.value.path()).open() as file:
        rows = list(csv.DictReader(file))
    assert {row["target"] for row in rows} == {"pump-1"}
    assert {row["step"] for row in rows} == {"1", "2", "3"}
    assert rows[-1]["actual"] == ""  # not yet known
    assert all(float(row["lower"]) <= float(row["forecast"]) <= float(row["upper"]) for row in rows)

    # Beside the baselines that were trained with it; none is marked for being lucky.
    page.get_by_role("tab", name="Variants").click()
    page.get_by_role("button", name=re.compile("^Train all baselines")).wait_for()
    page.get_by_text(re.compile("by more than luck")).first.wait_for(timeout=120_000)

    # A link asks the worker what a sensor is worth; nothing is trained again.
    page.get_by_role("tab", name="What if").click()
    page.wait_for_url(re.compile("What"))
    visit.settle()
    page.goto(f"{page.url}&forecast.silent=pump-2")
    page.get_by_text(re.compile("^MAE of pump-1 without pump-2")).wait_for(timeout=120_000)
    visit.settle()

    assert visit.foreign() == []
    assert visit.errors == []
