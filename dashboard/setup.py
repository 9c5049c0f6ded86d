"""The question: which recording, which detector, which settings; and what is known of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import streamlit as st

from core import anomaly, jobs, runs
from core import task as tasks
from core.anomaly import KNOWN, VARIANTS
from core.combine import combine
from core.data import catalog
from core.data.catalog import Entry
from core.errors import FusionscopeError, RunNotFound
from core.jobs import Job
from dashboard import cached, card, controls, jobs_panel, link, operating
from dashboard import format as write
from dashboard.markdown import plain
from dashboard.notices import explain
from dashboard.window import DETAIL

TASK, PREFIX = "anomaly", "anomaly."
DATA, RUN = "data", "run"
_FOLLOWED, _TROUBLE = "setup.followed", "setup.combine.trouble"
NEW = "From the settings below"


@dataclass(frozen=True)
class Choice:
    """What the sidebar asks for.

    Attributes:
        entry: The data set.
        run: The run to show; None when there is none yet.
        job: Its training, when there is no run yet and somebody asked for one.
        config: The settings, when they are edited.
    """

    entry: Entry
    run: runs.Run | None = None
    job: Job | None = None
    config: anomaly.Config | None = None


def sidebar() -> Choice:
    """Draw the sidebar and return what it asks for."""
    known = {PREFIX + name for name in anomaly.Config.model_fields}
    own = {DETAIL.start, DETAIL.stop, PREFIX + "tab", PREFIX + "compare", PREFIX + "new"}
    link.unknown(known | own | set(operating.KEYS), PREFIX)
    with st.sidebar:
        _follow_run()
        entry = _dataset()
        stored = _stored_run(entry)
        _combining(entry)
        if stored is not None:
            _settings_of(stored)
            return Choice(entry, run=stored)
        return _edited(entry)


def nothing_yet(choice: Choice) -> None:
    """Say what to do when there is neither a run nor a training."""
    with st.container(border=True, horizontal_alignment="center", height=jobs_panel.HEIGHT):
        st.space("stretch")
        st.subheader("No run with these settings yet", text_alignment="center")
        st.markdown(
            "A detector first learns what is normal from the training rows. Then every row gets "
            "a score, and you choose the threshold above which it raises an alarm.",
            text_alignment="center",
            width=520,
        )
        _train_button(choice, "anomaly-train-main", "content")
        st.space("stretch")


def _follow_run() -> None:
    """Choose the data set of the run that the link asks for."""
    name = st.query_params.get(RUN)
    if name is None or DATA in st.query_params or st.session_state.get(_FOLLOWED) == name:
        return
    st.session_state[_FOLLOWED] = name
    try:
        st.session_state[DATA] = runs.get(name).source
    except RunNotFound:
        return  # The choice of the run says so.


def _entries() -> dict[str, Entry]:
    """Return the data sets on this machine, and the one that a chosen run was trained on."""
    entries = {entry.name: entry for entry in catalog.entries() if entry.available}
    asked = st.session_state.get(DATA)
    if asked is not None and asked not in entries and runs.table(dataset=asked, limit=1)[1]:
        gone = "No longer on this machine"
        entries[asked] = Entry(name=asked, label=gone, kind="upload", description=gone)
    return entries


def _dataset() -> Entry:
    entries = _entries()

    def read(text: str) -> str:
        if text not in entries:
            raise ValueError(text)
        return text

    first = next(iter(entries))
    link.check(DATA, "data set", read, "it is not on this machine", first)
    name = st.selectbox(
        "Data set",
        list(entries),
        key=DATA,
        bind="query-params",
        help="The page Data fetches public sets, takes uploads and shows what was found in them.",
    )
    link.confirm(DATA, name)
    entry = entries[name]
    rows = f": {write.count(entry.rows, 'row')}" if entry.rows else ""
    st.caption(f"{plain(entry.label)}{rows}")
    return entry


def _stored_run(entry: Entry) -> runs.Run | None:
    """Draw the choice between a stored run and the settings; return the run, if one is chosen."""
    table, _ = runs.table(task=TASK, dataset=entry.name, limit=200)
    names = [NEW, *table["name"]]

    def read(text: str) -> str:
        if text not in names:
            raise ValueError(text)
        return text

    link.check(RUN, "run", read, f"{entry.name} has no run of that name", NEW)
    name = st.selectbox(
        "Run",
        names,
        key=RUN,
        bind="query-params",
        help="Open a stored run, or describe one below: a known description opens its run.",
    )
    link.confirm(RUN, name)
    return None if name == NEW else runs.get(name)


def _combining(entry: Entry) -> None:
    """Offer to join stored runs on this data set into an ensemble."""
    table, _ = runs.table(task=TASK, dataset=entry.name, limit=200)
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
        st.session_state[RUN] = combine(chosen, by)[0].name
    except FusionscopeError as error:
        st.session_state[_TROUBLE] = error


def _settings_of(run: runs.Run) -> None:
    """Show the settings of a stored run."""
    pairs = card.settings(run.config, run.variant)
    st.markdown("  \n".join(f"{name}: **{value}**" for name, value in pairs.items()))
    if run.variant not in VARIANTS:
        return
    st.button(
        "Change these settings",
        icon=":material/tune:",
        width="stretch",
        on_click=_copy,
        args=(run,),
        key="anomaly-copy",
    )


def _copy(run: runs.Run) -> None:
    """Put the settings of *run* into the form."""
    st.session_state[RUN] = NEW
    for name, value in run.config.items():
        st.session_state[PREFIX + name] = value


def _edited(entry: Entry) -> Choice:
    """Draw the form and return what is known of the run that it describes."""
    _follow_rows(entry)
    names = {name: variant.label for name, variant in VARIANTS.items()}
    values = controls.form(anomaly.Config, {"variant"}, PREFIX, choices={"variant": names})
    variant = VARIANTS[values["variant"]]
    st.caption(
        f"{variant.help}{' A baseline: every model has to beat it.' if variant.baseline else ''}"
    )
    facts = cached.facts(entry.name, TASK)
    most = {"train_rows": max(facts.rows - 1, 20)}
    values |= controls.form(anomaly.Config, variant.reads, PREFIX, limits=most)
    config = anomaly.Config.parse(values)
    key = tasks.key_of(TASK, config, facts)
    run = runs.find(key)
    job = None if run is not None else jobs_panel.find(key)
    choice = Choice(entry, run, job, config)
    if run is not None:
        st.success(
            f"Stored run: **{run.name}**, {write.ago(run.created)}. Nothing has to be trained.",
            icon=":material/inventory_2:",
        )
    elif job is None or not job.active:
        _train_button(choice, "anomaly-train", "stretch")
    return choice


def _follow_rows(entry: Entry) -> None:
    """Set the training rows to what the data set's authors say when another one is chosen."""
    before = st.session_state.get("setup.data")
    if before == entry.name:
        return
    st.session_state["setup.data"] = entry.name
    key = PREFIX + "train_rows"
    if before is not None or key not in st.query_params:
        st.session_state[key] = entry.train_rows


def _train_button(choice: Choice, key: str, width: Literal["stretch", "content"]) -> None:
    # No callback: its arguments would be those of the run before, and a number that was typed just
    # before the click would not count.
    if st.button(
        "Train",
        key=key,
        type="primary",
        icon=":material/model_training:",
        width=width,
        help="The page stays usable meanwhile; the training goes on when you close it.",
    ):
        assert choice.config is not None
        dataset = cached.dataset(choice.entry.name, TASK)
        jobs.submit(TASK, dataset, choice.config, jobs_panel.who())
        st.rerun()
