"""What a classifier gets to learn from, and what it has to offer."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np

from core.gas.samples import Samples
from core.task import Reporter


@dataclass(frozen=True)
class Training:
    """Decisions to learn from, all of whose classes are known.

    Attributes:
        train: Rows of the training part.
        validation: Those that decide when to stop.
    """

    train: Samples
    validation: Samples


class Answer(NamedTuple):
    """What is said of W rows.

    Attributes:
        leak: (W,) float32, probability of any gas.
        gas: (W, C) float32, probability of each class; rows sum to 1.
    """

    leak: np.ndarray
    gas: np.ndarray


class Classifier(Protocol):
    """Says whether there is gas, and which."""

    def fit(
        self, training: Training, reporter: Reporter | None, checkpoint: Path | None
    ) -> list[dict[str, float]]:
        """Learn; return one dict an epoch, or an empty list where there are no epochs."""
        ...

    def predict(self, samples: Samples) -> Answer:
        """Return probabilities for every row of *samples*."""
        ...

    def save(self, folder: Path) -> None:
        """Write what was learned, never as a pickle."""

    def load(self, folder: Path) -> None:
        """Read what `save` wrote."""


def answer_of(gas: np.ndarray) -> Answer:
    """Return the answer of class probabilities *gas* (W, C): a leak is all but the first class."""
    gas = gas.astype(np.float32)
    return Answer(1 - gas[:, 0], gas)


def pieces(count: int, size: int) -> list[np.ndarray]:
    """Return the numbers 0 to *count* in pieces of at most *size*: bounds the memory."""
    return [np.arange(at, min(at + size, count)) for at in range(0, count, size)]
