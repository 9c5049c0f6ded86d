"""Which units failed, which model learned from them, and which fleet it is to judge."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import streamlit as st

from core import jobs, life, runs
from core import task as tasks
from core.data import catalog
from core.errors import FusionscopeError
from core.jobs import Job
from core.life import VARIANTS
from dashboard import cached, card, controls, jobs_panel, link, routes
from dashboard import format as write
from dashboard.notices import explain

TASK, PREFIX = "life", "life."
DATA, RUN, FLEET, HEALTH = (PREFIX + name for name in ("data", "run", "fleet", "health"))
UPLOAD = "fleet-truth"
KEYS = (DATA, RUN, FLEET, HEALTH)
NEW, OWN, WEAR = (
    "From the settings below",
    "Units kept out of training",
    "This model's wear",
)
USUAL = "cmapss-fd001"


@dataclass(frozen=True)
class Choice:
    """What the sidebar asks for.

    Attributes:
        data: Name of the data set of units that failed.
        run: The run to show; None when there is none yet.
        job: Its training, when there is no run yet and somebody asked for one.
        config: The settings, when they are edited.
        fleet: Name of the data set to judge; that of the training for the units kept out of it.
        detector: The anomaly run whose scores give the health; None for the model's own wear.
    """

    data: str
    run: runs.Run | None = None
    job: Job | None = None
    config: life.Config | None = None
    fleet: str = ""
    detector: runs.Run | None = None


def sidebar() -> Choice:
    """Draw the sidebar and return what it asks for."""
    link.unknown({PREFIX + name for name in life.Config.model_fields} | {*KEYS}, PREFIX)
    with st.sidebar:
        names = [entry.name for entry in catalog.entries() if entry.available]
        data = _one_of(
            DATA,
            "Units that failed",
            names,
            USUAL if USUAL in names else names[0],
            "A recording of several units, each used until it failed: the model learns from it. "
            "The page Data fetches public sets and takes uploads.",
        )
        stored = runs.table(task=TASK, dataset=data, limit=200)[0]["name"].tolist()
        name = _one_of(
            RUN,
            "Run",
            [NEW, *stored],
            NEW,
            "Open a stored run, or describe one below: a known description opens its run.",
        )
        choice = _edited(data) if name == NEW else Choice(data, runs.get(name))
        if choice.run is None:
            return choice
        if name != NEW:
            pairs = card.settings(choice.run.config, choice.run.variant)
            with st.expander("Settings"):
                st.markdown("  \n".join(f"{label}: **{value}**" for label, value in pairs.items()))
        return _judged(choice, names)


def nothing_yet(choice: Choice) -> None:
    """Say what to do when there is neither a run nor a training."""
    with st.container(border=True, horizontal_alignment="center", height=jobs_panel.HEIGHT):
        st.space("stretch")
        st.subheader("No run with these settings yet", text_alignment="center")
        st.markdown(
            "A model first learns from units that were used until they failed how readings change "
            "towards the end. Then it says of every unit in service how many steps it has left.",
            text_alignment="center",
            width=520,
        )
        with st.container(horizontal=True, horizontal_alignment="center"):
            _train_button(choice, "fleet-train-main", "content")
            if choice.data != USUAL and st.button(
                "Get the turbofans of C-MAPSS" if not _here(USUAL) else "Use the turbofans",
                key="fleet-usual",
                help="A public recording of a hundred engines that ran to failure.",
            ):
                if _here(USUAL):
                    routes.to("fleet", **{DATA: USUAL})
                routes.to("data", data=USUAL)
        st.space("stretch")


def _here(name: str) -> bool:
    return catalog.entry(name).available


def _one_of(key: str, label: str, options: list[str], default: str, help: str) -> str:
    """Draw a choice whose value is in the link, and return it."""

    def read(text: str) -> str:
        if text not in options:
            raise ValueError(text)
        return text

    link.check(key, label.casefold(), read, "there is none of that name here", default)
    if key not in st.session_state:
        st.session_state[key] = default
    name = st.selectbox(label, options, key=key, bind="query-params", help=help)
    link.confirm(key, name)
    return name


def _edited(data: str) -> Choice:
    """Draw the form and return what is known of the run that it describes."""
    names = {name: variant.label for name, variant in VARIANTS.items()}
    values = controls.form(life.Config, {"variant"}, PREFIX, choices={"variant": names})
    variant = VARIANTS[values["variant"]]
    st.caption(
        f"{variant.help}{' A baseline: every model has to beat it.' if variant.baseline else ''}"
    )
    values |= controls.form(life.Config, variant.reads, PREFIX)
    config = life.Config.parse(values)
    try:
        key = tasks.key_of(TASK, config, cached.facts(data, TASK))
    except FusionscopeError as error:
        explain(error)
        return Choice(data, config=config)
    run = runs.find(key)
    job = None if run is not None else jobs_panel.find(key)
    choice = Choice(data, run, job, config)
    if run is not None:
        st.success(
            f"Stored run: **{run.name}**, {write.ago(run.created)}. Nothing has to be trained.",
            icon=":material/inventory_2:",
        )
    elif job is None or not job.active:
        _train_button(choice, "fleet-train", "stretch")
    return choice


def _judged(choice: Choice, names: list[str]) -> Choice:
    """Draw what the run is to judge, and by what the health is read."""
    others = [name for name in names if name != choice.data]
    usual = f"{choice.data}-test"
    fleet = _one_of(
        FLEET,
        "Fleet",
        [OWN, *others],
        usual if usual in others else OWN,
        "The units to rank: those that the model has not seen, or another recording with the same "
        "channels, of units in service.",
    )
    if fleet != OWN:
        st.file_uploader(
            "How long they lasted (optional)",
            type=["csv", "txt", "tsv", "parquet"],
            max_upload_size=10,
            key=UPLOAD,
            help="A file with one number a unit, in the order of the recording: the steps that it "
            "had left after its last row. With it the predictions are judged.",
        )
    detectors = runs.table(task="anomaly", dataset=choice.data, limit=200)[0]["name"].tolist()
    health = _one_of(
        HEALTH,
        "Health from",
        [WEAR, *detectors],
        WEAR,
        "Health is 1 where readings are as in early life and 0 where they are as at failure, and "
        "never rises. It is read from the model's own wear, or from the scores of a detector that "
        "was trained on the same recording (page Anomalies).",
    )
    return Choice(
        choice.data,
        choice.run,
        fleet=choice.data if fleet == OWN else fleet,
        detector=None if health == WEAR else runs.get(health),
    )


def _train_button(choice: Choice, key: str, width: Literal["stretch", "content"]) -> None:
    if st.button(
        "Train",
        key=key,
        type="primary",
        icon=":material/model_training:",
        width=width,
        help="The page stays usable meanwhile; the training goes on when you close it.",
    ):
        assert choice.config is not None
        jobs.submit(TASK, cached.dataset(choice.data, TASK), choice.config, jobs_panel.who())
        st.rerun()
