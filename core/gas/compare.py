"""How sure figures are, and whether one result is better than another or only luckier.

Neighbouring rows resemble each other: what is drawn with replacement are blocks of rows, and never
single ones, which would make every interval far too narrow (Künsch 1989, Annals of Statistics).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.errors import DataError
from core.gas.decision import Decision, alarms
from core.gas.metrics import usual
from core.gas.result import Result

BLOCK = 50  # rows
FEWEST = 5  # blocks of a class: one alone, drawn again and again, would look certain
DRAWS, LEVEL = 1000, 0.95


def intervals(
    result: Result, decision: Decision | None = None, block: int = BLOCK, seed: int = 0
) -> pd.DataFrame:
    """Return 95 % intervals of the metrics of the test rows.

    Blocks are drawn class by class, so that every draw has all classes in their shares.

    Args:
        result: Of a recording.
        decision: For recall and false_alarm_rate; the usual one when None.
        block: Rows in a block.
        seed: Of the draws.

    Returns:
        lower and upper by metric: accuracy, macro_f1, recall, false_alarm_rate; empty without
        labelled test rows.
    """
    rows = np.flatnonzero(result.test)
    if not len(rows):
        return pd.DataFrame(columns=["lower", "upper"], dtype=float)
    labels, classes = result.labels[rows], len(result.classes)
    alarm = alarms(result.leak, decision or usual(result), result.sessions)[rows]
    named = result.gas[rows].argmax(axis=1)
    blocks = _blocks(result, rows, block)
    counts, alarmed = np.zeros((blocks.max() + 1, classes, classes)), np.zeros(blocks.max() + 1)
    np.add.at(counts, (blocks, labels, named), 1)
    np.add.at(alarmed, blocks, alarm)
    weights = _weights(blocks, labels, np.random.default_rng(seed))
    found = counts.any(axis=2) * alarmed[:, None]  # a block has one class
    metrics = _measured(np.tensordot(weights, counts, axes=1), weights @ found)
    tails = [(1 - LEVEL) / 2, (1 + LEVEL) / 2]
    ends = {name: np.quantile(values, tails) for name, values in metrics.items()}
    return pd.DataFrame.from_dict(ends, orient="index", columns=["lower", "upper"])


def _blocks(result: Result, rows: np.ndarray, block: int) -> np.ndarray:
    """Return the number of each row's block: *block* rows of a session at most.

    Less where the test rows of a class would make fewer than `FEWEST` of them.
    """
    _, shares = np.unique(result.labels[rows], return_counts=True)
    block = max(1, min(block, int(shares.min()) // FEWEST))
    sessions = np.zeros(len(result), int)
    sessions[[part.start for part in result.sessions]] = 1
    session = np.cumsum(sessions)[rows]
    at = rows - np.array([part.start for part in result.sessions])[session - 1]
    return np.unique(np.c_[session, result.labels[rows], at // block], axis=0, return_inverse=True)[
        1
    ].ravel()


def _weights(blocks: np.ndarray, labels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return (draws, blocks): how often each block was drawn, among those of its class."""
    class_of = np.zeros(blocks.max() + 1, int)
    class_of[blocks] = labels
    weights = np.zeros((DRAWS, len(class_of)))
    for code in np.unique(class_of):
        own = np.flatnonzero(class_of == code)
        weights[:, own] = rng.multinomial(len(own), np.full(len(own), 1 / len(own)), DRAWS)
    return weights


def _measured(counts: np.ndarray, alarmed: np.ndarray) -> dict[str, np.ndarray]:
    """Return metrics, (draws,) each, of counts (draws, C, C) and rows with alarm (draws, C)."""
    hits = np.diagonal(counts, axis1=1, axis2=2)
    true, named = counts.sum(axis=2), counts.sum(axis=1)
    there = true[0] > 0
    f1 = 2 * hits / np.maximum(true + named, 1)
    metrics = {
        "accuracy": hits.sum(axis=1) / true.sum(axis=1),
        "macro_f1": f1[:, there].mean(axis=1),
    }
    if there[1:].any():
        metrics["recall"] = alarmed[:, 1:].sum(axis=1) / true[:, 1:].sum(axis=1)
    if there[0]:
        metrics["false_alarm_rate"] = alarmed[:, 0] / true[:, 0]
    return metrics


@dataclass(frozen=True)
class Difference:
    """How two results differ on the test rows that both have.

    Attributes:
        accuracy: Of the first less that of the second.
        lower: End of its 95 % interval, by blocks of rows.
        upper: The other end.
        first_alone: Rows that the first alone names rightly.
        second_alone: Rows that the second alone does.
        p: Of the test of McNemar (1947), exact: the probability of such a difference, either way,
            between equally good models. It takes rows as independent, which neighbours are not:
            the interval is the more honest of the two.
        rows: Rows that were compared.
    """

    accuracy: float
    lower: float
    upper: float
    first_alone: int
    second_alone: int
    p: float
    rows: int


def mcnemar(first: Result, second: Result, block: int = BLOCK, seed: int = 0) -> Difference:
    """Compare two results of one recording on the labelled test rows that both have.

    Raises:
        DataError: they are not of the same rows, or have no test rows in common.
    """
    same = len(first) == len(second) and first.classes == second.classes
    if not same or not np.array_equal(first.labels, second.labels):
        raise DataError(
            "Only results of the same recording can be compared row by row.",
            "Choose runs on one recording.",
        )
    rows = np.flatnonzero(first.test & second.test)
    if not len(rows):
        raise DataError("The two have no test rows in common.", "Choose runs of one fold.")
    labels = first.labels[rows]
    right = [one.gas[rows].argmax(axis=1) == labels for one in (first, second)]
    alone, without = int((right[0] & ~right[1]).sum()), int((right[1] & ~right[0]).sum())
    drawn = accuracies(right, first, rows, block, seed)
    lower, upper = np.quantile(drawn[0] - drawn[1], [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    gain, p = float(right[0].mean() - right[1].mean()), exact(alone, without)
    return Difference(gain, float(lower), float(upper), alone, without, p, len(rows))


def exact(first_alone: int, second_alone: int) -> float:
    """Return p of McNemar's test, exact, of rows that one model alone named rightly."""
    from scipy.stats import binomtest

    both = first_alone + second_alone
    return float(binomtest(first_alone, both).pvalue) if both else 1.0


def accuracies(
    right: Sequence[np.ndarray], result: Result, rows: np.ndarray, block: int = BLOCK, seed: int = 0
) -> np.ndarray:
    """Return (models, draws) accuracies when blocks of rows are drawn anew, the same for all.

    Args:
        right: (rows,) bool of each model: rows that it names rightly.
        result: Of any of them, for classes and sessions.
        rows: Which rows of the result these are.
        block: Rows in a block.
        seed: Of the draws.
    """
    blocks = _blocks(result, rows, block)
    weights = _weights(blocks, result.labels[rows], np.random.default_rng(seed))
    count = weights @ np.bincount(blocks)
    return np.stack([weights @ np.bincount(blocks, one.astype(float)) / count for one in right])
