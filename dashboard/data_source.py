"""Which recording: a sample, a public set that may have to be fetched, or an upload."""

from __future__ import annotations

import streamlit as st

from core import format as write
from core.data import catalog
from core.data.catalog import Entry
from core.errors import FusionscopeError
from core.settings import settings
from dashboard import link, routes
from dashboard.choice import choice
from dashboard.markdown import plain
from dashboard.notices import explain

KEY = "data"  # In the address, shared with the other pages.
TYPES = ["csv", "tsv", "txt", "gz", "parquet", "pq", "zip"]
KINDS = {
    "sample": (":material/science:", "blue", "simulated"),
    "public": (":material/public:", "violet", "public"),
    "upload": (":material/upload_file:", "green", "your upload"),
}
# What the widgets of the page show belongs to one recording.
OWN = ("entity", "channels")
_TROUBLE, _TURN = "data.trouble", "data.turn"


def sidebar() -> Entry:
    """Draw the choice of a recording and the uploader; return what is chosen."""
    with st.sidebar:
        entry = _choice()
        st.file_uploader(
            "Upload a recording",
            type=TYPES,
            max_upload_size=settings().upload_limit_mb,
            key=_upload_key(),
            on_change=_upload,
            help="CSV (comma, semicolon or tab; also .gz) or Parquet: one row a time step, one "
            "column a sensor. A zip holds one such table and the frames of a thermal camera. It is "
            "stored on this machine and nowhere else; the same content is stored once.",
        )
    return entry


def trouble() -> None:
    """Show what went wrong with the last upload or deletion, until the next one."""
    error = st.session_state.get(_TROUBLE)
    if error is not None:
        explain(error)


def heading(entry: Entry) -> None:
    """Say which recording is on the screen, and what can be done with it."""
    icon, colour, word = KINDS[entry.kind]
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"**{plain(entry.label)}**", width="content")
        st.badge(word, icon=icon, color=colour)
        if entry.licence:
            st.badge(entry.licence, color="gray")
        st.space("stretch")
        if entry.kind == "upload" and st.button(
            "Delete", key="data-delete", icon=":material/delete:"
        ):
            _confirm(entry)
        if entry.available and entry.gas:
            if st.button(
                "Open on the page Gas", key="data-gas", type="primary", icon=":material/gas_meter:"
            ):
                routes.to("gas", **{"gas.data": entry.name})
        elif entry.available and st.button(
            "Detect anomalies in this data",
            key="data-detect",
            type="primary",
            icon=":material/troubleshoot:",
        ):
            routes.to("anomalies")  # The choice of the data set is shared.
    st.caption(entry.description)


def fetch(entry: Entry) -> None:
    """Show where a public set comes from and its licence, and fetch it when that is accepted."""
    with st.container(border=True):
        st.subheader("Not on this machine yet", anchor=False, icon=":material/download:")
        st.table(
            {
                "Licence": entry.licence,
                "Source": f"[{entry.url}]({entry.url})",
                "Size": write.count(entry.rows, "row"),
                "Stored in": str(settings().home / "downloads"),
            },
            border="horizontal",
        )
        st.caption(
            "Fetching asks the source for its files alone, checks their checksums and keeps them. "
            "Without a network, put the file below the folder that FUSIONSCOPE_DATA_DIR names."
        )
        if st.button(f"Accept {entry.licence} and fetch", key="data-fetch", type="primary"):
            bar = st.progress(0.0, text="Asking the source …")
            try:
                catalog.fetch(
                    entry.name,
                    lambda share: bar.progress(share, text=f"Fetched {write.percent(share)}"),
                )
            except FusionscopeError as error:
                bar.empty()
                explain(error)
            else:
                st.rerun()


def _choice() -> Entry:
    entries = {entry.name: entry for entry in catalog.entries()}
    name = choice(
        KEY,
        "Data set",
        list(entries),
        next(iter(entries)),
        "Samples are simulated and labelled. Public sets are fetched once, on request. "
        "Uploads are your own.",
        asked="data set",
        allowed="there is no such data set here",
        on_change=_changed,
    )
    entry = entries[name]
    here = "" if entry.available else ", to be fetched"
    st.caption(f"{plain(entry.label)}: {write.count(entry.rows, 'row')}{here}")
    return entry


def _changed() -> None:
    """Forget what was said about the recording before."""
    st.session_state.pop(_TROUBLE, None)
    for key in OWN:
        link.accept(key)


def _upload_key() -> str:
    return f"data-upload-{st.session_state.get(_TURN, 0)}"


def _upload() -> None:
    """Store the uploaded file and choose it; a bad one changes nothing."""
    file = st.session_state[_upload_key()]
    if file is None:
        return
    _changed()
    st.session_state[_TURN] = st.session_state.get(_TURN, 0) + 1  # An empty uploader again.
    before = {entry.name for entry in catalog.entries()}
    try:
        st.session_state[KEY] = name = catalog.add_upload(file.getvalue(), file.name).name
        if name in before:
            st.toast(f"{plain(file.name)} is here already, as {name}.")
    except FusionscopeError as error:
        st.session_state[_TROUBLE] = type(error)(f"{file.name}: {error.problem}", error.remedy)


@st.dialog("Delete this upload?", icon=":material/delete:")
def _confirm(entry: Entry) -> None:
    st.markdown(
        f"**{plain(entry.label)}** ({write.count(entry.rows, 'row')}) and the choices of its "
        "columns are removed from this machine. Runs that were trained on it stay, with their "
        "scores; their readings can be drawn again when the same file is uploaded again."
    )
    with st.container(horizontal=True, horizontal_alignment="right"):
        st.button("Keep it", key="data-keep", on_click=st.rerun)
        st.button(
            "Delete",
            key="data-delete-yes",
            type="primary",
            on_click=_delete,
            args=(entry.name,),
        )


def _delete(name: str) -> None:
    try:
        catalog.remove(name)
    except FusionscopeError as error:
        st.session_state[_TROUBLE] = error
        return
    _changed()
    st.session_state[KEY] = catalog.entries()[0].name
    st.rerun()
