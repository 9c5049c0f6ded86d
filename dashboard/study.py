"""One study on the screen: how far it is, the best so far, what matters, and every trial."""

from __future__ import annotations

import shlex
from typing import Any

import pandas as pd
import streamlit as st

from core import format as write
from core import jobs, runs, sweeps
from core import task as tasks
from core.errors import FusionscopeError
from core.sweeps import Study, Trial
from dashboard import draw as drawing
from dashboard import forecast_charts, routes, study_charts, study_delete
from dashboard.markdown import plain
from dashboard.notices import explain
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
        _searched(study, trials)
    else:
        _compared(study, trials)
    _table(study, trials)
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


def _titles(study: Study) -> dict[str, str]:
    fields = tasks.get(study.task).Config.model_fields
    return {span.name: fields[span.name].title or span.name for span in study.spans}


def _searched(study: Study, trials: list[Trial]) -> None:
    aim, titles = sweeps.aim_of(study), _titles(study)
    left, right = st.columns([3, 2], gap="medium")
    with left:
        st.markdown("**Best so far**")
        frame, best = study_charts.points(study, trials)
        if frame.empty:
            _empty("The first trial that is done appears here.")
        else:
            drawing.show(
                drawing.spec(study_charts.progress, aim.label, study.planned),
                {"trials": frame, "best": best},
                alt="What every trial reached, and the best so far",
            )
    with right:
        st.markdown(
            "**What matters**",
            help="How much of the difference between good trials and the others each setting "
            "explains (PED-ANOVA, Watanabe et al. 2023). With few trials it is a guess.",
        )
        _importance(study, trials, titles)
    st.markdown(
        "**Settings of every trial**",
        help="The best trial is the green line; pale ones were stopped or are still training.",
    )
    if any(trial.params for trial in trials):
        axes, lines, ends = study_charts.axes_of(study, trials, titles, aim.label)
        drawing.show(
            drawing.spec(study_charts.parallel, axes),
            {"lines": lines, "ends": ends},
            alt="Each trial as a line over its settings, ending at what it reached",
        )
    else:
        _empty("Each trial will be a line over its settings.")


def _importance(study: Study, trials: list[Trial], titles: dict[str, str]) -> None:
    done = tuple(trial.number for trial in trials if trial.state == "done")
    if len(done) < 4:
        _empty("Known after four trials that are done.")
        return
    try:
        found = _important(study, trials, study.name, done)
    except FusionscopeError as error:
        explain(error)
        return
    if not found:
        _empty("All trials reached the same.")
        return
    shares = pd.DataFrame({"field": [titles[n] for n in found], "share": list(found.values())})
    drawing.show(
        drawing.spec(study_charts.importance, len(shares)),
        {"shares": shares},
        alt="How much each setting matters",
    )


@st.cache_data(max_entries=64, show_spinner=False)
def _important(
    _study: Study, _trials: list[Trial], name: str, done: tuple[int, ...]
) -> dict[str, float]:
    return sweeps.importance(_study, _trials)


def _empty(text: str) -> None:
    """Keep the place of a chart."""
    with st.container(border=True, height=study_charts.HEIGHT, vertical_alignment="center"):
        st.caption(text, text_alignment="center")


def _compared(study: Study, trials: list[Trial]) -> None:
    """Put the listed configs beside the first one."""
    aim = sweeps.aim_of(study)
    done = [trial for trial in trials if trial.value is not None]
    if not done:
        if not any(trial.state == "done" for trial in trials):
            _empty("The first training that is done appears here.")
        else:
            st.info(
                "This model has no validation rows: look at the runs themselves, on the page Runs."
            )
        return
    best = sweeps.best(study, trials)
    frame = pd.DataFrame(
        {
            "name": [trial.label for trial in done],
            "value": [trial.value for trial in done],
            "lower": float("nan"),
            "upper": float("nan"),
            "meaning": ["score" if trial == best else "prediction" for trial in done],
        }
    )
    first = trials[0].value
    reference = [] if first is None else [first]
    drawing.show(
        drawing.spec(forecast_charts.beside, tuple(frame["name"]), aim.label),
        {"runs": frame, "reference": pd.DataFrame({"value": reference})},
        alt=f"{aim.label} of each training, on validation rows",
    )
    st.caption("Validation rows. Dashes: the settings as they are. Green: the best.")
    _paired(study, trials)


