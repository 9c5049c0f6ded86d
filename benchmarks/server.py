"""The dashboard from its start: first answer, Overview usable, memory after every page."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from typing import Any

import psutil
from playwright.sync_api import Page, sync_playwright

from benchmarks.big import stored_run
from benchmarks.table import Row, at_most

LIMIT = 60_000  # milliseconds until a page counts as dead
ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking")


def run() -> list[Row]:
    """Start the dashboard on a home folder that holds a run of 1,000,000 rows, and use it."""
    run = stored_run()
    _session(run)  # once unmeasured: the disk's cache is warm, as after the first start of a day
    measured = _session(run)
    return [
        at_most("server start to the first HTTP answer", measured["http"], 3, "s"),
        at_most("server start to a usable Overview", measured["overview"], 6, "s"),
        at_most("server memory after all pages and a 1,000,000-row run", measured["mb"], 400, "MB"),
        at_most("TensorFlow libraries in the server", measured["tensorflow"], 0, "libraries"),
    ]


def _session(run: Any) -> dict[str, float]:
    """Return seconds to HTTP and to Overview, memory in MB, and mapped TensorFlow libraries."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=ARGUMENTS
        )
        page = browser.new_page()
        page.set_default_timeout(LIMIT)
        began = time.perf_counter()
        command = [sys.executable, "-m", "core", "serve", "--no-browser", "--port", str(port)]
        server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            http = _until_answer(url, began)
            page.goto(url)
            page.get_by_role("button", name="Take the tour").wait_for()
            _settled(page)
            overview = time.perf_counter() - began
            for address in ("data", f"anomalies?data={run.dataset}&run={run.name}", "runs"):
                page.goto(f"{url}/{address}")
                _settled(page)
            page.goto(
                f"{url}/anomalies?data={run.dataset}&run={run.name}&anomaly.kind=Sigma&anomaly.sigma.k=5"
            )
            page.get_by_role("heading", name="Anomalies").wait_for()
            _settled(page)
            process = psutil.Process(server.pid)
            libraries = [
                entry.path for entry in process.memory_maps() if "tensorflow" in entry.path
            ]
            memory = process.memory_info().rss / 1e6
        finally:
            server.terminate()
            server.wait(timeout=60)
            browser.close()
    return {"http": http, "overview": overview, "mb": memory, "tensorflow": float(len(libraries))}


def _until_answer(url: str, began: float) -> float:
    while True:
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                answer.read()
            return time.perf_counter() - began
        except (urllib.error.URLError, ConnectionError):
            if time.perf_counter() - began > LIMIT / 1000:
                raise
            time.sleep(0.02)


def _settled(page: Page) -> None:
    """Wait until the page has nothing more to compute."""
    page.wait_for_function(
        "() => document.querySelector('[data-testid=stApp]')"
        "?.getAttribute('data-test-script-state') === 'notRunning'"
        " && !document.querySelector('[data-testid=stSkeleton]')"
    )
