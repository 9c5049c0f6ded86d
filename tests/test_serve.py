"""The first start on a new machine: one command, no question, an answer on this machine alone."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request


def test_the_dashboard_starts_for_somebody_who_never_used_it(tmp_path):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    opened, browser = tmp_path / "opened.txt", tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\nprintf %s "$1" > {opened}\n')
    browser.chmod(0o755)
    environment = os.environ | {
        "HOME": str(tmp_path),  # where Streamlit would look for an earlier answer
        "FUSIONSCOPE_HOME": str(tmp_path / "home"),
        "BROWSER": str(browser),
    }
    server = subprocess.Popen(
        [sys.executable, "-m", "core", "serve", "--port", str(port)],
        cwd=tmp_path,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        deadline = time.monotonic() + 60
        status = None
        while status is None and server.poll() is None and time.monotonic() < deadline:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5) as answer:
                    status = answer.status
            except (urllib.error.URLError, ConnectionError):
                time.sleep(0.1)
        assert status == 200, server.communicate(timeout=5)[0] if server.poll() else "no answer"
        while not (opened.exists() and opened.read_text()) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert opened.read_text() == f"http://127.0.0.1:{port}/"
    finally:
        server.terminate()
        printed = server.communicate(timeout=60)[0]
    assert "Email" not in printed
    assert f"http://127.0.0.1:{port}" in printed
