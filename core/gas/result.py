"""Is there gas, and which, at every row of a recording."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

STEPS, ABOUT = "steps.parquet", "about.json"


@dataclass(frozen=True, eq=False)
class Result:
    """Probabilities of a recording.

    Attributes:
        steps: One row a row of the recording. Columns: row; session; time where the recording has
            it; part ("train", "validation", "test" or "embargo"); leak, float32, probability of
            any gas; one column a class, "p_" and its name, float32; label, place of the true
            class in `classes`, -1 where nobody knows; exposed, bool, where the recording knows
            when gas was there.
        classes: Their names, the one without gas first.
        seconds: Between two rows.
        assumed: Whether nobody said so: the recording has no times.
    """

    steps: pd.DataFrame
    classes: tuple[str, ...]
    seconds: float
    assumed: bool

    def __len__(self) -> int:
        return len(self.steps)

    @cached_property
    def gas(self) -> np.ndarray:
        """(rows, C) float32, probability of each class."""
        return self.steps[[column(name) for name in self.classes]].to_numpy(np.float32)

    @property
    def leak(self) -> np.ndarray:
        """(rows,) float32, probability of any gas."""
        return self.steps["leak"].to_numpy()

    @property
    def labels(self) -> np.ndarray:
        """(rows,) int, place of the true class; -1 where nobody knows."""
        return self.steps["label"].to_numpy()

    @cached_property
    def test(self) -> np.ndarray:
        """(rows,) bool: the rows that metrics are counted on."""
        return self.of_part("test")

    def of_part(self, part: str) -> np.ndarray:
        """Return (rows,) bool: labelled rows of *part*."""
        return (self.steps["part"] == part).to_numpy() & (self.labels >= 0)

    @cached_property
    def sessions(self) -> list[slice]:
        """Rows of each session, in order."""
        names = self.steps["session"].to_numpy()
        starts = np.flatnonzero(np.r_[True, names[1:] != names[:-1]])
        stops = [*starts[1:].tolist(), len(names)]
        return [slice(a, b) for a, b in zip(starts.tolist(), stops, strict=True)]

    def save(self, folder: Path) -> None:
        """Write `steps.parquet` and `about.json`."""
        self.steps.to_parquet(folder / STEPS, index=False, compression="zstd")
        about = {"classes": self.classes, "seconds": self.seconds, "assumed": self.assumed}
        (folder / ABOUT).write_text(json.dumps(about))


def column(name: str) -> str:
    """Return the column of `Result.steps` that holds the probability of class *name*."""
    return f"p_{name}"


def answers(result: Result, alarm: np.ndarray) -> pd.DataFrame:
    """Return what is said of every row, as names: for a file that others read.

    Args:
        result: Of a recording.
        alarm: (rows,) bool.

    Returns:
        row, session, time where there is one, leak, alarm, gas (the likeliest class), one column a
        class, and true (its name, empty where nobody knows) where the recording has classes.
    """
    steps, names = result.steps, np.array([*result.classes, ""])
    table = steps[[name for name in ("row", "session", "time", "leak") if name in steps]].copy()
    table["alarm"] = alarm
    table["gas"] = names[result.gas.argmax(axis=1)]
    table[[column(name) for name in result.classes]] = result.gas
    return table.assign(true=names[result.labels]) if (result.labels >= 0).any() else table


def read_result(folder: Path) -> Result:
    """Read what `Result.save` wrote."""
    about = json.loads((folder / ABOUT).read_text())
    steps = pd.read_parquet(folder / STEPS)
    return Result(steps, tuple(about["classes"]), about["seconds"], about["assumed"])
