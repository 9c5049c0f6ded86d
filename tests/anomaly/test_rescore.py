"""Another recording is scored by a stored model, and only the newest results are kept."""

from __future__ import annotations

import numpy as np
import pytest

from core import anomaly
from core.anomaly.rescore import KEPT, rescore
from core.data import open_dataset
from core.errors import RolesError
from tests.examples import waves


def test_the_stored_result_is_that_of_the_model_and_old_ones_go(home, tmp_path):
    data = waves(entities=1)
    fitted = anomaly.fit(data, anomaly.Config(variant="pca", lookback=10, train_rows=200))
    (tmp_path / "model").mkdir()
    fitted.save(tmp_path / "model")
    other = tmp_path / "other.csv"
    frame = waves(rows=300, entities=1, seed=3).frame
    frame.iloc[:, ::-1].to_csv(other, index=False)
    opened = open_dataset(other)
    roles, cleaning = opened.roles.model_dump_json(), opened.cleaning.model_dump_json()

    def score(name: str) -> int:
        target = tmp_path / "scored" / name
        return rescore(str(tmp_path / "model"), str(other), roles, cleaning, str(target))

    names = [f"run-{number}" for number in range(KEPT + 2)]
    assert [score(name) for name in names] == [300] * len(names)
    assert sorted(path.name for path in (tmp_path / "scored").iterdir()) == sorted(names[2:])
    stored = anomaly.read_result(tmp_path / "scored" / names[-1])
    expected = anomaly.predict(fitted, opened)
    assert np.array_equal(stored.scores, expected.scores)
    assert np.array_equal(stored.reference, expected.reference)
    assert not list((home / "staging").iterdir())
    frame.drop(columns="s1").to_csv(other, index=False)
    roles = open_dataset(other).roles.model_dump_json()
    with pytest.raises(RolesError, match="no channel 's1'"):
        score("less")
    assert not (tmp_path / "scored" / "less").exists()
