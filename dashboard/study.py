"""One study on the screen: how far it is, the best so far, what matters, and every trial."""

from __future__ import annotations

import streamlit as st

from core import format as write
from core import jobs, sweeps
from core import task as tasks
from core.errors import FusionscopeError
from core.sweeps import Study, Trial
from dashboard import study_delete, study_panels, study_table
from dashboard.markdown import plain
from dashboard.notices import explain
from dashboard.study_command import command
from dashboard.study_words import KINDS, STATES, TRIALS, TROUBLE

EVERY = 2.0  # seconds between two looks at a study that runs
MORE = "experiments-more"


def draw(study: Study) -> None:
    """Draw *study*; while it runs it is looked at every few seconds."""
    every = EVERY if study.state == "running" else None
    st.fragment(_draw, run_every=every, key="study")(study.name, study.state)


def _draw(name: str, state: str) -> None:
    study, trials = sweeps.get(name), sweeps.trials(name)
    if study.state != state:
        st.rerun()
    _heading(study, trials)
    _messages(study)
    _tiles(study, trials)
    if study.kind == "search":
        study_panels.searched(study, trials)
    else:
        study_panels.compared(study, trials)
    study_table.draw(study, trials)
    with st.expander("Repeat it", icon=":material/terminal:"):
        st.code(command(study), language="sh", wrap_lines=True)


def _heading(study: Study, trials: list[Trial]) -> None:
    """Say which study it is, and offer to stop it or to go on."""
    word, icon, colour = STATES[study.state]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader(study.name, anchor=False, width="content")
        st.badge(word, icon=f":material/{icon}:", color=colour)
        st.space("stretch")
        if study.state == "running":
            st.button(
                "Stop the study",
                icon=":material/stop_circle:",
                key="experiments-stop",
                on_click=_stop,
                args=(study.name,),
                help="What is on its way waits at its last finished epoch; go on at any time.",
            )
        else:
            _offer(study, trials)
            study_delete.button(study)
    aim = sweeps.aim_of(study)
    better = "higher" if aim.more else "lower"
    label = tasks.label(study.task, str(study.config["variant"]))
    st.caption(
        f"{KINDS[study.kind]} · {plain(label)} on {plain(study.dataset)} · by {plain(aim.label)} "
        f"on validation rows, {better} is better",
        help=aim.help,
    )


def _offer(study: Study, trials: list[Trial]) -> None:
    """Offer to go on with a study that does not run."""
    open_ = any(trial.state in ("waiting", "running") for trial in trials)
    left = study.planned - len(trials) + sum(t.state in ("waiting", "running") for t in trials)
    failed = sum(trial.state == "failed" for trial in trials)
    more = 0
    if study.kind == "search":
        more = st.number_input(
            "More trials",
            0,
            1000 - study.planned,
            0 if left else 10,
            key=MORE,
            width=120,
            label_visibility="collapsed",
            help="How many more trials than were planned.",
        )
    words = [f"{write.count(left + more, 'trial')} to go"] if left + more else []
    if study.kind != "search" and failed:
        words.append(f"{failed} that failed, again")
    st.button(
        f"Go on: {', '.join(words)}" if words else "Go on",
        icon=":material/play_arrow:",
        key="experiments-go-on",
        type="primary" if open_ or study.state == "stopped" else "secondary",
        disabled=not words,
        help=None if words else "All trials are there.",
        on_click=_go_on,
        args=(study.name,),
    )


def _go_on(name: str) -> None:
    try:
        sweeps.go_on(name, int(st.session_state.get(MORE) or 0))
        sweeps.start()
    except FusionscopeError as error:
        st.session_state[TROUBLE] = error


def _stop(name: str) -> None:
    try:
        sweeps.stop(name)
    except FusionscopeError as error:
        st.session_state[TROUBLE] = error


def _messages(study: Study) -> None:
    """Say why a study failed, or what it waits for."""
    if trouble := st.session_state.pop(TROUBLE, None):
        explain(trouble)
    if study.state == "failed":
        st.error(
            plain(study.message),
            title="The study was stopped: no trial succeeded",
            icon=":material/error:",
        )
    elif study.message:
        st.info(plain(study.message), icon=":material/hourglass_empty:")
    elif study.state == "running" and not jobs.ready():
        st.info(
            "The workers are starting, which takes some seconds.", icon=":material/hourglass_empty:"
        )


def _tiles(study: Study, trials: list[Trial]) -> None:
    aim, best = sweeps.aim_of(study), sweeps.best(study, trials)
    counts = {state: sum(trial.state == state for trial in trials) for state in TRIALS}
    ended = counts["done"] + counts["pruned"] + counts["failed"]
    first = trials[0].value if trials else None
    others = [
        write.count(counts[state], "") + f" {TRIALS[state]}"
        for state in ("running", "pruned", "failed")
        if counts[state]
    ]
    left = sweeps.seconds_left(study, trials)
    found = "none done yet" if best is None else f"trial {best.number + 1}"
    if best is not None and best.label:
        found = best.label
    tiles = (
        (f"Best {aim.label}", write.number(best.value if best else None), found),
        ("First trial", write.number(first), "as it is" if _as_it_is(study, trials) else "drawn"),
        ("Trials", f"{ended} of {study.planned}", ", ".join(others) or "none failed"),
        (
            "Time left",
            write.rough(left) if study.state == "running" else write.NOTHING,
            STATES[study.state][0] if study.state != "running" else "an estimate",
        ),
    )
    for column, (label, value, beside) in zip(st.columns(4, gap="small"), tiles, strict=True):
        column.metric(
            label,
            value,
            delta=beside,
            delta_color="off",
            delta_arrow="off",
            border=True,
            height="stretch",
        )
    if study.state == "running":
        share = sum(_share(trial) for trial in trials) / max(study.planned, 1)
        st.progress(min(1.0, share))


def _as_it_is(study: Study, trials: list[Trial]) -> bool:
    """Whether the first trial has the settings that the study began with, or will have."""
    return not trials or all(
        study.config[name] == value for name, value in trials[0].params.items()
    )


def _share(trial: Trial) -> float:
    """Return how much of a trial is done."""
    if trial.state in ("done", "pruned", "failed"):
        return 1.0
    return min(0.95, len(trial.curve) / max(int(trial.config.get("epochs") or 1), 1))
