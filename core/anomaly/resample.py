"""VUS-PR when other anomalies had happened: the same draws for every detector.

Rows near one another are not independent. What is drawn with replacement are labelled anomalies,
each with the rows around it that count in part, and blocks of neighbouring normal rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from threadpoolctl import threadpool_limits

from core.anomaly.bootstrap import BLOCK, FEWEST, MOST
from core.anomaly.intervals import detect
from core.anomaly.volume import BUFFER, CUTS

DRAWS = 500
LEAST = 5  # anomalies apart: of fewer, draws are too much alike to say how sure a figure is
WINDOWS = tuple(range(0, BUFFER + 1, 10))  # tolerances in steps; `volume` takes every one


@dataclass(frozen=True, eq=False)
class _Units:
    """What is drawn: first the anomalies, those that can touch together, then the blocks.

    Attributes:
        of: (rows,) int, unit of each row.
        anomalies: How many units are anomalies.
        blocks: How many are blocks of normal rows.
        soft: By window: rows that count in part, and how much.
        spans: By window: first rows, stops and units of anomalies, joined where they touch.
        hits: Labelled rows.
    """

    of: np.ndarray
    anomalies: int
    blocks: int
    soft: tuple[tuple[np.ndarray, np.ndarray], ...]
    spans: tuple[tuple[np.ndarray, np.ndarray, np.ndarray], ...]
    hits: np.ndarray


def resampled(
    scores: Sequence[np.ndarray],
    labels: np.ndarray,
    boundaries: np.ndarray,
    draws: int = DRAWS,
    seed: int = 0,
) -> np.ndarray | None:
    """Return (detectors, draws) of VUS-PR, all detectors judged by the same draws.

    As `volume` has it, with the thresholds of each detector kept and tolerances ten steps apart.

    Args:
        scores: (rows,) of each detector.
        labels: (rows,) bool.
        boundaries: Sorted first rows of segments, from 0.
        draws: How often to draw.
        seed: Of the draws.

    Returns:
        None with fewer than `LEAST` anomalies that are apart, or without normal rows beyond them.
    """
    units = _units(labels, boundaries)
    if units is None or units.anomalies < LEAST:
        return None
    rng = np.random.default_rng(seed)
    weights = np.concatenate(
        [
            rng.multinomial(count, np.full(count, 1 / count), draws).astype(np.float32)
            for count in (units.anomalies, units.blocks)
        ],
        axis=1,
    )
    # The products are small: more threads wait for one another for longer than they compute.
    with threadpool_limits(1, "blas"):
        return np.stack([_areas(one, units, weights) for one in scores])


def whole(scores: np.ndarray, labels: np.ndarray, boundaries: np.ndarray) -> float | None:
    """Return the same of every unit once: what the draws lie around."""
    units = _units(labels, boundaries)
    if units is None:
        return None
    once = np.ones((1, units.anomalies + units.blocks), np.float32)
    return float(_areas(scores, units, once)[0])


def _units(labels: np.ndarray, boundaries: np.ndarray) -> _Units | None:
    events, rows = detect(labels, 0.5, boundaries), len(labels)
    if not len(events):
        return None
    segment = np.searchsorted(boundaries, events.starts, side="right") - 1
    low, high = boundaries[segment], np.append(boundaries[1:], rows)[segment]

    def joined(reach: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return first rows and stops of anomalies that are widened, and which begin a group."""
        first, stop = np.maximum(events.starts - reach, low), np.minimum(events.stops + reach, high)
        apart = (stop[:-1] <= first[1:]) | (low[1:] != low[:-1])
        return first, stop, np.r_[True, apart]

    first, stop, begins = joined(BUFFER // 2)
    group = np.cumsum(begins) - 1
    anomalies = int(group[-1]) + 1
    of = np.full(rows, -1)
    heads = np.flatnonzero(begins)
    for number, (start, end) in enumerate(
        zip(first[heads], np.maximum.reduceat(stop, heads), strict=True)
    ):
        of[start:end] = number
    beyond = np.flatnonzero(of < 0)
    if not len(beyond):
        return None
    blocks = min(int(np.clip(len(beyond) // BLOCK, FEWEST, MOST)), len(beyond))
    of[beyond] = anomalies + np.arange(len(beyond)) * blocks // len(beyond)
    near = np.flatnonzero((of < anomalies) & ~labels)
    soft, spans = [], []
    for window in WINDOWS:
        first, stop, begins = joined(window // 2)
        heads = np.flatnonzero(begins)
        spans.append((first[heads], np.maximum.reduceat(stop, heads), group[heads]))
        # Anomalies in whose reach a row lies: begun before it, less those that are over.
        count = np.searchsorted(first, near, side="right") - np.searchsorted(stop, near, "right")
        inside = near[count > 0]
        before = np.searchsorted(events.starts, inside)  # anomalies that begin before the row
        after = np.minimum(before, len(events) - 1)
        last = np.maximum(before - 1, 0)
        here = np.searchsorted(boundaries, inside, side="right") - 1
        left = np.where(
            (before > 0) & (segment[last] == here), inside - events.stops[last] + 1, window + 1
        )
        right = np.where(
            (before < len(events)) & (segment[after] == here),
            events.starts[after] - inside,
            window + 1,
        )
        height = np.sqrt(np.maximum(1 - np.minimum(left, right) / max(window, 1), 0))
        soft.append((inside, np.where(count[count > 0] > 1, 1.0, height)))
    return _Units(of, anomalies, blocks, tuple(soft), tuple(spans), np.flatnonzero(labels))


def _areas(scores: np.ndarray, units: _Units, weights: np.ndarray) -> np.ndarray:
    """Return (draws,) VUS-PR under *weights*, (draws, units): how often each unit was drawn."""
    ordered = np.sort(scores)
    cuts = ordered[::-1][np.linspace(0, len(scores) - 1, CUTS).astype(int)]
    rank = np.searchsorted(-cuts, -scores)  # the first threshold that flags a row
    total = units.anomalies + units.blocks

    def counted(rows: np.ndarray, among: int, height: np.ndarray | None = None) -> np.ndarray:
        """Return (among, CUTS): what each threshold flags in each of the first units."""
        places = units.of[rows] * CUTS + rank[rows]
        counts = np.bincount(places, height, minlength=among * CUTS).reshape(among, CUTS)
        return counts.cumsum(axis=1).astype(np.float32)

    own = weights[:, : units.anomalies]
    flagged = np.maximum(weights @ counted(np.arange(len(scores)), total), 1)
    hits = own @ counted(units.hits, units.anomalies)
    areas = np.zeros(len(weights))
    for (rows, height), (starts, stops, owners) in zip(units.soft, units.spans, strict=True):
        half = own @ counted(rows, units.anomalies, height)
        edges = np.column_stack([starts, stops]).ravel()[:-1]
        first = np.minimum.reduceat(rank[: stops[-1]], edges)[::2]
        places = owners * CUTS + first
        size = units.anomalies * CUTS
        met = np.bincount(places, minlength=size).reshape(units.anomalies, CUTS)
        met = own @ met.cumsum(axis=1).astype(np.float32)
        right = hits + half
        # In place: a table of draws and thresholds is larger than the processor's nearest memory.
        recall = np.add(hits[:, -1:], np.multiply(half, 0.5, out=half), out=half)
        np.minimum(np.divide(right, recall, out=recall), 1, out=recall)
        recall *= met
        right /= flagged  # precision from here on
        recall[:, 1:] -= recall[:, :-1].copy()
        areas += np.einsum("ij,ij->i", recall, right) / met[:, -1]
    return areas / len(units.spans)
