"""`fusionscope gas`: recordings of gas sensors and a thermal camera."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from core.cli_train import Json
from core.console import out, print_json

app = typer.Typer(no_args_is_help=True, help="Gas sensors and a thermal camera.")


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
