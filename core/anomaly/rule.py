"""What a threshold rule is: it reads stored scores, and never touches a model."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

import numpy as np

from core.anomaly.result import Result
from core.config import Config
from core.errors import ConfigError


@dataclass(frozen=True, eq=False)
class Cut:
    """What a rule says of a result: scores above it are flagged.

    Attributes:
        value: One number, or (rows,) float32 where the cut follows the stream.
        notes: What the analyst should know, such as that the rule could not be fitted, and what
            stands in for it.
        chosen_on: (rows,) bool, rows whose labels it was chosen by: they do not count in metrics.
    """

    value: float | np.ndarray
    notes: tuple[str, ...] = ()
    chosen_on: np.ndarray | None = None

    def level(self, result: Result) -> float:
        """Return the cut as one number: where it follows the stream, its median over test rows."""
        if not isinstance(self.value, np.ndarray):
            return float(self.value)
        rows = self.value[result.test]
        return float(np.median(rows if len(rows) else self.value))


class Rule(Config):
    """A rule from the scores of a result to a cut.

    Attributes:
        label: Its name on the screen.
        reads: What it is fitted on, as the card says it.
        needs_labels: Whether it can only be fitted where there are labels.
    """

    label: ClassVar[str] = ""
    reads: ClassVar[str] = "the scores of the training rows"
    needs_labels: ClassVar[bool] = False

    @classmethod
    def summary(cls) -> str:
        """Return what it does, in one sentence."""
        return (cls.__doc__ or "").partition("\n")[0]

    def cut(self, result: Result) -> Cut:
        """Return the cut for the scores of *result*."""
        raise NotImplementedError


def known_scores(result: Result) -> np.ndarray:
    """Return the scores of the training rows, (n,), when there are any to fit a rule on."""
    reference = result.reference
    if len(reference) == 0:
        raise ConfigError(
            "This rule needs training scores, and there are none.", "Choose a fixed cut instead."
        )
    return reference


def streams(result: Result) -> list[slice]:
    """Return the rows of each entity.

    A rule that follows the stream begins anew in each, from the training scores. A gap in the time
    of one entity, or the end of its training rows, does not make it forget.
    """
    if "entity" not in result.steps or len(result) == 0:
        return [slice(0, len(result))]
    entity = result.steps["entity"]
    changes = np.flatnonzero((entity != entity.shift()).to_numpy())
    return [slice(int(a), int(b)) for a, b in pairwise([*changes, len(result)])]
