"""Training, forecasting, ablation and benchmark from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.forecast import VARIANTS
from tests.forecast.examples import table

SMALL = ["--set", "lookback=6", "--set", "horizon=3", "--set", "target=s0"]
QUICK = [*SMALL, "--set", "units=4", "--set", "heads=1", "--set", "epochs=1"]


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    path = tmp_path / "walk.csv"
    table(240).to_csv(path, index=False)
    return path


def test_a_run_is_trained_found_again_and_forecasts(call, recording, tmp_path):
    train = ["train", "forecast", "--data", recording, "--variant", "ridge", *SMALL, "--json"]
    code, out, _ = call(*train)
    made = json.loads(out)
    assert code == 0
    assert not made["cached"]
    assert made["config"]["target"] == "s0"
    assert json.loads(call(*train)[1])["cached"]
    file = tmp_path / "next.csv"
    code, out, _ = call("forecast", made["run"], "--data", recording, "--out", file, "--json")
    said = json.loads(out)
    assert code == 0
    assert said["rows"] == said["horizon"] == 3
    assert said["metrics"]["mae"] == pytest.approx(made["metrics"]["mae"])
    frame = pd.read_csv(file, parse_dates=["time", "origin"])
    rows = table(240)
    assert (frame["origin"] == rows["time"].iloc[-1]).all()
    assert list(frame["time"] - frame["origin"]) == list(pd.to_timedelta([1, 2, 3], "h"))
    assert (frame["lower"] <= frame["forecast"]).all()
    assert frame["actual"].isna().all()


def test_it_says_whose_end_is_forecast_where_there_are_several(call, tmp_path):
    later = table(240).assign(unit="b")
    later["time"] += pd.Timedelta("200h")
    path = tmp_path / "two.csv"
    pd.concat([table(240).assign(unit="a"), later]).to_csv(path, index=False)
    train = ["train", "forecast", "--data", path, "--variant", "persistence", *SMALL, "--json"]
    run = json.loads(call(*train, "--set", "nodes=channels")[1])["run"]
    code, _, err = call("forecast", run, "--data", path, "--out", tmp_path / "next.csv")
    assert code == 0
    assert "only b, the last entity" in " ".join(err.split())
    assert not call("forecast", run, "--data", path, "--out", tmp_path / "x.csv", "--every")[2]


def test_rows_behind_the_last_reading_say_what_is_known_ahead(call, tmp_path):
    frame = table(240)
    path, later = tmp_path / "then.csv", tmp_path / "now.csv"
    frame.to_csv(path, index=False)
    frame.loc[237:, ["s0", "s1"]] = None
    frame.to_csv(later, index=False)
    ahead = ["--variant", "persistence", *SMALL, "--set", "target=s0", "--set", "future=s2"]
    run = json.loads(call("train", "forecast", "--data", path, *ahead, "--json")[1])["run"]
    file = tmp_path / "next.csv"
    code, _, err = call("forecast", run, "--data", path, "--out", file)
    assert code == 0
    assert "0 of 3 rows say what is known ahead (s2)" in " ".join(err.split())
    assert not call("forecast", run, "--data", later, "--out", file)[2]
    said = pd.read_csv(file, parse_dates=["time"])
    assert said["time"].tolist() == frame["time"][237:].tolist()


def test_every_origin_is_forecast_on_request(call, recording, tmp_path):
    code, out, _ = call(
        "train", "forecast", "--data", recording, "--variant", "persistence", *SMALL, "--json"
    )
    run, file = json.loads(out)["run"], tmp_path / "all.parquet"
    code, out, _ = call("forecast", run, "--data", recording, "--out", file, "--every", "--json")
    frame, said = pd.read_parquet(file), json.loads(out)
    assert code == 0
    assert len(frame) == said["rows"] == 3 * said["origins"]
    known = frame.dropna()
    assert known["actual"].to_numpy() == pytest.approx(
        table(240).set_index("time")["s0"].loc[known["time"]].to_numpy()
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--set", "target=s9"], "no channel 's9'"),
        (["--set", "target=s0", "--set", "future=s0"], "cannot be known ahead"),
        (["--set", "horizon=120"], "Shorten horizon"),
        (["--set", "graph=given", "--variant", "stgcn"], "No graph is given"),
        (["--variant", "boosting"], "single target"),
    ],
)
def test_a_mistake_is_one_line_that_says_how_to_mend_it(call, recording, arguments, said):
    code, out, err = call(
        "train", "forecast", "--data", recording, "--set", "epochs=1", *arguments, "--json"
    )
    assert code == 2
    assert out == ""
    assert said in err
    assert "Traceback" not in err


def test_a_mistake_is_told_in_plain_words(call, recording):
    _, _, err = call("train", "forecast", "--data", recording, "--variant", "nope")
    assert " ".join(err.split()).startswith("Setting variant (Model): should be one of fusion")


def test_a_run_of_another_task_is_refused(call, recording, tmp_path):
    _, out, _ = call(
        "train", "anomaly", "--data", recording, "--variant", "pca", "--set", "lookback=6", "--json"
    )
    run = json.loads(out)["run"]
    code, _, err = call("forecast", run, "--data", recording, "--out", tmp_path / "x.csv")
    assert code == 2
    assert "task anomaly" in err


def test_a_model_is_taken_apart(call, recording):
    arguments = ["--data", recording, "--variant", "stid", *QUICK, "--json"]
    code, out, _ = call("ablate", "forecast", *arguments)
    report = json.loads(out)
    rows = {row["name"]: row for row in report["rows"]}
    assert code == 0
    assert report["reference"] == "as it is"
    assert {"level instead of change", "without calendar"} < set(rows)
    assert rows["as it is"]["p"] is None
    for name in set(rows) - {"as it is"}:
        gap = rows[name]["mae"] - rows["as it is"]["mae"]
        assert rows[name]["difference"] == pytest.approx(gap, abs=1e-5)
        assert rows[name]["lower"] <= rows[name]["difference"] <= rows[name]["upper"]


def test_window_sizes_that_do_not_fit_are_named_and_the_others_compared(call, recording):
    code, out, _ = call(
        *("ablate", "forecast", "--windows", "--data", recording),
        *("--variant", "persistence", *SMALL, "--json"),
    )
    report = json.loads(out)
    assert code == 1
    assert [row["name"] for row in report["rows"]] == ["lookback 32", "lookback 64", "lookback 128"]
    assert list(report["broken"]) == ["lookback 256"]
    # The same rows are forecast whatever the lookback: what persistence says of them is the same.
    assert len({row["mae"] for row in report["rows"]}) == 1


def test_the_benchmark_compares_variants_and_is_taken_up_again(call, recording, tmp_path):
    file = tmp_path / "out" / "forecast.csv"
    arguments = ["benchmark", "forecast", "--data", recording, "--out", file, *QUICK]
    few = ["--seeds", "2", "--variants", "fusion,ridge,persistence"]
    code, out, err = call(*arguments, *few, "--json")
    report, rows = json.loads(out), pd.read_csv(file)
    assert code == 0, err
    assert list(rows["variant"]) == ["fusion", "fusion", "ridge", "persistence"]
    assert set(rows["set"]) == {"walk"}
    assert rows["setting"].str.contains("horizon=3").all()
    assert {"mae", "mae_1", "mae_3", "skill", "validation_mae", "fit_seconds"} <= set(rows)
    means = rows.groupby("variant")["mae"].mean()
    others = rows[rows["variant"] != "fusion"].set_index("variant")
    assert others["gap"].to_numpy() == pytest.approx(
        (means[others.index] - means["fusion"]).to_numpy(), abs=2e-6
    )
    assert {row["variant"] for row in report["table"]} == {"fusion", "ridge", "persistence"}
    before = file.read_text()
    assert call(*arguments, *few, "--json")[0] == 0
    assert file.read_text() == before


def test_the_benchmark_finds_graphs_in_folders_and_names_what_fails(call, recording, tmp_path):
    folder = tmp_path / "sets"
    folder.mkdir()
    recording.rename(folder / "walk.csv")
    weights = pd.DataFrame(1 - np.eye(3), columns=["s0", "s1", "s2"])
    weights.to_csv(folder / "adjacency.csv", index=False)
    (folder / "short.csv").write_text("a,b\n1,2\n3,5\n4,4\n5,1\n")
    file = tmp_path / "forecast.csv"
    code, _, err = call(
        *("benchmark", "forecast", "--data", folder, "--out", file, "--seeds", "1", "--json"),
        *("--variants", "stgcn", "--set", "graph=given", "--set", "lookback=6"),
        *("--set", "horizon=3", "--set", "units=4", "--set", "epochs=1"),
    )
    assert code == 1
    assert list(pd.read_csv(file)["set"]) == ["walk"]
    assert "short" in err
    assert "adjacency" not in err


def test_an_unknown_variant_or_folder_is_refused(call, recording, tmp_path):
    out = tmp_path / "x.csv"
    code, _, err = call(
        *("benchmark", "forecast", "--data", recording, "--out", out, "--variants", "magic")
    )
    assert code == 2
    assert "magic" in err
    assert VARIANTS.keys() >= {"fusion", "stid"}
    code, _, err = call("benchmark", "forecast", "--data", tmp_path / "none", "--out", out)
    assert code == 2
    assert "none" in err
