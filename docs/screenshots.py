"""Make the pictures of the documentation again: `python docs/screenshots.py`."""

from __future__ import annotations

import json
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
    "gas": ("gas?gas.data=gas-lab&gas.run={gas}", "light"),
    "compare": ("compare?runs={rivals}", "light"),
    "experiments": ("experiments?experiments.study={study}", "light"),
    "runs": ("runs", "light"),
}
TALL = {"thresholds": 1850, "gas": 1300, "compare": 1300, "experiments": 1500}


def main() -> None:
    """Train what the pictures show in a home folder of its own; look at every page."""
    os.environ["FUSIONSCOPE_HOME"] = tempfile.mkdtemp()
    from core import forecast, gas, peers, report, runs
    from core import task as tasks
    from core.data import open_dataset
    from dashboard import tour

    run, _ = runs.train_or_load("anomaly", open_dataset(tour.SAMPLE), tour.config())
    run.set_decision(tour.CUT.model_dump(mode="json"), "tour")
    config = forecast.Config(target="flow", lookback=12, epochs=5)
    other, _ = runs.train_or_load("forecast", tasks.opened("forecast", tour.SAMPLE), config)
    leak, _ = runs.train_or_load("gas", tasks.opened("gas", "gas-lab"), gas.Config())
    shown = {
        "run": run.name,
        "forecast": other.name,
        "gas": leak.name,
        "rivals": ",".join(peers.rivals(run)),
        "study": _studied(),
    }
    page = Path(os.environ["FUSIONSCOPE_HOME"]) / "report.html"
    page.write_text(report.html([run.name]), encoding="utf-8")
    command = [sys.executable, "-m", "core", "serve", "--no-browser", "--port", str(PORT)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        time.sleep(15)  # the workers load TensorFlow and would slow the pages down
        _take(shown, page)
    finally:
        server.terminate()
        server.wait()


def _studied() -> str:
    """Return the name of a search that has ended."""
    search = "sweep forecast --data pump-station --variant dlinear --trials 16 --json"
    settings = "--set target=flow --set epochs=12 --vary lookback=6:96 --vary learning_rate"
    done = subprocess.run(
        [sys.executable, "-m", "core", *search.split(), *settings.split()],
        stdout=subprocess.PIPE,
        check=True,
    )
    return str(json.loads(done.stdout)["study"])


def _take(shown: dict[str, str], report: Path) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        for name, (address, scheme) in PICTURES.items():
            page = browser.new_page(
                viewport={"width": 1440, "height": TALL.get(name, 1000)},
                color_scheme=scheme,
                device_scale_factor=1,
            )
            page.goto(f"http://127.0.0.1:{PORT}/{address.format(**shown)}")
            page.get_by_test_id("stApp").wait_for()
            page.wait_for_timeout(8000)  # until charts and tables are drawn
            page.screenshot(path=IMAGES / f"{name}.png")
            page.close()
        page = browser.new_page(viewport={"width": 900, "height": 1200})
        page.goto(report.as_uri())
        page.screenshot(path=IMAGES / "report.png")
        browser.close()


if __name__ == "__main__":
    main()
