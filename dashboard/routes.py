"""Ways from one page to another; what the other page is to show travels in its address."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlencode

import streamlit as st

from core.data import catalog

# Pages of tasks whose names stand before all that their links carry.
OWN = {"life": "fleet", "forecast": "forecast", "gas": "gas"}
PAGES = Path(__file__).resolve().parents[1] / "pages"


def to(page: str, **shown: Any) -> NoReturn:
    """Go to *page*, such as "anomalies", where the widgets *shown* have these values.

    A widget that the present page has, too, keeps its value and must not be among them.
    """
    # The widgets of a page that was open before remember their values, and these go first.
    st.session_state.update(shown)
    link = {name: str(value) for name, value in shown.items()}
    st.switch_page(PAGES / f"{page}.py", query_params=link)


def to_run(name: str, dataset: str, task: str = "anomaly") -> NoReturn:
    """Go to the page that shows the run *name* of *task*, which was trained on *dataset*."""
    to(OWN.get(task, "anomalies"), **link_of_run(name, dataset, task))


def link_of_run(name: str, dataset: str, task: str) -> dict[str, Any]:
    """Return what the page of *task* shows of the run *name*, by the names in its link."""
    if task in OWN:
        return {f"{task}.data": dataset, f"{task}.run": name}
    return {**_known(dataset), "run": name}


def address(name: str, dataset: str, task: str) -> str:
    """Return the address of the run *name* of *task*, from another page."""
    if task in OWN:
        shown = {f"{task}.data": dataset, f"{task}.run": name}
        return f"{OWN[task]}?{urlencode(shown)}"
    known = {"data": dataset} if catalog.known(dataset) else {}
    return f"anomalies?{urlencode(known | {'run': name})}"


def to_settings(dataset: str, config: dict[str, Any], task: str = "anomaly") -> NoReturn:
    """Go to the training with these settings of a config, or to the run that came of it."""
    to(OWN.get(task, "anomalies"), **link_of_settings(dataset, config, task))


def link_of_settings(dataset: str, config: dict[str, Any], task: str) -> dict[str, Any]:
    """Return what the page of *task* shows of these settings, by the names in its link."""
    chosen = {f"{task}.{name}": value for name, value in config.items() if value is not None}
    data = {f"{task}.data": dataset} if task in OWN else _known(dataset)
    return {**data, **chosen}


def _known(dataset: str) -> dict[str, str]:
    if catalog.known(dataset):
        return {"data": dataset}
    st.session_state.pop("data", None)
    return {}
