"""Runs that cannot be compared as they are: what differs, and trainings that mend it."""

from __future__ import annotations

import streamlit as st

from core.errors import FusionscopeError
from core.peers import Mismatch
from core.runs import Run
from dashboard import cached, compare_choice, training_queue
from dashboard.markdown import plain
from dashboard.notices import explain


def draw(mismatch: Mismatch, found: list[Run]) -> None:
    """Say what differs, and offer to train the odd runs anew, or to leave them out."""
    st.error(
        "Train the odd ones anew on the data and split of the others, or leave them out.",
        title=plain(mismatch.message),
        icon=":material/error:",
    )
    _leave_out(mismatch, found)
    if not mismatch.configs:
        return
    try:
        same = cached.facts(mismatch.source, mismatch.task).fingerprint == mismatch.fingerprint
        wanted = training_queue.look(mismatch.task, mismatch.source, mismatch.configs)
    except FusionscopeError as error:
        explain(error)
        return
    if not same:
        st.info(
            "The data set of the others has changed since they were trained, so that a new "
            "training could not be compared with them. Train all of them anew.",
            icon=":material/history:",
        )
        return
    ready = {one.label: one.run.name for one in wanted if one.run is not None}
    with st.container(horizontal=True):
        training_queue.offer(wanted, "Train the odd ones anew", "compare-train")
        if len(ready) == len(wanted) and st.button(
            "Compare with the trained ones",
            key="compare-mended",
            type="primary",
            icon=":material/compare_arrows:",
        ):
            names = [ready.get(run.name, run.name) for run in found]
            compare_choice.put(list(dict.fromkeys(names)))
            st.rerun()
    training_queue.progress(wanted)


def _leave_out(mismatch: Mismatch, found: list[Run]) -> None:
    rest = [run.name for run in found if run.name not in mismatch.odd]
    if len(rest) > 1 and st.button(
        "Leave the odd ones out", key="compare-without", icon=":material/playlist_remove:"
    ):
        compare_choice.put(rest)
        st.rerun()
