"""A stored result made ready for the screen: rows become x, stretches become marks."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from core import downsample
from core import format as write
from core.anomaly import Cut, Intervals, Result
from dashboard.abscissa import Abscissa, local
from dashboard.charts import Axis

PARTS = {"train": "training rows", "validation": "validation rows", "embargo": "embargo"}
TICKS = 500  # Marks of filled-in values on one picture; more would be a solid bar anyway.
NAMED = 0.14  # Share of the picture that a part needs for its name.

Frames = dict[str, pd.DataFrame]


@dataclass(frozen=True, eq=False)
class Timeline(Abscissa):
    """What the charts of one result have in common, worked out once.

    Attributes:
        result: Scores and residuals of a recording.
    """

    result: Result

    def __len__(self) -> int:
        return len(self.result)

    @cached_property
    def temporal(self) -> bool:
        """Whether x is time: it is, unless there is none, or entities overlap in it."""
        steps = self.result.steps
        return "time" in steps and bool(steps["time"].is_monotonic_increasing)

    @cached_property
    def axis(self) -> Axis:
        """The horizontal axis."""
        if self.temporal:
            return Axis(True, f"Time ({write.zone(self.result.steps['time'])})")
        return Axis(False, "Row")

    @cached_property
    def x(self) -> np.ndarray:
        """(rows,) datetime64[us] as recorded, without zone; or row numbers."""
        if not self.temporal:
            return np.arange(len(self))
        time = self.result.steps["time"]
        return local(time)

    @cached_property
    def _step(self) -> np.timedelta64 | int:
        """Width of one row in x."""
        seconds = self.result.seconds_per_step
        if not self.temporal or seconds is None:
            return 1
        return np.timedelta64(round(seconds * 1e6), "us")

    @cached_property
    def _runs(self) -> dict[str, Intervals]:
        """Stretches of rows by what they are: labels, and the parts that are not test rows."""
        part = self.result.steps["part"].cat.codes.to_numpy()
        names = list(self.result.steps["part"].cat.categories)
        found = {name: runs_of(part == names.index(name)) for name in PARTS if name in names}
        if self.result.labels is not None:
            found["label"] = runs_of(self.result.labels)
        return found

    @cached_property
    def _imputed(self) -> np.ndarray:
        return np.flatnonzero(self.result.steps["imputed"].to_numpy())

    @cached_property
    def entities(self) -> pd.DataFrame:
        """First row and name of each entity; empty for a recording of a single one."""
        if "entity" not in self.result.steps:
            return pd.DataFrame({"row": np.array([], int), "entity": []})
        names = self.result.steps["entity"].astype("category").cat
        codes = names.codes.to_numpy()
        first = np.flatnonzero(np.r_[True, codes[1:] != codes[:-1]])
        return pd.DataFrame({"row": first, "entity": names.categories.astype(str)[codes[first]]})

    @cached_property
    def everything(self) -> Frames:
        """What the overview shows whatever the threshold is."""
        return self._marks(0, len(self)) | {"points": self.points(0, len(self))}

    @cached_property
    def top(self) -> tuple[float, float]:
        """Lowest and highest score of the recording, with room above for the marks."""
        low, high = float(self.result.scores.min()), float(self.result.scores.max())
        return min(low, 0.0), high + 0.08 * max(high - min(low, 0.0), 1e-9)

    @cached_property
    def bins(self) -> pd.DataFrame:
        """The histogram of all scores, [score, high, share]: 60 steps, equal on a root scale."""
        low, high = np.sign(self.top) * np.sqrt(np.abs(self.top))
        edges = np.linspace(low, high, 61)
        counts, edges = np.histogram(self.result.scores, bins=np.sign(edges) * edges**2)
        share = counts / max(1, len(self))
        return pd.DataFrame({"score": edges[:-1], "high": edges[1:], "share": share})

    def points(self, start: int, stop: int, keep: np.ndarray | None = None) -> pd.DataFrame:
        """Return [x, score] of the rows from *start* to before *stop*, about 2,000 of them."""
        rows = downsample.rows(self.result.scores, start, stop, keep=keep)
        return pd.DataFrame({"x": self.at(rows), "score": self.result.scores[rows]})

    def cut(self, cut: Cut, start: int, stop: int) -> pd.DataFrame:
        """Return [x, score] of the threshold between two rows: its ends, or its course."""
        if isinstance(cut.value, np.ndarray):
            rows = downsample.rows(cut.value, start, stop, points=600)
            return pd.DataFrame({"x": self.at(rows), "score": cut.value[rows]})
        return self.frame(start, stop, (cut.value, cut.value))

    def frame(self, start: int, stop: int, scores: tuple[float, float]) -> pd.DataFrame:
        """Return the corners of a picture of these rows, as the charts read them."""
        return pd.DataFrame(
            {"x": self.at(np.array([start, max(start, stop - 1)])), "score": scores}
        )

    def window(self, start: int, stop: int) -> pd.DataFrame:
        """Return [x, x2] of the part that the detail shows; empty when it shows everything."""
        part = np.array([], int) if (start, stop) == (0, len(self)) else np.array([start, stop])
        return self._bands(part[:1], part[1:], 0, len(self))

    @cached_property
    def _kept(self) -> dict[tuple[int, int], Frames]:
        """The marks of the rows that were drawn last: a moved threshold asks for them again."""
        return {}

    def marks(self, start: int, stop: int) -> Frames:
        """Return labels, parts, imputed and entities between two rows, as the charts read them."""
        if (start, stop) not in self._kept:
            self._kept.clear()
            self._kept[start, stop] = self._marks(start, stop)
        return self._kept[start, stop]

    def _marks(self, start: int, stop: int) -> Frames:
        parts = [
            self._named(self._runs[name], label, start, stop)
            for name, label in PARTS.items()
            if name in self._runs
        ]
        nothing = Intervals(np.array([], int), np.array([], int))
        low, high = np.searchsorted(self._imputed, [start, stop])
        ticks = self._imputed[low:high]
        ticks = ticks[:: max(1, len(ticks) // TICKS)]
        begins = self.entities[(self.entities["row"] >= start) & (self.entities["row"] < stop)]
        return {
            "labels": self._within(self._runs.get("label", nothing), start, stop),
            "parts": pd.concat(parts, ignore_index=True),
            "imputed": pd.DataFrame({"x": self.at(ticks)}),
            "entities": pd.DataFrame(
                {"x": self.at(begins["row"].to_numpy()), "entity": begins["entity"].to_numpy()}
            ),
        }

    def events(self, table: pd.DataFrame, start: int, stop: int) -> pd.DataFrame:
        """Return the events of *table* (`core.anomaly.event_table`) between two rows, for a chart.

        A peak outside of the rows is not marked; the stretch is cut at the edge.
        """
        inside = table[(table["start_row"] < stop) & (table["stop_row"] > start)]
        bands = self._bands(
            inside["start_row"].to_numpy(), inside["stop_row"].to_numpy(), start, stop
        )
        peaks = inside["peak_row"].to_numpy(np.int64)
        shown = (peaks >= start) & (peaks < stop)
        return bands.assign(
            peak_x=self.at(np.clip(peaks, start, stop - 1)),
            peak=np.where(shown, inside["peak"].to_numpy(), np.nan),
            event=inside["event"].to_numpy(),
        )

    def _named(self, found: Intervals, label: str, start: int, stop: int) -> pd.DataFrame:
        """Return [x, x2, part, name]; the name is written where there is room for it."""
        bands = self._within(found, start, stop)
        wide = (bands["x2"] - bands["x"]) > (self.x[stop - 1] - self.x[start]) * NAMED
        return bands.assign(part=label, name=np.where(wide, label, ""))

    def stretches(self, found: Intervals, start: int, stop: int) -> pd.DataFrame:
        """Return [x, x2] of the longest of *found* between two rows, as many as can be seen."""
        inside = (found.starts < stop) & (found.stops > start)
        kept = Intervals(found.starts[inside], found.stops[inside])
        if len(kept) > TICKS:
            longest = np.sort(np.argpartition(kept.starts - kept.stops, TICKS)[:TICKS])
            kept = Intervals(kept.starts[longest], kept.stops[longest])
        return self._within(kept, start, stop)

    def _within(self, found: Intervals, start: int, stop: int) -> pd.DataFrame:
        keep = (found.starts < stop) & (found.stops > start)
        return self._bands(found.starts[keep], found.stops[keep], start, stop)

    def _bands(self, starts: np.ndarray, stops: np.ndarray, low: int, high: int) -> pd.DataFrame:
        """Return [x, x2], cut at the edges of the picture."""
        first, last = np.maximum(starts, low), np.minimum(stops, high) - 1
        ends = pd.Index(np.minimum(self.x[last] + self._step, self.x[high - 1]))
        if isinstance(ends, pd.DatetimeIndex):
            ends = ends.tz_localize("UTC")
        return pd.DataFrame({"x": self.at(first), "x2": ends})


def runs_of(flags: np.ndarray) -> Intervals:
    """Return the maximal runs of True in *flags*, (rows,) bool."""
    edges = np.flatnonzero(np.diff(np.r_[False, flags, False]))
    return Intervals(edges[::2], edges[1::2])
