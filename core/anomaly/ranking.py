"""How well scores put labelled rows above normal ones, over all cuts at once."""

from __future__ import annotations

import numpy as np


class Ranking:
    """Rows and labelled rows at or above each distinct score, from the highest; ties together.

    Attributes:
        cuts: Distinct scores, falling.
        flagged: (cuts,) rows.
        hits: (cuts,) labelled rows.
    """

    def __init__(self, scores: np.ndarray, labels: np.ndarray) -> None:
        """Sort *scores*, (rows,), with *labels*, (rows,) bool."""
        # Two sorts of values cost less than one that takes the labels along.
        ordered = np.sort(scores)
        first = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])[::-1]  # of each tie
        self.cuts, self.flagged = ordered[first], len(scores) - first
        caught = np.sort(scores[labels])
        self.hits = len(caught) - np.searchsorted(caught, self.cuts)

    @property
    def average_precision(self) -> float:
        """Area under the precision-recall curve: precision times the gain in recall, summed."""
        gain = np.diff(np.r_[0, self.hits]) / self.hits[-1]
        return float((self.hits / self.flagged * gain).sum())

    @property
    def roc_auc(self) -> float:
        """Area under the ROC curve: how often a labelled row scores above a normal one."""
        false = np.r_[0, self.flagged - self.hits]
        caught = np.r_[0, self.hits]
        return float(np.trapezoid(caught / caught[-1], false / false[-1]))


def average_precision(scores: np.ndarray, labels: np.ndarray) -> float | None:
    """Return the area under the precision-recall curve, as scikit-learn defines it.

    None where not both normal and anomalous rows exist; so for `roc_auc`.
    """
    return Ranking(scores, labels).average_precision if two_kinds(labels) else None


def roc_auc(scores: np.ndarray, labels: np.ndarray) -> float | None:
    """Return the area under the ROC curve; a tie counts half."""
    return Ranking(scores, labels).roc_auc if two_kinds(labels) else None


def two_kinds(labels: np.ndarray) -> bool:
    """Return whether there are both normal and anomalous rows."""
    return bool(labels.any() and not labels.all())
