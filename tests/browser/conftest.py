"""The real dashboard in a process of its own, and a real browser in front of it."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

sync_api = pytest.importorskip("playwright.sync_api")

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
QUIET = (
    *("--no-sandbox", "--disable-gpu", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--no-first-run"),
)
PATIENCE = 60_000  # Milliseconds that a page may take on a busy machine.
NEXT_FRAME = "() => new Promise(done => requestAnimationFrame(() => setTimeout(done)))"


@dataclass
class Visit:
    """A page in the browser, and what it asked for meanwhile.

    Attributes:
        page: The page.
        url: Address of the dashboard.
        requests: Addresses that were asked for.
        errors: What went wrong in the page's own scripts.
        owed: Whether the page has asked the server for a redraw that is not finished.
    """

    page: sync_api.Page
    url: str
    requests: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    owed: bool = False

    def open(self, path: str = "") -> None:
        """Go to *path* and wait until the page stands still."""
        self.page.goto(f"{self.url}/{path}")
        self.settle()

    def settle(self) -> None:
        """Wait until everything that the page asked for is computed and drawn.

        What the page says of itself is not enough: just after a click it says that nothing runs,
        until the server's first answer.
        """
        self.page.evaluate(NEXT_FRAME)  # What was sent before this is known after it.
        end = time.monotonic() + PATIENCE / 1000
        while self.owed:
            assert time.monotonic() < end, "The server did not finish what the page asked for."
            self.page.wait_for_timeout(20)
        self.page.evaluate(NEXT_FRAME)
        self.page.get_by_test_id("stApp").wait_for(timeout=PATIENCE)
        self.page.wait_for_function(
            "() => document.querySelector('[data-testid=stApp]')"
            ".getAttribute('data-test-script-state') === 'notRunning'"
            " && !document.querySelector('[data-testid=stSkeleton]')",
            timeout=PATIENCE,
        )

    def connected(self, socket: sync_api.WebSocket) -> None:
        """Follow what page and server say to each other."""
        self.requests.append(socket.url)
        self.owed = False
        socket.on("framesent", self._sent)
        socket.on("framereceived", self._received)

    def _sent(self, frame: bytes | str) -> None:
        if isinstance(frame, bytes) and BackMsg.FromString(frame).HasField("rerun_script"):
            self.owed = True

    def _received(self, frame: bytes | str) -> None:
        if not isinstance(frame, bytes):
            return
        message = ForwardMsg.FromString(frame)
        if message.HasField("script_finished"):
            self.owed = message.script_finished == ForwardMsg.FINISHED_EARLY_FOR_RERUN

    def foreign(self) -> list[str]:
        """Return the requests that left for another host."""
        own = (self.url, self.url.replace("http", "ws", 1), "data:", "blob:")
        return [url for url in self.requests if not url.startswith(own)]


@pytest.fixture(scope="session")
def browser() -> Iterator[sync_api.Browser]:
    """Chromium as the system has it; without it these tests are skipped, but not in CI."""
    if CHROMIUM is None:
        reason = "there is no Chromium: apt-get install chromium"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_api.sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a dashboard with a home folder of its own; ended with all its workers."""
    port = _free_port()
    log = tmp_path_factory.mktemp("server") / "log.txt"
    environment = os.environ | {
        "FUSIONSCOPE_HOME": str(tmp_path_factory.mktemp("home")),
        "CUDA_VISIBLE_DEVICES": "-1",
    }
    for name in ("MLFLOW_TRACKING_URI", "DASK_SCHEDULER_ADDRESS", "FUSIONSCOPE_DATA_DIR"):
        environment.pop(name, None)
    options = (f"--server.port={port}", "--server.headless=true")
    with log.open("w") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "streamlit", "run", "dashboard/app.py", *options],
            cwd=ROOT,
            env=environment,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        _await_health(f"http://127.0.0.1:{port}", process, log)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()  # An orderly stop ends the workers, too.
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@pytest.fixture
def visit(
    browser: sync_api.Browser, server: str, request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[Visit]:
    """A fresh visitor; a picture of the page is kept when the test fails."""
    context = browser.new_context(viewport={"width": 1280, "height": 1100})
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    visit = Visit(page, server)
    page.on("request", lambda sent: visit.requests.append(sent.url))
    page.on("websocket", visit.connected)
    page.on("pageerror", lambda error: visit.errors.append(str(error)))
    failed = request.session.testsfailed
    yield visit
    if request.session.testsfailed > failed:
        picture = tmp_path / "failed.png"
        page.screenshot(path=picture)
        print(f"{page.url} looked like {picture}")
    context.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _await_health(url: str, process: subprocess.Popen, log: Path, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(f"{url}/_stcore/health", timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    pytest.fail(f"The server did not start:\n{log.read_text()}")
