"""`fusionscope life`: one call from units that failed to a ranked fleet."""

from __future__ import annotations

import json
import sys

import numpy as np
import pytest

from core import cli, life
from core.data import open_dataset
from tests.examples import wearing

KEYS = {"run", "key", "cached", "seconds", "variant", "judged", "metrics", "units", "notes"}


@pytest.fixture
def call(home, monkeypatch, capsys):
    """Call the command line; return exit code, standard output and standard error."""

    def run(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["fusionscope", "life", *map(str, arguments)])
        with pytest.raises(SystemExit) as stop:
            cli.main()
        captured = capsys.readouterr()
        return int(stop.value.code or 0), captured.out, captured.err

    return run


@pytest.fixture
def files(tmp_path):
    """Units that failed, others that are cut short in service, and what was left of these."""
    failed, fleet, truth = (tmp_path / name for name in ("failed.csv", "fleet.csv", "truth.txt"))
    wearing().frame.to_csv(failed, index=False)
    frame = wearing(seed=1).frame
    lives = frame.groupby("unit", sort=False).size()
    kept = np.random.default_rng(0).integers(20, 38, len(lives))
    frame[
        frame.groupby("unit").cumcount()
        < frame["unit"].map(dict(zip(lives.index, kept, strict=True)))
    ].to_csv(fleet, index=False)
    truth.write_text("".join(f"{left}\n" for left in lives.to_numpy() - kept))
    return failed, fleet, truth


def test_a_fleet_is_ranked_and_judged_beside_the_baselines(call, files):
    failed, fleet, truth = files
    settings = ("--variant", "linear-degradation", "--set", "lookback=10")
    code, out, _ = call(failed, "--fleet", fleet, "--truth", truth, *settings, "--json")
    report = json.loads(out)
    assert code == 0
    assert set(report) == KEYS
    left = [unit["remaining"] for unit in report["units"]]
    assert left == sorted(left)
    config = life.Config(variant="mean-life", lookback=10)
    predicted = life.predict(life.fit(open_dataset(failed), config), open_dataset(fleet)).fleet
    expected = life.judge(predicted["remaining"].to_numpy(float), np.loadtxt(truth), config.cap)
    assert report["metrics"]["mean-life"] == pytest.approx(expected)
    assert set(report["metrics"]) == {"linear-degradation", "mean-life"}


def test_without_a_fleet_the_units_that_were_kept_out_judge(call, files):
    code, out, _ = call(files[0], "--variant", "mean-life")
    assert code == 0
    assert "test units of the training data" in out
    assert "late_share" in out
    assert json.loads(call(files[0], "--variant", "mean-life", "--json")[1])["cached"]


def test_without_the_truth_there_are_no_metrics(call, files):
    code, out, _ = call(files[0], "--fleet", files[1], "--variant", "mean-life", "--json")
    assert (code, json.loads(out)["metrics"]) == (0, {})


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["{failed}", "--variant", "crystal-ball"], "mean-life"),
        (["{failed}", "--fleet", "nowhere"], "nowhere"),
        (["{failed}", "--fleet", "{fleet}", "--truth", "{fleet}"], "12 units was expected"),
        (["{truth}"], "several units that ran to failure"),
    ],
)
def test_a_mistake_is_one_line(call, files, arguments, words):
    names = dict(zip(("failed", "fleet", "truth"), files, strict=True))
    code, _, err = call("--variant", "mean-life", *(word.format(**names) for word in arguments))
    assert code == 2
    assert words in err.splitlines()[-1]
