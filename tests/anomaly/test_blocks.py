"""A recording that is judged in blocks gets the residuals of one that is judged whole."""

from __future__ import annotations

import dataclasses
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import anomaly
from core.anomaly import blocks, residuals
from core.anomaly.residuals import ResidualsInMemory, ResidualsOnDisk, collected
from core.data import ondisk as stored
from core.data import open_dataset
from core.data.ondisk import DatasetOnDisk
from tests.examples import waves

SETTINGS = {"lookback": 12, "units": 4, "epochs": 1, "batch_size": 64, "train_rows": 400}
VARIANTS = ("lstm-autoencoder", "lstm-predictor", "pca-windows", "rolling", "pca", "random")


@given(
    cuts=st.sets(st.integers(1, 199), max_size=12),
    grid=st.integers(1, 20),
    more=st.integers(0, 60),
)
def test_blocks_end_on_the_grid_of_their_segment(cuts, grid, more):
    edges = [0, *sorted(cuts), 200]
    segments = [slice(a, b) for a, b in pairwise(edges)]
    ends = list(blocks.block_ends(segments, grid, grid + more))
    assert ends[-1] == 200
    sizes = np.diff([0, *ends])
    assert ((sizes > 0) & (sizes <= grid + more)).all()
    for end in ends[:-1]:
        start = max(edge for edge in edges if edge <= end)
        assert (end - start) % grid == 0


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    """Two machines with gaps, short and long, as a file."""
    frame = waves(rows=1_500, entities=2).frame.copy()
    channels = [name for name in frame if name.startswith("s")]
    rng = np.random.default_rng(3)
    for start in rng.integers(0, len(frame), 8):
        frame.loc[start : start + rng.integers(0, 30), rng.choice(channels)] = np.nan
    path = tmp_path_factory.mktemp("data") / "waves.parquet"
    frame.to_parquet(path)
    return path


@pytest.mark.parametrize("variant", VARIANTS)
def test_scores_from_disk_equal_those_from_memory(variant, file, monkeypatch, home):
    whole = open_dataset(file)
    fitted = anomaly.fit(whole, anomaly.Config(variant=variant, **SETTINGS))
    # Scored as a recording that nobody was trained on, as one on disk is.
    expected = anomaly.predict(fitted, dataclasses.replace(whole, content="unknown"))
    monkeypatch.setattr(blocks, "PIECE", 256)
    monkeypatch.setattr("core.anomaly.contributions.PIECE", 256)
    monkeypatch.setattr(blocks, "ROWS", 600)
    monkeypatch.setattr(residuals, "HELD", 0)
    monkeypatch.setattr(residuals, "GROUP_ROWS", 250)
    monkeypatch.setattr(stored, "PIECE", 333)
    found = anomaly.predict(fitted, DatasetOnDisk(file, whole.roles))
    assert isinstance(found.residuals, ResidualsOnDisk)
    np.testing.assert_allclose(
        found.residuals.read(0, len(found)),
        expected.residuals.read(0, len(expected)),
        rtol=1e-4,
        atol=2e-6,
    )
    np.testing.assert_allclose(found.scores, expected.scores, rtol=1e-4, atol=2e-6)
    np.testing.assert_array_equal(found.boundaries, expected.boundaries)
    pd.testing.assert_frame_equal(
        found.steps.drop(columns="score"), expected.steps.drop(columns="score")
    )


def test_residuals_in_blocks_of_any_size_are_collected(monkeypatch, home):
    values = np.random.default_rng(0).normal(size=(1_000, 3)).astype(np.float32)
    parts = np.split(values, [1, 90, 90, 700, 950])
    held = collected(("a", "b", "c"), 1_000, parts)
    assert isinstance(held, ResidualsInMemory)
    monkeypatch.setattr(residuals, "HELD", 0)
    monkeypatch.setattr(residuals, "GROUP_ROWS", 64)
    written = collected(("a", "b", "c"), 1_000, parts)
    assert isinstance(written, ResidualsOnDisk)
    for known in (held, written):
        np.testing.assert_array_equal(known.read(0, 1_000), values)
        np.testing.assert_array_equal(known.read(63, 129), values[63:129])
