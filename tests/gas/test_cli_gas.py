"""The commands of the gas task: train, classify, benchmark."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from core import gas, runs
from tests.gas.examples import sniffing

KEYS = {"run", "key", "cached", "metrics", "seconds", "variant", "config", "data", "baselines"}


@pytest.fixture
def table(tmp_path):
    """A table in the published layout: fifteen runs of rows of one class."""
    frame = sniffing().frame.drop(columns="unit").rename(columns={"gas": "Gas"})
    frame.insert(0, "Serial Number", range(len(frame)))
    path = tmp_path / "lab.csv"
    frame.assign(**{"Corresponding Image Name": "none"}).to_csv(path, index=False)
    return path


def trained(call, table, *more: str) -> dict:
    code, out, err = call("train", "gas", "--data", table, "--variant", "lda", *more, "--json")
    assert code == 0, err
    return json.loads(out)


def test_a_run_is_trained_found_again_and_asked(call, table, tmp_path):
    made = trained(call, table)
    assert set(made) >= KEYS
    assert made["config"]["protocol"] == "blocked"
    assert trained(call, table)["cached"]
    other = trained(call, table, "--protocol", "random", "--set", "fold=2")
    assert (other["cached"], other["config"]["fold"]) == (False, 2)
    assert any("drawn at random" in note for note in other["notes"])

    file = tmp_path / "said.csv"
    code, out, _ = call("gas", "classify", made["run"], "--data", table, "--out", file, "--json")
    report, said = json.loads(out), pd.read_csv(file)
    assert code == 0
    assert (report["rows"], report["simulated"]) == (len(said), False)
    decision = gas.Decision.parse(report["decision"])
    assert decision.threshold == report["metrics"]["threshold"]
    np.testing.assert_array_equal(said["alarm"], said["leak"] >= decision.threshold)
    assert report["alarm_rows"] == said["alarm"].sum()
    assert said["gas"].value_counts().to_dict() == report["classes"]
    names = said[["p_NoGas", "p_Perfume", "p_Smoke"]].to_numpy().argmax(axis=1)
    assert (said["gas"] == np.array(["NoGas", "Perfume", "Smoke"])[names]).all()
    assert set(said["true"]) == {"NoGas", "Perfume", "Smoke"}


def test_the_frames_of_a_folder_are_checked(call, table, tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    table.rename(folder / "lab.csv")
    Image.new("RGB", (12, 16)).save(folder / "spare.png")
    code, out, err = call("data", "check", folder, "--json")
    assert code == 0, err
    report = json.loads(out)
    assert report["channels"] == ["s0", "s1", "s2"]
    said = [finding["what"] for finding in report["findings"]]
    assert "1 frame without a row: spare.png." in said
    assert any("rows without a frame, such as 'none'" in what for what in said)
    assert "spare.png" in call("data", "check", folder)[1]


def test_the_chosen_operating_point_is_used(call, table, tmp_path):
    name = trained(call, table)["run"]
    runs.get(name).set_decision({"threshold": 0.9, "hold": 4, "hysteresis": 0.2})
    file = tmp_path / "said.parquet"
    code, out, _ = call("gas", "classify", name, "--data", table, "--out", file, "--json")
    assert code == 0
    assert json.loads(out)["decision"] == {"threshold": 0.9, "hold": 4, "hysteresis": 0.2}
    blind = ["--without", "sensors", "--out", file]
    code, out, _ = call("gas", "classify", name, "--data", table, *blind)
    assert code == 0
    assert "alarms" in out
    assert np.ptp(pd.read_parquet(file)["leak"]) == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--set", "wavelet=magic"], "wavelet"),
        (["--set", "camera=magic"], "Setting camera (Camera): should be auto, plain, multimodal"),
        (["--set", "lookback=100", "--variant", "forest-windows"], "60 rows"),
        (["--protocol", "magic"], "'magic' is not one of 'blocked', 'random'"),
        (["--variant", "magic"], "should be one of"),
    ],
)
def test_a_mistake_is_one_line(call, table, arguments, said):
    code, out, err = call("train", "gas", "--data", table, *arguments)
    assert (code, out) == (2, "")
    assert said in err
    assert "Traceback" not in err


def test_runs_of_other_tasks_and_unknown_files_are_refused(call, table, tmp_path):
    path = tmp_path / "walk.csv"
    walk = np.random.default_rng(0).normal(size=(300, 3)).cumsum(axis=0)
    pd.DataFrame(walk, columns=["a", "b", "c"]).to_csv(path, index=False)
    code, out, err = call("train", "anomaly", "--data", path, "--variant", "pca", "--json")
    assert code == 0, err
    wanted = ["--data", table, "--out", tmp_path / "x.csv"]
    code, _, err = call("gas", "classify", json.loads(out)["run"], *wanted)
    assert code == 2
    assert "task anomaly" in err
    code, _, err = call("benchmark", "gas", "--data", tmp_path / "no", "--out", tmp_path / "x.csv")
    assert code == 2
    assert "no" in err


def test_the_benchmark_shows_both_splits(call, table, tmp_path):
    file = tmp_path / "out" / "gas.csv"
    arguments = ["benchmark", "gas", "--data", table, "--out", file, "--variants", "lda,nearest"]
    code, out, err = call(*arguments, "--json")
    assert code == 0, err
    report = json.loads(out)
    assert len(pd.read_csv(file)) == 2 * 2 * 5
    assert {row["variant"] for row in report["table"]} == {"lda", "nearest"}
    assert all({"set", "blocked_200", "random", "gap"} <= set(row) for row in report["table"])
    assert report["table"][0]["set"] == "lab"
    code, out, err = call(*arguments)
    assert code == 0
    assert "accuracy" not in err, "nothing is trained again"
    assert "blocked_200" in out
