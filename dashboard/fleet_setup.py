"""What the page Fleet asks for besides the question of every task: the fleet to judge, and how."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import streamlit as st

from core import runs
from core.data import catalog
from dashboard import routes
from dashboard.choice import choice
from dashboard.question import Asked, Question

QUESTION = Question(
    task="life",
    page="fleet",
    data="life.data",
    run="life.run",
    promise="A model first learns from units that were used until they failed how readings change "
    "towards the end. Then it says of every unit in service how many steps it has left.",
)
FLEET, HEALTH = "life.fleet", "life.health"
UPLOAD = "fleet-truth"
OWN, WEAR = "Units kept out of training", "This model's wear"
USUAL = "cmapss-fd001"


@dataclass(frozen=True)
class Choice(Asked):
    """What the sidebar asks for.

    Attributes:
        fleet: Name of the data set to judge; that of the training for the units kept out of it.
        detector: The anomaly run whose scores give the health; None for the model's own wear.
    """

    fleet: str = ""
    detector: runs.Run | None = None


def sidebar() -> Choice:
    """Draw the sidebar and return what it asks for."""
    QUESTION.unknown({FLEET, HEALTH})
    with st.sidebar:
        QUESTION.follow()
        entries = QUESTION.entries()
        data = QUESTION.dataset(
            "Units that failed",
            "A recording of several units, each used until it failed: the model learns from it. "
            "The page Data fetches public sets and takes uploads.",
            entries,
            USUAL,
        )
        stored = QUESTION.stored(data)
        asked = QUESTION.edited(data) if stored is None else Asked(data, stored)
        if asked.run is None:
            return Choice(**vars(asked))
        if stored is not None:
            with st.expander("Settings"):
                QUESTION.settings_of(stored)
        return _judged(asked, entries)


def nothing_yet(choice: Choice) -> None:
    """Say what to do when there is neither a run nor a training."""
    QUESTION.nothing_yet(choice, None if choice.data == USUAL else _usual)


def _usual() -> None:
    """Offer the recording that the page is made for."""
    here = catalog.entry(USUAL).available
    if st.button(
        "Use the turbofans" if here else "Get the turbofans of C-MAPSS",
        key="fleet-usual",
        help="A public recording of a hundred engines that ran to failure.",
    ):
        if here:
            routes.to("fleet", **{QUESTION.data: USUAL})
        routes.to("data", data=USUAL)


def _judged(asked: Asked, names: Collection[str]) -> Choice:
    """Draw what the run is to judge, and by what the health is read."""
    others = [name for name in names if name != asked.data]
    usual = f"{asked.data}-test"
    fleet = choice(
        FLEET,
        "Fleet",
        [OWN, *others],
        usual if usual in others else OWN,
        "The units to rank: those that the model has not seen, or another recording with the same "
        "channels, of units in service.",
        asked="fleet",
        allowed="it is not on this machine",
        here=True,
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
    detectors = runs.table(task="anomaly", dataset=asked.data, limit=200)[0]["name"].tolist()
    health = choice(
        HEALTH,
        "Health from",
        [WEAR, *detectors],
        WEAR,
        "Health is 1 where readings are as in early life and 0 where they are as at failure, and "
        "never rises. It is read from the model's own wear, or from the scores of a detector that "
        "was trained on the same recording (page Anomalies).",
        asked="health from",
        allowed=f"{asked.data} has no detector of that name",
    )
    return Choice(
        asked.data,
        asked.run,
        fleet=asked.data if fleet == OWN else fleet,
        detector=None if health == WEAR else runs.get(health),
    )
