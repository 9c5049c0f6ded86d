"""What training rows looked like, and how far other rows lie from them, channel by channel.

Two measures of how far two distributions lie apart, and a third for what neither sees:

- The population stability index (PSI) over ten bins that hold a tenth of the training rows each:
  the sum of (p - q) ln(p / q). Below .1 is no change, above .25 a large one (Siddiqi, Credit Risk
  Scorecards, 2006). For a normal distribution it is about the square of the shift in deviations.
- The Kolmogorov-Smirnov statistic (KS): the largest distance between the two distribution
  functions, 0 to 1. A normal distribution that is shifted to a PSI of .1 and .25 has .125 and .2.
- The share of rows outside the range of the training rows: how far they lie outside of it changes
  neither of the two.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Self

import numpy as np

MEASURES = ("psi", "ks", "outside")
BINS = 10
STEPS = 400  # between the stored quantiles: KS is known to 1 / STEPS
FLOOR = 1e-4  # share of an empty bin, where half a row is less
SHORTEST, MOST = 16, 1024  # rows of a stretch of training rows, and how many stretches at most
FILE = "profile.npz"


@dataclass(frozen=True, eq=False)
class Profile:
    """What the training rows looked like: all that a later recording is compared with.

    Attributes:
        channels: Names of the N channels.
        rows: How many training rows there were.
        quantiles: (STEPS + 1, N) float32, from the lowest reading to the highest, as recorded.
        lengths: (K,) rows of the stretches that the training rows were cut into, long ones first.
        usual: (K, 3, N): the largest PSI, KS and share outside of a stretch against all other
            training rows.
    """

    channels: tuple[str, ...]
    rows: int
    quantiles: np.ndarray
    lengths: np.ndarray
    usual: np.ndarray

    @classmethod
    def of(cls, values: np.ndarray, channels: Sequence[str]) -> Self:
        """Return the profile of training rows.

        Args:
            values: (rows, N) float32 readings as recorded, at least two rows, in order.
            channels: Their names.
        """
        rows = len(values)
        levels = np.linspace(0, 1, STEPS + 1)
        # One column after the other: a quantile sorts a copy. Values that occur, none in between:
        # a switch has no other positions.
        quantiles = np.array(
            [np.quantile(column, levels, method="inverted_cdf") for column in values.T]
        ).T.astype(np.float32)
        finest = int(np.clip(np.log2(max(rows // SHORTEST, 1)), 2, np.log2(MOST)))
        counts = 2 ** np.arange(2, finest + 1)
        usual = np.empty((len(counts), len(MEASURES), len(channels)))
        for n, column in enumerate(values.T):
            bins = Bins.of(quantiles[:, n])
            pieces = bins.count(column, blocks_of(rows, int(counts[-1])))
            for k, count in enumerate(counts):
                stretches = pieces.reshape(count, -1, pieces.shape[1]).sum(axis=1)
                stretches = stretches[stretches.sum(axis=1) > 0]
                others = pieces.sum(axis=0) - stretches
                usual[k, :, n] = bins.measure(others, stretches).max(axis=1)
        return cls(tuple(channels), rows, quantiles, np.maximum(rows // counts, 1), usual)

    def near(self, rows: int) -> np.ndarray:
        """Return (3, N): what stretches of about *rows* training rows reach."""
        return self.usual[int(np.abs(np.log(self.lengths / max(rows, 1))).argmin())]

    def save(self, folder: Path) -> None:
        """Write `profile.npz`."""
        np.savez(
            folder / FILE,
            channels=np.array(self.channels),
            rows=self.rows,
            quantiles=self.quantiles,
            lengths=self.lengths,
            usual=self.usual,
        )


def read_profile(folder: Path) -> Profile | None:
    """Read what `Profile.save` wrote below *folder*; None where an earlier version wrote none.

    An ensemble of runs (`core.anomaly.combined`) has the profile of its first member.
    """
    path = next(folder.glob(FILE), None) or next(folder.glob(f"member-0/{FILE}"), None)
    if path is None:
        return None
    with np.load(path, allow_pickle=False) as file:
        return Profile(
            tuple(map(str, file["channels"])),
            int(file["rows"]),
            *(file[name] for name in ("quantiles", "lengths", "usual")),
        )


@dataclass(frozen=True)
class Bins:
    """Where the quantiles of one channel cut its readings.

    Attributes:
        edges: (E,) sorted; bin i holds what is above edge i - 1 and at most edge i.
        tenth: (E + 1,) which of the wide bins each bin belongs to.
    """

    edges: np.ndarray
    tenth: np.ndarray

    @classmethod
    def of(cls, quantiles: np.ndarray) -> Self:
        """Cut at *quantiles*, (STEPS + 1,) float32."""
        wide = _edges(quantiles[STEPS // BINS : STEPS : STEPS // BINS])
        # What lies below the lowest reading gets a bin of its own.
        ends = np.nextafter(quantiles[:1], np.float32(-np.inf))
        edges = np.unique(np.concatenate([ends, _edges(quantiles), wide]))
        tops = np.append(edges, np.float32(np.inf))
        return cls(edges, np.searchsorted(wide, tops))

    def count(self, column: np.ndarray, cuts: np.ndarray) -> np.ndarray:
        """Return (blocks, E + 1): how many of each block's readings lie in each bin."""
        size = len(self.edges) + 1
        found = np.empty((len(cuts) - 1, size), np.int64)
        for block, (start, stop) in enumerate(pairwise(cuts)):
            codes = np.searchsorted(self.edges, column[start:stop])
            found[block] = np.bincount(codes, minlength=size)
        return found

    def measure(self, known: np.ndarray, new: np.ndarray) -> np.ndarray:
        """Return (3, ...): PSI, KS and share outside of (..., E + 1) counts against others."""
        first = np.flatnonzero(np.diff(self.tenth, prepend=-1))
        p, q = (_floored(np.add.reduceat(counts, first, axis=-1)) for counts in (new, known))
        psi = ((p - q) * np.log(p / q)).sum(axis=-1)
        new, known = _shares(new), _shares(known)
        ks = np.abs(np.cumsum(new - known, axis=-1)).max(axis=-1)
        below = np.cumsum(known, axis=-1) == 0
        above = np.cumsum(known[..., ::-1], axis=-1)[..., ::-1] == 0
        return np.array([psi, ks, (new * (below | above)).sum(axis=-1)])


def _edges(quantiles: np.ndarray) -> np.ndarray:
    """Return unique edges; a value that fills whole steps (a switch) gets a bin of its own."""
    values, counts = np.unique(quantiles, return_counts=True)
    below = np.nextafter(values[counts > 1], np.float32(-np.inf))
    return np.union1d(values, below)


def _shares(counts: np.ndarray) -> np.ndarray:
    return counts / counts.sum(axis=-1, keepdims=True)


def _floored(counts: np.ndarray) -> np.ndarray:
    return np.maximum(_shares(counts), np.maximum(FLOOR, 0.5 / counts.sum(axis=-1, keepdims=True)))


def blocks_of(rows: int, blocks: int) -> np.ndarray:
    """Return (blocks + 1,) first rows of blocks of equal length, and the end."""
    return np.arange(blocks + 1) * rows // blocks
