"""Runs side by side: one brush and one rule under the pointer for all lanes."""

from __future__ import annotations

import re

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_one_brush_and_one_rule_for_all_runs(visit):
    page = visit.page
    # A network brings its baselines with it, on the same rows.
    small = "anomaly.epochs=1&anomaly.units=2&anomaly.stride=64&anomaly.lookback=10"
    visit.open(f"anomalies?data=pump-station&{small}")
    page.get_by_test_id("stSidebarUserContent").get_by_role(
        "button", name="Train", exact=True
    ).click()
    page.get_by_role("button", name="Compare", exact=True).click(timeout=240_000)
    page.wait_for_url(re.compile(r"/compare\?.*runs="))
    page.get_by_text(re.compile("every run has an alarm in")).wait_for(timeout=120_000)
    visit.settle()
    charts = page.get_by_test_id("stVegaLiteChart")
    charts.nth(1).locator("svg.marks").wait_for()

    # One rule under the pointer, through all lanes, and what every run says there.
    lanes = charts.nth(1).locator("svg.marks")
    lanes.scroll_into_view_if_needed()
    box = lanes.bounding_box()
    page.mouse.move(box["x"] + 0.6 * box["width"], box["y"] + 0.2 * box["height"])
    tooltip = page.locator("#vg-tooltip-element.visible")
    tooltip.wait_for()
    told = tooltip.inner_text()
    names = re.search(r"runs=([^&]*)", page.url).group(1).replace("%2C", ",").split(",")
    assert len(names) >= 2
    assert all(name in told for name in names)

    # One brush moves all lanes, and the address follows.
    strip = charts.nth(0).locator("svg.marks")
    strip.scroll_into_view_if_needed()
    box = strip.bounding_box()
    before = lanes.inner_html()
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 0.6 * box["width"], middle)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.8 * box["width"], middle, steps=5)
    page.mouse.up()
    page.wait_for_url(re.compile(r"compare\.from=\d+"))
    visit.settle()
    page.wait_for_function(
        "before => document.querySelectorAll('[data-testid=stVegaLiteChart] svg.marks')[1]"
        "?.innerHTML !== before",
        arg=before,
    )

    # The link opens the same rows again.
    rows = re.findall(r"compare\.(?:from|to)=(\d+)", page.url)
    page.reload()
    visit.settle()
    assert re.findall(r"compare\.(?:from|to)=(\d+)", page.url) == rows
    assert visit.foreign() == []
    assert visit.errors == []
