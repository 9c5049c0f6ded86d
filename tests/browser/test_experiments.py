"""A study is begun, watched, stopped and taken up again, as a person does it."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow]

ASKED = {
    "data": "pump-station",
    "forecast.variant": "ridge",
    "forecast.target": "flow",
    "forecast.lookback": "12",
    "forecast.lookback.low": "4",
    "forecast.lookback.high": "24",
    "vary": "Lookback",
    "trials": "8",  # enough that it is stopped well before its end, however fast the machine
}


def test_a_study_from_its_form_to_its_best_run(visit):
    page = visit.page
    link = "&".join(f"experiments.{name}={quote(value)}" for name, value in ASKED.items())
    visit.open(f"experiments?{link}")
    page.get_by_role("button", name="Begin", exact=True).click()
    page.wait_for_url(re.compile(r"experiments\.study=\w+-\w+"))
    name = re.search(r"experiments\.study=([\w-]+)", page.url).group(1)

    # It goes on while nobody looks, and is found again by its link.
    visit.open("runs")
    visit.open(f"experiments?experiments.study={name}")
    page.get_by_role("heading", name=name).wait_for()
    done = page.get_by_test_id("stMetric").filter(has_text="Trials")
    done.get_by_text(re.compile("^[1-7] of 8")).wait_for(timeout=300_000)

    # Stopped, it keeps what it has; taken up again, it does the rest.
    page.get_by_role("button", name="Stop the study").click()
    page.get_by_role("button", name=re.compile(r"^Go on: \d+ trials? to go")).click()
    done.get_by_text("8 of 8").wait_for(timeout=300_000)
    page.get_by_role("button", name=re.compile("^Go on")).wait_for(timeout=60_000)
    page.get_by_text("What matters").wait_for()
    assert page.get_by_text("Settings of every trial").is_visible()

    # The list names it, and a new study begins with an empty link.
    page.get_by_role("button", name="Begin a new study").click()
    page.get_by_role("heading", name="Studies").wait_for()
    visit.settle()
    assert "experiments.study" not in page.url

    # Deleted, it is gone, and its runs are not.
    visit.open(f"experiments?experiments.study={name}")
    page.get_by_role("button", name="Delete", exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Delete", exact=True).click()
    page.get_by_role("heading", name="Studies").wait_for()
    page.get_by_text("None yet. A study stays here").wait_for()
    assert visit.foreign() == []
    assert visit.errors == []
