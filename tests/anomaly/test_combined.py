"""Ensembles of runs: ranks and p-values by hand, and a stored one that scores other recordings."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from scipy.stats import rankdata

from core import anomaly, runs
from core.anomaly import Scoring, combine
from core.anomaly.combined import tail_logs
from core.combine import combine as combine_runs
from core.data import catalog, open_dataset
from core.errors import ConfigError
from tests.anomaly.examples import make_result
from tests.examples import waves


def result(seed: int, rows: int = 300, scale: float = 1.0):
    rng = np.random.default_rng(seed)
    training = scale * rng.normal(size=(400, 3)).astype(np.float32)
    residuals = scale * rng.normal(size=(rows, 3)).astype(np.float32)
    residuals[200:210, 1] += 9 * scale
    made = make_result(
        np.square(residuals).mean(axis=1),
        residuals,
        training=training,
        reference=np.square(training).mean(axis=1),
    )
    assert made.scoring == Scoring()
    return made


def test_ranks_are_averaged():
    one, two = result(0), result(1, scale=1_000.0)
    ranks = [(rankdata(r.scores, "min") - 1) / len(r) for r in (one, two)]
    joined = combine([one, two], "rank")
    np.testing.assert_allclose(joined.scores, np.mean(ranks, axis=0), rtol=1e-5)


def test_p_values_are_counts_inside_and_an_exponential_tail_beyond():
    reference = np.random.default_rng(2).exponential(2.0, 100_000).astype(np.float32)
    inside = np.array([0.5, 3.0])
    expected = [-np.log10((reference >= value).mean()) for value in inside]
    np.testing.assert_allclose(tail_logs(inside, reference), expected, rtol=1e-6)
    # Of an exponential distribution the tail is known everywhere.
    beyond = np.array([20.0, 60.0, 400.0])
    np.testing.assert_allclose(tail_logs(beyond, reference), beyond / 2 / np.log(10), rtol=0.06)


@pytest.mark.parametrize("by", ["rank", "p-value"])
def test_the_ensemble_finds_the_event_and_blames_its_channel(by):
    joined = combine([result(0), result(1), result(2)], by)
    assert 200 <= joined.scores.argmax() < 210
    assert joined.blame(200, 210).argmax() == 1
    assert len(joined.reference) == 400
    again = joined.under(Scoring(smoothing=2)).under(Scoring())
    np.testing.assert_allclose(again.scores, joined.scores, rtol=1e-4, atol=1e-5)


def test_one_run_or_runs_on_other_rows_are_refused():
    with pytest.raises(ConfigError, match="at least two"):
        combine([result(0)], "rank")
    with pytest.raises(ConfigError, match="same rows"):
        combine([result(0), result(1, rows=250)], "rank")


@pytest.fixture
def stored(home):
    """Two runs on one recording, and one on another."""
    frame = waves(rows=400, entities=2).frame
    name = catalog.add_upload(frame.to_csv(index=False).encode(), "waves.csv").name
    other = catalog.add_upload(frame.iloc[:700].to_csv(index=False).encode(), "part.csv").name
    made = [("pca", name), ("rolling", name), ("pca", other)]
    return [
        runs.train_or_load(
            "anomaly", open_dataset(data), anomaly.Config(variant=variant, train_rows=200)
        )[0]
        for variant, data in made
    ]


def test_an_ensemble_is_a_run_that_scores_other_recordings(stored, tmp_path):
    run, known = combine_runs([stored[0].name, stored[1].name])
    assert (run.variant, known) == ("combined", False)
    assert combine_runs([stored[1].name, stored[0].name])[1]
    result = run.result()
    assert run.metrics["vus_pr"] > 0.5
    dataset = open_dataset(run.dataset)
    same = anomaly.predict(run.fitted(), dataset)
    np.testing.assert_allclose(same.scores, result.scores, rtol=1e-4, atol=1e-5)
    assert stored[0].name in run.card()["fitted"]["members"]
    runs.delete(stored[0])  # its own copies of the models stay
    assert len(anomaly.predict(run.fitted(), dataset)) == len(dataset)


def test_runs_on_other_data_are_refused(stored):
    with pytest.raises(ConfigError, match="not on the same data"):
        combine_runs([stored[0].name, stored[2].name])
    with pytest.raises(ConfigError, match="two different"):
        combine_runs([stored[0].name, stored[0].name])


def test_the_command_tells_what_it_made(stored, call):
    code, out, _ = call("combine", stored[0].name, stored[1].name, "--by", "rank", "--json")
    content = json.loads(out)
    assert code == 0
    assert content["cached"] is False
    assert pd.notna(content["metrics"]["vus_pr"])
    assert call("combine", stored[0].name, "--json")[0] == 2
    assert (
        "combine RUN RUN"
        in call("train", "anomaly", "--data", stored[0].dataset, "--variant", "combined")[2]
    )
