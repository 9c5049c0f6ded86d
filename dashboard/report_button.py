"""A run or a comparison as a file that explains itself, made by a worker when it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.util import find_spec

import streamlit as st

from core import jobs

WAIT = 300  # seconds
MIME = {"html": "text/html", "pdf": "application/pdf"}
HELP = {
    "html": "One file that holds all that it shows; opens in any browser and prints on A4.",
    "pdf": "The same on A4 pages.",
}


def draw(names: Sequence[str], right: bool = False) -> None:
    """Draw a small menu that hands out a report.

    Args:
        names: Of one run, which is reported with its baselines, or of two to eight side by side.
        right: Whether it stands at the right edge.
    """
    name = f"{names[0]}-report" if len(names) == 1 else f"comparison-of-{len(names)}-report"
    with (
        st.container(horizontal_alignment="right" if right else "left"),
        st.popover(
            "Report",
            icon=":material/description:",
            type="tertiary",
            key="report",
            help="Question, data, protocol, results with baselines and intervals, the threshold "
            "and what it costs, limits, and how to make it again.",
        ),
    ):
        st.caption("Takes some seconds.")
        for kind in MIME:
            st.download_button(
                kind.upper(),
                _maker(list(names), kind),
                f"{name}.{kind}",
                MIME[kind],
                key=f"report-{kind}",
                icon=":material/download:",
                on_click="ignore",
                disabled=kind == "pdf" and not _prints(),
                help=HELP[kind],
                width="stretch",
            )
        if not _prints():
            st.caption(
                "A PDF needs WeasyPrint: `pip install 'fusionscope[pdf]'`. Or print the HTML."
            )


def _maker(names: list[str], kind: str) -> Callable[[], bytes | str]:
    return lambda: jobs.ask(f"core.report:{kind}", names, timeout=WAIT)


def _prints() -> bool:
    """Whether the library for PDF is there; it is not loaded here."""
    return find_spec("weasyprint") is not None
