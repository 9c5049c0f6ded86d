"""What the page Compare asks a worker again and again; shared, and not to be changed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import streamlit as st

from core import jobs
from core.beside import Courses, Curve
from core.compare import Comparison
from core.runs import Run
from dashboard.theme import Meaning

WAIT = 120  # seconds for an answer
# Neutral colours are for baselines; the colours of anomalies and labels come last.
MODELS: tuple[Meaning, ...] = ("prediction", "score", "extra", "anomaly", "label")
BASELINES: tuple[Meaning, ...] = ("baseline", "threshold", "series")
# The same colours in Markdown, and shapes for those that look alike.
CHIPS: dict[Meaning, str] = {
    "prediction": ":blue[●]",
    "score": ":green[●]",
    "extra": ":violet[●]",
    "anomaly": ":orange[●]",
    "label": ":yellow[●]",
    "baseline": ":gray[◆]",
    "series": ":gray[■]",
    "threshold": "▲",
}


@dataclass(frozen=True, eq=False)
class Bench:
    """What is on the page.

    Attributes:
        runs: In the order of the link.
        stamp: Changes whenever the answer may change: names and operating points.
        comparison: What the worker says of them.
        first: What they say row by row, before anything is chosen.
    """

    runs: tuple[Run, ...]
    stamp: str
    comparison: Comparison
    first: Courses

    @property
    def ids(self) -> tuple[str, ...]:
        """Ids of the runs, in the order of the link."""
        return tuple(run.id for run in self.runs)

    @cached_property
    def names(self) -> list[str]:
        """Names of the runs, in the order of the table."""
        return list(self.comparison.table["run"])

    @cached_property
    def meanings(self) -> dict[str, Meaning]:
        """The colour of each run."""
        return colours(dict(self.comparison.table[["run", "baseline"]].to_numpy()))

    @property
    def called(self) -> dict[str, str]:
        """Name and model of each run."""
        return dict(
            zip(
                self.comparison.table["run"],
                self.comparison.table["run"] + " · " + self.comparison.table["label"],
                strict=True,
            )
        )


def colours(baselines: dict[str, bool]) -> dict[str, Meaning]:
    """Return a colour for each run, by whether it is a baseline; no two have the same."""
    free = {False: [*MODELS], True: [*BASELINES]}
    chosen: dict[str, Meaning] = {}
    for name, baseline in baselines.items():
        own, other = free[bool(baseline)], free[not baseline]
        chosen[name] = own.pop(0) if own else other.pop()
    return chosen


def bench(found: list[Run]) -> Bench:
    """Return *found* side by side.

    Raises:
        FusionscopeError: they cannot be compared, or a worker gave no answer.
    """
    stamp = repr([(run.name, run.champion, run.decided) for run in found])
    return Bench(tuple(found), stamp, *_opened(tuple(run.id for run in found), stamp))


# One question, not two: the timelines are open as a rule, and the worker reads the results once.
@st.cache_resource(max_entries=6, show_spinner="Comparing the runs …")
def _opened(identifiers: tuple[str, ...], stamp: str) -> tuple[Comparison, Courses]:
    said: tuple[Comparison, Courses] = _ask("opened", list(identifiers))
    return said


def courses(bench: Bench, target: str, step: int) -> Courses:
    """Return `core.compare.courses`."""
    if step == 1 and target in ("", *bench.first.targets[:1]):
        return bench.first
    return _courses(bench.ids, bench.stamp, target, step)


@st.cache_resource(max_entries=4, show_spinner="Reading the stored results …")
def _courses(identifiers: tuple[str, ...], stamp: str, target: str, step: int) -> Courses:
    said: Courses = _ask("courses", list(identifiers), target, step)
    return said


@st.cache_resource(max_entries=16, show_spinner="Drawing curves …")
def curves(identifiers: tuple[str, ...], stamp: str) -> list[Curve]:
    """Return `core.compare.curves`."""
    said: list[Curve] = _ask("curves", list(identifiers))
    return said


def _ask(function: str, *arguments: Any) -> Any:
    return jobs.ask(f"core.compare:{function}", *arguments, timeout=WAIT)
