"""Which column is what, and what is done about gaps: the choices that are kept with a recording."""

from __future__ import annotations

import pandas as pd
import streamlit as st
from pandas.api import types as kinds

from core import format as write
from core.data import Cleaning, Roles, catalog, open_dataset, roles
from core.errors import FusionscopeError
from dashboard import controls
from dashboard.notices import explain

NONE = "(none)"
WAYS = {
    "interpolate": "draw a line across the gap",
    "forward-fill": "repeat the last reading",
    "drop": "leave the rows out",
    "keep": "keep gaps (forecasts only)",
}
STEPS = ["1s", "10s", "1min", "5min", "10min", "1h", "1D"]
KEEP = "as recorded"
_TURN = "recipe.turn"


@st.cache_data(max_entries=8, show_spinner="Reading the columns …")
def columns(name: str, rows: int) -> tuple[pd.DataFrame, Roles]:
    """Return the columns of a data set as they were read, and the roles that are guessed.

    The frame has [column, kind, missing, examples].

    Args:
        name: Of the data set.
        rows: It has; part of the cache's key.
    """
    frame = catalog.read(name).frame
    found = pd.DataFrame(
        {
            "column": frame.columns,
            "kind": [_kind(frame[column]) for column in frame],
            "missing": [int(frame[column].isna().sum()) for column in frame],
            "examples": [_examples(frame[column]) for column in frame],
        }
    )
    return found, roles.guess(frame)


def editor(name: str, rows: int) -> None:
    """Draw the choices for the data set *name* and keep them when they fit it."""
    found, guess = columns(name, rows)
    saved, cleaning = catalog.recipe(name)
    now, cleaning = saved or guess, cleaning or Cleaning()
    # A new key makes the widgets show the guess again.
    prefix = f"recipe.{name}.{st.session_state.get(_TURN, 0)}."
    with st.form(f"recipe.{name}", border=False):
        left, right = st.columns([3, 2], gap="large")
        with left:
            st.markdown("**Which column is what**")
            chosen = _roles(found, now, prefix)
        with right:
            st.markdown("**Gaps and time step**")
            values = _cleaning(cleaning, prefix)
        with st.container(horizontal=True, vertical_alignment="center"):
            save = st.form_submit_button("Save and apply", type="primary", icon=":material/check:")
            origin = "the guess" if saved is None else "your choice"
            st.form_submit_button(
                "Reset to the guess",
                icon=":material/restart_alt:",
                on_click=_reset,
                args=(name,),
                help="Forgets your choices and shows what Fusionscope guesses.",
            )
            st.caption(f"In use: {origin}. Other settings make other runs; none is lost.")
    if save:
        _save(name, chosen, values)
    st.dataframe(
        found.assign(role=[_role(now, column) for column in found["column"]]),
        hide_index=True,
        column_order=("column", "role", "kind", "missing", "examples"),
        column_config={
            "column": st.column_config.TextColumn("Column", pinned=True),
            "role": st.column_config.TextColumn("Role"),
            "kind": st.column_config.TextColumn("Holds"),
            "missing": st.column_config.NumberColumn("Missing cells", format="localized"),
            "examples": st.column_config.TextColumn("First values"),
        },
        alt="Columns of the file with their roles and first values",
    )


def _roles(found: pd.DataFrame, now: Roles, prefix: str) -> Roles:
    every = list(found["column"])
    numeric = list(found.loc[found["kind"].isin(["numbers", "whole numbers"]), "column"])

    def one(role: str, label: str, chosen: str | None, help: str) -> str | None:
        options = [NONE, *every]
        index = options.index(chosen) if chosen in options else 0
        picked = st.selectbox(label, options, index, key=f"{prefix}{role}", help=help)
        return None if picked == NONE else picked

    first, second, third = st.columns(3)
    with first:
        time = one("time", "Time", now.time, "Time stamps; without them rows count as steps.")
    with second:
        entity = one(
            "entity",
            "Entity",
            now.entity,
            "Tells independent units apart, such as machines or sessions. No window crosses from "
            "one to the next.",
        )
    with third:
        label = one(
            "label", "Label", now.label, "0 for normal and 1 for an anomaly; only judges models."
        )
    channels = st.multiselect(
        "Channels",
        numeric,
        [name for name in now.channels if name in numeric],
        key=f"{prefix}channels",
        wrap=True,
        help="The sensors that a detector watches. Leave out set points, counters and whatever "
        "gives the answer away.",
    )
    return Roles(time=time, entity=entity, channels=tuple(channels), label=label)


def _cleaning(now: Cleaning, prefix: str) -> dict[str, object]:
    """Draw the fields of the cleaning config; label, help and bounds are the fields' own."""
    item = {name: controls.control(name, info) for name, info in Cleaning.model_fields.items()}
    missing = st.selectbox(
        item["missing"].label,
        list(WAYS),
        list(WAYS).index(now.missing),
        format_func=WAYS.__getitem__,
        key=f"{prefix}missing",
        help=item["missing"].info.description,
    )
    gap, step = st.columns(2)
    with gap:
        max_gap = st.number_input(
            item["max_gap"].label,
            int(item["max_gap"].low or 1),
            int(item["max_gap"].high or 10_000),
            now.max_gap,
            key=f"{prefix}max_gap",
            help=item["max_gap"].info.description,
        )
    with step:
        options = [KEEP, *STEPS]
        if now.step is not None and now.step not in options:
            options.append(now.step)
        chosen = st.selectbox(
            item["step"].label,
            options,
            options.index(now.step or KEEP),
            key=f"{prefix}step",
            accept_new_options=True,
            help=f"{item['step'].info.description} Another one may be typed in.",
        )
    return {
        "missing": missing,
        "max_gap": max_gap,
        "step": None if chosen in (KEEP, None) else chosen,
    }


def _save(name: str, chosen: Roles, values: dict[str, object]) -> None:
    """Keep the choices when the recording can be opened with them; else say why not."""
    try:
        cleaning = Cleaning.parse(values)
        with st.spinner("Opening the recording with these choices …"):
            open_dataset(name, roles=chosen, cleaning=cleaning)
        catalog.save_recipe(name, chosen, cleaning)
    except FusionscopeError as error:
        explain(error)
        return
    st.toast("Saved: the recording is opened with these choices.", icon=":material/check:")
    st.rerun()


def _reset(name: str) -> None:
    try:
        catalog.save_recipe(name, None, None)
    except FusionscopeError as error:
        explain(error)
    st.session_state[_TURN] = st.session_state.get(_TURN, 0) + 1


def _role(now: Roles, column: str) -> str:
    if column in now.channels:
        return "channel"
    for role in ("time", "entity", "label"):
        if getattr(now, role) == column:
            return role
    return write.NOTHING


def _kind(column: pd.Series) -> str:
    if kinds.is_datetime64_any_dtype(column):
        return "time stamps"
    if kinds.is_bool_dtype(column) or kinds.is_integer_dtype(column):
        return "whole numbers"
    return "numbers" if kinds.is_numeric_dtype(column) else "text"


def _examples(column: pd.Series) -> str:
    known = column.dropna().drop_duplicates().head(3)
    if kinds.is_float_dtype(column):
        return ", ".join(write.number(value) for value in known)
    return ", ".join(str(value)[:24] for value in known)
