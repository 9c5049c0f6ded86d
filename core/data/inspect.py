"""What an analyst should know of a recording before trusting it: findings, nothing is changed."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from core.data.dataset import Finding
from core.data.rows import plural, runs, spans

FROZEN_ROWS = 20
MOVES = 0.75


def channels(
    frame: pd.DataFrame, names: tuple[str, ...], order: np.ndarray, first: np.ndarray
) -> list[Finding]:
    """Look at every channel: missing values, infinities, constant or frozen, duplicated.

    Args:
        frame: The recording as read.
        names: Its channels.
        order: (rows,) the rows of *frame* sorted by entity and time.
        first: (rows,) bool, the first sorted row of each entity.
    """
    findings: list[Finding] = []
    sums: dict[tuple[float, int], list[str]] = {}
    for name in names:
        values = frame[name].to_numpy(dtype=np.float64)
        values = values[order]
        findings += _readings(values, name, order, first)
        finite = np.isfinite(values)
        with np.errstate(over="ignore"):
            key = (float(values[finite].sum()), int(finite.sum()))
        twin = next(
            (other for other in sums.get(key, []) if frame[other].equals(frame[name])), None
        )
        if twin is not None and finite.any():
            findings.append(
                Finding(
                    what=f"Repeats channel {twin!r}.",
                    column=name,
                    count=len(values),
                    action="Kept; take one of the two out of the channels.",
                    severity="warning",
                )
            )
        sums.setdefault(key, []).append(name)
    return findings


def _readings(
    values: np.ndarray, name: str, order: np.ndarray, first: np.ndarray
) -> Iterator[Finding]:
    infinite = np.isinf(values)
    if infinite.any():
        yield Finding(
            what=f"{plural(int(infinite.sum()), 'infinite value')}.",
            column=name,
            rows=spans(np.sort(order[infinite])),
            count=int(infinite.sum()),
            action="Taken as missing.",
            severity="warning",
        )
    blank = np.isnan(values)
    if blank.all():
        yield Finding(
            what="Has no values.",
            column=name,
            count=len(values),
            action="Left out.",
            severity="warning",
        )
        return
    if blank.any():
        starts, stops = _cut(blank, first)
        yield Finding(
            what=f"{plural(int(blank.sum()), 'missing value')} "
            f"({blank.mean():.1%}), longest gap {plural(int((stops - starts).max()), 'row')}.",
            column=name,
            rows=spans(np.sort(order[blank])),
            count=int(blank.sum()),
            action="Filled, left out or kept as chosen under missing values.",
            severity="warning" if blank.mean() > 0.05 else "info",
        )
    known = values[~blank & ~infinite]
    if known.size and known.min() == known.max():
        yield Finding(
            what=f"Never changes: always {known[0]:g}.",
            column=name,
            count=known.size,
            action="Kept; it carries nothing to learn from.",
            severity="warning",
        )
    else:
        yield from _frozen(values, name, order, first)


def _cut(same: np.ndarray, first: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Runs of True in *same* that end where an entity ends."""
    starts, stops = runs(same)
    edges = np.flatnonzero(first & same)
    if edges.size:
        inner = edges[(edges > 0) & same[edges - 1]]
        starts, stops = np.union1d(starts, inner), np.union1d(stops, inner)
    return starts, stops


def _frozen(
    values: np.ndarray, name: str, order: np.ndarray, first: np.ndarray
) -> Iterator[Finding]:
    """Runs of the very same value in a channel that otherwise changes from row to row."""
    still = np.zeros(len(values), dtype=bool)
    still[1:] = (values[1:] == values[:-1]) & ~first[1:]
    starts, stops = runs(still)
    starts = starts - 1
    long = stops - starts >= FROZEN_ROWS
    if not long.any():
        return
    starts, stops = starts[long], stops[long]
    held = int((stops - starts).sum())
    elsewhere = len(values) - held
    if elsewhere < FROZEN_ROWS or 1 - (still.sum() - (held - len(starts))) / elsewhere < MOVES:
        return
    where = np.zeros(len(values), dtype=bool)
    for start, stop in zip(starts, stops, strict=True):
        where[start:stop] = True
    longest = int(np.argmax(stops - starts))
    yield Finding(
        what=f"Stands still at {values[starts[longest]]:g} for up to "
        f"{plural(int((stops - starts).max()), 'row')}, while it moves from row to row elsewhere.",
        column=name,
        rows=spans(np.sort(order[where])),
        count=held,
        action="Kept; look at the sensor.",
        severity="warning",
    )


