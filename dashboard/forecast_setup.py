"""What the page Forecast asks for besides the question of every task: target and entity."""

from __future__ import annotations

import streamlit as st

from core.data import catalog
from dashboard import cached, routes
from dashboard.question import Asked, Question
from dashboard.window import FORECAST

QUESTION = Question(
    task="forecast",
    page="forecast",
    data="forecast.data",
    run="forecast.run",
    promise="A model first learns from the training rows how sensors go on. Then it forecasts the "
    "test rows, which it has never seen, beside baselines that it has to beat.",
)
PREFIX = QUESTION.prefix
SHOWN, AHEAD, TAB = PREFIX + "shown", PREFIX + "ahead", PREFIX + "tab"
ORIGIN, SILENT, EPOCH, OF = (PREFIX + name for name in ("origin", "silent", "epoch", "of"))
EXPERIMENT = PREFIX + "experiment"
# What the answer asks of the link; it says itself what was wrong with that.
LINKED = frozenset(
    {SHOWN, AHEAD, TAB, ORIGIN, SILENT, EPOCH, OF, EXPERIMENT, FORECAST.start, FORECAST.stop}
)
USUAL = "pump-station"


def sidebar() -> Asked:
    """Draw the sidebar and return what it asks for."""
    QUESTION.unknown(LINKED)
    with st.sidebar:
        QUESTION.follow()
        data = QUESTION.dataset(
            "Data set",
            "The page Data fetches public sets, takes uploads and attaches graphs of sensors.",
            QUESTION.entries(),
        )
        stored = QUESTION.stored(data)
        if stored is not None:
            QUESTION.settings_of(stored)
            return Asked(data, run=stored)
        return QUESTION.edited(data, choices=choices(data))


def choices(data: str) -> dict[str, dict[str, str]]:
    """Return the targets of a recording, and its entities where it has several."""
    facts = cached.facts(data, QUESTION.task)
    entities = facts.entities if len(facts.entities) > 1 else ()
    return {
        "target": {"": "All"} | {name: name for name in facts.channels},
        "entity": {"": "All" if entities else "There is one only"}
        | {name: name for name in entities},
    }


def nothing_yet(asked: Asked) -> None:
    """Say what to do when there is neither a run nor a training."""
    QUESTION.nothing_yet(asked, None if asked.data == USUAL else _sample)


def _sample() -> None:
    """Offer a recording that comes with the project."""
    if catalog.entry(USUAL).available and st.button(
        "Use the pump station",
        key="forecast-usual",
        help="A sample of three simulated pumps: a baseline is trained in seconds.",
    ):
        routes.to("forecast", **{QUESTION.data: USUAL})
