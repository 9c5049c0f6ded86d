"""Studies: window sizes, ablations and searches, each a set of trainings that answer one question.

Example:
    >>> from core import sweeps
    >>> from core import task as tasks
    >>> data = tasks.opened("forecast", "ett")
    >>> config = tasks.get("forecast").Config(variant="gru", lookback=96)
    >>> space = sweeps.usual("forecast", config)
    >>> study = sweeps.create("forecast", data, config, "search", space=space, planned=20)
    >>> sweeps.start()  # this process goes on with all studies, until `stop_all`
    >>> sweeps.best(study, sweeps.trials(study.name))

A trial is a run like any other, trained by a job. What a study knows is in the database: it goes
on when the server, the command line or a worker is started anew. Optuna runs in a worker alone.
"""

from __future__ import annotations

import threading
from typing import Any, get_args

from core import jobs, peers
from core import task as tasks
from core.config import Config
from core.data.dataset import Dataset
from core.errors import ConfigError, JobError
from core.learning import WHOLE, window_sizes
from core.sweeps import coordinator, store
from core.sweeps.coordinator import Coordinator
from core.sweeps.space import Span, around, bounds, experiments, limited, narrowed, usual
from core.sweeps.store import Kind, Study, Trial, counts, delete, get, recent, trials

__all__ = [
    "KINDS",
    "Coordinator",
    "Kind",
    "Span",
    "Study",
    "Trial",
    "aim_of",
    "around",
    "best",
    "bounds",
    "compare",
    "compared",
    "counts",
    "create",
    "delete",
    "experiments",
    "get",
    "go_on",
    "importance",
    "kinds",
    "limited",
    "listed",
    "narrowed",
    "recent",
    "seconds_left",
    "start",
    "stop",
    "stop_all",
    "trials",
    "usual",
]

KINDS = get_args(Kind)
MOST = 1000  # trials of a study


def kinds(task: str, config: Config) -> list[str]:
    """Return the kinds of study that make sense for *config*."""
    return [
        kind
        for kind in KINDS
        if (
            bounds(task, _variant(config))
            if kind == "search"
            else len(listed(task, config, kind)) > 1
        )
    ]


def listed(task: str, config: Config, kind: str) -> dict[str, Config]:
    """Return what a study of window sizes or an ablation compares: configs by name.

    The first is *config* as it is.
    """
    if kind == "ablation":
        return dict(experiments(task).ablations(config))
    if "lookback" not in tasks.known(task)[_variant(config)].reads:
        return {WHOLE: config}
    others = {label: one for label, one in window_sizes(config).items() if one != config}
    return {f"{WHOLE}: lookback {config.lookback}": config} | others  # type: ignore[attr-defined]


def create(
    task: str,
    dataset: Dataset,
    config: Config,
    kind: str,
    *,
    space: dict[str, Span] | None = None,
    metric: str | None = None,
    planned: int = 20,
    at_once: int = 1,
    prune: bool = True,
    seed: int = 0,
    owner: str = "",
) -> Study:
    """Store a new study, which begins as soon as somebody coordinates it; see `start`.

    Args:
        task: Name of the task.
        dataset: The recording, opened from a catalog name or a path.
        config: The settings that it begins with.
        kind: windows, ablation or search.
        space: What a search varies, by field; `usual` when None.
        metric: What it goes by, of validation rows; the task's usual one when None.
        planned: Trials of a search.
        at_once: Trials at the same time.
        prune: Whether a search stops trials that fall behind.
        seed: Of a search.
        owner: Who coordinates it from the beginning (`Coordinator.owner`).

    Raises:
        ConfigError: there is nothing to compare or to vary, or an argument is out of bounds.
        JobError: the data set cannot be opened again by a worker.
    """
    if kind not in KINDS:
        raise ConfigError(f"There is no kind of study {kind!r}.", f"Kinds: {', '.join(KINDS)}.")
    if not dataset.source:
        raise JobError(
            "A study needs a data set that was opened from a file.",
            "Save it as CSV or Parquet and open that.",
        )
    aim = _aim(task, metric)
    entries: list[dict[str, Any]] = []
    if kind == "search":
        space = _space(task, config, space)
        _check("trials", planned, MOST)
    else:
        space = {}
        configs = listed(task, config, kind)
        if len(configs) < 2:
            raise ConfigError(
                f"There is nothing to compare: {_variant(config)} has no "
                + ("lookback." if kind == "windows" else "part that could be taken away."),
                "Choose another model, or another kind of study.",
            )
        planned = len(configs)
        entries = [coordinator.entry(task, one, dataset, label) for label, one in configs.items()]
    _check("trials at once", at_once, 64)
    values = {
        "task": task,
        "kind": kind,
        "dataset": dataset.name,
        "source": dataset.source,
        "roles": dataset.roles.model_dump(mode="json"),
        "cleaning": dataset.cleaning.model_dump(mode="json"),
        "fingerprint": dataset.fingerprint,
        "graph": None if dataset.graph is None else dataset.graph.digest,
        "config": config.model_dump(mode="json"),
        "space": [span.to_dict() for span in space.values()],
        "metric": aim.name,
        "more": aim.more,
        "planned": planned,
        "at_once": at_once,
        "prune": prune and kind == "search",
        "seed": seed,
    }
    study = store.enter(values, entries, owner)
    _wake()
    return study


