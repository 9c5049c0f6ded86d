"""`python -m core.browse URL`: open a page in the browser once its server answers."""

from __future__ import annotations

import sys
import time
import urllib.request
import webbrowser

PATIENCE = 30.0  # seconds


def main(url: str) -> None:
    """Wait until *url* answers, then open it; give up after half a minute."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(url, timeout=5):
                webbrowser.open(url)
                return
        except OSError:  # refused, reset, or too slow to answer yet
            time.sleep(0.2)


if __name__ == "__main__":
    main(sys.argv[1])
