"""Windows of a panel: what a model sees at each origin, and what came then."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from core.data.splits import Part
from core.forecast.config import Config
from core.forecast.panel import Panel
from core.forecast.scale import Scale
from core.forecast.season import Calendar


class Batch(NamedTuple):
    """What a model sees at B origins, scaled.

    Attributes:
        past: (B, T, N, F) float32, the lookback.
        when: (B, 2) int32, slot of the season and day of the week of the first forecast row.
        future: (B, H, K) float32, what is known ahead.
    """

    past: np.ndarray
    when: np.ndarray
    future: np.ndarray


@dataclass(frozen=True, eq=False)
class Samples:
    """All windows of a panel whose forecast falls into some rows.

    Attributes:
        panel: The recording.
        scaled: (rows, N, F) float32 without NaN: a value that nobody knows is the mean.
        when: (rows + H, 2) int32, see `Calendar.of`.
        scale: Between raw and scaled units.
        calendar: Its season.
        origins: (W,) int, first row that is forecast.
        lookback: T.
        horizon: H.
    """

    panel: Panel
    scaled: np.ndarray
    when: np.ndarray
    scale: Scale
    calendar: Calendar
    origins: np.ndarray
    lookback: int
    horizon: int

    def __len__(self) -> int:
        return len(self.origins)

    def inputs(self, indices: np.ndarray) -> Batch:
        """Return what a model sees at the origins *indices*."""
        origins = self.origins[indices]
        past = self.scaled[origins[:, None] + np.arange(-self.lookback, 0)]
        ahead = np.zeros((len(origins), self.horizon, len(self.panel.future)), np.float32)
        if self.panel.future:
            nodes, features = np.array(self.panel.future).T
            rows = np.minimum(origins[:, None] + np.arange(self.horizon), len(self.panel) - 1)
            ahead = self.scaled[rows][..., nodes, features]
        return Batch(past, self.when[origins], ahead)

    def targets(self, indices: np.ndarray) -> np.ndarray:
        """Return (B, H, M) float32, scaled, what was measured; NaN where nothing was."""
        rows = self.origins[indices][:, None] + np.arange(self.horizon)
        targets = self.panel.targets
        known = self.panel.known[rows][:, :, targets, 0]
        return np.where(known, self.scaled[rows][:, :, targets, 0], np.float32(np.nan))

    def take(self, indices: np.ndarray) -> tuple[Batch, np.ndarray]:
        """Return inputs and targets of the origins *indices*."""
        return self.inputs(indices), self.targets(indices)


def origins_of(
    panel: Panel, lookback: int, horizon: int, rows: np.ndarray, beyond: bool = False
) -> np.ndarray:
    """Return the origins whose whole forecast falls into *rows*, in order.

    What a forecast is made from may lie before them: it is known by then.

    Args:
        panel: The recording.
        lookback: T.
        horizon: H.
        rows: (rows,) bool.
        beyond: Whether to add the origin behind the last row that was recorded (`Panel.end`), of
            which nothing is known yet. A segment that ends before has none: the rows behind it are
            not its own.
    """
    end = panel.end
    measured = panel.known[:, panel.targets, 0].any(axis=1) & rows
    counts = np.r_[0, np.cumsum(rows)]
    seen = np.r_[0, np.cumsum(measured)]
    parts = []
    for segment in panel.segments:
        first, last = segment.start + lookback, segment.stop - horizon
        origins = np.arange(first, max(first, last + 1))
        inside = counts[origins + horizon] - counts[origins] == horizon
        parts.append(origins[inside & (seen[origins + horizon] > seen[origins])])
        if beyond and segment.stop == len(panel) and end - segment.start >= lookback:
            parts.append(np.array([end]))
    return np.concatenate(parts) if parts else np.array([], int)


def split_of(panel: Panel, config: Config) -> np.ndarray:
    """Return (rows,) int8 of `Part`: first rows of each unit for training, last ones for the test.

    No row is left out in between: a forecast counts for the part that all its rows fall into.
    """
    parts = np.full(len(panel), Part.TEST, np.int8)
    for rows in panel.units:
        count = rows.stop - rows.start
        train = round(count * config.train_share)
        known = round(count * (config.train_share + config.validation_share))
        parts[rows.start : rows.start + train] = Part.TRAIN
        parts[rows.start + train : rows.start + known] = Part.VALIDATION
    return parts
