"""The page Compare with 8 runs of 100,000 rows, and the list of 1,000 stored runs.

`FUSIONSCOPE_HOME=benchmarks/out/home python -m benchmarks.compare` writes results/compare.csv.
"""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
from playwright.sync_api import Page, WebSocket, sync_playwright
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.testing.v1 import AppTest

from benchmarks import big
from benchmarks.server import ARGUMENTS, LIMIT, _until_answer
from benchmarks.table import Row, at_most, in_process, write
from core import anomaly, runs
from core.data import catalog, open_dataset

ROWS, TRAINED = 100_000, 50_000
# What a run has learned does not matter to the page: these are trained in seconds.
RIVALS = (
    {"variant": "max-z"},
    {"variant": "mahalanobis"},
    {"variant": "pca-windows"},
    {"variant": "rolling"},
    *({"variant": "pca", "variance": share} for share in (0.5, 0.7, 0.8, 0.9)),
)
STORED, PAGE = 1_000, 50
ROUNDS = 3
MAIN = Path(__file__).resolve().parents[1] / "dashboard" / "main.py"
DRAWN = """() => {
    const app = document.querySelector('[data-testid=stApp]');
    const charts = [...document.querySelectorAll('[data-testid=stVegaLiteChart] svg.marks')];
    const waits = document.querySelector('[data-testid=stSkeleton]');
    return app?.getAttribute('data-test-script-state') === 'notRunning' && charts.length >= 2
        && charts.every(one => one.clientWidth > 0) && !waits;
}"""


def run() -> list[Row]:
    """Open the page in Chromium with all workers up; ask for the list in a fresh process."""
    names = rivals()
    warm = [one.name for one in small()]
    server, chart = zip(*(_opened(names, warm) for _ in range(ROUNDS)), strict=True)
    fill()
    store, page = json.loads(in_process("benchmarks.compare", "listed"))
    what = f"Compare, 8 runs of {ROWS:,} rows"
    return [
        at_most(f"{what}: the server's answer", float(np.median(server)), 1.5, "s"),
        at_most(f"{what}: last chart in Chromium", float(np.median(chart)), 3, "s"),
        at_most(f"first {PAGE} of {STORED:,} stored runs", store, 500, "ms"),
        Row("page Runs with them, after its first visit", page, "ms"),
    ]


def rivals() -> list[str]:
    """Return the names of 8 runs on 100,000 rows; train them if new."""
    frame = big.recording().iloc[150_000 : 150_000 + ROWS]
    data = open_dataset(_upload(frame, "hundred.parquet"))
    return [
        runs.train_or_load(
            "anomaly", data, anomaly.Config.parse({"train_rows": TRAINED} | settings)
        )[0].name
        for settings in RIVALS
    ]


def small() -> list[runs.Run]:
    """Return two runs on few rows: the first question to a worker is not what is measured."""
    data = open_dataset(_upload(big.recording().iloc[199_000:201_000], "small.parquet"))
    configs = (anomaly.Config(variant=name, train_rows=500) for name in ("max-z", "pca"))
    return [runs.train_or_load("anomaly", data, config)[0] for config in configs]


def fill() -> None:
    """Store runs until there are 1,000."""
    data = open_dataset(_upload(big.recording().iloc[: STORED + 300], "tiny.parquet"))
    missing = STORED - runs.table(limit=1)[1]
    for rows in range(100, 100 + missing):
        config = anomaly.Config(variant="max-z", train_rows=rows, lookback=10)
        runs.train_or_load("anomaly", data, config)


def _upload(frame: pd.DataFrame, name: str) -> str:
    known = [entry.name for entry in catalog.entries() if entry.label == name]
    if known:
        return known[0]
    big.OUT.mkdir(exist_ok=True)
    frame.to_parquet(big.OUT / name, index=False)
    return catalog.add_upload(big.OUT / name, name).name


def _opened(names: list[str], warm: list[str]) -> tuple[float, float]:
    """Return seconds from the page's question to the server's last word, and to the last chart."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "core", "serve", "--no-browser", "--port", str(port)]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=ARGUMENTS
        )
        began = time.perf_counter()
        server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            _until_answer(url, began)
            page = browser.new_page(viewport={"width": 1440, "height": 1400})
            page.set_default_timeout(4 * LIMIT)
            page.goto(f"{url}/compare?runs={','.join(warm)}")
            page.wait_for_function(DRAWN)
            time.sleep(5)  # the workers have come up, and nothing else goes on
            return _timed(page, f"{url}/compare?runs={','.join(names)}")
        finally:
            server.terminate()
            server.wait(timeout=60)
            browser.close()


def _timed(page: Page, address: str) -> tuple[float, float]:
    asked: list[float] = []
    told: list[float] = []

    def follow(connection: WebSocket) -> None:
        connection.on("framesent", lambda frame: _note(frame, BackMsg, "rerun_script", asked))
        connection.on(
            "framereceived", lambda frame: _note(frame, ForwardMsg, "script_finished", told)
        )

    page.on("websocket", follow)
    began = time.perf_counter()
    page.goto(address)
    page.wait_for_function(DRAWN)
    return told[-1] - asked[0], time.perf_counter() - began


def _note(frame: bytes | str, kind: type, field: str, times: list[float]) -> None:
    if isinstance(frame, bytes) and kind.FromString(frame).HasField(field):
        times.append(time.perf_counter())


def listed() -> tuple[float, float]:
    """Return milliseconds of the store's first page, and of the page Runs with as many rows."""
    from dashboard import run_filters

    runs.warm()
    runs.table(limit=1)
    seconds = [_seconds(lambda: runs.table(limit=PAGE)) for _ in range(9)]
    run_filters.SIZE = PAGE
    page = AppTest.from_file(MAIN, default_timeout=120)
    page.switch_page("../pages/runs.py").run()
    visits = [_seconds(page.run) for _ in range(5)]
    assert not page.exception
    return 1000 * float(np.median(seconds)), 1000 * float(np.median(visits))


def _seconds(work: object) -> float:
    began = time.perf_counter()
    work()  # type: ignore[operator]
    return time.perf_counter() - began


if __name__ == "__main__":
    if sys.argv[1:] == ["listed"]:
        print(json.dumps(listed()))
    else:
        print(write("compare", run()))
