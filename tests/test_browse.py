"""The browser is opened once the server answers."""

from __future__ import annotations

import urllib.error
from contextlib import nullcontext

import pytest

from core import browse


def test_a_server_that_is_slow_at_first_is_waited_for(monkeypatch: pytest.MonkeyPatch):
    troubles = [urllib.error.URLError("refused"), TimeoutError("timed out"), ConnectionResetError()]
    opened: list[str] = []

    def urlopen(url: str, timeout: float) -> object:
        if troubles:
            raise troubles.pop(0)
        return nullcontext()

    monkeypatch.setattr(browse.urllib.request, "urlopen", urlopen)
    monkeypatch.setattr(browse.time, "sleep", lambda seconds: None)
    monkeypatch.setattr(browse.webbrowser, "open", opened.append)
    browse.main("http://127.0.0.1:8501")
    assert opened == ["http://127.0.0.1:8501"]
    assert not troubles
