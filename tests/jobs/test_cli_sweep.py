"""`fusionscope sweep` in a process of its own, beside a server that shares the workers."""

from __future__ import annotations

import json
import signal
import subprocess
import sys

import pytest

from core import sweeps
from tests import fake
from tests.jobs.conftest import ROOT, recording, until

CALL = "from tests import fake; fake.install(); from core.cli import main; main()"


def begun(*arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", CALL, "sweep", *map(str, arguments)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(command, cwd=ROOT, text=True, **pipes)


def said(*arguments: object) -> tuple[int, str, str]:
    process = begun(*arguments)
    out, err = process.communicate(timeout=120)
    return process.returncode, out, " ".join(err.split())


@pytest.fixture
def data(cluster) -> str:
    return recording(cluster).source


@pytest.mark.slow
def test_a_search_ends_with_its_best_trial_first_in_words_then_as_json(data):
    asked = ["fake", "--data", data, "--trials", 4, "--vary", "level=0:0.5", "--set", "seed=71"]
    code, out, err = said(*asked)
    assert code == 0
    assert "trial 1/4 done: level=0.3 · error 0 " in err
    assert out.splitlines()[0].split("\t")[:4] == ["trial", "state", "error", "level"]
    assert "done (best)" in out
    code, out, _ = said(*asked, "--json")
    found = json.loads(out)
    assert (code, found["state"], found["best"], found["direction"]) == (0, "done", 0, "minimize")
    assert [trial["number"] for trial in found["trials"]] == [0, 1, 2, 3]
    assert all(0 <= trial["params"]["level"] <= 0.5 for trial in found["trials"])
    assert all(trial["run"] for trial in found["trials"] if trial["state"] == "done")


@pytest.mark.slow
def test_ctrl_c_leaves_the_study_stored_and_says_how_to_go_on(data):
    options = ["--set", "epochs=200", "--set", "pause=0.05", "--set", "seed=72", "--trials", 2]
    process = begun("fake", "--data", data, "--vary", "level", *options)
    name = process.stderr.readline().split()[1].rstrip(":")
    until(lambda: any(trial.curve for trial in sweeps.trials(name)))
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert f"fusionscope sweep --continue {name}" in err
    assert sweeps.get(name).state == "stopped"
    assert sweeps.trials(name)[0].state == "waiting"
    again = begun("--continue", name, "--json")
    until(lambda: sweeps.trials(name)[0].state == "running")
    assert sweeps.get(name).state == "running"
    again.send_signal(signal.SIGINT)
    again.communicate(timeout=60)
    assert again.returncode == 130


@pytest.mark.slow
def test_window_sizes_name_what_failed_and_a_study_that_failed_ends_with_one(data):
    code, out, err = said("fake", "--data", data, "--kind", "windows", "--set", "seed=73")
    assert code == 0
    assert "The lookback of 64 is too long. Choose less." in err
    assert out.count("failed") == 3
    trouble = ["--set", "trouble=config", "--set", "seed=74", "--json"]
    code, out, err = said("fake", "--data", data, "--trials", 9, "--vary", "level", *trouble)
    assert code == 1
    assert json.loads(out)["state"] == "failed"
    assert "All 3 trials failed. The last one: The lookback is longer" in err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "needs TASK and --data"),
        (["fake", "--data", "DATA", "--vary", "seed=1:2"], "cannot vary 'seed'. It can vary: lev"),
        (["fake", "--data", "DATA", "--vary", "level=0:9"], "Choose a range within 0 to 1"),
        (["fake", "--data", "DATA", "--kind", "grid"], "Kinds: windows, ablation, search."),
        (["fake", "--data", "DATA", "--metric", "mae"], "Choose: error, f1."),
        (["fake", "--data", "DATA", "--trials", "0"], "is 1 to 1000"),
        (["fake", "--data", "DATA", "--set", "level=2"], "less than or equal to 1"),
        (["fake", "--data", "nothing.csv"], "nor a file of that name"),
        (["weather", "--data", "DATA"], "There is no task 'weather'"),
        (["--continue", "nobody"], "There is no study 'nobody'"),
    ],
)
def test_a_mistake_is_one_line_and_leaves_no_study(call, capsys, tmp_path, arguments, words):
    fake.install()
    source = recording(tmp_path).source
    given = [source if word == "DATA" else word for word in arguments]
    code, out, err = call("sweep", *given)
    assert (code, out) == (2, "")
    assert words in " ".join(err.split())
    assert sweeps.recent() == []