def _paired(study: Study, trials: list[Trial]) -> None:
    """Say which differences on the test rows are more than luck, where the task can."""
    what = sweeps.compared(study)
    try:
        table = _differences(
            study, trials, study.name, tuple(trial.run for trial in trials if trial.run)
        )
    except FusionscopeError as error:
        explain(error)
        return
    if table is None:
        return
    rows = table[table["name"] != trials[0].label]
    st.markdown(
        f"**Difference of {what} on the test rows, from the settings as they are**",
        help="With its 95 % interval, on the rows that both have. One that holds 0 may be luck.",
    )
    st.dataframe(
        pd.DataFrame(
            {
                "": rows["name"],
                f"Difference of {what}": rows["difference"].map(_signed),
                "95 % interval": [
                    write.NOTHING if pd.isna(low) else f"{low:+.3g} to {high:+.3g}"
                    for low, high in zip(rows["lower"], rows["upper"], strict=True)
                ],
                "p": [write.NOTHING if pd.isna(p) else f"{p:.2g}" for p in rows["p"]],
                "More than luck": [
                    write.NOTHING if pd.isna(p) else "yes" if p < 0.05 else "no" for p in rows["p"]
                ],
            }
        ),
        hide_index=True,
        alt="Differences from the settings as they are, with intervals",
    )


def _signed(value: float) -> str:
    return write.NOTHING if pd.isna(value) else f"{value:+.3g}"


@st.cache_data(max_entries=32, show_spinner="Comparing on the test rows …")
def _differences(
    _study: Study, _trials: list[Trial], name: str, found: tuple[str, ...]
) -> pd.DataFrame | None:
    return sweeps.compare(_study, _trials)


def _table(study: Study, trials: list[Trial]) -> None:
    """List every trial with its settings, what it reached, and a link to its run."""
    st.markdown("**Trials**")
    if not trials:
        st.caption("The first one is about to begin.")
        return
    aim, best = sweeps.aim_of(study), sweeps.best(study, trials)
    rows = [_row(study, trial, trial == best, aim.label) for trial in trials]
    column = st.column_config
    st.dataframe(
        pd.DataFrame(rows),
        hide_index=True,
        height="content" if len(rows) <= 12 else 460,
        column_config={
            "Trial": column.NumberColumn(pinned=True, width=60),
            "Run": column.LinkColumn(display_text=r"run=([^&]+)", width=130),
            "Note": column.TextColumn(width="large"),
        },
        placeholder=write.NOTHING,
        alt="Trials with state, settings, what they reached, time and run",
    )


def _row(study: Study, trial: Trial, best: bool, metric: str) -> dict[str, Any]:
    note = trial.message
    if trial.state == "running" and trial.curve:
        epochs = trial.config.get("epochs")
        note = f"epoch {len(trial.curve)} of {epochs}, validation loss {trial.curve[-1]:.3g}"
    elif trial.retries:
        note = note or f"taken up again {write.count(trial.retries, 'time')}"
    row: dict[str, Any] = {
        "Trial": trial.number + 1,
        "State": f"{'★ ' if best else ''}{TRIALS[trial.state]}",
    }
    if study.kind == "search":
        titles = _titles(study)
        row |= {titles[name]: study_charts.short(v) for name, v in trial.params.items()}
    else:
        row["What"] = trial.label
    took = "stored before" if trial.seconds == 0 else write.duration(trial.seconds)
    row |= {metric: write.number(trial.value), "Time taken": took}
    return row | {"Run": None if trial.run is None else _address(trial.run), "Note": note}


@st.cache_data(ttl=300, max_entries=2_000, show_spinner=False)
def _address(identifier: str) -> str | None:
    """Return the address of a run; None when it was deleted."""
    try:
        run = runs.get(identifier)
    except FusionscopeError:
        return None
    return routes.address(run.name, run.source, run.task)


def command(study: Study) -> str:
    """Return the command that makes the same study again."""
    config = tasks.get(study.task).Config
    given = tasks.effective(study.task, config.parse(study.config)).model_dump(mode="json")
    usual = {name: info.default for name, info in config.model_fields.items()}
    parts = ["fusionscope", "sweep", study.task, "--data", study.source]
    parts += ["--variant", str(given.pop("variant"))]
    for name, value in given.items():
        if value != usual[name] and value is not None:
            parts += ["--set", f"{name}={value}"]
    if study.kind != "search":
        return shlex.join([*parts, "--kind", study.kind])
    for span in study.spans:
        ends = (
            ",".join(map(str, span.choices))
            if span.kind == "choice"
            else f"{span.low:g}:{span.high:g}"
        )
        parts += ["--vary", f"{span.name}={ends}"]
    parts += ["--metric", study.metric, "--trials", str(study.planned)]
    parts += ["--seed", str(study.seed)] if study.seed else []
    parts += ["--at-once", str(study.at_once)] if study.at_once > 1 else []
    return shlex.join(parts + ([] if study.prune else ["--no-prune"]))
