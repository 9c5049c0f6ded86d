"""Files that are made when they are asked for: what went wrong is told beside the button.

Streamlit itself says no more than that a file could not be made.
"""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from core.errors import FusionscopeError
from dashboard.notices import explain

EVERY = 1.0  # seconds between two looks, while the menu is open

Troubles = list[FusionscopeError]


def told(make: Callable[[], bytes | str], troubles: Troubles) -> Callable[[], bytes | str]:
    """Return *make*, which runs in a thread of Streamlit's; its last error is in *troubles*."""

    def made() -> bytes | str:
        troubles.clear()
        try:
            return make()
        except FusionscopeError as error:
            troubles.append(error)
            raise

    return made


@st.fragment(run_every=EVERY)
def explained(troubles: Troubles) -> None:
    """Say what went wrong, as soon as it did."""
    for error in troubles:
        explain(error)
