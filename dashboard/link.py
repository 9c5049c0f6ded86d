"""What the address of a page asks for, and what is said when it asks for the impossible.

Widgets bound to the address take their value from it and drop what they do not allow without a
word. A page therefore calls `check` before it draws a widget and `notices` where the reader looks.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

import streamlit as st
from streamlit.errors import StreamlitAPIException

_SEEN, _NOTICES, _HAD, _AGAIN = "link.seen", "link.notices", "link.had", "link.again"


def up_to(most: int) -> Callable[[str], int]:
    """Return what reads a whole number from 1 to *most*, for `check`."""

    def read(text: str) -> int:
        if not 1 <= (number := int(text)) <= most:
            raise ValueError(text)
        return number

    return read


def check(key: str, name: str, read: Callable[[str], Any], allowed: str, instead: Any) -> bool:
    """Prepare the widget *key* for what the link asks, and note what is wrong with that.

    Call it just before the widget is drawn, and `confirm` just after.

    Args:
        key: Of the widget and of the value in the link.
        name: Of the setting, on the screen.
        read: Turns the text into a value; raises ValueError when it is not allowed.
        allowed: What may be chosen, such as "allowed are 4 to 512".
        instead: The value that is used.

    Returns:
        Whether the link has just begun to ask for a value that is allowed.
    """
    asked = st.query_params.get(key)
    again: dict[str, Any] = st.session_state.setdefault(_AGAIN, {})
    if key in again:
        st.session_state[key] = again.pop(key)
    elif asked is None and key in st.session_state and _fits(read, st.session_state[key]):
        st.session_state[_HAD] = (key, st.session_state[key])
    seen = st.session_state.setdefault(_SEEN, {})
    noted: dict[str, str] = st.session_state.setdefault(_NOTICES, {})
    if asked is None or seen.get(key) == asked:
        if key in noted and st.session_state.get(key, instead) != instead:
            del noted[key]  # Somebody has chosen a value since.
        return False
    seen[key] = asked
    try:
        value = read(asked)
    except ValueError:
        used = "nothing" if instead in (None, "") else instead
        used = f"“{used}”" if " " in str(used) else used
        noted[key] = f"The link asks for {name} = {asked}; {allowed}, so {used} is used."
        return False
    noted.pop(key, None)
    if key not in st.session_state:
        st.session_state[key] = value
    return True


def _fits(read: Callable[[str], Any], value: Any) -> bool:
    """Whether the widget may still have *value*; a choice may have gone since."""
    if value is None:
        return True
    try:
        read(str(value))
    except ValueError:
        return False
    return True


def confirm(key: str, value: Any) -> None:
    """Insist on the value that the widget *key* had before it was drawn.

    A step back in the browser's history from another page finds an address without values, for
    which Streamlit draws the default.
    """
    had, before = st.session_state.pop(_HAD, (None, None))
    if had == key and value != before:
        st.session_state[_AGAIN][key] = before
        st.rerun()


def rewrite(key: str, text: str) -> None:
    """Write *text* for the widget *key* into the address, before the widget is drawn.

    On the way back through the browser's history to a page that is still drawn Streamlit does not
    allow it; the address then stays as it is.
    """
    try:
        st.query_params[key] = text
    except StreamlitAPIException:
        return
    st.rerun()


def refuse(key: str, sentence: str) -> None:
    """Note *sentence* about the value that the link gives for *key*."""
    st.session_state.setdefault(_NOTICES, {})[key] = sentence


def accept(key: str) -> None:
    """Forget what was noted about *key*."""
    st.session_state.setdefault(_NOTICES, {}).pop(key, None)


def unknown(known: Collection[str], prefix: str) -> None:
    """Note the names that begin with *prefix* in the link and mean nothing to the page."""
    for key in st.query_params:
        if key.startswith(prefix) and key not in known:
            name = key.removeprefix(prefix)
            refuse(key, f"The link asks for {name}, and there is no such setting; it is left out.")


def notices(only: Collection[str] | None = None, but: Collection[str] = ()) -> None:
    """Show what was noted.

    Args:
        only: The keys to speak of; None for all.
        but: Keys of which somebody else speaks.
    """
    noted: dict[str, str] = st.session_state.get(_NOTICES, {})
    for key, text in noted.items():
        if key not in but and (only is None or key in only):
            st.warning(text, icon=":material/link_off:")
