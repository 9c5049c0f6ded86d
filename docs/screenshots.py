"""Make the pictures of the documentation again: `python docs/screenshots.py`."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import sync_playwright

IMAGES = Path(__file__).parent / "images"
PORT = 8765
PICTURES = {
    "overview": ("", "light"),
    "data": ("data?data=pump-station", "light"),
    "anomalies": ("anomalies?data=pump-station&run={run}", "light"),
    "anomalies-dark": ("anomalies?data=pump-station&run={run}", "dark"),
    "thresholds": (
        "anomalies?data=pump-station&run={run}&anomaly.tab=Thresholds&anomaly.compare=true",
        "light",
    ),
    "forecast": ("forecast?forecast.data=pump-station&forecast.run={forecast}", "light"),
    "runs": ("runs", "light"),
}


def main() -> None:
    """Train the tour's model and a forecaster in a home folder of their own; look at every page."""
    os.environ["FUSIONSCOPE_HOME"] = tempfile.mkdtemp()
    from core import forecast, runs
    from core import task as tasks
    from core.data import open_dataset
    from dashboard import tour

    run, _ = runs.train_or_load("anomaly", open_dataset(tour.SAMPLE), tour.config())
    run.set_decision(tour.CUT.model_dump(mode="json"), "tour")
    config = forecast.Config(target="flow", lookback=12, epochs=5)
    other, _ = runs.train_or_load("forecast", tasks.opened("forecast", tour.SAMPLE), config)
    command = [sys.executable, "-m", "core", "serve", "--no-browser", "--port", str(PORT)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        time.sleep(15)  # the workers load TensorFlow and would slow the pages down
        _take(run.name, other.name)
    finally:
        server.terminate()
        server.wait()


def _take(run: str, forecast: str) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        for name, (address, scheme) in PICTURES.items():
            height = 1850 if name == "thresholds" else 1000
            page = browser.new_page(
                viewport={"width": 1440, "height": height},
                color_scheme=scheme,
                device_scale_factor=1,
            )
            page.goto(f"http://127.0.0.1:{PORT}/{address.format(run=run, forecast=forecast)}")
            page.get_by_test_id("stApp").wait_for()
            page.wait_for_timeout(6000)  # until charts and tables are drawn
            page.screenshot(path=IMAGES / f"{name}.png")
            page.close()
        browser.close()


if __name__ == "__main__":
    main()
