"""Folders of recordings: both shapes, broken files, results taken up again, their summary."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from core.anomaly import Decision, Quantile, suites, summary
from core.anomaly.benchmark import Plan, hit_rates, run
from core.errors import DataError, UnknownDataset
from tests.anomaly.examples import make_result


def arrays(seed: int = 0, prefix: str = "", channels: int = 3) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    train, test = rng.normal(size=(300, channels)), rng.normal(size=(200, channels))
    label = np.zeros(200)
    label[100:120], test[100:120, 1] = 1, 9
    return {prefix + "train": train, prefix + "test": test, prefix + "test_label": label}


@pytest.fixture
def folder(tmp_path):
    """Two sets: npz of one entity with causes and npz of two entities, and CSV."""
    (tmp_path / "a" / "interpretation_label").mkdir(parents=True)
    (tmp_path / "b" / "valve").mkdir(parents=True)
    np.savez(tmp_path / "a" / "one.npz", **arrays())
    np.savez(tmp_path / "a" / "many.npz", **arrays(1, "X-1/"), **arrays(2, "X-2/"))
    (tmp_path / "a" / "interpretation_label" / "one.txt").write_text("100-120:2\n")
    known = arrays(3)
    frame = pd.DataFrame(np.concatenate([known["train"], known["test"]]), columns=["p", "q", "r"])
    frame["anomaly"] = np.r_[np.zeros(300), known["test_label"]]
    frame["changepoint"] = 0.0
    frame.insert(0, "datetime", pd.date_range("2024-01-01", periods=500, freq="s"))
    frame.to_csv(tmp_path / "b" / "valve" / "0.csv", sep=";", index=False)
    pd.DataFrame({"x": [1, 2]}).to_csv(tmp_path / "b" / "other.csv", index=False)
    return tmp_path


def test_entities_are_found_in_every_shape(folder):
    found, broken = suites.find(folder)
    assert [(e.suite, e.name) for e in found] == [
        ("a", "X-1"),
        ("a", "X-2"),
        ("a", "one"),
        ("b", "valve/0"),
    ]
    assert broken == {}
    one, valve = found[2].open(), found[3].open()
    assert (one.train_rows, len(one.dataset), one.dataset.labels.sum()) == (300, 500, 20)
    cause = one.causes[0]
    assert (cause.start, cause.stop, cause.channels.tolist()) == (400, 420, [1])
    assert one.dataset.labels[400:420].all()
    assert (valve.train_rows, valve.dataset.channels) == (400, ("p", "q", "r"))


def test_a_broken_file_is_named_and_the_rest_goes_on(folder, tmp_path):
    (folder / "a" / "torn.npz").write_bytes(b"PK\x03\x04 torn")
    wrong = arrays() | {"test_label": np.zeros(7)}
    np.savez(folder / "a" / "wrong.npz", **wrong)
    found, broken = suites.find(folder)
    assert list(broken) == ["a/torn.npz"]
    told: list[str] = []
    out = tmp_path / "out.csv"
    broken |= run(found, Plan(("max-z",), 1, (Decision(),)), out, told.append)
    assert "a/wrong" in broken
    assert "(7,)" in broken["a/wrong"]
    assert len(told) == len(pd.read_csv(out)) == 4


def test_nothing_to_run_over_is_an_error(tmp_path):
    with pytest.raises(UnknownDataset, match="no labelled recording"):
        suites.find(tmp_path)
    with pytest.raises(UnknownDataset, match="no folder"):
        suites.find(tmp_path / "nowhere")


def test_results_are_taken_up_where_they_stopped(folder, tmp_path):
    out, found = tmp_path / "out.csv", suites.find(folder)[0]
    run(found[:2], Plan(("max-z",), 1, (Decision(),)), out, lambda _: None)
    again: list[str] = []
    run(found, Plan(("max-z", "random"), 2, (Decision(),)), out, again.append)
    # max-z draws nothing: one seed. 2 entities had it.
    assert len(again) == 4 * 3 - 2
    results = pd.read_csv(out)
    assert len(results) == 12
    assert set(results["set"]) == {"a", "b"}
    blamed = results[(results["entity"] == "one") & (results["variant"] == "max-z")].iloc[0]
    assert (blamed["hit_100"], blamed["random_hit_100"]) == (1.0, pytest.approx(1 / 3))


def test_a_kept_result_is_measured_under_another_threshold_without_training(
    folder, tmp_path, monkeypatch
):
    out, found, keep = tmp_path / "out.csv", suites.find(folder)[0][:2], tmp_path / "keep"
    both = (Decision(), Decision(threshold=Quantile()))
    run(found, Plan(("max-z",), 1, both[:1], keep), out, lambda _: None)
    monkeypatch.setattr("core.anomaly.benchmark.fit", None)
    run(found, Plan(("max-z",), 1, both, keep), out, lambda _: None)
    table = pd.read_csv(out)
    assert table["threshold"].tolist() == ["adaptive", "adaptive", "quantile", "quantile"]
    assert table["vus_pr"].iloc[:2].tolist() == table["vus_pr"].iloc[2:].tolist()


def test_hit_rate_is_the_share_of_true_channels_among_the_first():
    residuals = np.zeros((10, 6), np.float32)
    residuals[2:5] = [5, 4, 3, 2, 1, 0]
    causes = [suites.Cause(2, 5, np.array([0, 2]))]
    rates = hit_rates(make_result(np.ones(10), residuals), causes)
    assert rates == {
        "hit_100": 0.5,  # of 0 and 1
        "hit_150": 1.0,  # of 0, 1 and 2
        "random_hit_100": pytest.approx(2 / 6),
        "random_hit_150": pytest.approx(3 / 6),
    }


def results(better: float) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    rows = []
    for number in range(12):
        level = rng.random()
        for variant, add in (("one", 0.0), ("two", better)):
            noise = rng.normal(0, 0.02)
            rows.append((f"set-{number % 2}", f"e{number}", variant, level + add + noise))
    return pd.DataFrame(rows, columns=["set", "entity", "variant", "vus_pr"])


def test_a_difference_counts_when_it_is_more_than_chance():
    """Pairs take the differences between entities out, which are ten times as large."""
    clear, chance = (summary.differences(results(gap), "one").iloc[0] for gap in (0.1, 0.0))
    assert clear["better"] == "yes"
    assert clear["low"] < clear["difference"] < clear["high"]
    assert clear["difference"] == pytest.approx(0.1, abs=0.03)
    assert chance["better"] == ""


def test_means_are_over_entities_then_over_sets():
    frame = pd.DataFrame(
        [("a", "1", "v", 0.2), ("a", "2", "v", 0.4), ("b", "1", "v", 0.9), ("a", "1", "w", 0.5)],
        columns=["set", "entity", "variant", "vus_pr"],
    )
    table = summary.means(frame)
    assert table.loc["v", "mean"] == pytest.approx((0.3 + 0.9) / 2)
    assert np.isnan(table.loc["w", "mean"])  # it was not run on all
    frame.loc[1, "vus_pr"] = np.nan  # it was run, but there is nothing to measure
    assert summary.means(frame).loc["v", "a"] == pytest.approx(0.2)


def test_the_command_writes_a_table_and_says_what_is_broken(call, folder, tmp_path):
    (folder / "a" / "torn.npz").write_bytes(b"torn")
    out = tmp_path / "anomaly.csv"
    command = ("benchmark", "anomaly", "--data", folder, "--out", out)
    code, printed, problems = call(*command, "--variants", "max-z,random", "--json")
    assert code == 1
    content = json.loads(printed)
    assert content["rows"] == 8
    assert content["sets"]["mean"]["max-z"] > content["sets"]["mean"]["random"]
    assert content["differences"][0]["variant"] == "random"
    assert "a/torn.npz" in content["broken"]
    assert "a/torn.npz" in problems
    few = call(*command[:-1], tmp_path / "few.csv", "--variants", "max-z", "--most", "1", "--json")
    assert json.loads(few[1])["rows"] == 2
    code, _, problems = call(*command, "--variants", "magic")
    assert code == 2
    assert "magic" in problems


def test_a_file_that_is_no_table_of_results_is_left_alone(call, folder, tmp_path):
    out = tmp_path / "mine.csv"
    out.write_text("a,b\n1,2\n")
    assert call("benchmark", "anomaly", "--data", folder, "--out", out)[0] == 2
    assert out.read_text() == "a,b\n1,2\n"


def test_an_array_of_the_wrong_shape_is_told(tmp_path):
    np.savez(tmp_path / "x.npz", **(arrays() | {"train": np.zeros((5, 9))}))
    with pytest.raises(DataError, match="same channels"):
        suites.find(tmp_path)[0][0].open()
