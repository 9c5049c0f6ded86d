"""Which runs are listed, in which order, on which page; all of it is in the address."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import pandas as pd
import streamlit as st

from core import format as write
from core import runs
from core import task as tasks
from core.data import catalog
from dashboard import link, routes, run_list, run_panels
from dashboard.choice import choice

SIZE = 20  # Runs on a page.
PAGE = "page"
ANY = "all"
SORTS = {
    "newest": ("created", True),
    "oldest": ("created", False),
    "name": ("name", False),
    "data set": ("dataset", False),
    "detector": ("variant", False),
    "best VUS-PR": ("vus_pr", True),
    "fewest events": ("events", False),
    "longest training": ("seconds", True),
}
KEYS = ("text", "task", "dataset", "sort", "champions", "baselines", PAGE)
SHOWN = (
    *("name", "dataset", "variant", "score", "beside"),
    *("events", "seconds", "created", "marks", "state"),
)


@dataclass(frozen=True)
class Wanted:
    """The filters.

    Attributes:
        text: Words that are in the run's name, data set, detector or tags.
        task: Name of the task; None for all.
        dataset: Name of the data set; None for all.
        champions: Whether only champions are listed.
        baselines: Whether baselines are listed.
        sort: One of `SORTS`.
        page: From 1.
    """

    text: str = ""
    task: str | None = None
    dataset: str | None = None
    champions: bool = False
    baselines: bool = True
    sort: str = "newest"
    page: int = 1

    @property
    def narrow(self) -> bool:
        """Whether any filter leaves runs out."""
        return bool(self.text or self.task or self.dataset or self.champions or not self.baselines)


def bar() -> Wanted:
    """Draw the filters in one row and return them."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        text = st.text_input(
            "Search",
            key="text",
            type="search",
            live="300ms",
            bind="query-params",
            placeholder="Name, data set, detector or tag",
            help="Only runs with all of these words.",
            on_change=_first_page,
            width=260,
        )
        task = _one_of("task", "Task", [ANY, *tasks.TASKS], "What the run answers.", 130)
        names = [ANY, *(entry.name for entry in catalog.entries())]
        dataset = st.selectbox(
            "Data set",
            names,
            key="dataset",
            bind="query-params",
            accept_new_options=True,
            help="A data set of the catalog; the name of a file that was trained on from the "
            "command line may be typed in.",
            on_change=_first_page,
            width=180,
        )
        sort = _one_of("sort", "Order", list(SORTS), "What comes first.", 190)
        champions = _switch("champions", "Champions only", False, "The chosen runs of recordings.")
        baselines = _switch(
            "baselines", "Baselines", True, "Trained along with every model: what it has to beat."
        )
    return Wanted(
        text,
        None if task == ANY else task,
        None if dataset in (ANY, None) else dataset,
        champions,
        baselines,
        sort,
        _page_number(),
    )


def page(wanted: Wanted) -> tuple[pd.DataFrame, int]:
    """Return the page of runs, and how many meet the filters; filtered and sorted by the store."""
    found, total = _page(wanted)
    if found.empty and total:
        last = math.ceil(total / SIZE)
        link.refuse(PAGE, f"There is no page {wanted.page}; the last one is {last}.")
        st.session_state[PAGE] = last
        found, total = _page(replace(wanted, page=last))
    return found, total


def _page(wanted: Wanted) -> tuple[pd.DataFrame, int]:
    sort, descending = SORTS[wanted.sort]
    return runs.table(
        task=wanted.task,
        dataset=wanted.dataset,
        text=wanted.text,
        champion=True if wanted.champions else None,
        baseline=None if wanted.baselines else False,
        sort=sort,
        descending=descending,
        limit=SIZE,
        offset=(wanted.page - 1) * SIZE,
    )


def clear() -> None:
    """Take all filters away."""
    st.session_state.update(
        {"text": "", "task": ANY, "dataset": ANY, "champions": False, "baselines": True, PAGE: 1}
    )


def table(found: pd.DataFrame, total: int) -> None:
    """List a page of runs; one marked row chooses its run, several can be compared."""
    frame = run_list.readable(found)
    chosen = st.query_params.get(run_panels.CHOSEN)
    names = list(found["name"])
    key = f"runs-table-{'-'.join(found['id'].str[:6])}"
    rows = [names.index(chosen)] if chosen in names else []
    event = st.dataframe(
        frame,
        key=key,
        hide_index=True,
        height="content",
        column_order=SHOWN,
        column_config=run_list.config(),
        on_select=lambda: _choose(key, names),
        selection_mode="multi-row",
        selection_default={"selection": {"rows": rows}},
        placeholder=write.NOTHING,
        alt="Runs with data set, detector, VUS-PR and that of the best baseline",
    )
    marked = [names[row] for row in event["selection"]["rows"]]
    if len(marked) > 1 and st.button(
        f"Compare {write.count(len(marked), 'run')}",
        key="runs-compare",
        type="primary",
        icon=":material/compare_arrows:",
    ):
        routes.to("compare", runs=",".join(marked))
    pages = math.ceil(total / SIZE)
    if pages > 1:
        st.pagination(pages, key=PAGE, bind="query-params", on_change=link.accept, args=(PAGE,))


def _choose(key: str, names: list[str]) -> None:
    rows = st.session_state[key]["selection"]["rows"]
    if len(rows) == 1:
        st.query_params[run_panels.CHOSEN] = names[rows[0]]
    else:
        st.query_params.pop(run_panels.CHOSEN, None)


def _one_of(key: str, label: str, options: list[str], help: str, width: int) -> str:
    return choice(
        key,
        label,
        options,
        options[0],
        help,
        asked=label.lower(),
        on_change=_first_page,
        width=width,
    )


def _switch(key: str, label: str, default: bool, help: str) -> bool:
    words = {"true": True, "false": False}

    def read(text: str) -> bool:
        if text.lower() not in words:
            raise ValueError(text)
        return words[text.lower()]

    link.check(key, label.lower(), read, "allowed are true and false", default)
    return st.toggle(label, default, key=key, bind="query-params", help=help, on_change=_first_page)


def _page_number() -> int:
    def read(text: str) -> int:
        if not text.isdecimal() or int(text) < 1:
            raise ValueError(text)
        return int(text)

    link.check(PAGE, "page", read, "pages are numbered from 1", 1)
    return st.session_state.get(PAGE, 1)


def _first_page() -> None:
    st.session_state[PAGE] = 1
