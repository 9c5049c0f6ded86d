"""What is known of the remaining life of a fleet: a file with one number a unit."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from core.data.readers import read_table
from core.errors import DataError


def read_truth(source: Path | bytes, units: Sequence[str]) -> np.ndarray:
    """Return (units,) float64: steps that each unit had left after its last row.

    Args:
        source: CSV (also .gz) or Parquet. Its last column of numbers is the remaining life. A
            column before it that holds the names of the units puts them in order; without one,
            the rows are in the order of *units*.
        units: Their names, in the order of the recording.

    Raises:
        UnreadableFile: it is no table.
        DataError: a unit is missing, or a number is no length of time.
    """
    frame = read_table(source).frame
    numbers = [name for name in frame if pd.api.types.is_numeric_dtype(frame[name])]
    steps = frame[numbers[-1]]
    known = (frame[name].astype(str) for name in frame.columns.drop([numbers[-1]]))
    names = next((column for column in known if set(column) >= set(units)), None)
    if names is not None:
        steps = steps.set_axis(names).loc[list(units)]
    if len(steps) != len(units):
        raise DataError(
            f"The remaining life of {len(units):,} units was expected, received {len(steps):,}.",
            "Expected one number a unit in the order of the recording, or a column of their names.",
        )
    values = steps.to_numpy(float)
    if not (values >= 0).all():
        raise DataError(
            f"A remaining life is 0 or more steps, received {values[~(values >= 0)][0]:g}.",
            "Correct the file.",
        )
    return values
