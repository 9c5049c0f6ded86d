"""What the page Anomalies asks for besides the question of every task: rows, and ensembles."""

from __future__ import annotations

import streamlit as st

from core import runs
from core.anomaly import KNOWN
from core.combine import combine
from core.data.catalog import Entry
from core.errors import FusionscopeError
from dashboard import cached, operating
from dashboard.notices import explain
from dashboard.question import Asked, Question
from dashboard.window import DETAIL

QUESTION = Question(
    task="anomaly",
    page="anomaly",
    data="data",
    run="run",
    promise="A detector first learns what is normal from the training rows. Then every row gets "
    "a score, and you choose the threshold above which it raises an alarm.",
)
PREFIX = QUESTION.prefix
KEYS = (DETAIL.start, DETAIL.stop, PREFIX + "tab", PREFIX + "compare", PREFIX + "new")
_TROUBLE = "setup.combine.trouble"


def sidebar() -> Asked:
    """Draw the sidebar and return what it asks for."""
    QUESTION.unknown({*KEYS, *operating.KEYS})
    with st.sidebar:
        QUESTION.follow()
        entries = QUESTION.entries()
        data = QUESTION.dataset(
            "Data set",
            "The page Data fetches public sets, takes uploads and shows what was found in them.",
            entries,
        )
        stored = QUESTION.stored(data)
        _combining(data)
        if stored is not None:
            QUESTION.settings_of(stored)
            return Asked(data, run=stored)
        follow_rows(entries[data], PREFIX)
        return QUESTION.edited(
            data, {"train_rows": max(cached.facts(data, QUESTION.task).rows - 1, 20)}
        )


def _combining(data: str) -> None:
    """Offer to join stored runs on this data set into an ensemble."""
    table, _ = runs.table(task=QUESTION.task, dataset=data, limit=200)
    table = table[table["variant"] != "combined"]
    if len(table) < 2:
        return
    labels = {
        name: f"{name} · {KNOWN[variant].label if variant in KNOWN else variant}"
        for name, variant in zip(table["name"], table["variant"], strict=True)
    }
    with st.popover("Combine runs", icon=":material/merge:", width="stretch"):
        st.markdown("An ensemble of runs on this data set; nothing is trained.")
        chosen = st.multiselect(
            "Runs", list(labels), format_func=lambda name: labels[name], key="combine-runs"
        )
        by = st.segmented_control(
            "Joined by",
            ["p-value", "rank"],
            default="p-value",
            required=True,
            key="combine-by",
            help="P-value: how unlikely a score is under those of the training rows. Rank: its "
            "place among all scores of the recording, which looks ahead.",
        )
        st.button(
            "Combine",
            key="combine",
            disabled=len(chosen) < 2,
            type="primary",
            on_click=_combine,
            args=(chosen, by),
        )
        if trouble := st.session_state.pop(_TROUBLE, None):
            explain(trouble)


def _combine(chosen: list[str], by: str) -> None:
    """Join the runs *chosen* and open what came of it."""
    try:
        st.session_state[QUESTION.run] = combine(chosen, by)[0].name
    except FusionscopeError as error:
        st.session_state[_TROUBLE] = error


def follow_rows(entry: Entry, prefix: str) -> None:
    """Set the training rows to what the data set's authors say when another one is chosen.

    Args:
        entry: The data set.
        prefix: Before the names of the settings.
    """
    key = prefix + "train_rows"
    before = st.session_state.get(f"{key}.of")
    if before == entry.name:
        return
    st.session_state[f"{key}.of"] = entry.name
    if before is not None or key not in st.query_params:
        st.session_state[key] = entry.train_rows
