"""What runs of a study reached, read from their stored results; runs in a worker."""

from __future__ import annotations

from typing import Any

import pandas as pd

from core import peers, runs
from core.errors import DataError
from core.sweeps.space import experiments

TOLD = ("difference", "lower", "upper", "p")


def value(identifier: str, metric: str) -> float | None:
    """Return *metric* of a run on its validation rows; None where it has none there."""
    run = runs.get(identifier)
    return experiments(run.task).validation(run.result()).get(metric)


def compare(names: dict[str, str], reference: str) -> pd.DataFrame:
    """Return how far runs of one task are from one of them, by the paired test of the task.

    Args:
        names: Label of each run, by its id.
        reference: Label of the one that the others are compared with.

    Returns:
        One row a run: name, and difference, lower, upper (its 95 % interval) and p of the task's
        main metric, on the test rows that both have. NaN for the reference itself, and where two
        cannot be compared, as with another horizon or too few labelled events.
    """
    found = {label: runs.get(identifier) for identifier, label in names.items()}
    own = peers.of(next(iter(found.values())).task)
    results = {label: run.result() for label, run in found.items()}
    decisions = {label: run.decided for label, run in found.items()}
    rows: list[dict[str, Any]] = []
    for label in found:
        row: dict[str, Any] = {"name": label}
        if label != reference:
            try:
                pair = {one: results[one] for one in (label, reference)}
                tested = own.contest(pair, decisions).pairs
            except DataError:
                tested = pd.DataFrame()  # the columns stay empty, which says it
            if len(tested):
                row |= {name: tested[name].iloc[0] for name in TOLD}
        rows.append(row)
    return pd.DataFrame(rows, columns=["name", *TOLD])
