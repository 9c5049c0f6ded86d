"""The question of a task's page: which recording, which run or which settings to train with."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import streamlit as st

from core import format as write
from core import jobs, runs
from core import task as tasks
from core.config import Config
from core.data import catalog
from core.data.catalog import Entry
from core.errors import FusionscopeError, RunNotFound
from core.jobs import Job
from core.task import Task
from dashboard import cached, card, controls, jobs_panel, link
from dashboard.choice import choice
from dashboard.markdown import plain
from dashboard.notices import explain

NEW = "From the settings below"


@dataclass(frozen=True)
class Asked:
    """What the sidebar asks for.

    Attributes:
        data: Name of the data set.
        run: The run to show; None when there is none yet.
        job: Its training, when there is no run yet and somebody asked for one.
        config: The settings, when they are edited.
    """

    data: str
    run: runs.Run | None = None
    job: Job | None = None
    config: Config | None = None


@dataclass(frozen=True)
class Question:
    """The controls that every task's page has, and where their values live.

    Attributes:
        task: Name of the task; before the names of its settings in the link.
        page: Before the keys of its buttons.
        data: Key of the data set, in the link as well.
        run: Key of the stored run, in the link as well.
        promise: What a training will show, for a page that has nothing to show yet.
        within: Before all of its settings in the link, on a page that asks about several tasks.
    """

    task: str
    page: str
    data: str
    run: str
    promise: str
    within: str = ""

    @property
    def prefix(self) -> str:
        """Before the name of a setting in the link."""
        return f"{self.within}{self.task}."

    def unknown(self, own: Collection[str]) -> None:
        """Note what the link asks for besides the settings and the keys *own*."""
        known = {self.prefix + name for name in self._task().Config.model_fields}
        link.unknown(known | {self.data, self.run} | set(own), self.prefix)

    def follow(self) -> None:
        """Choose the data set of the run that the link asks for, when it names none itself."""
        name, followed = st.query_params.get(self.run), f"{self.page}-followed"
        if name is None or self.data in st.query_params or st.session_state.get(followed) == name:
            return
        st.session_state[followed] = name
        try:
            run = runs.get(name)
        except RunNotFound:
            return  # The choice of the run says so.
        # A file that was named on the command line is none of the data sets.
        st.session_state[self.data] = run.source if catalog.known(run.source) else run.dataset

    def entries(self) -> dict[str, Entry]:
        """Return the data sets on this machine, and the one that a chosen run was trained on."""
        entries = {entry.name: entry for entry in catalog.entries() if entry.available}
        asked = st.session_state.get(self.data) or st.query_params.get(self.data)
        if asked is not None and asked not in entries:
            for run in runs.stored(dataset=asked, limit=1):
                here = Path(run.source).exists()
                where = run.source if here else "No longer on this machine"
                entries[asked] = Entry(name=asked, label=where, kind="upload", description=where)
        return entries

    def dataset(self, label: str, help: str, entries: Mapping[str, Entry], usual: str = "") -> str:
        """Draw the choice of the data set and return its name.

        Args:
            label: What the recording is to this task.
            help: Shown on request.
            entries: See `entries`.
            usual: The one that is chosen when nobody chooses, if it is here; else the first one.
        """
        name = choice(
            self.data,
            label,
            list(entries),
            usual if usual in entries else next(iter(entries)),
            help,
            asked=label.casefold(),
            allowed="it is not on this machine",
            here=True,
        )
        entry = entries[name]
        rows = f": {write.count(entry.rows, 'row')}" if entry.rows else ""
        st.caption(f"{plain(entry.label)}{rows}")
        return name

    def stored(self, data: str) -> runs.Run | None:
        """Draw the choice between a stored run and the settings; return the run, if one is chosen.

        Args:
            data: Name of the data set.
        """
        table, _ = runs.table(task=self.task, dataset=data, limit=200)
        name = choice(
            self.run,
            "Run",
            [NEW, *table["name"]],
            NEW,
            "Open a stored run, or describe one below: a known description opens its run.",
            asked="run",
            allowed=f"{data} has no run of that name",
        )
        return None if name == NEW else runs.get(name)

    def settings_of(self, run: runs.Run) -> None:
        """Show the settings of a stored run, and offer to train with others."""
        pairs = card.settings(run.task, run.config, run.variant)
        st.markdown("  \n".join(f"{name}: **{value}**" for name, value in pairs.items()))
        if run.variant not in self._task().VARIANTS:
            return
        st.button(
            "Change these settings",
            icon=":material/tune:",
            width="stretch",
            on_click=self._copy,
            args=(run,),
            key=f"{self.page}-copy",
        )

    def edited(
        self,
        data: str,
        limits: Mapping[str, float] | None = None,
        choices: Mapping[str, Mapping[str, str]] | None = None,
    ) -> Asked:
        """Draw the form and return what is known of the run that it describes.

        Args:
            data: Name of the data set.
            limits: Largest value of a setting that depends on the data.
            choices: Options of settings that depend on the data, value -> name; "" stands for
                none of them.
        """
        config = self.form(limits, choices or {})
        try:
            key = tasks.key_of(self.task, config, cached.facts(data, self.task))
        except FusionscopeError as error:
            explain(error)
            return Asked(data, config=config)
        run = runs.find(key)
        job = None if run is not None else jobs_panel.find(key)
        asked = Asked(data, run, job, config)
        if run is not None:
            st.success(
                f"Stored run: **{run.name}**, {write.ago(run.created)}. Nothing has to be trained.",
                icon=":material/inventory_2:",
            )
        elif job is None or not job.active:
            self._train_button(asked, f"{self.page}-train", "stretch")
        return asked

    def nothing_yet(self, asked: Asked, beside: Callable[[], None] | None = None) -> None:
        """Say what to do when there is neither a run nor a training.

        Args:
            asked: What to train.
            beside: Draws another button beside that of the training.
        """
        with st.container(border=True, horizontal_alignment="center", height=jobs_panel.HEIGHT):
            st.space("stretch")
            st.subheader("No run with these settings yet", text_alignment="center")
            st.markdown(self.promise, text_alignment="center", width=520)
            with st.container(horizontal=True, horizontal_alignment="center"):
                self._train_button(asked, f"{self.page}-train-main", "content")
                if beside is not None:
                    beside()
            st.space("stretch")

    def _task(self) -> Task:
        return tasks.get(self.task)

    def _copy(self, run: runs.Run) -> None:
        """Put the settings of *run* into the form."""
        st.session_state[self.run] = NEW
        fields = self._task().Config.model_fields
        for name, value in run.config.items():
            nothing = "" if value is None and fields[name].annotation == str | None else value
            st.session_state[self.prefix + name] = nothing

    def form(
        self, limits: Mapping[str, float] | None, choices: Mapping[str, Mapping[str, str]]
    ) -> Config:
        """Draw the choice of the variant and one widget for each setting that it reads.

        The arguments are those of `edited`.
        """
        config, variants = self._task().Config, self._task().VARIANTS
        names = {name: variant.label for name, variant in variants.items()}
        values: dict[str, Any] = controls.form(
            config, {"variant"}, self.prefix, choices={"variant": names}
        )
        variant = variants[values["variant"]]
        beat = " A baseline: every model has to beat it." if variant.baseline else ""
        st.caption(f"{variant.help}{beat}")
        values |= controls.form(config, variant.reads, self.prefix, choices, limits)
        return config.parse(values)

    def _train_button(self, asked: Asked, key: str, width: Literal["stretch", "content"]) -> None:
        # No callback: its arguments would be those of the run before, and a number that was typed
        # just before the click would not count.
        if st.button(
            "Train",
            key=key,
            type="primary",
            icon=":material/model_training:",
            width=width,
            help="The page stays usable meanwhile; the training goes on when you close it.",
        ):
            assert asked.config is not None
            dataset = cached.dataset(asked.data, self.task)
            jobs.submit(self.task, dataset, asked.config, jobs_panel.who())
            st.rerun()
