"""Every page in both themes: it draws, it keeps to itself, and it does not overflow."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.browser

TITLES = {
    "": "Fusionscope",
    "data": "Data",
    "anomalies": "Anomalies",
    "fleet": "Fleet",
    "runs": "Runs",
}


@pytest.mark.parametrize("path", TITLES)
def test_a_page_draws_fits_and_asks_nobody_else(visit, path):
    visit.open(path)
    for scheme, width in (("light", 1280), ("dark", 1920)):
        visit.page.emulate_media(color_scheme=scheme)
        visit.page.set_viewport_size({"width": width, "height": 1000})
        visit.page.get_by_role("heading", name=TITLES[path], exact=True).wait_for()
        visit.settle()
        over = visit.page.evaluate(
            "() => document.querySelector('[data-testid=stMain]').scrollWidth"
            " - document.querySelector('[data-testid=stMain]').clientWidth"
        )
        assert over <= 0, f"wider than {width} pixels"
    assert visit.page.get_by_test_id("stException").count() == 0
    assert visit.foreign() == []
    assert visit.errors == []


def test_a_wrong_link_is_explained(visit):
    visit.open("anomalies?anomaly.lookback=9999")
    notice = visit.page.get_by_text("The link asks for Lookback = 9999; allowed are 2 to 512")
    notice.wait_for()
    visit.page.get_by_role("spinbutton", name="Lookback").wait_for()
