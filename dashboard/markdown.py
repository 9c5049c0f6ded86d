"""Text that other people wrote, inside Markdown."""

from __future__ import annotations

import re


def plain(text: str) -> str:
    """Return *text* so that Markdown shows it as it is."""
    return re.sub(r"([\\`*_{}\[\]<>()#+!|$~:-])", r"\\\1", text)
