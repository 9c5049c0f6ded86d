"""`fusionscope train`: one command a task, each of which trains or finds the stored run."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from core import task as tasks
from core.console import interruptible, out, print_json, print_table, telling
from core.data import catalog
from core.errors import UnknownDataset

if TYPE_CHECKING:
    from core.run import Run

app = typer.Typer(no_args_is_help=True, help="Train a model, or find the stored one.")
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Settings = Annotated[
    list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="A setting; repeatable.")
]
Graph = Annotated[
    Path | None,
    typer.Option("--graph", help="File with the adjacency or the places of the nodes."),
]


@app.command()
def anomaly(
    data: Annotated[str, typer.Option("--data", help="Name of a data set, or path of a file.")],
    variant: Annotated[str, typer.Option("--variant", help="Detector.")] = "lstm-autoencoder",
    pairs: Settings = None,
    as_json: Json = False,
) -> None:
    """Train a detector, or find the stored run of the same settings.

    JSON keys: run, key, cached, metrics, seconds, variant, config, data, baselines, notes.
    """
    _report(train("anomaly", data, variant, pairs or []), as_json)


@app.command()
def forecast(
    data: Annotated[str, typer.Option("--data", help="Name of a data set, or path of a file.")],
    variant: Annotated[str, typer.Option("--variant", help="Model.")] = "fusion",
    pairs: Settings = None,
    graph: Graph = None,
    as_json: Json = False,
) -> None:
    """Train a forecaster, or find the stored run of the same settings.

    JSON keys: run, key, cached, metrics, seconds, variant, config, data, baselines, notes.
    """
    _report(train("forecast", data, variant, pairs or [], graph), as_json)


class Split(StrEnum):
    """Which rows judge a classifier of gases."""

    BLOCKED = "blocked"
    RANDOM = "random"


@app.command()
def gas(
    data: Annotated[str, typer.Option("--data", help="Data set, table, folder or zip.")],
    variant: Annotated[str | None, typer.Option("--variant", help="Model.")] = None,
    pairs: Settings = None,
    protocol: Annotated[
        Split, typer.Option("--protocol", help="Apart from what is learned from, or as published.")
    ] = Split.BLOCKED,
    as_json: Json = False,
) -> None:
    """Train a classifier of gases, or find the stored run of the same settings.

    JSON keys: run, key, cached, metrics, seconds, variant, config, data, baselines, notes.
    """
    from core.gas import Config

    chosen = variant or Config().variant
    _report(train("gas", data, chosen, [*(pairs or []), f"protocol={protocol}"]), as_json)


def train(
    task: str, data: str, variant: str, pairs: list[str], graph: Path | None = None
) -> tuple[Run, bool]:
    """Train a model, or find the stored run; it says whether it was there, and tells of progress.

    Args:
        task: Name of the task.
        data: Name of a data set, or path of a file.
        variant: Name of the model.
        pairs: Settings, `key=value` each.
        graph: File of the adjacency or of the places of the nodes.
    """
    from core import runs, training

    config = tasks.get(task).Config.from_settings(
        [*hints(task, data, pairs), *pairs], variant=variant
    )
    dataset = tasks.opened(task, data, graph=graph)
    checkpoint = training.checkpoint_of(tasks.key_of(task, config, dataset))
    with telling() as teller, interruptible(teller.stop):
        return runs.train_or_load(task, dataset, config, teller, checkpoint)


def _report(made: tuple[Run, bool], as_json: bool) -> None:
    """Print what is known of a run."""
    run, cached = made
    card = run.card()
    content = {
        "run": run.name,
        "key": run.key,
        "cached": cached,
        "metrics": run.metrics,
        "seconds": run.seconds,
        "variant": run.variant,
        "config": run.config,
        "data": run.dataset,
        "baselines": card["baselines"],
        "notes": card["notes"],
    }
    if as_json:
        print_json(content)
        return
    state = "stored before" if cached else f"trained in {run.seconds:.1f} s"
    out.print(f"Run {run.name}: {run.variant} on {run.dataset}, {state}.", markup=False)
    columns = {run.variant: run.metrics} | card["baselines"]
    print_table(
        ["metric", *columns],
        [[name, *(m.get(name, "") for m in columns.values())] for name in run.metrics],
    )
    for note in card["notes"]:
        out.print(f"Note: {note}", markup=False)


def hints(task: str, data: str, pairs: list[str]) -> list[str]:
    """Return the training rows that the catalog recommends, unless the user chose some."""
    chosen = {pair.partition("=")[0].strip() for pair in pairs}
    if task != "anomaly" or chosen & {"train_rows", "train_share"}:
        return []
    try:
        rows = catalog.entry(data).train_rows
    except UnknownDataset:
        return []  # a path, of which the catalog knows nothing
    return [f"train_rows={rows}"] if rows else []
