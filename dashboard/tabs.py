"""Tabs of which only the open one is drawn."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st


def draw(panels: Mapping[str, Callable[[Any], None]], bench: Any, key: str) -> None:
    """Draw the tab that is open, and nothing of the others.

    Args:
        panels: What draws each tab, by its name.
        bench: What they draw.
        key: Of the tabs, in the link as well.
    """
    tabs = st.tabs(list(panels), key=key, on_change="rerun", bind="query-params")
    for tab, panel in zip(tabs, panels.values(), strict=True):
        if tab.open:
            with tab:
                panel(bench)
