"""Remove a study that is no longer wanted; asked twice, since it cannot be brought back."""

from __future__ import annotations

import streamlit as st

from core import sweeps
from core.errors import FusionscopeError
from core.sweeps import Study
from dashboard import study_setup
from dashboard.markdown import plain
from dashboard.study_words import TROUBLE


def button(study: Study) -> None:
    """Offer to delete *study*, which does not run."""
    if st.button("Delete", key="experiments-delete", icon=":material/delete:"):
        _confirm(study)


@st.dialog("Delete this study?", icon=":material/delete:")
def _confirm(study: Study) -> None:
    st.markdown(
        f"**{study.name}** on {plain(study.dataset)} and what it noted of its trials are removed. "
        "The runs that it trained stay on the page Runs."
    )
    with st.container(horizontal=True, horizontal_alignment="right"):
        st.button("Keep it", key="experiments-keep", on_click=st.rerun)
        st.button(
            "Delete",
            key="experiments-delete-yes",
            type="primary",
            on_click=_deleted,
            args=(study.name,),
        )


def _deleted(name: str) -> None:
    try:
        sweeps.delete(name)
        study_setup.open_study(study_setup.NEW)
    except FusionscopeError as error:
        st.session_state[TROUBLE] = error
    st.rerun()
