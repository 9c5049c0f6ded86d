"""`fusionscope drift` and the verdict of `fusionscope score`."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from core import anomaly, runs
from core.data import open_dataset
from core.settings import settings
from tests.examples import waves

CONFIG = anomaly.Config(variant="pca", lookback=10, train_rows=400)


@pytest.fixture
def frame():
    return waves(rows=600, entities=1).frame.drop(columns="unit")


@pytest.fixture(scope="module")
def _trained(tmp_path_factory) -> Path:
    """A home folder with one run, made once: the store of runs takes seconds to make."""
    folder = tmp_path_factory.mktemp("trained") / "home"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FUSIONSCOPE_HOME", str(folder))
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        settings.cache_clear()
        path = folder.parent / "first.csv"
        waves(rows=600, entities=1).frame.drop(columns="unit").to_csv(path, index=False)
        runs.train_or_load("anomaly", open_dataset(path), CONFIG)
        settings.cache_clear()
    return folder


@pytest.fixture
def run(home, _trained) -> str:
    shutil.copytree(_trained, home)
    return str(runs.table()[0]["name"][0])


def test_a_recording_like_the_training_rows_is_trusted(call, run, frame, tmp_path):
    path = tmp_path / "like.csv"
    frame.iloc[:450].to_csv(path, index=False)
    code, out, _ = call("drift", run, "--data", path, "--json")
    report = json.loads(out)
    assert (code, report["run"], report["rows"], report["level"]) == (0, run, 450, "trust")
    assert report["verdict"].startswith("Trust it")
    keys = {"channel", "psi", "ks", "outside", "limit", "mark", "since"}
    assert set(report["channels"][0]) == keys
    assert report["added"] == []


def test_what_has_moved_is_named_with_the_time_since_when(call, run, frame, tmp_path):
    path = tmp_path / "later.csv"
    frame.loc[450:, "s1"] += 5.0
    frame.assign(s9=1.0).iloc[:, ::-1].to_csv(path, index=False)
    code, out, err = call("drift", run, "--data", path, "--json")
    assert code == 0, err
    report = json.loads(out)
    assert report["verdict"] == "With care: s1 has moved."
    assert report["added"] == ["s9"]
    worst = report["channels"][0]
    assert (worst["channel"], worst["mark"]) == ("s1", "moved")
    # The shift is at row 450; a block has 30 rows.
    assert worst["since"] in (str(frame["time"][420]), str(frame["time"][450]))
    code, out, _ = call("drift", run, "--data", path)
    lines = out.splitlines()
    assert (code, lines[0].startswith("With care: s1 has moved.")) == (0, True)
    assert "Not read by the run: s9." in lines
    assert any(line.startswith("s1\t") for line in lines)


def test_a_missing_channel_is_named(call, run, frame, tmp_path):
    path = tmp_path / "less.csv"
    frame.drop(columns="s1").to_csv(path, index=False)
    code, _, err = call("drift", run, "--data", path)
    assert (code, "'s1'" in err, len(err.strip().splitlines())) == (2, True, 1)


def test_scoring_says_whether_to_trust_it(call, run, frame, tmp_path):
    path = tmp_path / "later.csv"
    frame.assign(s0=frame["s0"] + 5, s1=frame["s1"] + 5).to_csv(path, index=False)
    arguments = ("score", run, "--data", path, "--out", tmp_path / "scores.csv")
    verdict = "Do not trust it: 2 of 3 channels are outside what the model was trained on."
    assert json.loads(call(*arguments, "--json")[1])["verdict"] == verdict
    assert verdict in call(*arguments)[1]


def test_a_run_of_an_earlier_version_scores_without_a_verdict(
    call, run, frame, tmp_path, monkeypatch
):
    frame.to_csv(tmp_path / "first.csv", index=False)
    monkeypatch.setattr("core.anomaly.task.read_profile", lambda folder: None)
    arguments = ("--data", tmp_path / "first.csv", "--out", tmp_path / "scores.csv")
    assert json.loads(call("score", run, *arguments, "--json")[1])["verdict"] is None
    assert "verdict" not in call("score", run, *arguments)[1]
    monkeypatch.setattr("core.anomaly.read_profile", lambda folder: None)
    code, _, err = call("drift", run, "--data", tmp_path / "first.csv")
    assert (code, "train it again" in err) == (2, True)


def test_no_statistics_package_is_loaded():
    code = """
import sys
import numpy as np
import pandas as pd
from core import anomaly
from core.data import Dataset, Roles
values = np.random.default_rng(0).normal(size=(500, 2)).astype(np.float32)
data = Dataset("x", pd.DataFrame(values, columns=["a", "b"]), Roles(channels=("a", "b")), "x")
assert anomaly.drift(anomaly.Profile.of(values, ("a", "b")), data).level == "trust"
print([name for name in ("scipy.stats", "sklearn", "tensorflow") if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
