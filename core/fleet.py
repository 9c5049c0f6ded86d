"""A fleet in service, judged by stored runs that learned from units that ran to failure."""

from __future__ import annotations

from typing import Any

import numpy as np

from core import anomaly, runs
from core import task as tasks
from core.data import open_dataset


def predict(name: str, source: str) -> Any:
    """Return what the run *name* says of a recording; stored for that which it was trained on.

    Args:
        name: Of the run, or its id.
        source: Catalog name or path of the recording.
    """
    run = runs.get(name)
    if source == run.source:
        return run.result()
    return tasks.get(run.task).predict(run.fitted(), open_dataset(source))


def health(name: str, source: str) -> np.ndarray:
    """Return (rows,) float32, 1 to 0: the health of the units by the scores of a detector.

    The level of scores at failure is that of the recording which the detector was trained on.

    Args:
        name: Of the detector's run, or its id.
        source: Catalog name or path of the recording.

    Raises:
        DataError: the scores do not rise towards the failures; see `core.anomaly.health`.
    """
    run = runs.get(name)
    failed = run.result()
    if source == run.source:
        return anomaly.health(failed)
    return anomaly.health(predict(name, source), failed)
