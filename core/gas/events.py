"""When gas is there: the events that drive sensors and frames alike."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from core.gas.lab import GASES, Lab

SPRAY = 3  # rows that the can is pressed


class Event(NamedTuple):
    """One release of a gas.

    Attributes:
        gas: "perfume" or "smoke".
        start: First row.
        rows: How long it shows: evaporation of a spray, or rising smoke.
        strength: A factor.
    """

    gas: str
    start: int
    rows: int
    strength: float

    @property
    def stop(self) -> int:
        """The row after the last."""
        return self.start + self.rows

    def course(self, rows: int) -> np.ndarray:
        """Return (rows,) float: how much there is, at most the strength.

        A spray is there at once and evaporates, slowly at first; smoke comes and goes within two
        rows.
        """
        age = np.arange(rows) - self.start
        if self.gas == "perfume":
            fading = np.exp(-((np.maximum(age - SPRAY, 0) / self.rows) ** 2))
            return np.where((age >= 0) & (age < 2 * self.rows), self.strength * fading, 0.0)
        inside = np.minimum(age + 1, self.rows - age) / 2
        return self.strength * np.clip(inside, 0.0, 1.0)


def events(lab: Lab, name: str, rng: np.random.Generator) -> list[Event]:
    """Return the events of one session of class *name*, in order."""
    found = []
    for gas in GASES[name]:
        row = int(rng.uniform(*lab.lead))
        while row < lab.rows:
            length, pause = (
                (rng.uniform(*lab.burst_rows), rng.uniform(*lab.burst_every))
                if gas == "perfume"
                else (rng.uniform(*lab.smoke_rows), rng.uniform(*lab.smoke_pause))
            )
            found.append(Event(gas, row, max(int(length), 2), float(rng.uniform(*lab.strength))))
            row += max(int(pause if gas == "perfume" else length + pause), 1)
    return sorted(found, key=lambda event: event.start)


def exposed(lab: Lab, happened: list[Event]) -> np.ndarray:
    """Return (rows,) bool: rows with gas in the air, by more than traces."""
    rows = np.zeros(lab.rows, bool)
    for event in happened:
        rows |= event.course(lab.rows) > 0.1 * event.strength
    return rows
