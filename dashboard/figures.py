"""A chart as a file: PNG, SVG or the numbers that are drawn, each made when it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd
import streamlit as st

from core import figures, jobs

MIME = {"png": "image/png", "svg": "image/svg+xml", "csv": "text/csv"}
HELP = {
    "png": "A picture for a text or a slide, at two dots a pixel, in the light theme.",
    "svg": "A drawing that stays sharp at any size, in the light theme.",
    "csv": "The numbers that are drawn; of a long series those that can be told apart.",
}


def download(specification: Mapping[str, Any], data: Mapping[str, pd.DataFrame], name: str) -> None:
    """Draw a small menu that hands a chart out as a file.

    Args:
        specification: As for `dashboard.draw.show`.
        data: As for `dashboard.draw.show`.
        name: Of the file, without its ending; no other chart of the page has it.
    """
    file = name.replace("/", "-")  # a channel may be called so
    with (
        st.container(horizontal_alignment="right"),
        st.popover(
            "Figure",
            icon=":material/image:",
            type="tertiary",
            key=f"figure-{name}",
            help="Saves this figure as PNG, SVG or CSV.",
        ),
    ):
        for kind in MIME:
            st.download_button(
                kind.upper(),
                _maker(specification, data, kind),
                f"{file}.{kind}",
                MIME[kind],
                key=f"figure-{name}-{kind}",
                icon=":material/download:",
                on_click="ignore",
                help=HELP[kind],
                width="stretch",
            )


def _maker(
    specification: Mapping[str, Any], data: Mapping[str, pd.DataFrame], kind: str
) -> Callable[[], bytes]:
    """Return what makes the file; only a worker loads what draws without a browser."""
    if kind == "csv":
        return lambda: figures.table(data)
    return lambda: jobs.ask("core.figures:picture", specification, data, kind)
