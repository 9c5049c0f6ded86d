"""What is said when something cannot be done: the problem, then how to mend it."""

from __future__ import annotations

import streamlit as st

from core.errors import FusionscopeError


def explain(error: FusionscopeError) -> None:
    """Show *error* to the person at the screen."""
    st.error(
        error.remedy or "Change what it names and try again.",
        title=error.problem,
        icon=":material/error:",
    )
