"""`fusionscope life`: train on units that ran to failure, rank a fleet by its remaining life."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pandas as pd
import typer

from core import task as tasks
from core.console import interruptible, out, print_json, print_table, telling
from core.data import catalog, open_dataset
from core.data.dataset import Dataset

METRICS = ("rmse", "phm08", "rmse_uncapped", "phm08_uncapped", "phm08_mean", "late_share")


def life(
    data: Annotated[str, typer.Argument(help="Data set or file of units that ran to failure.")],
    fleet: Annotated[
        str | None, typer.Option("--fleet", help="Data set or file of units in service.")
    ] = None,
    truth: Annotated[
        Path | None,
        typer.Option("--truth", help="File with the steps that each unit of the fleet had left."),
    ] = None,
    variant: Annotated[str, typer.Option("--variant", help="Model.")] = "lstm-regressor",
    pairs: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="A setting; repeatable.")
    ] = None,
    worst: Annotated[int, typer.Option(min=1, help="Units to list, the nearest to failure.")] = 10,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Say how long each unit will last, and judge that beside the baselines.

    JSON keys: run, key, cached, seconds, variant, judged (units that the metrics are of), metrics
    (by model), units (each with entity, age, remaining, lower, upper, health), notes.
    """
    from core import runs, training
    from core.life import Config

    dataset = tasks.opened("life", data)
    config = Config.from_settings(pairs or [], variant=variant)
    checkpoint = training.checkpoint_of(tasks.key_of("life", config, dataset))
    with telling() as teller, interruptible(teller.stop):
        run, cached = runs.train_or_load("life", dataset, config, teller, checkpoint)
        if fleet is None:
            units, judged = run.result().fleet, "test units of the training data"
            metrics = {run.variant: run.metrics} | run.card()["baselines"]
        else:
            units, metrics = _in_service(dataset, config, open_dataset(fleet), truth)
            judged = f"units of {fleet}"
    units = units.sort_values("remaining")
    content = {
        "run": run.name,
        "key": run.key,
        "cached": cached,
        "seconds": run.seconds,
        "variant": run.variant,
        "judged": judged,
        "metrics": metrics,
        "notes": run.card()["notes"],
    }
    columns = ["entity", "age", "remaining", "lower", "upper", "health"]
    if as_json:
        print_json(content | {"units": units[columns].to_dict("records")})
        return
    state = "stored before" if cached else f"trained in {run.seconds:.1f} s"
    out.print(f"Run {run.name}: {run.variant} on {run.dataset}, {state}.", markup=False)
    for note in content["notes"]:
        out.print(f"Note: {note}", markup=False)
    print_table(columns, units[columns].head(worst).to_numpy())
    if any(metrics.values()):
        out.print(f"\nErrors in steps, {judged}:", markup=False)
        print_table(
            ["metric", *metrics],
            [[name, *(m.get(name, "") for m in metrics.values())] for name in METRICS],
        )


def _in_service(
    dataset: Dataset, config: Any, fleet: Dataset, truth: Path | None
) -> tuple[pd.DataFrame, dict[str, dict[str, float]]]:
    """Return the last row of every unit, and the metrics by model where the truth is known."""
    from core import runs
    from core.life import VARIANTS, judge

    known = _truth(fleet, truth)
    names = [config.variant, *(n for n, v in VARIANTS.items() if v.companion)]
    metrics, units = {}, None
    for name in dict.fromkeys(names):
        other = config.model_copy(update={"variant": name})
        run, _ = runs.train_or_load("life", dataset, other)
        result = tasks.get("life").predict(run.fitted(), fleet)
        units = result.fleet if units is None else units
        if known is not None:
            predicted = result.fleet["remaining"].to_numpy(float)
            metrics[name] = judge(predicted, known, result.cap)
    assert units is not None
    return units, metrics


def _truth(fleet: Dataset, path: Path | None) -> np.ndarray | None:
    """Return (units,) steps from the file, or as published with the data set; None without."""
    from core.life import read_truth

    if path is not None:
        return read_truth(path, list(fleet.entities))
    return catalog.remaining_life(fleet.source) if catalog.known(fleet.source) else None
