"""What runs of a study reached, read from their stored results; runs in a worker."""

from __future__ import annotations

import pandas as pd

from core import runs
from core.errors import ConfigError
from core.sweeps.space import experiments


def value(identifier: str, metric: str) -> float | None:
    """Return *metric* of a run on its validation rows; None where it has none there."""
    run = runs.get(identifier)
    return experiments(run.task).validation(run.result()).get(metric)


def compare(names: dict[str, str], reference: str) -> pd.DataFrame:
    """Return how far runs of one task are from one of them, on the test rows that both have.

    Args:
        names: Label of each run, by its id.
        reference: Label of the one that the others are compared with.

    Returns:
        See `core.task.Experiments.compare`.

    Raises:
        ConfigError: the task has no paired test.
    """
    found = {label: runs.get(identifier) for identifier, label in names.items()}
    task = next(iter(found.values())).task
    test = experiments(task).compare
    if test is None:
        raise ConfigError(f"The task {task} has no paired test.")
    table = test({label: run.result() for label, run in found.items()}, reference)
    return table[["name", "difference", "lower", "upper", "p"]]
