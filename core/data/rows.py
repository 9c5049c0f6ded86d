"""Row numbers as short text, the same in every finding."""

from __future__ import annotations

import numpy as np

SHOWN = 8


def spans(where: np.ndarray) -> str:
    """Return the rows where *where* is True as short text, counted from 1.

    Args:
        where: (rows,) bool, or sorted row numbers from 0.

    Returns:
        For example "12, 40-61"; after eight parts ", and 3 more".
    """
    rows = np.flatnonzero(where) if where.dtype == bool else np.asarray(where)
    if rows.size == 0:
        return ""
    ends = np.flatnonzero(np.diff(rows) > 1)
    first = rows[np.r_[0, ends + 1]] + 1
    last = rows[np.r_[ends, rows.size - 1]] + 1
    parts = [
        str(start) if start == stop else f"{start}-{stop}"
        for start, stop in zip(first[:SHOWN].tolist(), last[:SHOWN].tolist(), strict=True)
    ]
    more = first.size - len(parts)
    return ", ".join(parts) + (f", and {more:,} more" if more else "")


def runs(same: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return start and stop of each run of True in *same* (rows,) bool."""
    edges = np.diff(np.r_[False, same, False].astype(np.int8))
    return np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)


def plural(count: int, one: str, many: str = "") -> str:
    """Return "1 row" or "1,200 rows"."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"
