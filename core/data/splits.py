"""Which rows are for training, validation and test, with an embargo in between."""

from __future__ import annotations

from enum import IntEnum

import numpy as np

from core.data.dataset import Dataset
from core.data.rows import plural
from core.data.windows import who
from core.errors import ConfigError, TooShort


class Part(IntEnum):
    """What a row is for. Rows of the embargo are for nothing: they keep the parts apart."""

    EMBARGO = 0
    TRAIN = 1
    VALIDATION = 2
    TEST = 3


def chronological(
    dataset: Dataset,
    *,
    train_rows: int | None = None,
    train_share: float = 0.5,
    validation_share: float = 0.2,
    embargo: int = 0,
    at_least: int = 1,
) -> np.ndarray:
    """Train on the first rows of every entity, test on the rest.

    Of the first rows the last *validation_share* is for validation. *embargo* rows are set aside
    after the training part and after the validation part, out of the first rows: the test begins
    right behind them, where published protocols have it begin.

    Args:
        dataset: Sorted by entity and time.
        train_rows: First rows of each entity for training and validation; None for a share.
        train_share: Share of each entity for training and validation, without *train_rows*.
        validation_share: Share of these rows for validation; 0 for no validation part.
        embargo: Rows between two parts, at least one lookback for windows that share no row.
        at_least: Rows that each part needs, such as one lookback.

    Returns:
        (rows,) int8 of `Part`.

    Raises:
        TooShort: a part of an entity would have fewer than *at_least* rows.
    """
    parts = np.full(len(dataset), Part.EMBARGO, dtype=np.int8)
    for name, rows in dataset.entities.items():
        length = rows.stop - rows.start
        first = round(length * train_share) if train_rows is None else train_rows
        validation = round(first * validation_share)
        known = first - embargo  # the last row that anything is learned from
        train = known - validation - (embargo if validation_share > 0 else 0)
        _require(name, length, "training", train, at_least, "more training rows")
        if validation_share > 0:
            _require(name, length, "validation", validation, at_least, "a larger share of it")
        _require(name, length, "test", length - first, at_least, "fewer training rows")
        parts[rows.start : rows.start + train] = Part.TRAIN
        parts[rows.start + known - validation : rows.start + known] = Part.VALIDATION
        parts[rows.start + first : rows.stop] = Part.TEST
    return parts


def blocked(
    dataset: Dataset,
    *,
    blocks: int = 10,
    train_share: float = 0.6,
    validation_share: float = 0.2,
    embargo: int = 0,
    seed: int = 0,
    at_least: int = 1,
) -> np.ndarray:
    """Cut every entity into blocks of equal length and deal them out to the parts.

    Where neighbours belong to different parts, the first *embargo* rows of the later one are set
    aside.

    Args:
        dataset: Sorted by entity and time.
        blocks: Blocks of each entity, at least three (two without validation).
        train_share: Share of the blocks for training.
        validation_share: Share of the blocks for validation; 0 for none. The rest is test.
        embargo: Rows between two parts.
        seed: Of the dealing; each entity is dealt differently.
        at_least: Rows that each block needs after the embargo.

    Returns:
        (rows,) int8 of `Part`.

    Raises:
        ConfigError: there are too few blocks for the parts.
        TooShort: the blocks of an entity are too short.
    """
    deal = _deal(blocks, train_share, validation_share)
    parts = np.full(len(dataset), Part.EMBARGO, dtype=np.int8)
    rng = np.random.default_rng(seed)
    for name, rows in dataset.entities.items():
        length = rows.stop - rows.start
        shortest = length // blocks - embargo
        if shortest < at_least:
            raise TooShort(
                f"{who(name)} has {plural(length, 'row')}: each of {blocks} blocks keeps "
                f"{max(shortest, 0)} after the embargo of {embargo}, {at_least} are needed.",
                "Choose fewer blocks or a shorter lookback.",
            )
        edges = rows.start + (length * np.arange(blocks + 1)) // blocks
        dealt = rng.permutation(deal)
        for i, part in enumerate(dealt):
            skip = embargo if i and dealt[i - 1] != part else 0
            parts[edges[i] + skip : edges[i + 1]] = part
    return parts


def _deal(blocks: int, train_share: float, validation_share: float) -> np.ndarray:
    validation = max(round(blocks * validation_share), 1) if validation_share > 0 else 0
    train = max(round(blocks * train_share), 1)
    test = blocks - train - validation
    if test < 1:
        raise ConfigError(
            f"{blocks} blocks with {train_share:.0%} for training and {validation_share:.0%} for "
            "validation leave none for the test.",
            "Choose more blocks or smaller shares.",
        )
    kinds = [Part.TRAIN] * train + [Part.VALIDATION] * validation + [Part.TEST] * test
    return np.array(kinds, dtype=np.int8)


def _require(name: str, length: int, part: str, rows: int, at_least: int, remedy: str) -> None:
    if rows < at_least:
        raise TooShort(
            f"{who(name)} has {plural(length, 'row')}: {max(rows, 0)} are left for {part}, "
            f"at least {at_least} are needed.",
            f"Choose {remedy} or a shorter lookback.",
        )
