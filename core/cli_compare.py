"""`fusionscope compare`: stored runs side by side."""

from __future__ import annotations

import json
from typing import Annotated, Any

import pandas as pd
import typer

from core.beside import PAIRS
from core.cli_train import Json
from core.console import out, print_json, print_table


def compare(
    names: Annotated[
        list[str], typer.Argument(metavar="RUN RUN...", help="Names of two to eight.")
    ],
    as_json: Json = False,
) -> None:
    """Put stored runs of one task, data and split side by side; name the best, where one is.

    JSON keys: task, dataset, metric, better, test, best, changed, rows, runs (one object a run,
    baselines first), pairs (first, second, difference, lower, upper, p), settings (those that
    differ), reference, effects (of single changes of the reference), notes.
    """
    from core.compare import compare as side_by_side

    found = side_by_side(names)
    if as_json:
        print_json(
            {
                name: getattr(found, name)
                for name in (
                    "task",
                    "dataset",
                    "metric",
                    "better",
                    "test",
                    "best",
                    "changed",
                    "rows",
                )
            }
            | {
                "runs": _records(found.table),
                "pairs": _records(found.pairs),
                "settings": _records(found.settings),
                "reference": found.reference,
                "effects": _records(found.effects),
                "notes": list(found.notes),
            }
        )
        return
    shown = [
        "run",
        "variant",
        "baseline",
        *found.titles,
        "lower",
        "upper",
        "seconds",
        "size",
        "best",
    ]
    print_table(shown, found.table[shown].to_numpy())
    out.print(
        f"\n{found.dataset}, {found.rows:,} rows or forecasts; {found.changed}.", markup=False
    )
    told = "No run" if found.best is None else found.best
    out.print(
        f"{told} is better than every other one by more than luck ({found.metric}; {found.test}).",
        markup=False,
    )
    if len(found.pairs):
        out.print()
        print_table(PAIRS, found.pairs.to_numpy())
    for note in found.notes:
        out.print(f"Note: {note}", markup=False)


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return one object a row; what is not known is null."""
    records: list[dict[str, Any]] = json.loads(frame.to_json(orient="records"))
    return records
