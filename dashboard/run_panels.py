"""One run on the page Runs: what it is, how good it is, and what can be done with it."""

from __future__ import annotations

import tempfile
from pathlib import Path

import streamlit as st

from core import format as write
from core import runs
from core import task as tasks
from core.errors import FusionscopeError, RunDamaged
from dashboard import cached, panels, routes, run_list
from dashboard import card as card_view
from dashboard.markdown import plain
from dashboard.notices import explain

CHOSEN = "run"  # In the address; the page Anomalies reads the same.
TABS = ("Card", "History", "Files")
TROUBLE = "runs.trouble"
OPEN = {
    "anomaly": "Open its timeline",
    "life": "Open its fleet",
    "forecast": "Open its forecasts",
    "gas": "Open its decisions",
}


def show(run: runs.Run) -> None:
    """Draw the run; one whose files are damaged says so and can still be deleted."""
    heading(run)
    try:
        card = cached.card(run, run.id)
    except RunDamaged as error:
        explain(error)
        _after_damage(run)
        return
    _actions(run)
    tabs = st.tabs(list(TABS), key="runs.tab", on_change="rerun", bind="query-params")
    for tab, name in zip(tabs, TABS, strict=True):
        if tab.open:
            with tab:
                if name == "Card":
                    card_view.show(card)
                elif name == "History":
                    _history(run)
                else:
                    _files(run, card)


def heading(run: runs.Run) -> None:
    """Say which run it is, with its badges and tags."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.subheader(run.name, anchor=False, width="content")
        if run.champion:
            st.badge("champion", icon=":material/trophy:", color="green")
        if run.baseline:
            st.badge("baseline", color="gray")
        for text in run_list.tag_texts(run.tags):
            st.badge(plain(text), icon=":material/sell:", color="blue")
    st.caption(
        f"{tasks.label(run.task, run.variant)} on {run.dataset}, trained in "
        f"{write.duration(run.seconds)}, {write.moment(run.created, seconds=False)} "
        f"({write.ago(run.created)})"
    )


def trouble() -> None:
    """Show what went wrong with the last change of a run, until the next one."""
    error = st.session_state.get(TROUBLE)
    if error is not None:
        explain(error)


def _actions(run: runs.Run) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button(
            OPEN.get(run.task, "Open it"),
            key="runs-open",
            type="primary",
            icon=":material/troubleshoot:",
        ):
            routes.to_run(run.name, run.dataset, run.task)
        st.button(
            "Champion" if run.champion else "Mark as champion",
            key="runs-crown",
            icon=":material/trophy:",
            disabled=run.champion,
            on_click=_attempt,
            args=(runs.crown, run),
            help="The chosen run of its recording; the one before is a champion no longer.",
        )
        _rename(run)
        _tags(run)
        st.download_button(
            "Export",
            lambda: _packed(run),
            f"{run.name}.zip",
            "application/zip",
            key="runs-export",
            icon=":material/download:",
            on_click="ignore",
            help="A zip with the model, the preprocessing, scores, history and card; their "
            "checksums are compared first.",
        )
        _delete_button(run)


def _after_damage(run: runs.Run) -> None:
    """Offer the two ways out of a damaged run."""
    with st.container(horizontal=True):
        _delete_button(run)
        if st.button(
            "Train it again",
            key="runs-again",
            icon=":material/replay:",
            help="Opens the same settings on the page of its task. Delete the damaged run first: "
            "its settings would find it again.",
        ):
            routes.to_settings(run.source, run.config, run.task)


def _rename(run: runs.Run) -> None:
    with (
        st.popover("Rename", icon=":material/edit:", key="runs-rename"),
        st.form(f"runs-rename-{run.id}", border=False),
    ):
        key = f"runs-name-{run.id}"
        st.text_input("Name", run.name, key=key, max_chars=80, help="Letters, digits, blanks.")
        st.form_submit_button("Rename", type="primary", on_click=_renamed, args=(run, key))


def _renamed(run: runs.Run, key: str) -> None:
    changed = _attempt(runs.rename, run, st.session_state[key])
    if changed is not None:
        st.query_params[CHOSEN] = changed.name


def _tags(run: runs.Run) -> None:
    with st.popover("Tags", icon=":material/sell:", key="runs-tags"):
        with st.form(f"runs-tag-{run.id}", border=False, clear_on_submit=True):
            name, value = f"runs-tag-name-{run.id}", f"runs-tag-value-{run.id}"
            st.text_input("Tag", key=name, max_chars=80, placeholder="reviewed")
            st.text_input("Value (may be empty)", key=value, max_chars=200)
            st.form_submit_button("Add", type="primary", on_click=_tagged, args=(run, name, value))
        for tag, text in zip(run.tags, run_list.tag_texts(run.tags), strict=True):
            st.button(
                plain(text),
                key=f"runs-untag-{tag}",
                icon=":material/close:",
                on_click=_attempt,
                args=(runs.untag, run, tag),
                help="Take this tag off.",
            )


def _tagged(run: runs.Run, name: str, value: str) -> None:
    _attempt(runs.tag, run, st.session_state[name].strip(), st.session_state[value].strip())


def _delete_button(run: runs.Run) -> None:
    if st.button("Delete", key="runs-delete", icon=":material/delete:"):
        _confirm(run)


@st.dialog("Delete this run?", icon=":material/delete:")
def _confirm(run: runs.Run) -> None:
    st.markdown(
        f"**{run.name}** ({tasks.label(run.task, run.variant)} on {run.dataset}) and all of its "
        "files are removed. The recording stays; training with the same settings makes the run "
        "again."
    )
    if run.champion:
        st.warning("It is the champion of its recording.", icon=":material/trophy:")
    with st.container(horizontal=True, horizontal_alignment="right"):
        st.button("Keep it", key="runs-keep", on_click=st.rerun)
        st.button("Delete", key="runs-delete-yes", type="primary", on_click=_deleted, args=(run,))


def _deleted(run: runs.Run) -> None:
    _attempt(runs.delete, run)
    st.query_params.pop(CHOSEN, None)
    st.rerun()


def _attempt(change: object, *arguments: object) -> runs.Run | None:
    """Call ``change(*arguments)``; what it raises is shown by `trouble`."""
    st.session_state.pop(TROUBLE, None)
    try:
        return change(*arguments)  # type: ignore[operator]
    except FusionscopeError as error:
        st.session_state[TROUBLE] = error
        return None


def _history(run: runs.Run) -> None:
    frame = cached.history(run, run.id)
    if frame.empty:
        st.info("This detector is fitted in one step: there are no epochs to show.")
        return
    best = frame.loc[frame["val_loss"].idxmin()] if "val_loss" in frame else frame.iloc[-1]
    st.caption(
        f"{write.count(len(frame), 'epoch')} in {write.duration(run.seconds)}; "
        f"the weights of epoch {int(best['epoch'])} are kept."
    )
    panels.losses(frame, 240)


def _files(run: runs.Run, card: dict[str, object]) -> None:
    st.caption(f"Key {run.key}, stored in {run.folder}")
    st.json(card, expanded=1)


def _packed(run: runs.Run) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        return runs.export(run, Path(folder) / "run.zip").read_bytes()
