"""A stored result is read as it was written, and residuals piece by piece."""

from __future__ import annotations

import numpy as np
import pandas as pd

from core.anomaly import read_result
from core.anomaly import residuals as stored_residuals
from core.anomaly.residuals import ResidualsOnDisk
from tests.anomaly.examples import make_result


def test_a_result_survives_the_disk(tmp_path, monkeypatch):
    monkeypatch.setattr(stored_residuals, "GROUP_ROWS", 7)
    rng = np.random.default_rng(1)
    residuals = rng.normal(size=(30, 3)).astype(np.float32)
    written = make_result(rng.random(30), residuals, labels=rng.random(30) > 0.5, boundaries=(0, 9))
    written.save(tmp_path)
    read = read_result(tmp_path)
    pd.testing.assert_frame_equal(read.steps, written.steps)
    np.testing.assert_array_equal(read.boundaries, written.boundaries)
    np.testing.assert_array_equal(read.reference, written.reference)
    assert read.residuals.channels == ("c0", "c1", "c2")
    for start, stop in [(0, 30), (5, 6), (6, 8), (7, 14), (29, 30), (3, 3)]:
        np.testing.assert_array_equal(read.residuals.read(start, stop), residuals[start:stop])


def test_few_row_groups_are_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(stored_residuals, "GROUP_ROWS", 10)
    make_result(np.zeros(100)).save(tmp_path)
    stored = ResidualsOnDisk(tmp_path / "residuals.parquet", keep_bytes=2 * 10 * 2 * 4)
    for start in range(0, 100, 10):
        assert stored.read(start, start + 10).shape == (10, 2)
    assert len(stored._groups) == 2
