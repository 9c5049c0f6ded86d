"""`fusionscope forecast`, `fusionscope ablate`: what comes next, what each part of a model does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from core import tables
from core import task as tasks
from core.cli_train import Graph, Json, Settings, train
from core.console import err, out, print_json, print_pairs, print_table
from core.errors import Cancelled, ConfigError, FusionscopeError

if TYPE_CHECKING:
    from core.data.dataset import Dataset
    from core.forecast import Config, Fitted, Result

ablate = typer.Typer(no_args_is_help=True, help="Take a model apart, and see what each part does.")


@ablate.callback()
def root() -> None:
    """Take a model apart, and see what each part does."""


def forecast(
    name: Annotated[str, typer.Argument(metavar="RUN", help="Name of a run.")],
    data: Annotated[str, typer.Option("--data", help="Name of a data set, or path of a file.")],
    file: Annotated[Path, typer.Option("--out", help="Forecasts: .csv or .parquet.")],
    every: Annotated[
        bool,
        typer.Option("--every", help="Forecast from every row, not only from the last one."),
    ] = False,
    as_json: Json = False,
) -> None:
    """Forecast what a recording will read next, with a stored run.

    What is known ahead stands in rows behind the last reading, whose other cells are empty.

    The file has one row a step ahead and target: origin (time of the last row that is known),
    time, step, target, forecast, lower, upper, actual (where it is known).

    JSON keys: run, data, rows (of the file), origins, horizon, targets, out, and metrics, of all
    forecasts whose readings are known.
    """
    from core import forecast as task
    from core import runs
    from core.data import open_dataset
    from core.data.dataset import Cleaning, Roles

    run = runs.get(name)
    if run.task != "forecast":
        raise ConfigError(
            f"Run {run.name} is of the task {run.task}.", "Choose a run of the task forecast."
        )
    roles = Roles.model_validate(run.roles)
    dataset = open_dataset(data, roles=roles, cleaning=Cleaning.model_validate(run.cleaning))
    fitted = run.fitted()
    result = task.predict(fitted, dataset)
    if not every:
        _warn(fitted, dataset)
    frame = result.frame(None if every else _last(result))
    tables.write(frame, file)
    metrics = task.measures(result)
    content: dict[str, Any] = {
        "run": run.name,
        "data": dataset.name,
        "rows": len(frame),
        "origins": len(result.origins) if every else 1,
        "horizon": result.horizon,
        "targets": list(result.targets),
        "out": str(file),
    }
    if as_json:
        print_json(content | {"metrics": metrics})
        return
    print_pairs(content | {"targets": len(result.targets)} | metrics)
    if not every:
        shown = frame.head(20)
        columns = ["time", "target", "forecast", "lower", "upper"]
        print_table(columns, shown[columns].to_numpy())


def _warn(fitted: Fitted, dataset: Dataset) -> None:
    """Say whose end is forecast where entities stand one behind the other, and what it lacks."""
    from core.forecast.panel import panel_of, untold

    config, entities = fitted.config, list(dataset.entities)
    notes = untold(panel_of(dataset, config), config)
    if len(entities) > 1 and config.nodes == "channels" and config.entity is None:
        notes.append(
            f"beyond its end only {entities[-1]}, the last entity, is forecast. Give each "
            "of the others in a file of its own, or use --every for all known rows."
        )
    for note in notes:
        err.print(f"Note: {note}", markup=False)


def _last(result: Result) -> Any:
    """Return the numbers of the forecasts that begin behind the last row of a segment."""
    import numpy as np

    return np.flatnonzero(result.origins == result.origins.max())


@ablate.command("forecast")
def ablate_forecast(
    data: Annotated[str, typer.Option("--data", help="Name of a data set, or path of a file.")],
    variant: Annotated[str, typer.Option("--variant", help="Model.")] = "fusion",
    pairs: Settings = None,
    graph: Graph = None,
    windows: Annotated[
        bool, typer.Option("--windows", help="Compare lookbacks of 32, 64, 128 and 256 instead.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Train a forecaster with each of its parts taken away, and compare them on the same rows.

    Every one is a run like any other: what is stored is not trained again. What fails is named,
    and the exit code is 1 then.

    JSON keys: data, reference, rows (each with name, run, mae, rmse, r2, mape, wape, mase, skill,
    coverage, difference, lower, upper, p), broken. The difference is the mean absolute error less
    that of the reference, with its 95 % interval (Diebold and Mariano).
    """
    from core.forecast import Config, ablations, window_sizes

    config = Config.from_settings(pairs or [], variant=variant)
    wanted = window_sizes(config) if windows else ablations(config)
    results, names, broken = _trained(data, wanted, graph)
    if not results:
        raise ConfigError(f"Nothing could be trained: {next(iter(broken.values()))}")
    _tell(data, results, names, broken, as_json)
    raise typer.Exit(1 if broken else 0)


def _trained(
    data: str, wanted: dict[str, Config], graph: Path | None
) -> tuple[dict[str, Result], dict[str, str], dict[str, str]]:
    """Return results and names of runs by label, and what went wrong."""
    results, names, broken = {}, {}, {}
    for label, config in wanted.items():
        err.print(label, markup=False)
        settings = tasks.effective("forecast", config).model_dump(exclude={"variant"})
        pairs = [f"{name}={'' if value is None else value}" for name, value in settings.items()]
        pairs = [pair for pair in pairs if not pair.endswith("=")]
        try:
            run, _ = train("forecast", data, config.variant, pairs, graph)
        except Cancelled:
            raise
        except FusionscopeError as error:
            broken[label] = str(error)
            continue
        results[label], names[label] = run.result(), run.name
    return results, names, broken


def _tell(
    data: str,
    results: dict[str, Result],
    names: dict[str, str],
    broken: dict[str, str],
    as_json: bool,
) -> None:
    """Print the comparison."""
    from core.forecast import side_by_side

    reference = next(iter(results))
    table = side_by_side(results, reference)
    table.insert(1, "run", table["name"].map(names))
    if as_json:
        rows = json.loads(table.to_json(orient="records"))  # pandas writes NaN as null
        print_json({"data": data, "reference": reference, "rows": rows, "broken": broken})
        return
    out.print(f"Compared with: {reference}", markup=False)
    columns = ["name", "run", "mae", "skill", "difference", "lower", "upper", "p"]
    print_table(columns, table[columns].astype(object).where(table[columns].notna(), "").to_numpy())
    for label, problem in broken.items():
        err.print(f"Left out: {label}: {problem}", markup=False)
