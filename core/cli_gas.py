"""`fusionscope gas`: simulated recordings, and what a stored run says of one."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from core import tables
from core import task as tasks
from core.cli_train import Json
from core.console import out, print_json, print_pairs, print_table
from core.errors import ConfigError

app = typer.Typer(no_args_is_help=True, help="Gas: leaks found by sensors and a thermal camera.")


class Modality(StrEnum):
    """What a recording consists of."""

    SENSORS = "sensors"
    CAMERA = "camera"


@app.command()
def classify(
    name: Annotated[str, typer.Argument(metavar="RUN", help="Name of a run.")],
    data: Annotated[str, typer.Option("--data", help="Data set, table, folder or zip.")],
    file: Annotated[Path, typer.Option("--out", help="Answers: .csv or .parquet.")],
    without: Annotated[
        Modality | None, typer.Option("--without", help="A modality to withhold from the model.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Say of every row of a recording whether there is gas, and which, with a stored run.

    The alarm follows the operating point chosen for the run, else the threshold that finds 99 % of
    the gas in its validation rows. The file has one row a row: row, session, time where there is
    one, leak (probability of any gas), alarm, gas (the likeliest class), one column a class with
    its probability, and true, where the recording says it.

    JSON keys: run, data, rows, out, simulated, decision, alarms, alarm_rows, classes (rows by the
    likeliest class), notes (what was found in the recording), metrics (empty without classes).
    """
    from core import gas, runs

    run = runs.get(name)
    if run.task != "gas":
        raise ConfigError(
            f"Run {run.name} is of the task {run.task}.", "Choose a run of the task gas."
        )
    recording: Any = tasks.opened("gas", data)
    fitted = run.fitted()
    result = gas.predict(
        fitted,
        recording,
        sensors_lost=without == Modality.SENSORS,
        camera_lost=without == Modality.CAMERA,
    )
    kept = run.decision()
    decision = gas.usual(run.result()) if kept is None else gas.Decision.parse(kept)
    alarm = gas.alarms(result.leak, decision, result.sessions)
    said = gas.answers(result, alarm)
    tables.write(said, file)
    metrics = gas.evaluate(result, decision=decision)
    content = {
        "run": run.name,
        "data": recording.name,
        "rows": len(result),
        "out": str(file),
        "simulated": recording.simulated,
        "alarms": len(gas.spells(alarm, result.sessions)),
        "alarm_rows": int(alarm.sum()),
    }
    found = [finding.what for finding in recording.under(fitted.classes).findings]
    classes = {str(one): int(rows) for one, rows in said["gas"].value_counts().items() if rows}
    if as_json:
        whole = {"decision": decision.model_dump(), "classes": classes, "notes": found}
        print_json(content | whole | {"metrics": metrics})
        return
    print_pairs(content | decision.model_dump() | metrics)
    out.print()
    print_table(["gas", "rows"], classes.items())
    for note in found:
        out.print(f"Note: {note}", markup=False)


@app.command()
def simulate(
    folder: Annotated[Path, typer.Option("--out", help="New folder to write to.")],
    sessions: Annotated[int | None, typer.Option(help="Sessions of each class.")] = None,
    rows: Annotated[int | None, typer.Option(help="Rows of each session.")] = None,
    seed: Annotated[int | None, typer.Option(help="Another one is another laboratory.")] = None,
    pairs: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="A parameter; a range is LOW,HIGH."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Write a simulated recording in the published layout: a CSV and folders of PNGs.

    JSON keys: folder, rows, sessions, classes, parameters.
    """
    from core.gas.lab import CLASSES, Lab
    from core.gas.write import write_folder

    asked = {"sessions": sessions, "rows": rows, "seed": seed}
    lab = Lab.from_settings(pairs or [], **{k: v for k, v in asked.items() if v is not None})
    write_folder(lab, folder)
    if as_json:
        facts = {"folder": str(folder), "rows": lab.total * lab.rows, "sessions": lab.total}
        print_json(facts | {"classes": list(CLASSES), "parameters": lab.model_dump()})
        return
    out.print(
        f"{folder}: simulated, {lab.total} sessions of {lab.rows} rows ({', '.join(CLASSES)}).",
        markup=False,
    )
