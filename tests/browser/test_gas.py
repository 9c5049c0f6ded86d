"""From a simulated recording to alarms that follow the slider, as a person does it."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow]

ASKED = {"data": "gas-lab", "variant": "lda", "session": "Smoke-1", "row": "20"}


def test_from_a_recording_to_alarms_that_follow_the_slider(visit):
    page = visit.page
    visit.open("gas?" + "&".join(f"gas.{name}={value}" for name, value in ASKED.items()))

    # Both streams are there before any training; the address holds the moment.
    page.get_by_text(re.compile("simulated$")).first.wait_for()
    page.get_by_role("slider", name="Row of the session").press("ArrowRight")
    page.wait_for_url(re.compile(r"gas\.row=21"))
    visit.settle()
    page.get_by_test_id("stSidebarUserContent").get_by_role(
        "button", name="Train", exact=True
    ).click()

    # The threshold moves the numbers at once.
    page.get_by_role("button", name="Predictions as CSV").wait_for(timeout=240_000)
    visit.settle()
    found = page.get_by_test_id("stMetric").filter(has_text="Gas found")
    page.get_by_role("slider", name="Alarm threshold").press("Home")
    page.wait_for_url(re.compile(r"gas\.threshold=0"))
    visit.settle()
    assert "100 %" in found.inner_text()
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Predictions as CSV").click()
    with Path(waiting.value.path()).open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 1_200
    assert {row["alarm"] for row in rows} == {"True"}

    # A worker says what contributed, and what a fault changes.
    page.get_by_role("tab", name="Why").click()
    page.get_by_text(re.compile("^Change of the probability")).wait_for(timeout=120_000)
    page.get_by_role("tab", name="Faults").click()
    page.get_by_text("Camera lost").click()
    page.get_by_text(re.compile("does not use what is broken")).wait_for(timeout=120_000)
    visit.settle()

    assert visit.foreign() == []
    assert visit.errors == []
