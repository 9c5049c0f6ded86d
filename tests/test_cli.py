"""The command line: documented keys, exit codes, and one line for each mistake."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from core import cli_train, runs
from core.data import catalog, ondisk
from core.errors import DataError
from tests.examples import waves

FAST = ["--variant", "pca", "--set", "lookback=10"]


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    path = tmp_path / "waves.csv"
    waves().frame.to_csv(path, index=False)
    return path


def test_check_reports_what_is_there(call, recording):
    code, out, _ = call("data", "check", recording, "--json")
    report = json.loads(out)
    assert code == 0
    assert report["rows"] == 800
    assert report["channels"] == ["s0", "s1", "s2"]
    assert report["entities"] == ["unit-0", "unit-1"]
    assert report["labelled_rows"] == 40
    assert {"what", "column", "rows", "count", "action", "severity"} <= set(report["findings"][0])


def test_train_twice_is_stored_once(call, recording):
    code, out, _ = call("train", "anomaly", "--data", recording, *FAST, "--json")
    first = json.loads(out)
    assert code == 0
    assert {"run", "key", "cached", "metrics", "seconds"} <= set(first)
    assert first["cached"] is False
    second = json.loads(call("train", "anomaly", "--data", recording, *FAST, "--json")[1])
    assert second == first | {"cached": True}


def test_score_writes_scores_and_events_with_the_chosen_threshold(call, recording, tmp_path):
    name = json.loads(call("train", "anomaly", "--data", recording, *FAST, "--json")[1])["run"]
    rule = {"threshold": {"kind": "fixed", "value": 0.05}, "min_length": 2, "merge_gap": 0}
    runs.get(name).set_decision(rule)
    scores, events = tmp_path / "scores.parquet", tmp_path / "events.csv"
    arguments = ("score", name, "--data", recording, "--out", scores, "--events", events)
    code, out, _ = call(*arguments, "--json")
    report = json.loads(out)
    assert (code, report["cut"], report["rows"]) == (0, 0.05, 800)
    frame = pd.read_parquet(scores)
    assert list(frame.columns) == ["entity", "time", "score", "flagged"]
    assert frame["flagged"].sum() == pd.read_csv(events)["steps"].sum() > 0
    assert len(pd.read_csv(events)) == report["events"]


def test_a_file_too_long_to_be_held_is_scored_alike(call, recording, tmp_path, monkeypatch):
    name = json.loads(call("train", "anomaly", "--data", recording, *FAST, "--json")[1])["run"]
    path, out = tmp_path / "long.parquet", tmp_path / "scores.parquet"
    frame = waves().frame.rename(columns={"unit": "machine"}).assign(more=1.5)
    frame.to_parquet(path)
    arguments = ("score", name, "--data", path, "--out", out, "--json")
    whole, scores = call(*arguments)[1], pd.read_parquet(out)
    monkeypatch.setattr(ondisk, "LONG", 1_000)
    monkeypatch.setattr(ondisk, "PIECE", 100)
    pieces = call(*arguments)[1]
    # What is never held is not compared with the training rows.
    assert json.loads(pieces) == json.loads(whole) | {"verdict": None}
    pd.testing.assert_frame_equal(pd.read_parquet(out), scores)
    frame.drop(columns="s1").to_parquet(path)
    code, _, error = call(*arguments)
    assert code == 2
    assert "'s1'" in error
    frame.iloc[::-1].to_parquet(path)
    code, _, error = call(*arguments)
    assert code == 2
    assert "Sort it" in error


def test_runs_are_listed_shown_and_exported(call, recording, tmp_path):
    name = json.loads(call("train", "anomaly", "--data", recording, *FAST, "--json")[1])["run"]
    listed = json.loads(call("runs", "list", "--json")[1])
    assert (listed["total"], listed["runs"][0]["name"]) == (1, name)
    shown = json.loads(call("runs", "show", name, "--json")[1])
    assert shown["card"]["run"]["variant"] == "pca"
    archive = tmp_path / "run.zip"
    assert json.loads(call("runs", "export", name, "--out", archive, "--json")[1])["run"] == name
    assert archive.stat().st_size > 1000


def test_the_plain_text_holds_the_same(call, recording):
    assert "s0, s1, s2" in call("data", "check", recording)[1]
    out = call("train", "anomaly", "--data", recording, *FAST)[1]
    name = out.split()[1].rstrip(":")
    assert "average_precision" in out
    assert name in call("runs", "list")[1]
    assert "metrics" in call("runs", "show", name)[1]


def test_samples_are_made_again_byte_for_byte(call, tmp_path):
    code, out, _ = call("simulate", "--out", tmp_path, "--json")
    files = [Path(name) for name in json.loads(out)["files"]]
    assert code == 0
    assert files
    for file in files:
        assert file.read_bytes() == (catalog.SAMPLES / file.name).read_bytes()
    assert {file.suffix for file in files} == {".csv", ".zip"}


def test_data_sets_are_listed(call):
    listed = json.loads(call("data", "list", "--json")[1])["datasets"]
    assert {"pump-station", "skab/valve1/0", "ett/ETTh1"} <= {entry["name"] for entry in listed}
    assert all(entry["licence"] for entry in listed if entry["kind"] == "public")


MISTAKES = {
    "no such file": (["data", "check", "nothing.csv"], "nothing.csv"),
    "empty file": (["data", "check", "{empty}"], "empty"),
    "no such run": (["runs", "show", "loud-otter"], "loud-otter"),
    "no such setting": (["train", "anomaly", "--data", "{waves}", "--set", "lookbak=3"], "lookbak"),
    "no value": (["train", "anomaly", "--data", "{waves}", "--set", "lookback"], "key=value"),
    "out of bounds": (["train", "anomaly", "--data", "{waves}", "--set", "lookback=1"], "lookback"),
    "not a number": (["train", "anomaly", "--data", "{waves}", "--set", "units=many"], "units"),
    "no such variant": (["train", "anomaly", "--data", "{waves}", "--variant", "x"], "max-z"),
    "too long": (["train", "anomaly", "--data", "{waves}", "--set", "lookback=450"], "unit-0"),
    "no such command": (["data", "chek"], "check"),
    "no data": (["train", "anomaly"], "--data"),
    "not a port": (["serve", "--port", "0"], "port"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_ends_with_one_line_that_says_how_to_mend_it(mistake, call, recording, tmp_path):
    empty = tmp_path / "empty.csv"
    empty.touch()
    arguments, hint = MISTAKES[mistake]
    code, out, err = call(*(word.format(empty=empty, waves=recording) for word in arguments))
    assert code == 2
    assert out == ""
    assert len(err.strip().splitlines()) == 1
    assert hint in err
    assert "Traceback" not in err


def test_an_unfit_ending_and_a_full_disk_are_mistakes_too(call, recording, tmp_path):
    name = json.loads(call("train", "anomaly", "--data", recording, *FAST, "--json")[1])["run"]
    code, _, err = call("score", name, "--data", recording, "--out", tmp_path / "scores.xls")
    assert (code, ".parquet" in err) == (2, True)
    code, _, err = call("score", name, "--data", recording, "--out", "/dev/full/scores.csv")
    assert (code, len(err.strip().splitlines())) == (2, 1)


def test_an_unexpected_error_leaves_its_traceback_in_a_file(call, monkeypatch, home):
    def broken():
        raise RuntimeError("wires\ncrossed")

    monkeypatch.setattr(catalog, "entries", broken)
    code, _, err = call("data", "list")
    assert code == 1
    assert "wires crossed" in err
    assert len(err.strip().splitlines()) == 1
    assert "Traceback" in next((home / "logs").iterdir()).read_text()


def test_the_graph_of_a_recording_is_checked(call, recording, tmp_path):
    graph = tmp_path / "graph.csv"
    graph.write_text("s2,s0,s1\n0,1,0\n1,0,0\n0,0,0\n")
    code, out, _ = call("data", "check", recording, "--graph", graph, "--json")
    assert code == 0
    found = json.loads(out)
    assert found["graph"] == {"nodes": 3, "edges": 1, "parts": 2}
    assert any("2 parts" in finding["what"] for finding in found["findings"])
    assert "3 nodes, 1 edges, 2 parts" in call("data", "check", recording, "--graph", graph)[1]
    assert json.loads(call("data", "check", recording, "--json")[1])["graph"] is None
    graph.write_text("0,1,0,0\n" * 4)
    code, _, err = call("data", "check", recording, "--graph", graph)
    assert code == 2
    assert "3 nodes, the adjacency 4 rows" in err
    assert len(err.strip().splitlines()) == 1


def test_training_takes_a_graph(tmp_path, recording):
    graph = tmp_path / "graph.csv"
    graph.write_text("0,1,0,0\n" * 4)
    with pytest.raises(DataError, match="3 nodes, the adjacency 4 rows"):
        cli_train.train("anomaly", str(recording), "pca", [], graph)
