"""Is a recording still what the model was trained on? Judged channel by channel, in time order.

The population stability index, the Kolmogorov-Smirnov statistic and the share of rows outside the
training range (`core.anomaly.profile`) are effect sizes and are judged as such. A p-value would say
nothing here: it counts each row as a new fact, while neighbouring rows of a sensor say nearly the
same, so that every long recording differs "significantly" from every other. The yardstick is the
training itself: stretches of the training rows differ from one another, and what differs no more
than they do has not moved.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from core.anomaly.profile import MEASURES, SHORTEST, STEPS, Bins, Profile, blocks_of
from core.data.dataset import Dataset
from core.data.scaling import places_of
from core.errors import RunError

# From where on PSI, KS and the share outside have moved, a little and far.
LIMITS = np.array([[0.1, 0.125, 0.05], [0.25, 0.2, 0.25]])
# Of the furthest stretch of the training rows: there are few, and others lie a little further.
SLACK = 1.1
BLOCKS = 20  # of a recording, in time order
LAST = 0.25  # share of them, at the end, that is judged by itself, too
FEW = 100  # rows below which a verdict is a guess
# Share of the channels that have moved far from which on the model should not be trusted. Measured
# on 148 pairs of training rows and later ones of SKAB, SMD and SMAP: at three sigma PCA and largest
# |z| flag more than a tenth of the normal rows of 38 pairs; 27 of them are not trusted, nor is one
# of the other 110, and none of them is among the 59 that are trusted.
TOO_MANY = 0.25
MARKS = ("as trained", "moved a little", "moved")

Level = Literal["trust", "care", "distrust"]


@dataclass(frozen=True, eq=False)
class Drift:
    """How far a recording lies from the training rows.

    Attributes:
        channels: One row a channel, the furthest first. Columns: channel, psi, ks, outside (share
            of the rows), limit (PSI from which it has moved), mark (one of `MARKS`), and since
            (first row, in time order, of the blocks at the end that have all moved; missing when
            the last one has not).
        course: One row a block and channel. Columns: block, start_row and stop_row (in time order),
            start and end (times, where there are any), channel, psi, ks, outside, limit, mark.
        added: Channels of the recording that the model does not read.
        rows: Rows of the recording.
    """

    channels: pd.DataFrame
    course: pd.DataFrame
    added: tuple[str, ...]
    rows: int

    @property
    def moved(self) -> list[str]:
        """Names of the channels that are not as trained, the furthest first."""
        return self.channels.loc[self.channels["mark"] != MARKS[0], "channel"].tolist()

    @property
    def far(self) -> int:
        """How many channels have moved far."""
        return int((self.channels["mark"] == MARKS[2]).sum())

    @property
    def level(self) -> Level:
        """Whether the model should be trusted on the recording."""
        if not self.moved:
            return "trust"
        total = len(self.channels)
        # A single one of several channels may be a fault of its sensor, or chance.
        return "distrust" if self.far >= max(TOO_MANY * total, min(2, total)) else "care"

    @property
    def verdict(self) -> str:
        """The level and its reason, in one line."""
        total = len(self.channels)
        if self.level == "trust":
            return f"Trust it: {total} of {total} channels {_are(total)} as in the training rows."
        if self.level == "distrust":
            return (
                f"Do not trust it: {self.far} of {total} channels {_are(self.far)} outside what "
                "the model was trained on."
            )
        names, more = ", ".join(self.moved[:4]), len(self.moved) - 4
        names += f" and {more} more" if more > 0 else ""
        return f"With care: {names} {'has' if len(self.moved) == 1 else 'have'} moved."

    @property
    def remedy(self) -> str:
        """What to do about it, one line; empty where nothing is to be done."""
        few = f" {self.rows:,} rows are few: look again with more." if self.rows < FEW else ""
        if self.level == "trust":
            return few.strip()
        if self.level == "care":
            return f"Check alarms that these channels cause against their readings.{few}"
        return (
            "Train a run on rows like these; until then use a threshold that follows the stream, "
            f"such as Adaptive.{few}"
        )


def drift(profile: Profile | None, dataset: Dataset, blocks: int = BLOCKS) -> Drift:
    """Compare a recording with the training rows, channel by channel.

    A channel has moved when PSI, KS or the share of rows outside the training range go beyond
    their limits (`LIMITS`), and beyond what stretches of the training rows reach that are about as
    long; over the whole recording, or over its last quarter.

    Args:
        profile: Of the training rows (`Fitted.profile`).
        dataset: The recording, at least one row. Channels are matched by name, in any order.
        blocks: How many the recording is cut into for the course, fewer when it is short.

    Raises:
        RunError: the run was stored without a profile.
        RolesError: a channel that the model was trained on is missing.
    """
    if profile is None:
        raise RunError(
            "This run was stored by an earlier version, without a profile of its training rows.",
            "Delete the run and train it again.",
        )
    places = places_of(profile.channels, dataset.channels)
    order, rows = _time_order(dataset), len(dataset)
    blocks = max(1, min(blocks, rows // SHORTEST))
    cuts = blocks_of(rows, blocks)
    last = max(1, round(blocks * LAST))
    table, course = [], []
    for n, name in enumerate(profile.channels):
        column = dataset.values[:, places[n]]
        judge = _Judge(profile, n, 1 if order is None else len(dataset.entities))
        pieces = judge.bins.count(column if order is None else column[order], cuts)
        whole, end = judge(pieces.sum(axis=0)), judge(pieces[blocks - last :].sum(axis=0))
        by_block = judge(pieces)
        mark = max(whole["mark"], end["mark"])
        stays = int(np.flatnonzero(np.r_[True, by_block["mark"] == 0])[-1])
        since = cuts[stays] if mark > 0 and stays < blocks else pd.NA
        table.append({"channel": name, **whole, "mark": mark, "since": since})
        course.append(pd.DataFrame(by_block).assign(channel=name, block=np.arange(blocks)))
    return Drift(
        _ranked(pd.DataFrame(table)),
        _placed(pd.concat(course, ignore_index=True), dataset, order, cuts),
        tuple(name for name in dataset.channels if name not in profile.channels),
        rows,
    )


class _Judge:
    """Measures pieces of one channel and says what has moved.

    Where *abreast* entities were recorded at once, a piece covers so many times less time than as
    many training rows, which lie one after the other.
    """

    def __init__(self, profile: Profile, n: int, abreast: int) -> None:
        self.profile, self.n, self.abreast = profile, n, abreast
        quantiles = profile.quantiles[:, n]
        self.bins = Bins.of(quantiles)
        # Each stored quantile stands for as many training rows as any other one.
        steps = self.bins.count(quantiles[1:], np.array([0, STEPS]))[0]
        self.known = steps * max(1, round(profile.rows / STEPS))

    def __call__(self, counts: np.ndarray) -> dict[str, Any]:
        """Return psi, ks, outside, limit (of PSI) and mark (0, 1 or 2) of (..., E + 1) counts."""
        measured = self.bins.measure(self.known, counts)
        usual = self.profile.near(int(counts.sum(axis=-1).min()) // self.abreast)[:, self.n]
        limits = np.maximum(LIMITS, SLACK * usual)
        beyond = measured > limits.reshape(2, 3, *[1] * (measured.ndim - 1))
        mark = beyond.sum(axis=0).max(axis=0)
        found = dict(zip(MEASURES, measured, strict=True))
        return found | {"limit": float(limits[0, 0]), "mark": mark}


def _time_order(dataset: Dataset) -> np.ndarray | None:
    """Return the rows in the order of time; None when they are in it, or there is no time."""
    if dataset.time is None or dataset.time.is_monotonic_increasing:
        return None
    return np.argsort(dataset.time.to_numpy(), kind="stable")


def _ranked(table: pd.DataFrame) -> pd.DataFrame:
    """Return the channels with their marks in words, the furthest first."""
    ranked = table.sort_values(["mark", "psi"], ascending=False, kind="stable", ignore_index=True)
    ranked["mark"] = [MARKS[mark] for mark in ranked["mark"]]
    ranked["since"] = ranked["since"].astype("Int64")
    return ranked


def _placed(
    course: pd.DataFrame, dataset: Dataset, order: np.ndarray | None, cuts: np.ndarray
) -> pd.DataFrame:
    """Return the course with the rows and the times of its blocks, and the marks in words."""
    block = course["block"].to_numpy()
    placed = course.assign(start_row=cuts[block], stop_row=cuts[block + 1])
    placed["mark"] = [MARKS[mark] for mark in placed["mark"]]
    if dataset.time is not None:
        time = dataset.time if order is None else dataset.time.iloc[order]
        placed["start"] = time.iloc[placed["start_row"]].array
        placed["end"] = time.iloc[placed["stop_row"] - 1].array
    return placed


def _are(count: int) -> str:
    return "is" if count == 1 else "are"
