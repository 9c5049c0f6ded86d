"""What the panels under the pictures of the workbench have in common."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from core import runs
from dashboard.draw import Drawn
from dashboard.operating import Reading
from dashboard.timeline import Timeline


@dataclass(frozen=True)
class Bench:
    """What every panel needs to know.

    Attributes:
        run: The run on the screen.
        timeline: Its stored result.
        reading: What the operating point makes of it.
        table: The worst events, as `core.anomaly.event_table` has them without channels.
        rows: First and last row (exclusive) of the detail.
        inside: Events among these rows.
        drawn: The picture of these rows: its specification and its data.
    """

    run: runs.Run
    timeline: Timeline
    reading: Reading
    table: pd.DataFrame
    rows: tuple[int, int]
    inside: pd.DataFrame
    drawn: Drawn
