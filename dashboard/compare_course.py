"""What several runs say row by row, made ready for the screen: one lane a run, one axis for all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from core import downsample
from core import format as write
from core.beside import Courses
from dashboard.abscissa import Abscissa, local
from dashboard.charts import Axis
from dashboard.theme import Meaning

POINTS = 4_000  # of one picture, shared among the lanes
BINS = 500  # columns of the strip
PLACES = 300  # where the rule under the pointer may stand; each has a text ready
GAP = 0.12  # share of a lane that stays free above its line
LOW = 0.08  # share of a lane that the band of the labels takes


@dataclass(frozen=True, eq=False)
class Course(Abscissa):
    """Courses in the order of the table.

    Attributes:
        courses: What the worker says.
        names: The runs from top to bottom.
        meanings: Their colours.
    """

    courses: Courses
    names: list[str]
    meanings: Mapping[str, Meaning]

    def __len__(self) -> int:
        return len(self.courses.counted)

    @property
    def latest(self) -> int:
        """The row from which on the lanes begin: of forecasts the first that counts."""
        counted = self.courses.counted
        return 0 if self.courses.actual is None or not counted.any() else int(counted.argmax())

    @cached_property
    def temporal(self) -> bool:
        """Whether x is time."""
        return self.courses.time is not None

    @cached_property
    def axis(self) -> Axis:
        """The horizontal axis."""
        if self.courses.time is not None:
            return Axis(True, f"Time ({write.zone(self.courses.time)})")
        return Axis(False, "Row")

    @cached_property
    def x(self) -> np.ndarray:
        """(rows,) datetime64[us] as recorded, without zone; or row numbers."""
        time = self.courses.time
        if time is None:
            return np.arange(len(self))
        return local(time)

    @cached_property
    def ends(self) -> dict[str, tuple[float, float]]:
        """Lowest and highest value of each lane: its own for scores, the same for forecasts."""
        found = {name: _ends(self.courses.values[name]) for name in self.names}
        if self.courses.actual is None:
            return found
        every = [*found.values(), _ends(self.courses.actual)]
        shared = (min(low for low, _ in every), max(high for _, high in every))
        return dict.fromkeys(self.names, shared)

    def lane(self, name: str, values: np.ndarray | float) -> np.ndarray:
        """Return where *values* lie in the lane of a run; lanes are one apart, from the bottom.

        Scores stand on a root scale: thresholds lie far below the highest peaks.
        """
        low, high = self.ends[name]
        share = (np.asarray(values, float) - low) / max(high - low, 1e-12)
        if self.courses.cuts:
            share = np.sqrt(np.clip(share, 0, None))
        place = len(self.names) - 1 - self.names.index(name)
        return (place + (1 - GAP) * np.clip(share, 0, 1)).astype(np.float32)

    def rows(self, name: str, start: int, stop: int) -> np.ndarray:
        """Return the rows between two that draw the lane of a run."""
        lines = [self.courses.values[name]]
        if self.courses.actual is not None:
            lines.append(self.courses.actual)
        share = max(POINTS // len(self.names) // len(lines), 100)
        kept = [downsample.rows(_filled(line), start, stop, points=share) for line in lines]
        return np.unique(np.concatenate(kept))

    def points(self, start: int, stop: int) -> pd.DataFrame:
        """Return one row a drawn point: run, meaning, x, value, y, and cut and actual if known.

        `y`, `cut` and `actual` are places in the lane of the run: of its value, of its threshold
        and of what came.
        """
        return pd.concat(
            [self._points(name, self.rows(name, start, stop)) for name in self.names],
            ignore_index=True,
        )

    def _points(self, name: str, rows: np.ndarray) -> pd.DataFrame:
        values = self.courses.values[name][rows]
        columns: dict[str, object] = {
            "run": name,
            "meaning": self.meanings[name],
            "x": self.at(rows),
            "value": values,
            "y": self.lane(name, values),
        }
        if name in self.courses.cuts:
            cut = self.courses.cuts[name]
            cut = cut[rows] if isinstance(cut, np.ndarray) else np.full(len(rows), cut)
            columns["cut"] = self.lane(name, cut)
        if self.courses.actual is not None:
            columns["actual"] = self.lane(name, self.courses.actual[rows])
        return pd.DataFrame(columns)

    def pointer(self, start: int, stop: int) -> pd.DataFrame:
        """Return few rows where the rule under the pointer may stand: x and what all runs say.

        `v0` is the value of the first run; `actual` is what came.
        """
        rows = np.unique(np.concatenate([self.rows(name, start, stop) for name in self.names]))
        rows = rows[np.unique(np.linspace(0, max(len(rows) - 1, 0), PLACES).astype(int))]
        columns: dict[str, object] = {"x": self.at(rows)}
        for number, name in enumerate(self.names):
            columns[f"v{number}"] = self.courses.values[name][rows]
        if self.courses.actual is not None:
            columns["actual"] = self.courses.actual[rows]
        return pd.DataFrame(columns)

    def fired(self, start: int, stop: int) -> pd.DataFrame:
        """Return [x, x2, y, y2] of the alarms between two rows."""
        fired = self.courses.fired
        return self._in_lanes({name: self._bands(fired[name], start, stop) for name in fired})

    def truth(self, start: int, stop: int) -> pd.DataFrame:
        """Return [x, x2, y, y2] of the labelled stretches, along the lower edge of every lane."""
        truth = self.courses.truth
        if truth is None:
            return self._in_lanes({})
        bands = self._bands(truth, start, stop)
        return self._in_lanes(dict.fromkeys(self.names, bands), LOW)

    def _in_lanes(
        self, parts: Mapping[str, pd.DataFrame], height: float = 1 - GAP / 2
    ) -> pd.DataFrame:
        """Return the bands of each run in its lane, so high."""
        count = len(self.names)
        placed = [
            parts[name].assign(y=float(count - 1 - number), y2=count - 1 - number + height)
            for number, name in enumerate(self.names)
            if name in parts
        ]
        nothing = self._nothing().assign(y=0.0, y2=0.0)
        return pd.concat(placed, ignore_index=True) if placed else nothing

    def uncounted(self, start: int, stop: int) -> pd.DataFrame:
        """Return [x, x2] of the rows between two that are not of the shared test rows."""
        return self._bands(~self.courses.counted, start, stop)

    def frame(self, start: int, stop: int) -> pd.DataFrame:
        """Return [x]: the ends of a picture."""
        return pd.DataFrame({"x": self.at(np.array([start, max(start, stop - 1)]))})

    def window(self, start: int, stop: int) -> pd.DataFrame:
        """Return [x, x2] of the part that is looked at; empty when it is everything."""
        whole = (start, stop) == (0, len(self))
        part = np.array([], int) if whole else np.array([start, stop - 1])
        return pd.DataFrame({"x": self.at(part[:1]), "x2": self.at(part[1:])})

    @cached_property
    def strip(self) -> pd.DataFrame:
        """Where the runs agree: [x, x2, lane, meaning, name], over all rows.

        Lanes of alarms: Labelled, All (every run has an alarm), Some (more than one, not all), Only
        one (and which). Lane of forecasts: Nearest (which run mostly is).
        """
        parts = []
        if self.courses.fired:
            if self.courses.truth is not None:
                parts.append(
                    self._column(self.courses.truth, "Labelled").assign(
                        meaning="label", name="labelled"
                    )
                )
            count = self.count
            alone = np.where(count == 1, self._first, -1)
            for lane, mask in (
                ("All", count == len(self.names)),
                ("Some", (count > 1) & (count < len(self.names))),
            ):
                parts.append(self._column(mask, lane).assign(meaning="anomaly", name=lane.lower()))
            parts.append(self._who(alone, "Only one"))
        elif self.courses.nearer is not None:
            order = [self.names.index(name) for name in self.courses.values]
            nearer = self.courses.nearer
            places = np.where(nearer < 0, -1, np.array(order)[nearer])
            parts.append(self._who(np.where(self.courses.counted, places, -1), "Nearest"))
        parts = [part for part in parts if len(part)]
        if parts:
            return pd.concat(parts, ignore_index=True)
        return self._nothing().assign(lane="", meaning="", name="")

    @property
    def lanes(self) -> tuple[str, ...]:
        """Names of the lanes of `strip`, from top to bottom."""
        if not self.courses.fired:
            return ("Nearest",)
        several = ("Some",) if len(self.names) > 2 else ()
        known = () if self.courses.truth is None else ("Labelled",)
        return (*known, "All", *several, "Only one")

    @cached_property
    def count(self) -> np.ndarray:
        """(rows,) how many runs have an alarm."""
        return np.sum([self.courses.fired[name] for name in self.names], axis=0)

    @cached_property
    def _first(self) -> np.ndarray:
        """(rows,) place of the first run with an alarm."""
        return np.argmax([self.courses.fired[name] for name in self.names], axis=0)

    def shares(self) -> dict[str, float]:
        """Return the share of the shared test rows by who fires alone, or is nearest.

        Also "all" and "none" where there are alarms.
        """
        counted = self.courses.counted
        rows = max(int(counted.sum()), 1)
        if self.courses.fired:
            count = self.count[counted]
            first = self._first[counted]
            found = {
                "all": float(np.mean(count == len(self.names))),
                "none": float(np.mean(count == 0)),
            }
            return found | {
                name: float(np.mean((count == 1) & (first == number)))
                for number, name in enumerate(self.names)
            }
        assert self.courses.nearer is not None
        nearer = self.courses.nearer[counted]
        places = {name: place for place, name in enumerate(self.courses.values)}
        return {name: int((nearer == places[name]).sum()) / rows for name in self.names}

    def _nothing(self) -> pd.DataFrame:
        none = self.at(np.array([], int))
        return pd.DataFrame({"x": none, "x2": none})

    def _bands(self, mask: np.ndarray, start: int, stop: int) -> pd.DataFrame:
        """Return [x, x2] of the stretches of *mask* between two rows.

        At most as many as the picture has columns: what is nearer is drawn as one.
        """
        part = mask[start:stop]
        edges = np.flatnonzero(np.diff(np.r_[False, part, False]))
        first, last = edges[::2] + start, edges[1::2] + start - 1
        near = max((stop - start) // BINS, 1)
        apart = np.r_[True, first[1:] - last[:-1] > near] if len(first) else np.array([], bool)
        heads = np.flatnonzero(apart)
        tails = np.r_[heads[1:] - 1, len(last) - 1] if len(heads) else heads
        return pd.DataFrame({"x": self.at(first[heads]), "x2": self.at(last[tails])})

    def _column(self, mask: np.ndarray, lane: str) -> pd.DataFrame:
        return self._bands(mask, 0, len(self)).assign(lane=lane)

    def _who(self, places: np.ndarray, lane: str) -> pd.DataFrame:
        """Return the strip of who it is: in each column the run that it is most often."""
        edges = np.unique(np.linspace(0, len(places), min(BINS, len(places)) + 1).astype(int))
        column = np.repeat(np.arange(len(edges) - 1), np.diff(edges))
        known = places >= 0
        votes = np.zeros((len(edges) - 1, len(self.names)), int)
        np.add.at(votes, (column[known], places[known]), 1)
        best = np.where(votes.any(axis=1), votes.argmax(axis=1), -1)
        begins = np.flatnonzero(np.r_[True, best[1:] != best[:-1]])
        ends = np.r_[begins[1:], len(best)]
        kept = best[begins] >= 0
        who = best[begins][kept]
        return pd.DataFrame(
            {
                "x": self.at(edges[begins[kept]]),
                "x2": self.at(edges[ends[kept]] - 1),
                "lane": lane,
                "meaning": [self.meanings[self.names[place]] for place in who],
                "name": [self.names[place] for place in who],
            }
        )


def _ends(values: np.ndarray) -> tuple[float, float]:
    known = values[np.isfinite(values)]
    return (float(known.min()), float(known.max())) if len(known) else (0.0, 1.0)


def _filled(values: np.ndarray) -> np.ndarray:
    """Return *values* with gaps filled by the last one: the choice of rows knows no gaps."""
    gaps = ~np.isfinite(values)
    if not gaps.any():
        return values
    places = np.maximum.accumulate(np.where(gaps, 0, np.arange(len(values))))
    return np.nan_to_num(values[places])
