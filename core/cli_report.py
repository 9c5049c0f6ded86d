"""`fusionscope report`: a run, or several side by side, as one file for people who decide."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from core.cli_train import Json
from core.console import out, print_json
from core.errors import StorageError
from core.tables import ROOM

ENDINGS = (".html", ".pdf")


def report(
    names: Annotated[list[str], typer.Argument(metavar="RUN...", help="Names of one to eight.")],
    file: Annotated[Path, typer.Option("--out", help="Report: .html or .pdf.")],
    as_json: Json = False,
) -> None:
    """Write a report of a run, or of several of one task, data and split side by side.

    The file holds all that it shows: it can be sent, printed on A4 and kept. JSON keys: runs, out.
    """
    ending = file.suffix.lower()
    if ending not in ENDINGS:
        raise StorageError(
            f"A report is written as .html or .pdf, received {file.name!r}.", "Change its ending."
        )
    from core import report as reports

    made = reports.pdf(names) if ending == ".pdf" else reports.html(names).encode()
    try:
        file.write_bytes(made)
    except OSError as error:
        raise StorageError(f"{file} cannot be written: {error.strerror}.", ROOM) from error
    if as_json:
        print_json({"runs": names, "out": str(file)})
    else:
        out.print(f"The report is in {file}.", markup=False)
