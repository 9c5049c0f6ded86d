"""Parts of a split: in order, apart, and per entity."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from core.data.splits import Part, blocked, chronological
from core.errors import ConfigError, TooShort
from tests.examples import waves

DATA = waves(rows=100)


def runs(parts: np.ndarray) -> list[tuple[str, int]]:
    """Name and length of each run of rows of one part."""
    edges = np.flatnonzero(np.r_[True, np.diff(parts) != 0, True])
    return [(Part(parts[a]).name, int(b - a)) for a, b in pairwise(edges)]


def test_the_test_begins_right_behind_the_training_rows():
    parts = chronological(DATA, train_rows=60, validation_share=0.25, embargo=5)
    expected = [("TRAIN", 35), ("EMBARGO", 5), ("VALIDATION", 15), ("EMBARGO", 5), ("TEST", 40)]
    assert runs(parts) == expected * 2


def test_a_share_is_taken_of_every_entity():
    parts = chronological(DATA, train_share=0.5, validation_share=0, embargo=10)
    assert runs(parts) == [("TRAIN", 40), ("EMBARGO", 10), ("TEST", 50)] * 2


@pytest.mark.parametrize("rows", [99, 100, 500])
def test_no_test_rows_are_an_error_that_names_the_entity(rows):
    with pytest.raises(TooShort, match=r"unit-0.*test.*fewer training rows"):
        chronological(DATA, train_rows=rows, embargo=2, at_least=4)


def test_too_few_training_rows_are_an_error():
    with pytest.raises(TooShort, match="more training rows"):
        chronological(DATA, train_rows=30, embargo=10, at_least=10)


def test_blocks_of_different_parts_are_an_embargo_apart():
    parts = blocked(DATA, blocks=10, embargo=3, seed=1)
    for entity in DATA.entities.values():
        used = parts[entity]
        assert set(np.unique(used)) == set(Part)
        rows = {part: np.flatnonzero(used == part) for part in Part if part != Part.EMBARGO}
        for one, others in rows.items():
            for other, theirs in rows.items():
                if one != other:
                    assert np.abs(others[:, None] - theirs).min() > 3


def test_blocks_are_dealt_by_seed_and_differently_to_each_entity():
    parts = blocked(DATA, seed=4)
    np.testing.assert_array_equal(parts, blocked(DATA, seed=4))
    assert not np.array_equal(parts, blocked(DATA, seed=5))
    assert not np.array_equal(parts[:100], parts[100:])


def test_too_few_blocks_are_an_error():
    with pytest.raises(ConfigError, match="2 blocks"):
        blocked(DATA, blocks=2)
    with pytest.raises(TooShort, match="unit-0"):
        blocked(DATA, blocks=50, embargo=2)