def go_on(name: str, more: int = 0, owner: str = "") -> Study:
    """Take up a study that does not run; a search with *more* trials.

    Trials of a list that failed are tried again.

    Raises:
        ConfigError: there is no such study, or nothing is left to do.
    """
    study, known = get(name), trials(name)
    if study.state == "running":
        return study
    if study.kind != "search":
        more = 0
    elif more:
        _check("trials", study.planned + more, MOST)
    left = any(trial.state in store.OPEN for trial in known) or len(known) < study.planned + more
    again = study.kind != "search" and any(trial.state == "failed" for trial in known)
    if not left and not again:
        raise ConfigError(
            f"Study {name} has all of its {len(known)} trials.",
            "Say how many more a search is to try." if study.kind == "search" else "",
        )
    store.go_on(name, more, owner)
    _wake()
    return get(name)


def stop(name: str) -> Study:
    """Stop a study; trainings that are on their way wait, and are taken up by `go_on`."""
    get(name)
    coordinator.cancel(store.stop(name))
    return get(name)


def aim_of(study: Study) -> tasks.Aim:
    """Return what *study* goes by."""
    return _aim(study.task, study.metric)


def best(study: Study, known: list[Trial]) -> Trial | None:
    """Return the best of the trials that are done, the first of equal ones; None before any."""
    done = [trial for trial in known if trial.state == "done" and trial.value is not None]
    sign = -1.0 if study.more else 1.0
    return min(done, key=lambda trial: sign * (trial.value or 0.0), default=None)


def seconds_left(study: Study, known: list[Trial]) -> float | None:
    """Return an estimate of the time until the last trial; None before the first one ended."""
    took = [trial.seconds for trial in known if trial.seconds]
    if study.state != "running" or not took:
        return None
    ended = sum(trial.state not in store.OPEN for trial in known)
    rounds = -(-max(study.planned - ended, 0) // study.at_once)
    return rounds * sum(took) / len(took)


def importance(study: Study, known: list[Trial]) -> dict[str, float]:
    """Return how much each field of a search matters, the most important first; may be empty."""
    request = coordinator.request_of(study, known)
    return dict(jobs.ask("core.sweeps.search:importance", request, timeout=60))


def compare(study: Study, known: list[Trial]) -> Any:
    """Return how far each of the listed configs is from the first, on the test rows of both.

    Returns:
        See `core.sweeps.results.compare`; None before the first and another one are done.
    """
    names = {trial.run: trial.label for trial in known if trial.run is not None}
    first = known[0]
    if first.run is None or len(names) < 2:
        return None
    return jobs.ask("core.sweeps.results:compare", names, names[first.run], timeout=60)


def compared(study: Study) -> str:
    """Return what `compare` counts, such as "MAE"."""
    own = peers.of(study.task)
    return own.SHOWN[own.METRIC]


def start() -> None:
    """Coordinate all studies in the background; returns at once, a second call does nothing."""
    global _coordinator
    with _guard:
        if _coordinator is None:
            _coordinator = Coordinator()
            _coordinator.thread.start()


def stop_all() -> None:
    """End the coordination in this process; studies go on when another one begins it."""
    global _coordinator
    with _guard:
        ended, _coordinator = _coordinator, None
    if ended is not None:
        ended.close()


_coordinator: Coordinator | None = None
_guard = threading.Lock()


def _wake() -> None:
    if (known := _coordinator) is not None:
        known.wake.set()


def _variant(config: Config) -> str:
    return str(config.variant)  # type: ignore[attr-defined]


def _aim(task: str, metric: str | None) -> tasks.Aim:
    aims = {aim.name: aim for aim in experiments(task).aims}
    if metric is None:
        return next(iter(aims.values()))
    if metric not in aims:
        raise ConfigError(
            f"A study of {task} cannot go by {metric!r}.", f"Choose: {', '.join(aims)}."
        )
    return aims[metric]


def _space(task: str, config: Config, space: dict[str, Span] | None) -> dict[str, Span]:
    every = bounds(task, _variant(config))
    space = usual(task, config) if space is None else space
    unknown = [name for name in space if name not in every]
    if not every or unknown:
        fault = f"A search of {_variant(config)} cannot vary {', '.join(unknown) or 'anything'}."
        raise ConfigError(fault, f"It can vary: {', '.join(every) or 'nothing'}.")
    if not space:
        raise ConfigError("A search needs a setting to vary.", f"Choose: {', '.join(every)}.")
    return space


def _check(name: str, value: int, most: int) -> None:
    if not 1 <= value <= most:
        raise ConfigError(f"The number of {name} is 1 to {most}, received {value}.")
