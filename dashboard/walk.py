"""A guided walk over the samples: from models in training to thresholds to a report, in minutes.

Every step is an address of a page with everything set, and the number of the step is in it: a
reload, or a link that is passed on, goes on at the same place.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from core import forecast, gas, jobs, peers, runs
from core import task as tasks
from core.config import Config
from core.errors import FusionscopeError
from dashboard import cached, jobs_panel, routes, tour, training_queue
from dashboard.notices import explain
from dashboard.training_queue import Wanted

KEY = "walk"  # In the address: the number of the step.
_READY, _NEXT = "walk.ready", "walk.next"


@dataclass(frozen=True)
class Step:
    """A stop of the walk.

    Attributes:
        page: Which page it shows.
        title: In bold.
        text: What to look at, and what to try.
        task: Whose model it is about; empty where it needs none.
        shown: What else the page is to show, by the names in its link.
    """

    page: str
    title: str
    text: str
    task: str = ""
    shown: dict[str, Any] = field(default_factory=dict)


STEPS = (
    Step(
        "overview",
        "Three questions, three models.",
        "Which moments are not normal? What comes next? Is there a leak? Small models learn from "
        "simulated samples, in a process of their own, so the pages stay free. Go on meanwhile.",
    ),
    Step(
        "data",
        "First, the recording.",
        "Three pumps, eight sensors, four days. What is missing, frozen or odd is found and "
        "listed below with its rows; nothing is changed without a word.",
        shown={"data": tour.SAMPLE},
    ),
    Step(
        "anomalies",
        "Which moments are not normal?",
        "Green is the score, dashes the threshold, vermilion the alarms; amber are the labelled "
        "faults, which the model never saw. Each number above has its best baseline below it. Drag "
        "across the small picture to look closely.",
        task="anomaly",
        shown={"anomaly.tab": "Events"},
    ),
    Step(
        "anomalies",
        "What does a threshold cost?",
        "Move Flagged share: alarms, caught faults and false alarms a day follow at once, for only "
        "stored scores are cut. The curves below show every other threshold. Press Use this "
        "threshold to keep the one that you can live with.",
        task="anomaly",
        shown={"anomaly.tab": "Curves"},
    ),
    Step(
        "compare",
        "Is it better than something simple?",
        "The same test rows, one ruler. A model is called the best only where a paired test says "
        "that the difference is more than luck.",
        task="anomaly",
    ),
    Step(
        "gas",
        "Is there a leak, and of what?",
        "This model puts the rows in the right order, but its usual threshold alarms in clean air: "
        "drag Alarm threshold up to 0.6, and watch the false alarms and the matrix below.",
        task="gas",
        shown={"gas.tab": "Classes"},
    ),
    Step(
        "forecast",
        "What will the sensors read next?",
        "Blue is what was said of each reading twelve minutes before, with an interval. Below: "
        "the error by step ahead, beside persistence, seasonal naive and ridge.",
        task="forecast",
        shown={"forecast.tab": "Horizon"},
    ),
    Step(
        "anomalies",
        "Take it to those who decide.",
        "Press Report beside the name of the run, then HTML: one file with question, data, "
        "protocol, results beside baselines, your threshold and what it costs, limits, and the "
        "command that makes it again. It prints on A4.",
        task="anomaly",
        shown={"anomaly.tab": "Events"},
    ),
)
SOURCES = {"anomaly": tour.SAMPLE, "gas": "gas-lab", "forecast": tour.SAMPLE}  # as they are queued
LABELS = {"anomaly": "Anomalies", "gas": "Gas", "forecast": "Forecast"}


def configs() -> dict[str, Config]:
    """Return the settings of the models by task: small, and done in about a minute together."""
    return {
        "anomaly": tour.config(),
        "gas": gas.Config(variant="windows", fold=2),
        "forecast": forecast.Config(target="flow", lookback=12, horizon=12, units=8, epochs=3),
    }


def start() -> None:
    """Ask for the trainings, and go to the first step."""
    try:
        for task, config in configs().items():
            jobs.submit(task, cached.dataset(SOURCES[task], task), config, jobs_panel.who())
    except FusionscopeError as error:
        explain(error)
        return
    _go(1)


def line() -> None:
    """Draw the step that the link asks for above the page; nothing without one."""
    asked = st.query_params.get(KEY)
    if asked is None:
        return
    if asked not in map(str, range(1, len(STEPS) + 1)):
        st.warning(
            f"The link asks for walk = {asked}; the walk has the steps 1 to {len(STEPS)}.",
            icon=":material/link_off:",
        )
        return
    number = int(asked)
    if st.session_state.pop(_NEXT, None) == number:
        _open(number)
    step = STEPS[number - 1]
    with st.container(border=True, key="walk-step"):
        st.caption(f"Guided walk, step {number} of {len(STEPS)}")
        st.markdown(f"**{step.title}** {step.text}")
        _state(step)
        _ways(number)


def _ways(number: int) -> None:
    with st.container(horizontal=True):
        if number > 1 and st.button("Back", key="walk-back", icon=":material/arrow_back:"):
            _go(number - 1)
        if number < len(STEPS) and st.button(
            "Next", key="walk-next", type="primary", icon=":material/arrow_forward:"
        ):
            _go(number + 1)
        st.space("stretch")
        st.button("End the walk", key="walk-end", type="tertiary", on_click=leave)


def leave() -> None:
    """Forget the walk; the page stays."""
    st.query_params.pop(KEY, None)


def _state(step: Step) -> None:
    """Show how the trainings stand that the step needs; the page of a task shows its own."""
    wanted = _models() if step.page == "overview" else [_model(step.task)] if step.task else []
    if any(one.run is None and one.job is None for one in wanted):
        training_queue.offer(wanted, "Train the models of the walk", "walk-train")
    if step.page in ("overview", "compare"):
        training_queue.progress(wanted)
        done = [one.label for one in wanted if one.run is not None]
        if done and step.page == "overview":
            st.caption(f":green[:material/check:] Trained: {', '.join(done)}.")
    if step.task == "anomaly" and (run := wanted[0].run) is not None:
        _ready(run)
        if step.page == "compare" and not st.query_params.get("runs"):
            st.query_params["runs"] = ",".join(peers.rivals(run))


def _ready(run: runs.Run) -> None:
    """Give the detector the operating point of the tour, unless somebody has chosen one."""
    if st.session_state.get(_READY) == run.id:
        return
    st.session_state[_READY] = run.id
    if not run.decisions():
        run.set_decision(tour.CUT.model_dump(mode="json"), "walk")


def _models() -> list[Wanted]:
    return [_model(task) for task in SOURCES]


def _model(task: str) -> Wanted:
    (found,) = training_queue.look(task, SOURCES[task], {LABELS[task]: configs()[task]})
    return found


def _go(number: int) -> None:
    """Go to a step, by way of the Overview.

    The address cannot change what is bound to a widget of the present page, and the next step may
    well be on the same page; the Overview has no such widget.
    """
    st.session_state[_NEXT] = number
    routes.to("overview", **{KEY: number})


def _open(number: int) -> None:
    """Open the page of a step, where its model is shown, or how its training stands."""
    step = STEPS[number - 1]
    shown = {**step.shown, KEY: number}
    if step.page == "overview":
        return
    if not step.task:
        routes.to(step.page, **shown)
    if step.page == "compare":  # its runs are named when they are there
        routes.to(step.page, **shown)
    model = _model(step.task)
    if model.run is not None:
        link = routes.link_of_run(model.run.name, model.source, step.task)
    else:
        reads = tasks.variant_of(step.task, model.config).reads | {"variant"}
        config = model.config.model_dump(include=set(reads))
        link = routes.link_of_settings(model.source, config, step.task)
    routes.to(step.page, **link, **shown)
