"""Decisions about the rows of a recording, made ready for the screen."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from core import downsample
from core.gas import Decision, Judged, Result
from core.gas.decision import spells

PARTS = {"train": "training rows", "validation": "validation rows", "embargo": "set aside"}
MOST = 500  # bands of one kind in one picture; more would be a solid bar anyway
NAMED = 24  # sessions whose names have room

Frames = dict[str, pd.DataFrame]


@dataclass(frozen=True, eq=False)
class Course:
    """The rows that are shown: the test rows one behind the other, or all rows.

    Attributes:
        result: Probabilities.
        judged: What the rule makes of them.
        decision: The rule.
        whole: Whether all rows are shown.
    """

    result: Result
    judged: Judged
    decision: Decision
    whole: bool

    def __len__(self) -> int:
        return len(self.rows)

    @cached_property
    def rows(self) -> np.ndarray:
        """(P,) the rows that are shown, in order."""
        if self.whole or not self.result.test.any():
            return np.arange(len(self.result))
        return np.flatnonzero(self.result.test)

    @cached_property
    def sessions(self) -> list[slice]:
        """Places of each session among the shown rows; sessions without any are left out."""
        ends = [np.searchsorted(self.rows, [one.start, one.stop]) for one in self.result.sessions]
        return [slice(int(a), int(b)) for a, b in ends if b > a]

    @property
    def leak(self) -> np.ndarray:
        """(P,) probability of a leak."""
        return self.result.leak[self.rows]

    def rows_between(self, low: float, high: float) -> tuple[int, int]:
        """Return the places that a brush covers."""
        return int(np.ceil(low)), int(np.floor(high)) + 1

    def points(self, start: int, stop: int, leak: np.ndarray | None = None) -> pd.DataFrame:
        """Return [x, value, session, row, said, truth] between two places.

        Args:
            start: First place.
            stop: The one behind the last.
            leak: (P,) other probabilities than those of the result.
        """
        values = self.leak if leak is None else leak
        borders = [one.start for one in self.sessions] + [one.stop - 1 for one in self.sessions]
        chosen = downsample.rows(values, start, stop, keep=np.unique(borders))
        rows, names = self.rows[chosen], np.array([*self.result.classes, "not known"])
        return pd.DataFrame(
            {
                "x": chosen,
                "value": values[chosen],
                "session": self.result.steps["session"].iloc[rows].astype(str).to_numpy(),
                "row": self.within[rows],
                "said": names[self.judged.named[rows]],
                "truth": names[self.result.labels[rows]],
            }
        )

    @cached_property
    def within(self) -> np.ndarray:
        """(rows,) number of each row in its session, from 1."""
        starts = np.repeat(
            [one.start for one in self.result.sessions],
            [one.stop - one.start for one in self.result.sessions],
        )
        return np.arange(len(self.result)) - starts + 1

    def frame(self, start: int, stop: int) -> pd.DataFrame:
        """Return [x]: the ends of a picture."""
        return pd.DataFrame({"x": [start, max(start, stop - 1)]})

    def window(self, start: int, stop: int) -> pd.DataFrame:
        """Return [x, x2] of the part that is looked at; empty when it is everything."""
        part = [] if (start, stop) == (0, len(self)) else [(start, stop - 1)]
        return pd.DataFrame(part, columns=["x", "x2"], dtype=float)

    def level(self, value: float, start: int, stop: int) -> pd.DataFrame:
        """Return [x, value] of a horizontal line."""
        return self.frame(start, stop).assign(value=value)

    def release(self, start: int, stop: int) -> pd.DataFrame:
        """Return [x, value]: where an alarm ends, if not where one begins."""
        line = self.level(max(0.0, self.decision.threshold - self.decision.hysteresis), start, stop)
        return line if self.decision.hysteresis else line.head(0)

    def bands(self, marked: np.ndarray, start: int, stop: int) -> pd.DataFrame:
        """Return [x, x2] of the longest runs of *marked* (rows of the recording,) in view."""
        shown = marked[self.rows]
        inside = np.zeros(len(self), bool)
        inside[start:stop] = shown[start:stop]
        found = spells(inside, self.sessions)
        if len(found) > MOST:
            found = sorted(found, key=lambda one: one.start - one.stop)[:MOST]
        # A band of a single row has a width, too.
        ends = [(one.start - 0.5, one.stop - 0.5) for one in found]
        return pd.DataFrame(ends, columns=["x", "x2"], dtype=float)

    @cached_property
    def gas(self) -> np.ndarray:
        """(rows,) bool: gas was there, as far as it is known; else what the session's class is."""
        if "exposed" in self.result.steps:
            return self.result.steps["exposed"].to_numpy(bool)
        return self.result.labels > 0

    def parts(self, start: int, stop: int) -> pd.DataFrame:
        """Return [x, x2, part] of the rows that do not count."""
        part = self.result.steps["part"].to_numpy()
        found = [
            self.bands(part == name, start, stop).assign(part=label)
            for name, label in PARTS.items()
            if self.whole
        ]
        empty = pd.DataFrame(columns=["x", "x2", "part"])
        return pd.concat(found, ignore_index=True) if found else empty

    def borders(self, start: int, stop: int) -> pd.DataFrame:
        """Return [x, name] of the sessions in view; names where there is room."""
        inside = [one for one in self.sessions if one.stop > start and one.start < stop]
        names = self.result.steps["session"].astype(str).to_numpy()
        room = len(inside) <= NAMED / 2
        return pd.DataFrame(
            {
                "x": [max(one.start, start) for one in inside],
                "name": [names[self.rows[one.start]] if room else "" for one in inside],
            }
        )

    def lanes(self, start: int, stop: int) -> Frames:
        """Return the stretches of each class: truth and said, [x, x2, name] each."""
        return {
            "truth": self._named(self.result.labels, start, stop),
            "said": self._named(self.judged.named, start, stop),
        }

    def _named(self, codes: np.ndarray, start: int, stop: int) -> pd.DataFrame:
        return pd.concat(
            [
                self.bands(codes == code, start, stop).assign(name=name)
                for code, name in enumerate(self.result.classes)
            ],
            ignore_index=True,
        )
