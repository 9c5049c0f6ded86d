"""One choice among named options whose value lives in the link.

Streamlit writes an option into the address as it is called on the screen, reads nothing but that
back, and takes an option's value out of the address, so that a reload would lose it. Here a link
may carry either; the page writes the name on the screen in place of the value.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

import streamlit as st

from dashboard import link


def option_of(text: str, names: Mapping[str, str]) -> str:
    """Return the option that *text* stands for, by its value or as it is called on the screen.

    Args:
        text: As in a link.
        names: What may be chosen: value -> as on the screen.

    Raises:
        ValueError: there is no such option.
    """
    if text in names:
        return text
    for option, name in names.items():
        if name == text:
            return option
    raise ValueError(text)


def choice(
    key: str,
    label: str,
    options: Collection[str] | Mapping[str, str],
    default: str | None,
    help: str,
    *,
    asked: str = "",
    allowed: str = "",
    here: bool = False,
    free: Callable[[str], Any] | None = None,
    **more: Any,
) -> Any:
    """Draw the choice and return the chosen option.

    Args:
        key: Of the widget, and in the link.
        label: As on the screen.
        options: What may be chosen, with or without other names on the screen.
        default: What is chosen when nobody chooses; None begins without a choice.
        help: Shown on request.
        asked: What a notice about a wrong link calls it; the label without.
        allowed: What that notice says; without, it lists the options.
        here: Whether the default depends on what is on this machine; a link that names it then
            keeps it.
        free: Reads another value that may be typed in; raises ValueError when it is not allowed.
        **more: Of `st.selectbox`: on_change, placeholder, width.
    """
    names = dict(options) if isinstance(options, Mapping) else {name: name for name in options}
    values = list(names)

    def read(text: str) -> str:
        try:
            return option_of(text, names)
        except ValueError:
            if free is None:
                raise
            return str(free(text))

    text = st.query_params.get(key, "")
    told = allowed or f"allowed are {', '.join(values)}"
    if link.check(key, asked or label, read, told, default) and names.get(text, text) != text:
        link.rewrite(key, names[text])
    if here and key not in st.session_state:
        st.session_state[key] = default
    chosen = st.selectbox(
        label,
        values,
        index=None if default is None else 0 if here else values.index(default),
        format_func=lambda option: names.get(option, option),
        key=key,
        bind="query-params",
        help=help,
        accept_new_options=free is not None,
        **more,
    )
    link.confirm(key, chosen)
    return chosen
