"""The remaining life and the health of every unit at every step."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

STEPS, CAP = "steps.parquet", "cap"


@dataclass(frozen=True, eq=False)
class Result:
    """Predictions of the remaining life for a recording.

    Attributes:
        steps: One row a step. Columns: entity; time where the recording has it; part ("train",
            "validation" or "test"); age, remaining, lower and upper in steps, the latter two an
            interval that holds four times in five; health from 1 to 0; and actual, what was left,
            where the units are known to end with their failure.
        cap: Longest prediction, in steps.
    """

    steps: pd.DataFrame
    cap: int

    def __len__(self) -> int:
        return len(self.steps)

    @cached_property
    def test(self) -> np.ndarray:
        """(rows,) bool: the rows that metrics are counted on."""
        return (self.steps["part"] == "test").to_numpy()

    @property
    def fleet(self) -> pd.DataFrame:
        """The last row of every unit, in the order of the recording."""
        return (
            self.steps.groupby("entity", sort=False, observed=True).tail(1).reset_index(drop=True)
        )

    def save(self, folder: Path) -> None:
        """Write `steps.parquet`."""
        self.steps.assign(**{CAP: np.int32(self.cap)}).to_parquet(
            folder / STEPS, index=False, compression="zstd"
        )


def read_result(folder: Path) -> Result:
    """Read what `Result.save` wrote."""
    steps = pd.read_parquet(folder / STEPS)
    return Result(steps, int(steps.pop(CAP).iloc[0]))
