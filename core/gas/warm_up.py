"""Do the sensors still warm up at the start of a session?

A MOX sensor that was just switched on creeps towards its level for minutes, and what it reads
resembles gas. The rule looks at medians of stretches of 40 rows, which neither noise nor short
puffs move: a session begins with a warm-up when the medians of a sensor move in one direction over
at least four stretches, by more than three times what they vary (standard deviation) in the rest of
the session. The warm-up lasts as long as the slowest of these sensors creeps.

Constant drift is none: it goes on in the rest, which then varies as much.
"""

from __future__ import annotations

import numpy as np

from core.gas.recording import GasRecording

STRETCH = 40  # rows
LEAST = 4  # stretches that a warm-up has at least
TIMES = 3.0  # what the rest varies


def warm_up_rows(recording: GasRecording) -> np.ndarray:
    """Return (rows,) bool: rows in which a sensor of their session still warms up."""
    warming = np.zeros(len(recording), bool)
    for session in recording.entities.values():
        length = warm_up_length(recording.values[session])
        warming[session.start : session.start + length] = True
    return warming


def warm_up_length(values: np.ndarray) -> int:
    """Return the rows at the start of a session in which a sensor warms up, 0 without any.

    Args:
        values: (rows, N) of one session; one that is shorter than 9 stretches has no rest to
            compare with, and no warm-up that could be told.
    """
    count = len(values) // STRETCH
    if count <= 2 * LEAST:
        return 0
    whole = values[: count * STRETCH].reshape(count, STRETCH, -1)
    medians = np.median(whole, axis=1).astype(float)
    longest = 0
    for course in medians.T:
        length = _one_way(course)
        rest = course[length:]
        if length < LEAST or len(rest) < LEAST:
            continue
        if abs(course[length - 1] - course[0]) > TIMES * rest.std():
            longest = max(longest, length)
    return longest * STRETCH


def _one_way(course: np.ndarray) -> int:
    """Return how many values the longest start of *course* has that only rises, or only falls."""
    steps = np.sign(np.diff(course))
    moving = steps[steps != 0]
    against = np.flatnonzero(steps == -moving[0]) if len(moving) else moving
    return int(against[0]) + 1 if len(against) else len(course)
