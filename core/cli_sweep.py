"""`fusionscope sweep`: window sizes, ablations and searches, from a terminal."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from core import task as tasks
from core.cli_train import Json, Settings, hints
from core.console import err, interruptible, out, print_json, print_table
from core.data import catalog
from core.errors import Cancelled, ConfigError

if TYPE_CHECKING:
    from core.sweeps import Span, Study, Trial

EVERY = 0.5  # seconds between two looks at the study


def sweep(
    task: Annotated[
        str | None, typer.Argument(metavar="TASK", help="anomaly, forecast, gas or life.")
    ] = None,
    data: Annotated[
        str | None, typer.Option("--data", help="Name of a data set, or path of a file.")
    ] = None,
    kind: Annotated[str, typer.Option("--kind", help="search, windows or ablation.")] = "search",
    variant: Annotated[str | None, typer.Option("--variant", help="Model.")] = None,
    pairs: Settings = None,
    vary: Annotated[
        list[str] | None,
        typer.Option(
            "--vary",
            metavar="KEY=LOW:HIGH",
            help="A setting that a search varies, or KEY=A,B for a choice, or KEY for a usual "
            "range; repeatable. Without any, the few that matter most.",
        ),
    ] = None,
    number: Annotated[
        int | None, typer.Option("--trials", help="Trials of a search, 20 unless given.")
    ] = None,
    metric: Annotated[
        str | None, typer.Option("--metric", help="What it goes by, on validation rows.")
    ] = None,
    at_once: Annotated[int, typer.Option("--at-once", help="Trials at the same time.")] = 1,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of the search.")] = 0,
    prune: Annotated[
        bool, typer.Option(help="Stop trials of a search early that fall behind.")
    ] = True,
    name: Annotated[
        str | None,
        typer.Option(
            "--continue",
            metavar="STUDY",
            help="Take up a stored study; --trials then says how many more.",
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Search settings, compare window sizes, or take a model apart; every trial is a run.

    Ctrl-C leaves the study stored: --continue takes it up. Exit code 1 when every trial failed.

    JSON keys: study, task, kind, data, state, message, metric, direction, best (the number of a
    trial, or null), trials (each with number, label, state, value, params, run, seconds, message).
    """
    from core import jobs, sweeps

    coordinator = sweeps.Coordinator()
    if name is not None:
        study = sweeps.go_on(name, number or 0, coordinator.owner)
    else:
        if task is None or data is None:
            raise ConfigError("A new study needs TASK and --data.", "Or take one up: --continue.")
        study = _create(
            task,
            data,
            variant,
            pairs or [],
            vary,
            kind=kind,
            metric=metric,
            planned=20 if number is None else number,
            at_once=at_once,
            seed=seed,
            prune=prune,
            owner=coordinator.owner,
        )
    coordinator.only = study.name
    coordinator.thread.start()
    try:
        _follow(study)
    finally:
        coordinator.close()
        jobs.stop()
    study, known = sweeps.get(study.name), sweeps.trials(study.name)
    _report(study, known, as_json)
    raise typer.Exit(1 if study.state == "failed" else 0)


def _create(
    task: str,
    data: str,
    variant: str | None,
    pairs: list[str],
    vary: list[str] | None,
    **options: Any,
) -> Study:
    from core import sweeps

    named = {} if variant is None else {"variant": variant}
    config = tasks.get(task).Config.from_settings([*hints(task, data, pairs), *pairs], **named)
    # A study outlives this process: a path is written in full.
    source = data if catalog.known(data) else str(Path(data).absolute())
    space = None if vary is None else _space(task, config, vary)
    return sweeps.create(task, tasks.opened(task, source), config, space=space, **options)


def _space(task: str, config: Any, vary: list[str]) -> dict[str, Span]:
    """Return what the texts *vary* say."""
    from core import sweeps

    every, chosen = sweeps.bounds(task, config.variant), {}
    for text in vary:
        field, equals, range_ = (part.strip() for part in text.partition("="))
        if field not in every:
            raise ConfigError(
                f"A search of {config.variant} cannot vary {field!r}.",
                f"It can vary: {', '.join(every) or 'nothing'}.",
            )
        value = getattr(config, field)
        chosen[field] = (
            sweeps.narrowed(every[field], range_) if equals else sweeps.around(every[field], value)
        )
    return chosen


def _follow(study: Study) -> None:
    """Tell what becomes of the trials until the study has ended.

    Raises:
        Cancelled: somebody pressed Ctrl-C; the study is stored.
    """
    from core import sweeps

    told: set[tuple[int, str]] = set()
    message, over = "", threading.Event()
    err.print(f"Study {study.name}: {study.planned} trials.", markup=False)
    with interruptible(over.set):
        while study.state == "running":
            if over.wait(EVERY):
                sweeps.stop(study.name)
                raise Cancelled(
                    f"Stopped. Study {study.name} is stored.",
                    f"Go on with: fusionscope sweep --continue {study.name}",
                )
            study = sweeps.get(study.name)
            known = sweeps.trials(study.name)
            for trial in known:
                if (trial.number, trial.state) not in told and trial.state != "waiting":
                    told.add((trial.number, trial.state))
                    _tell(study, known, trial)
            if study.message and study.message != message and study.state == "running":
                message = study.message
                err.print(message, markup=False)


def _tell(study: Study, known: list[Trial], trial: Trial) -> None:
    """Say in one line what has become of a trial."""
    from core import sweeps

    what = trial.label or " ".join(f"{name}={_short(v)}" for name, v in trial.params.items())
    said = f"trial {trial.number + 1}/{study.planned} {trial.state}: {what}"
    if trial.state == "done" and trial.value is not None:
        said += f" · {study.metric} {trial.value:.4g}"
        best = sweeps.best(study, known)
        if best is not None and len(known) > 1:
            said += f" (best {best.value:.4g}, trial {best.number + 1})"
        left = sweeps.seconds_left(study, known)
        said += f" · about {left:.0f} s left" if left else ""
    elif trial.message:
        said += f" · {trial.message}"
    err.print(said, markup=False)


def _short(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def _report(study: Study, known: list[Trial], as_json: bool) -> None:
    """Print what came of the study."""
    from core import runs, sweeps

    best = sweeps.best(study, known)
    names = {trial.run: runs.get(trial.run).name for trial in known if trial.run is not None}
    rows = [
        {
            "number": trial.number,
            "label": trial.label,
            "state": trial.state,
            "value": trial.value,
            "params": trial.params,
            "run": names.get(trial.run or ""),
            "seconds": trial.seconds,
            "message": trial.message,
        }
        for trial in known
    ]
    content = {
        "study": study.name,
        "task": study.task,
        "kind": study.kind,
        "data": study.dataset,
        "state": study.state,
        "message": study.message,
        "metric": study.metric,
        "direction": "maximize" if study.more else "minimize",
        "best": None if best is None else best.number,
    }
    if as_json:
        print_json(content | {"trials": rows})
    else:
        fields = [span.name for span in study.spans]
        print_table(
            ["trial", "state", study.metric, *(fields or ["what"]), "run", "seconds"],
            [
                [
                    trial.number + 1,
                    trial.state + (" (best)" if best is not None and trial == best else ""),
                    "" if trial.value is None else trial.value,
                    *([trial.params.get(name, "") for name in fields] or [trial.label]),
                    names.get(trial.run or "", ""),
                    "" if trial.seconds is None else trial.seconds,
                ]
                for trial in known
            ],
        )
        out.print(f"{study.metric}: on validation rows.", markup=False)
    if study.message:
        err.print(study.message, markup=False)
