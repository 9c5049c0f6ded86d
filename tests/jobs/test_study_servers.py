"""Studies outlive the processes that look after them and train for them."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import psutil
import pytest

from core import jobs, queue, runs, sweeps
from core.settings import settings
from tests.jobs.conftest import ROOT, until
from tests.jobs.studies import check_whole, ended, study

SERVER = """
import sys
from core import jobs, sweeps
from tests import fake
from tests.jobs.conftest import recording
from pathlib import Path
fake.install()
if __name__ == "__main__":
    jobs.start()
    sweeps.start()
    print("ready", flush=True)
    sys.stdin.read()
"""


def coordinating() -> subprocess.Popen[str]:
    """A server in a process of its own."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    process = subprocess.Popen([sys.executable, "-c", SERVER], cwd=ROOT, text=True, **pipes)
    assert process.stdout.readline().strip() == "ready"
    return process


@pytest.mark.slow
def test_servers_that_are_killed_and_started_anew_lose_and_repeat_nothing(own):
    made = study(own, planned=6, epochs=6, pause=0.1, more={"prune": False})
    for least in (1, 3):
        process = coordinating()
        until(lambda n=least: sweeps.counts().get(made.name, {}).get("done", 0) >= n)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        process.stdout.close()
        process.stdin.close()
        assert sweeps.get(made.name).state == "running"
    process = coordinating()
    try:
        assert ended(made.name).state == "done"
    finally:
        process.kill()
        process.wait()
        jobs.start()  # the workers that it left behind are ended with this process
    known = check_whole(made.name)
    assert {one.state for one in known} == {"done"}
    assert sum(one.retries for one in known) == 0  # the workers outlive their servers
    total = runs.table(task="fake", baseline=False, limit=100)[1]
    assert total == len({one.key for one in known})


@pytest.fixture
def two(own, monkeypatch) -> Iterator[list[subprocess.Popen[bytes]]]:
    """A scheduler that somebody else started, and two workers that train; in this order."""
    file = own / "theirs.json"
    options = ["--scheduler-file", str(file), "--no-dashboard", "--host=127.0.0.1"]
    each = ["--nworkers=1", "--nthreads=2", "--resources", "train=1"]
    started = [
        subprocess.Popen([sys.executable, "-m", f"distributed.cli.{name}", *options, *more])
        for name, more in (
            ("dask_scheduler", ["--port=0"]),
            ("dask_worker", each),
            ("dask_worker", each),
        )
    ]
    until(lambda: file.exists() and file.read_text().endswith("}"))
    address = json.loads(file.read_text())["address"]
    monkeypatch.setenv("DASK_SCHEDULER_ADDRESS", address)
    settings.cache_clear()
    yield started
    sweeps.stop_all()
    jobs.stop()
    for process in reversed(started):
        _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill a process with its children, so that none starts another one anew."""
    if process.poll() is None:
        known = psutil.Process(process.pid)
        for one in [known, *known.children(recursive=True)]:
            with contextlib.suppress(psutil.NoSuchProcess):
                one.kill()
    process.wait()


@pytest.mark.slow
def test_on_a_cluster_a_killed_worker_costs_no_trial(own, two):
    """Two workers train side by side; one is killed for good, the other one does the rest."""
    options = {"prune": False, "at_once": 2}
    made = study(own, planned=8, epochs=15, pause=0.1, more=options)
    sweeps.start()
    until(jobs.ready)  # though no worker is there for questions alone
    most = 0

    def working() -> int:
        nonlocal most
        going = [one for one in sweeps.trials(made.name) if one.state == "running"]
        most = max(most, sum(queue.get(one.key).epoch > 0 for one in going))
        return most

    until(lambda: sweeps.counts().get(made.name, {}).get("done", 0) >= 2 and working() == 2)
    until(lambda: working() and all(len(one.curve) >= 2 for one in _running(made.name)))
    _end(two[1])
    assert ended(made.name).state == "done"
    known = check_whole(made.name)
    assert {one.state for one in known} == {"done"}
    total = runs.table(task="fake", baseline=False, limit=100)[1]
    assert total == len({one.run for one in known}) == len({one.key for one in known})
    assert [process.poll() for process in (two[0], two[2])] == [None, None]


def _running(name: str) -> list[sweeps.Trial]:
    return [one for one in sweeps.trials(name) if one.state == "running"]
