"""From a recording to a tuned threshold, as a person does it."""

from __future__ import annotations

import csv
import os
import re
from pathlib import Path

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow]

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def recording(tmp_path) -> Path:
    """The real recording of a valve that fails; a part of the sample where it is not at hand."""
    folder = Path(os.environ.get("FUSIONSCOPE_DATA_DIR") or ROOT.parent / "shared" / "data")
    real = folder / "skab" / "valve1" / "0.csv"
    if real.is_file():
        return real
    lines = (ROOT / "sample_data" / "pump-station.csv").read_text().splitlines(keepends=True)
    part = tmp_path / "part.csv"
    part.write_text("".join(lines[:2_000]))
    return part


def number(text: str) -> int:
    return int(re.search(r"[\d,]+", text).group().replace(",", ""))


def events(page) -> int:
    """Return how many events the list has."""
    found = page.get_by_text(re.compile(r"^(The \d+ worst of )?[\d,]+ events?; choose one"))
    text = found.last.inner_text()
    return number(text.rpartition("worst of")[2])


def downloaded(page) -> list[dict[str, str]]:
    """Return the rows of the events as CSV."""
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Events as CSV").click()
    with Path(waiting.value.path()).open() as file:
        return list(csv.DictReader(file))


def flagged(page) -> int:
    """Return how many steps all events have together."""
    return sum(int(row["steps"]) for row in downloaded(page))


def box(page, label: str):
    """Return the number input with this label."""
    return page.get_by_role("spinbutton", name=label)


def type_in(visit, label: str, value: int) -> None:
    field = box(visit.page, label)
    field.fill(str(value))
    field.press("Enter")
    visit.settle()


def test_from_a_recording_to_the_events(visit, recording):
    page = visit.page
    visit.open("data")
    page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(recording)
    visit.settle()
    page.get_by_text("your upload").first.wait_for()
    page.get_by_role("button", name="Detect anomalies in this data").click()
    page.get_by_role("heading", name="Anomalies", exact=True).wait_for()
    visit.settle()

    type_in(visit, "Training rows", 400)
    type_in(visit, "Epochs", 12)
    page.get_by_test_id("stSidebarUserContent").get_by_role(
        "button", name="Train", exact=True
    ).click()

    # The page stays alive: progress comes in, and other pages open meanwhile.
    page.get_by_role("button", name="Cancel").wait_for()
    page.get_by_role("link", name="Runs").click()
    page.get_by_role("heading", name="Runs", exact=True).wait_for()
    page.go_back()

    page.get_by_role("button", name="Use this threshold").wait_for(timeout=240_000)
    visit.settle()
    found = events(page)
    assert found > 0

    # Who is to blame: choose the first event of the list.
    table = page.get_by_test_id("stDataFrame").first
    table.scroll_into_view_if_needed()
    area = table.bounding_box()
    page.mouse.click(area["x"] + 15, area["y"] + 35 + 17)
    page.get_by_text("Channels of the chosen event").wait_for()
    visit.settle()
    assert "anomaly.from=" in page.url
    rows = downloaded(page)
    assert len(rows) == found
    assert all(row["ranking"].startswith(row["channel"]) for row in rows)

    # Another threshold, other events: none of them is chosen any more.
    page.get_by_role("slider", name=re.compile("^Flagged share")).press("ArrowLeft")
    page.get_by_text("Channels of the chosen event").wait_for(state="detached")

    # Up goes the threshold, down goes what is flagged; one long event may become several.
    page.goto(f"{page.url}&anomaly.kind=Sigma")
    thumb = page.get_by_role("slider", name=re.compile(r"^k"))
    thumb.wait_for()
    visit.settle()
    many = flagged(page)
    thumb.focus()
    thumb.press("End")
    page.wait_for_url(re.compile(r"anomaly\.sigma\.k=50"))
    visit.settle()
    few = events(page)
    assert 0 < flagged(page) < many

    # The link opens the same view for somebody else, without training again.
    link = page.url
    other = visit.page.context.browser.new_context().new_page()
    other.goto(link)
    other.get_by_role("button", name="Events as CSV").wait_for(timeout=60_000)
    other.wait_for_function(
        "few => document.body.innerText.match(new RegExp(`\\\\b${few} events?; choose one`))",
        arg=few,
        timeout=60_000,
    )
    other.context.close()

    assert visit.foreign() == []
    assert visit.errors == []


def test_a_training_can_be_cancelled_and_resumed_after_a_reload(visit):
    page = visit.page
    visit.open("anomalies?data=pump-station&anomaly.epochs=200&anomaly.stride=8")
    page.get_by_test_id("stSidebarUserContent").get_by_role(
        "button", name="Train", exact=True
    ).click()
    page.get_by_text(re.compile("epoch [1-9]")).wait_for(timeout=240_000)
    page.reload()
    page.get_by_role("button", name="Cancel").click()
    page.get_by_role("button", name="Resume").wait_for(timeout=120_000)
    page.get_by_text("The training was stopped").wait_for()
    page.get_by_role("button", name="Resume").click()
    page.get_by_role("button", name="Cancel").wait_for()
    page.get_by_role("button", name="Cancel").click()
    page.get_by_role("button", name="Resume").wait_for(timeout=120_000)