def time(
    stamps: pd.Series, order: np.ndarray, codes: np.ndarray, repeats: np.ndarray, several: bool
) -> list[Finding]:
    """Look at the time column.

    Args:
        stamps: (rows of the file,) time stamps.
        order: The rows sorted by entity and time.
        codes: Entity of each sorted row.
        repeats: (sorted rows,) bool, rows with entity and time of the row before.
        several: Whether an entity column is chosen.
    """
    name = str(stamps.name)
    findings = []
    blank = stamps.isna().to_numpy()
    if blank.any():
        findings.append(
            Finding(
                what=f"{plural(int(blank.sum()), 'row')} without time.",
                column=name,
                rows=spans(blank),
                count=int(blank.sum()),
                action="Left out.",
                severity="warning",
            )
        )
    late = _late(order, codes)
    if late.size:
        findings.append(
            Finding(
                what=f"{plural(late.size, 'row')} not in order of time.",
                column=name,
                rows=spans(late),
                count=int(late.size),
                action="Sorted.",
                severity="warning",
            )
        )
    if repeats.any():
        way_out = "" if several else " if they are of several machines, choose the entity column;"
        findings.append(
            Finding(
                what=f"{plural(int(repeats.sum()), 'row')} repeat a time stamp.",
                column=name,
                rows=spans(np.sort(order[repeats])),
                count=int(repeats.sum()),
                action=f"The first row of each is kept;{way_out} resampling takes their mean.",
                severity="warning",
            )
        )
    findings += _steps(stamps.to_numpy("datetime64[us]")[order], codes, name)
    zone = getattr(stamps.dtype, "tz", None)
    findings.append(
        Finding(
            what="Time stamps have a zone." if zone else "Time stamps have no zone.",
            column=name,
            count=len(stamps),
            action="Shown in UTC." if zone else "Shown as they stand.",
        )
    )
    return findings


def _late(order: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Rows of the file that stand after a later row of the same entity."""
    late = np.flatnonzero((np.diff(order) < 0) & (codes[1:] == codes[:-1]))
    return np.unique(order[late])


def _steps(time: np.ndarray, codes: np.ndarray, name: str) -> list[Finding]:
    steps = np.diff(time).astype(np.int64)
    inside = (codes[1:] == codes[:-1]) & (steps > 0)
    if not inside.any():
        return []
    median = float(np.median(steps[inside]))
    odd = inside & (np.abs(steps - median) > 0.1 * median)
    if not odd.any():
        return []
    return [
        Finding(
            what=f"Steps are not regular: {odd.sum() / inside.sum():.1%} differ from the usual "
            f"{_span(median)}, the longest is {_span(steps[inside].max())}.",
            column=name,
            rows="",
            count=int(odd.sum()),
            action="Kept; resample for a regular step.",
            severity="warning" if odd.sum() > 0.01 * inside.sum() else "info",
        )
    ]


def _span(microseconds: float) -> str:
    """Write a time in its largest fitting unit, such as "2.5 min"."""
    seconds = microseconds / 1e6
    for unit, size in (("days", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * size or (seconds >= size and seconds % size == 0):
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds:.3g} s"


def labels(column: pd.Series) -> list[Finding]:
    """Look at the label: share of anomalies, missing labels."""
    name, findings = str(column.name), []
    blank = column.isna().to_numpy()
    if blank.any():
        findings.append(
            Finding(
                what=f"{plural(int(blank.sum()), 'row')} without a label.",
                column=name,
                rows=spans(blank),
                count=int(blank.sum()),
                action="Taken as normal (0).",
                severity="warning",
            )
        )
    bad = (column == 1).to_numpy()
    events = runs(bad)[0].size
    what = "No row is labelled as an anomaly."
    if events:
        where = plural(events, "stretch", "stretches")
        what = f"{bad.mean():.1%} of the rows are labelled anomalies, in {where}."
    findings.append(
        Finding(what=what, column=name, rows=spans(bad), count=int(bad.sum()), action="Kept.")
    )
    return findings
