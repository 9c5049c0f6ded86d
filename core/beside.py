"""Results side by side: what every task says of several of its results at once.

A task package has a module `beside` that fulfils the protocol below; `core.compare` knows no task
by name. All that is said counts the test rows that the results share.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any, Literal, Protocol

import numpy as np
import pandas as pd

Better = Literal["lower", "higher"]
Decisions = Mapping[str, Mapping[str, Any] | None]
PAIRS = ("first", "second", "difference", "lower", "upper", "p")
LEVEL, RISK = 0.95, 0.05


@dataclass(frozen=True, eq=False)
class Contest:
    """Which result is better than another by more than luck.

    Attributes:
        measured: Metrics of each result by its name, of the shared test rows.
        spans: 95 % interval of the main metric of each result; left out where there is none.
        pairs: One row a pair of results, in their order: first, second, difference (main metric of
            the first less that of the second), lower, upper (its 95 % interval), p of the paired
            test, either way. Empty where nothing can be tested.
        rows: How many rows or forecasts were counted.
        notes: What to know of it, one line each.
    """

    measured: dict[str, dict[str, float]]
    spans: dict[str, tuple[float, float]]
    pairs: pd.DataFrame
    rows: int
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Curve:
    """A picture with one line a result.

    Attributes:
        name: Short, such as "roc".
        title: Above the picture.
        x: Title of the horizontal axis.
        y: Title of the vertical axis.
        points: run, x, y; in the order in which the line is drawn.
        shares: Whether x and y are shares: "", "y" or "xy".
        note: What to know of it.
    """

    name: str
    title: str
    x: str
    y: str
    points: pd.DataFrame
    shares: Literal["", "y", "xy"] = ""
    note: str = ""


@dataclass(frozen=True, eq=False)
class Courses:
    """What several results say of the same rows, one after the other.

    Attributes:
        title: Of the vertical axis.
        time: (rows,) times, where they rise from row to row; None where rows are numbered.
        values: (rows,) float32 by name of the result; NaN where it says nothing.
        cuts: Threshold of each result, one number or (rows,) float32; empty without thresholds.
        fired: (rows,) bool by name: rows with an alarm; empty without thresholds.
        nearer: (rows,) int8, place of the result that is nearest to what came; -1 where two are as
            near or nobody knows. None where there are alarms.
        actual: (rows,) float32, what came; None where there are alarms.
        truth: (rows,) bool, rows that should have an alarm; None where nobody knows.
        counted: (rows,) bool, the shared test rows.
        targets: What the courses may be about; empty where there is one thing only.
        steps: How many steps ahead they may be; 0 where they are of the row itself.
    """

    title: str
    time: pd.Series | None
    values: dict[str, np.ndarray]
    cuts: dict[str, float | np.ndarray]
    fired: dict[str, np.ndarray]
    nearer: np.ndarray | None
    actual: np.ndarray | None
    truth: np.ndarray | None
    counted: np.ndarray
    targets: tuple[str, ...] = field(default=())
    steps: int = 0


class Beside(Protocol):
    """What the module `beside` of a task package offers."""

    METRIC: str  # the main metric, one of SHOWN
    BETTER: Better
    TEST: str  # the paired test, in words
    SPLIT: tuple[str, ...]  # settings that decide which rows judge
    SHOWN: dict[str, str]  # metrics of the table, and their titles

    def contest(self, results: Mapping[str, Any], decisions: Decisions) -> Contest:
        """Hold *results*, by name, against one another, each under its own decision."""

    def courses(
        self, results: Mapping[str, Any], decisions: Decisions, target: str = "", step: int = 1
    ) -> Courses:
        """Return what *results* say row by row; of *target* and so many steps ahead."""

    def curves(self, results: Mapping[str, Any], decisions: Decisions) -> list[Curve]:
        """Return the pictures that belong to the task."""


def paired(
    names: Sequence[str], test: Mapping[tuple[str, str], tuple[float, float, float, float]]
) -> pd.DataFrame:
    """Return the pairs of *names* as `Contest.pairs`; those that *test* lacks are left out.

    Args:
        names: Of the results.
        test: difference, lower, upper and p by first and second.
    """
    rows = [(*pair, *test[pair]) for pair in combinations(names, 2) if pair in test]
    return pd.DataFrame(rows, columns=list(PAIRS))


def by_draws(
    values: Mapping[str, float], drawn: Mapping[str, np.ndarray]
) -> tuple[dict[str, tuple[float, float]], pd.DataFrame]:
    """Return spans and pairs from a bootstrap in which all results see the same draws.

    Percentile intervals (Efron and Tibshirani, An Introduction to the Bootstrap, 1993); p is twice
    the share of the draws on the other side of 0, and never less than the draws can tell.

    Args:
        values: Main metric by name.
        drawn: (draws,) by name: the metric of each draw.
    """
    tails = [(1 - LEVEL) / 2, (1 + LEVEL) / 2]
    spans, test = {}, {}
    for name, draws in drawn.items():
        low, high = np.quantile(draws, tails)
        spans[name] = (float(low), float(high))
    for first, second in combinations(drawn, 2):
        gaps = drawn[first] - drawn[second]
        low, high = np.quantile(gaps, tails)
        rarer = min(np.count_nonzero(gaps <= 0), np.count_nonzero(gaps >= 0))
        p = min(1.0, 2 * (rarer + 1) / (len(gaps) + 1))
        test[first, second] = (values[first] - values[second], float(low), float(high), p)
    return spans, paired(list(drawn), test)


def best(values: Mapping[str, float], better: Better, pairs: pd.DataFrame) -> str | None:
    """Return the result that is better than every other one by more than luck; None if none is.

    Holm's correction (1979, Scandinavian Journal of Statistics) for as many comparisons as there
    are others, and the interval of each difference has to lie on one side of 0.

    Args:
        values: Main metric by name.
        better: Whether less or more of it is better.
        pairs: See `Contest`.
    """
    known = {name: value for name, value in values.items() if np.isfinite(value)}
    if len(known) < 2 or len(known) < len(values):
        return None
    first = (min if better == "lower" else max)(known, key=lambda name: known[name])
    own = against(first, pairs)
    if len(own) < len(known) - 1:
        return None
    own = own.sort_values("p")
    clear = own["p"].to_numpy() < RISK / np.arange(len(own), 0, -1)
    sure = own["upper"] < 0 if better == "lower" else own["lower"] > 0
    return first if clear.all() and sure.all() else None


def against(name: str, pairs: pd.DataFrame) -> pd.DataFrame:
    """Return the pairs of *name*: other, difference (its own less the other's), lower, upper, p."""
    here, there = pairs[pairs["first"] == name], pairs[pairs["second"] == name]
    turned = there.assign(
        second=there["first"],
        difference=-there["difference"],
        lower=-there["upper"],
        upper=-there["lower"],
    )
    both = pd.concat([here, turned], ignore_index=True).rename(columns={"second": "other"})
    return both[["other", "difference", "lower", "upper", "p"]]


def nearest(actual: np.ndarray, said: Sequence[np.ndarray]) -> np.ndarray:
    """Return (rows,) int8, which of *said*, (rows,) each, is nearest to *actual*; -1 for a tie."""
    error = np.abs(np.stack(said) - actual)
    known = np.isfinite(error).all(axis=0)
    error = np.where(known, error, np.inf)
    alone = (error == error.min(axis=0)).sum(axis=0) == 1
    return np.where(known & alone, error.argmin(axis=0), -1).astype(np.int8)


def line(name: str, x: object, y: object) -> pd.DataFrame:
    """Return the points of one result's line, as `Curve.points` has them."""
    return pd.DataFrame({"run": name, "x": np.asarray(x, float), "y": np.asarray(y, float)})


def lines(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Return the points of all lines of a picture."""
    return pd.concat(parts, ignore_index=True)
