"""VUS-PR and VUS-ROC as their definition says it, window by window and threshold by threshold."""

from __future__ import annotations

import numpy as np

Event = tuple[int, int, int, int]  # first and last row, first and last row of its segment


def plain_vus(
    scores: np.ndarray, labels: np.ndarray, boundaries: tuple[int, ...] = (0,), buffer: int = 100
) -> tuple[float, float]:
    """Return VUS-PR and VUS-ROC (Paparrizos et al., PVLDB 2022), as TSB-AD 1.5 computes them.

    Args:
        scores: (rows,).
        labels: (rows,) bool.
        boundaries: First rows of segments.
        buffer: Widest window in steps.
    """
    rows = len(scores)
    events = labelled(labels, boundaries)
    falling = -np.sort(-scores)
    flags = [scores >= cut for cut in falling[np.linspace(0, rows - 1, 250).astype(int)]]
    counts = [(flagged.sum(), (flagged & labels).sum()) for flagged in flags]
    total, areas = labels.sum(), []
    for window in range(buffer + 1):
        soft = softened(labels, events, window)
        near = np.flatnonzero(soft)
        groups = joined(events, window // 2)
        recalls, rates, precisions = [0.0], [0.0], []
        for flagged, (alarms, hits) in zip(flags, counts, strict=True):
            right = soft[near][flagged[near]].sum()
            widened = total + right - hits  # normal rows count as far as they are flagged
            positives = (total + widened) / 2
            met = sum(bool(flagged[start : stop + 1].any()) for start, stop in groups)
            recalls.append(min(right / positives, 1) * met / len(groups))
            rates.append((alarms - right) / (rows - positives))
            precisions.append(right / alarms)
        pr = sum(np.diff(recalls) * precisions)
        roc = np.trapezoid([*recalls, 1], [*rates, 1])
        areas.append((pr, roc))
    pr, roc = np.mean(areas, axis=0)
    return float(pr), float(roc)


def labelled(labels: np.ndarray, boundaries: tuple[int, ...]) -> list[Event]:
    """Return the runs of labelled rows in each segment."""
    events = []
    for low, high in zip(boundaries, [*boundaries[1:], len(labels)], strict=True):
        edges = np.diff(np.r_[0, labels[low:high].astype(int), 0])
        starts, stops = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1) - 1
        events += [
            (int(low + a), int(low + b), low, high - 1) for a, b in zip(starts, stops, strict=True)
        ]
    return events


def softened(labels: np.ndarray, events: list[Event], window: int) -> np.ndarray:
    """Return labels with a ramp of half a window on both sides of each anomaly."""
    soft = labels.astype(float)
    for start, stop, low, high in events:
        after = np.arange(stop + 1, min(stop + window // 2, high) + 1)
        before = np.arange(max(start - window // 2, low), start)
        soft[after] += np.sqrt(1 - (after - stop) / max(window, 1))
        soft[before] += np.sqrt(1 - (start - before) / max(window, 1))
    return np.minimum(soft, 1)


def joined(events: list[Event], reach: int) -> list[tuple[int, int]]:
    """Return the anomalies with *reach* more rows on both sides, those that touch as one."""
    groups: list[tuple[int, int]] = []
    ends = -1
    for start, stop, low, high in events:
        begin, end = max(start - reach, low), min(stop + reach, high)
        if groups and ends == high and groups[-1][1] >= start - reach:
            groups[-1] = groups[-1][0], end
        else:
            groups.append((begin, end))
        ends = high
    return groups
