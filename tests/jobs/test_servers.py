"""Servers come and go, are killed, share workers; jobs are found again."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from functools import partial

import psutil
import pytest

from core import cluster, jobs, queue, runs
from core.errors import JobError, StorageError
from core.settings import settings
from tests import fake
from tests.jobs.conftest import processes, recording, server, until, worker_of

PROGRESS = {"stage": "x", "fraction": 0.5, "seconds_left": 1.0, "epoch": 0, "epochs": 0}
SLOW = """
job = jobs.submit("fake", data, fake.Config(epochs=40, pause=0.1))
until(lambda: jobs.get(job.id).epoch >= 2)
print(job.id, flush=True)
time.sleep(60)
"""


def test_jobs_outlive_a_server_that_is_killed(own):
    script = """
short = jobs.submit("fake", data, fake.Config(epochs=6, pause=0.1))
long = jobs.submit("fake", data, fake.Config(epochs=30, pause=0.1))
until(lambda: jobs.get(short.id).epoch >= 2 and long.id in jobs._watch.futures)
print(short.id, long.id, flush=True)
time.sleep(60)
"""
    first = server(own, script)
    short, long = first.stdout.readline().split()
    before = processes(own)
    first.kill()
    first.wait()
    assert jobs.get(short).state == "running"
    until(lambda: runs.find(short))  # while no server runs
    jobs.start()
    assert jobs.wait(short, 120).state == "done"
    done = jobs.wait(long, 120)
    assert (done.state, done.epoch) == ("done", 30)
    assert processes(own) == before
    assert runs.get(done.run).card()["notes"][0] == "Resumed at epoch 0."


def test_jobs_of_a_machine_that_went_down_are_lost_and_can_be_resumed(own):
    first = server(own, SLOW)
    job = first.stdout.readline().strip()
    for process in [first, worker_of(own), *processes(own).values()]:
        process.kill()
    first.wait()
    epoch = jobs.get(job).epoch
    jobs.start()
    lost = jobs.wait(job, 120)
    assert lost.state == "lost"
    assert f"Resume takes it up at epoch {epoch + 1}." in lost.message
    jobs.resume(job)
    assert jobs.wait(job, 120).state == "done"


def test_an_orderly_stop_ends_the_workers_and_keeps_the_queue(own):
    jobs.start()
    data = recording(own)
    job = jobs.submit("fake", data, fake.Config(epochs=40, pause=0.1))
    until(lambda: jobs.get(job.id).epoch >= 2)
    waiting = jobs.submit("fake", data, fake.Config(epochs=2))
    ended = [worker_of(own), *processes(own).values()]
    jobs.stop()
    assert not any(process.is_running() for process in ended)
    assert jobs.get(job.id).state == "lost"
    assert "The server was stopped. Resume" in jobs.get(job.id).message
    assert jobs.get(waiting.id).state == "queued"
    jobs.start()
    assert jobs.wait(waiting.id, 120).state == "done"


def test_servers_with_one_home_share_the_workers(own):
    jobs.start()
    until(lambda: (own / "cluster.json").exists() and jobs.ready())
    before = processes(own)
    other = server(own, 'jobs.ask("operator:add", 1, 2); jobs.stop(); print("left", flush=True)')
    assert other.stdout.readline().strip() == "left"
    other.wait()
    assert processes(own) == before
    assert jobs.ask("operator:add", 1, 2) == 3


def test_a_killed_scheduler_is_replaced(own):
    jobs.start()
    job = jobs.submit("fake", recording(own), fake.Config(epochs=100, pause=0.1))
    until(lambda: jobs.get(job.id).epoch >= 2)
    processes(own)["scheduler"].kill()
    assert jobs.wait(job.id, 120).state == "lost"
    other = jobs.submit("fake", recording(own), fake.Config(epochs=1))
    assert jobs.wait(other.id, 120).state == "done"


def test_a_process_that_reuses_a_number_is_left_alone(own):
    bystander = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    record = {"pid": bystander.pid, "created": psutil.Process(bystander.pid).create_time() - 9}
    gone = {"pid": 2**22 - 1, "created": 1.0}
    state = {"scheduler": record, "train": gone, "interact": record}
    (own / "cluster.json").write_text(json.dumps(state))
    cluster._end(state)
    assert bystander.poll() is None
    bystander.kill()
    bystander.wait()


@pytest.mark.parametrize("text", ["", "{", "[]", "\x00"])
def test_a_broken_state_file_is_no_obstacle(own, text):
    (own / "cluster.json").write_text(text)
    assert cluster._read() == {}


@pytest.fixture
def theirs(own) -> Iterator[list[subprocess.Popen[bytes]]]:
    """A scheduler and a worker that somebody else started; no worker declares a resource."""
    options = ["--scheduler-file", str(own / "theirs.json"), "--no-dashboard", "--host=127.0.0.1"]
    started = [
        subprocess.Popen([sys.executable, "-m", f"distributed.cli.{name}", *options, *more])
        for name, more in (
            ("dask_scheduler", ["--port=0"]),
            ("dask_worker", ["--nthreads=2", "--nworkers=1"]),
        )
    ]
    file = own / "theirs.json"
    until(lambda: file.exists() and file.read_text().endswith("}"))
    yield started
    for process in reversed(started):
        process.terminate()
        process.wait()


def test_a_scheduler_by_address_is_used_and_left_running(own, theirs, monkeypatch):
    address = json.loads((own / "theirs.json").read_text())["address"]
    monkeypatch.setenv("DASK_SCHEDULER_ADDRESS", address)
    settings.cache_clear()
    job = jobs.submit("fake", recording(own), fake.Config(epochs=2))
    assert jobs.wait(job.id, 120).state == "done"
    assert jobs.ask("operator:add", 1, 2) == 3
    assert jobs.ready()
    jobs.stop()
    assert not (own / "cluster.json").exists()
    assert [process.poll() for process in theirs] == [None, None]


def test_a_scheduler_that_does_not_answer_is_named(own, monkeypatch):
    monkeypatch.setenv("DASK_SCHEDULER_ADDRESS", "tcp://127.0.0.1:9")
    monkeypatch.setattr(cluster, "REMOTE_PATIENCE", 0.2)
    settings.cache_clear()
    with pytest.raises(JobError, match=r"127\.0\.0\.1:9 does not answer"):
        jobs.ask("operator:add", 1, 2, timeout=2)


def test_what_ended_stays_ended(own):
    enter = partial(queue.enter, "fake", "k", recording(own), fake.Config(), None)
    enter()
    old = queue.get("k")
    queue.end(old, "failed", "Broken.")
    queue.progress(old, PROGRESS)
    queue.end(old, "lost", "Gone.")
    queue.stop("k")
    job = queue.get("k")
    assert (job.state, job.message, job.stopping) == ("failed", "Broken.", False)
    assert queue.active() == []


def test_news_of_an_earlier_attempt_does_not_count(own):
    enter = partial(queue.enter, "fake", "k", recording(own), fake.Config(), None)
    enter()
    old = queue.get("k")
    queue.end(old, "failed", "Broken.")
    enter()
    enter()
    queue.progress(old, PROGRESS)
    queue.end(old, "lost", "Gone.")
    job = queue.get("k")
    assert (job.state, job.attempt, job.ticket) == ("queued", 2, "k-2")


def test_a_file_of_jobs_that_is_no_database_is_one_clear_error(own):
    (own / "fusionscope.db").write_bytes(b"not a database at all" * 100)
    with pytest.raises(StorageError, match=r"fusionscope\.db cannot be used"):
        jobs.recent()
