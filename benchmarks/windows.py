"""Memory that windows add to a recording, measured in a fresh process."""

from __future__ import annotations

import sys
import tracemalloc

import numpy as np

from benchmarks.table import Row, at_most, in_process

ROWS, CHANNELS, LOOKBACK = 1_000_000, 20, 64


def run() -> list[Row]:
    """Windows of 1,000,000 rows x 20 channels x lookback 64, to the memory of the data."""
    ours, appended = (float(in_process("benchmarks.windows", how)) for how in ("views", "copies"))
    return [
        at_most("windows, views: memory added to the data", 100 * ours, 10, "%"),
        Row("windows, appended copies of the first 1 %: memory added", 100 * appended, "%"),
    ]


def added(how: str) -> float:
    """Return the peak memory of making windows as a share of the memory of the data."""
    from core.data import Windows

    values = np.zeros((ROWS, CHANNELS), np.float32)
    tracemalloc.start()
    if how == "views":
        windows = Windows(values, [slice(0, ROWS)], LOOKBACK)
        windows.take(np.arange(256))  # a batch, the only copy there ever is
    else:
        np.array([values[i : i + LOOKBACK] for i in range(ROWS // 100)])
    return tracemalloc.get_traced_memory()[1] / values.nbytes


if __name__ == "__main__":
    print(added(sys.argv[1]))
