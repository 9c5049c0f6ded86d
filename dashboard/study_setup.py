"""What the page Experiments asks for: a stored study, or what a new one is to try."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st

from core import format as write
from core import sweeps
from core import task as tasks
from core.config import Config
from core.data.catalog import Entry
from core.errors import FusionscopeError
from core.sweeps import Span, Study
from dashboard import cached, card, forecast_setup, gas_setup, link, setup
from dashboard.choice import choice
from dashboard.controls import control
from dashboard.markdown import plain
from dashboard.notices import explain
from dashboard.question import Question
from dashboard.study_words import KINDS

PREFIX = "experiments."
STUDY, TASK, DATA, KIND = (PREFIX + name for name in ("study", "task", "data", "kind"))
VARY, METRIC, TRIALS = (PREFIX + name for name in ("vary", "metric", "trials"))
AT_ONCE, PRUNE, SEED = (PREFIX + name for name in ("at_once", "prune", "seed"))
KEYS = frozenset({STUDY, TASK, DATA, KIND, VARY, METRIC, TRIALS, AT_ONCE, PRUNE, SEED})
OPENED = PREFIX + "opened"
NEW = "A new study"
NAMES = {"anomaly": "Anomalies", "forecast": "Forecast", "gas": "Gas", "life": "Remaining life"}
USUAL = {"gas": gas_setup.USUAL, "life": "cmapss-fd001"}
KIND_HELP = (
    "Search of settings: tries what is likely to be better, and stops early what is not. Window "
    "sizes: the same model with lookbacks of 32, 64, 128 and 256 rows. Ablation: the same model "
    "with one part taken away at a time."
)


@dataclass(frozen=True)
class Asked:
    """What the sidebar asks for.

    Attributes:
        study: The stored study to show; None for a new one.
        task: Name of the task.
        data: Name of the data set.
        kind: search, windows or ablation.
        config: The settings that it begins with; None while they cannot be read.
        prefix: Before the names of its settings in the link.
    """

    study: Study | None = None
    task: str = ""
    data: str = ""
    kind: str = ""
    config: Config | None = None
    prefix: str = ""


def open_study(name: str) -> None:
    """Show the study *name* from the next run of the page on."""
    st.session_state[OPENED] = name


def sidebar() -> Asked:
    """Draw the sidebar and return what it asks for."""
    if OPENED in st.session_state:
        st.session_state[STUDY] = st.session_state.pop(OPENED)
    with st.sidebar:
        name = choice(
            STUDY,
            "Study",
            [NEW, *(study.name for study in sweeps.recent(200))],
            NEW,
            "Open a stored study, or describe a new one below.",
            asked="study",
            allowed="there is no study of that name",
        )
        if name != NEW:
            found = sweeps.get(name)
            _settings_of(found)
            return Asked(found)
        return _new()


def _settings_of(study: Study) -> None:
    """Show what a stored study began with."""
    st.button(
        "Begin a new study",
        icon=":material/add:",
        width="stretch",
        key="experiments-new",
        on_click=open_study,
        args=(NEW,),
    )
    pairs = card.settings(study.task, study.config, str(study.config["variant"]))
    varied = {span.name for span in study.spans}
    fields = tasks.get(study.task).Config.model_fields
    titles = {fields[name].title for name in varied}
    st.markdown(f"**{NAMES.get(study.task, study.task)}** · {plain(study.dataset)}")
    st.markdown(
        "  \n".join(
            f"{plain(title)}: **{plain(value)}**{', varied' if title in titles else ''}"
            for title, value in pairs.items()
        )
    )


def _new() -> Asked:
    task = choice(
        TASK,
        "Task",
        {name: NAMES.get(name, name) for name in tasks.TASKS},
        "forecast",
        "What is to be answered.",
        asked="task",
    )
    question = Question(task, "experiments", DATA, "", "", within=PREFIX)
    entries = _entries(task, question)
    data = question.dataset(
        "Data set", "The page Data fetches public sets and takes uploads.", entries, _usual(task)
    )
    kind = choice(KIND, "Kind", KINDS, "search", KIND_HELP, asked="kind")
    if task == "anomaly":
        setup.follow_rows(entries[data], question.prefix)
    try:
        config = question.form(_limits(task, data), _choices(task, data))
    except FusionscopeError as error:
        explain(error)
        config = None
    _check_names(task, question.prefix)
    return Asked(None, task, data, kind, config, question.prefix)


def _entries(task: str, question: Question) -> dict[str, Entry]:
    entries = question.entries()
    return gas_setup.recordings(entries) if task == "gas" else entries


def _usual(task: str) -> str:
    return USUAL.get(task, "pump-station")


def _limits(task: str, data: str) -> dict[str, float] | None:
    if task != "anomaly":
        return None
    return {"train_rows": max(cached.facts(data, task).rows - 1, 20)}


def _choices(task: str, data: str) -> Mapping[str, Mapping[str, str]]:
    if task == "forecast":
        return forecast_setup.choices(data)
    return gas_setup.CHOICES if task == "gas" else {}


def _check_names(task: str, prefix: str) -> None:
    """Note what the link asks for that means nothing here."""
    fields = [prefix + name for name in tasks.get(task).Config.model_fields]
    ends = [f"{name}.{end}" for name in fields for end in ("low", "high", "of")]
    link.unknown({*KEYS, *fields, *ends}, PREFIX)


def new(asked: Asked) -> None:
    """Draw what a new study will do, and the button that begins it."""
    if asked.config is None:
        return
    with st.container(border=True):
        if asked.kind == "search":
            _search(asked, asked.config)
        else:
            _listed(asked, asked.config)


def _listed(asked: Asked, config: Config) -> None:
    """Say which trainings a study of window sizes or an ablation has."""
    st.subheader(KINDS[asked.kind], anchor=False)
    configs = sweeps.listed(asked.task, config, asked.kind)
    if len(configs) < 2:
        what = "looks at no window" if asked.kind == "windows" else "has no part to take away"
        label = tasks.label(asked.task, str(config.model_dump()["variant"]))
        st.info(f"{plain(label)} {what}. Choose another model, or another kind of study.")
        return
    st.markdown(
        f"{write.count(len(configs), 'training')}, one after the other, on the same rows. What is "
        "stored is not trained again."
    )
    st.markdown("\n".join(f"- {plain(label)}" for label in configs))
    _start(asked, config, {})


def _search(asked: Asked, config: Config) -> None:
    """Draw what a search varies, within which ranges, and what it goes by."""
    st.subheader(KINDS["search"], anchor=False)
    every = sweeps.bounds(asked.task, str(config.model_dump()["variant"]))
    if not every:
        st.info("This model has no setting that could be searched. Choose another model.")
        return
    fields = _fields(asked, config, every)
    if any(every[name].kind != "choice" for name in fields):
        for column, word in zip(st.columns(3), ("", "from", "to"), strict=True):
            column.caption(word)
    try:
        space = {name: _range(asked, config, every[name]) for name in fields}
    except FusionscopeError as error:
        explain(error)
        return
    options = _options(asked)
    if not fields:
        st.info("Choose a setting to vary.")
        return
    _start(asked, config, {"space": space, **options})


def _fields(asked: Asked, config: Config, every: Mapping[str, Span]) -> list[str]:
    """Draw the choice of the fields to vary."""
    infos = tasks.get(asked.task).Config.model_fields
    names = {name: infos[name].title or name for name in every}
    titles = {title: name for name, title in names.items()}
    wanted = st.query_params.get_all(VARY)
    known = [titles.get(text, text) for text in wanted]
    strange = [name for name in known if name not in every]
    if strange:
        link.refuse(
            VARY,
            f"The link asks to vary {', '.join(strange)}; allowed are {', '.join(every)}, so it "
            "is left out.",
        )
    good = [name for name in known if name in every]
    if good and VARY not in st.session_state:
        st.session_state[VARY] = good
    elif VARY in st.session_state:
        st.session_state[VARY] = [name for name in st.session_state[VARY] if name in every]
    return st.multiselect(
        "Settings to vary",
        list(every),
        default=None if VARY in st.session_state else list(sweeps.usual(asked.task, config)),
        format_func=names.get,
        key=VARY,
        bind="query-params",
        help="The first trial has the values of the sidebar; the others lie in the ranges below. "
        "More settings need more trials.",
    )


def _range(asked: Asked, config: Config, span: Span) -> Span:
    """Draw the range of one field and return it."""
    item = control(span.name, tasks.get(asked.task).Config.model_fields[span.name])
    key, usual = asked.prefix + span.name, sweeps.around(span, getattr(config, span.name))
    if span.kind == "choice":
        left, right = st.columns([1, 2], vertical_alignment="center")
        left.markdown(plain(item.label), help=item.info.description)
        chosen = right.multiselect(
            item.label,
            [str(one) for one in span.choices],
            default=[str(one) for one in span.choices],
            key=f"{key}.of",
            bind="query-params",
            label_visibility="collapsed",
        )
        return sweeps.narrowed(span, ",".join(chosen))
    left, low, high = st.columns([1, 1, 1], vertical_alignment="center")
    left.markdown(plain(item.label), help=item.info.description)
    low_value = _end(low, f"{key}.low", f"{item.title} from", span, usual.low)
    high_value = _end(high, f"{key}.high", f"{item.title} to", span, usual.high)
    return sweeps.limited(span, low_value, high_value)


def _end(column: Any, key: str, label: str, span: Span, value: float) -> float:
    """Draw one end of a range."""
    kind: Any = int if span.kind == "int" else float

    def read(text: str) -> float:
        number = kind(text)
        if not span.low <= number <= span.high:
            raise ValueError(text)
        return number

    allowed = f"allowed are {span.low:g} to {span.high:g}"
    link.check(key, label.casefold(), read, allowed, kind(value))
    step = span.step if span.kind == "int" else value / 2 or 0.1
    chosen = column.number_input(
        label,
        min_value=kind(span.low),
        max_value=kind(span.high),
        value=kind(value),
        step=kind(step),
        format="%d" if kind is int else "%g",
        key=key,
        bind="query-params",
        label_visibility="collapsed",
    )
    link.confirm(key, chosen)
    return float(chosen)


def _options(asked: Asked) -> dict[str, Any]:
    """Draw what a search goes by, how long it is, and whether it stops trials early."""
    aims = sweeps.experiments(asked.task).aims
    first, second, third = st.columns([2, 1, 1])
    with first:
        metric = choice(
            METRIC,
            "Goes by, on validation rows",
            {
                aim.name: f"{aim.label}, {'higher' if aim.more else 'lower'} is better"
                for aim in aims
            },
            aims[0].name,
            "Test rows never choose a model. "
            + " ".join(f"{aim.label}: {aim.help}" for aim in aims),
            asked="metric",
            allowed=f"allowed are {', '.join(aim.name for aim in aims)}",
        )
    with second:
        planned = _whole(TRIALS, "Trials", 20, 1, 1000, "Trainings in all, those that fail too.")
    with third:
        at_once = _whole(
            AT_ONCE,
            "At once",
            1,
            1,
            64,
            "Trainings at the same time. This machine has one worker for trainings, so more only "
            "wait; a cluster has as many as it has workers.",
        )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        prune = _switch(
            PRUNE,
            "Stop what falls behind",
            "A trial whose validation loss is worse than that of most others at the same epoch "
            "is stopped early (Hyperband, Li et al. 2018).",
        )
        seed = _whole(SEED, "Seed", 0, 0, 2**31 - 1, "The same seed tries the same, one at once.")
    return {
        "metric": metric,
        "planned": planned,
        "at_once": at_once,
        "prune": prune,
        "seed": seed,
    }


def _whole(key: str, label: str, value: int, low: int, high: int, help: str) -> int:
    def read(text: str) -> int:
        if not low <= int(text) <= high:
            raise ValueError(text)
        return int(text)

    link.check(key, label.casefold(), read, f"allowed are {low} to {high}", value)
    chosen = st.number_input(
        label,
        low,
        high,
        value,
        key=key,
        bind="query-params",
        help=help,
        width=160 if key == SEED else "stretch",
    )
    link.confirm(key, chosen)
    return chosen


def _switch(key: str, label: str, help: str) -> bool:
    words = {"true": True, "false": False}

    def read(text: str) -> bool:
        if text.lower() not in words:
            raise ValueError(text)
        return words[text.lower()]

    link.check(key, label.casefold(), read, "allowed are true and false", True)
    chosen = st.toggle(label, True, key=key, bind="query-params", help=help)
    link.confirm(key, chosen)
    return chosen


def _start(asked: Asked, config: Config, options: dict[str, Any]) -> None:
    # No callback: its arguments would be those of the run before.
    if not st.button(
        "Begin",
        type="primary",
        icon=":material/science:",
        key="experiments-begin",
        help="It goes on when you close the page, and is found again after a restart.",
    ):
        return
    try:
        dataset = cached.dataset(asked.data, asked.task)
        study = sweeps.create(asked.task, dataset, config, asked.kind, **options)
        sweeps.start()
    except FusionscopeError as error:
        explain(error)
        return
    open_study(study.name)
    st.rerun()
