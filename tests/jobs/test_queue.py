"""What becomes of a job, on real worker processes."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from core import jobs, runs
from core.errors import ConfigError, JobError
from tests import fake
from tests.jobs.conftest import recording, until, worker_of

SEEDS = itertools.count(1)


def submit(home: Path, who: str = "", **settings):
    """Ask for a training that no other test asks for."""
    return jobs.submit("fake", recording(home), fake.Config(seed=next(SEEDS), **settings), who)


def running(job) -> bool:
    return jobs.get(job.id).epoch >= 1


def test_a_job_ends_in_a_run(cluster):
    job = submit(cluster, "ana", epochs=3, pause=0.05)
    assert (job.state, job.waiters, job.active) == ("queued", ["ana"], True)
    done = jobs.wait(job.id, 120)
    assert (done.state, done.fraction, done.epoch, done.epochs) == ("done", 1.0, 3, 3)
    assert done.created <= done.started <= done.finished
    run = runs.get(done.run)
    assert run.key == job.id
    assert jobs.curve(job.id)["loss"].tolist() == [1, 1 / 2, 1 / 3]
    assert done in jobs.recent()
    assert not (cluster / "checkpoints" / f"{job.id}.npz").exists()


def test_a_stored_run_is_a_job_that_is_done(cluster):
    config = fake.Config(seed=next(SEEDS))
    run, _ = runs.train_or_load("fake", recording(cluster), config)
    job = jobs.submit("fake", recording(cluster), config)
    assert (job.state, job.run) == ("done", run.id)


def test_a_deleted_run_is_trained_again(cluster):
    config = fake.Config(seed=next(SEEDS))
    for _ in range(2):
        job = jobs.wait(jobs.submit("fake", recording(cluster), config).id, 20)
        assert job.state == "done"
        runs.delete(runs.get(job.run))


def test_progress_is_seen_while_it_trains(cluster):
    job = submit(cluster, epochs=40, pause=0.1)
    until(lambda: len(jobs.curve(job.id)) >= 2)
    now = jobs.get(job.id)
    assert (now.state, now.stage, now.epochs) == ("running", "training", 40)
    assert 0 < now.fraction < 1
    assert jobs.active() == [now]
    jobs.cancel(job.id)
    jobs.wait(job.id, 120)


def test_a_second_request_joins_the_first(cluster):
    config = fake.Config(seed=next(SEEDS), epochs=100, pause=0.1)
    first = jobs.submit("fake", recording(cluster), config, "ana")
    until(lambda: running(first))
    second = jobs.submit("fake", recording(cluster), config, "ben")
    assert second.id == first.id
    assert second.state == "running"
    assert second.waiters == ["ana", "ben"]
    left = jobs.cancel(first.id, "ana")
    assert (left.state, left.waiters, left.stopping) == ("running", ["ben"], False)
    jobs.cancel(first.id, "ben")
    assert jobs.wait(first.id, 20).state == "cancelled"


def test_force_stops_a_job_that_others_wait_for(cluster):
    config = fake.Config(seed=next(SEEDS), epochs=100, pause=0.1)
    job = jobs.submit("fake", recording(cluster), config, "ana")
    jobs.submit("fake", recording(cluster), config, "ben")
    jobs.cancel(job.id, "ana", force=True)
    assert jobs.wait(job.id, 20).state == "cancelled"


def test_a_cancelled_job_is_taken_up_where_it_stopped(cluster):
    job = submit(cluster, epochs=8, pause=0.1)
    until(lambda: jobs.get(job.id).epoch >= 2)
    jobs.cancel(job.id)
    stopped = jobs.wait(job.id, 20)
    assert (stopped.state, stopped.resumable) == ("cancelled", True)
    assert f"Resume takes it up at epoch {stopped.epoch + 1}." in stopped.message
    resumed = jobs.resume(job.id, "ana")
    assert (resumed.state, resumed.waiters, resumed.message) == ("queued", ["ana"], "")
    done = jobs.wait(job.id, 120)
    assert done.state == "done"
    assert runs.get(done.run).card()["notes"][0] == f"Resumed at epoch {stopped.epoch}."
    assert len(jobs.curve(job.id)) == 8


def test_a_job_that_has_not_begun_is_cancelled_at_once(cluster):
    first = submit(cluster, epochs=100, pause=0.1)
    until(lambda: running(first))
    second = submit(cluster)
    until(lambda: second.ticket in jobs._watch.futures)
    jobs.cancel(second.id)
    assert jobs.wait(second.id, 20).state == "cancelled"
    assert jobs.get(first.id).state == "running"
    jobs.cancel(first.id)
    jobs.wait(first.id, 20)
    jobs.resume(second.id)
    assert jobs.wait(second.id, 120).state == "done"


def test_a_users_mistake_is_the_jobs_message(cluster):
    failed = jobs.wait(submit(cluster, trouble="config").id, 120)
    assert failed.state == "failed"
    assert failed.message == "The lookback is longer than entity 'a'. Choose 3 or less."


def test_an_unexpected_error_is_one_line_with_a_log(cluster):
    failed = jobs.wait(submit(cluster, trouble="bug").id, 120)
    assert failed.state == "failed"
    assert "unexpected error: TypeError: unsupported operand." in failed.message
    assert "\n" not in failed.message
    log = cluster / "logs" / f"job-{failed.id}.log"
    assert str(log) in failed.message
    assert "Traceback" in log.read_text()


def test_data_that_changed_meanwhile_are_not_trained_on(cluster, tmp_path):
    blocker = submit(cluster, epochs=100, pause=0.1)
    until(lambda: running(blocker))
    data = recording(tmp_path)
    job = jobs.submit("fake", data, fake.Config(seed=next(SEEDS)))
    Path(data.source).write_text("a,b\n1,2\n3,4\n")
    jobs.cancel(blocker.id)
    failed = jobs.wait(job.id, 120)
    assert failed.state == "failed"
    assert "has changed" in failed.message


def test_a_killed_worker_fails_its_job_and_the_next_one_runs(cluster):
    job = submit(cluster, epochs=20, pause=0.1)
    until(lambda: jobs.get(job.id).epoch >= 3)
    worker_of(cluster).kill()
    failed = jobs.wait(job.id, 20)
    assert failed.state == "failed"
    assert "ended from outside" in failed.message
    assert f"Resume takes it up at epoch {failed.epoch + 1}." in failed.message
    assert jobs.wait(submit(cluster).id, 120).state == "done"
    jobs.resume(job.id)
    done = jobs.wait(job.id, 120)
    note = runs.get(done.run).card()["notes"][0]
    assert int(note.split()[-1].rstrip(".")) >= failed.epoch >= 3


def test_questions_are_answered_while_a_training_runs(cluster):
    job = submit(cluster, epochs=100, pause=0.1)
    until(lambda: running(job))
    assert jobs.ask("operator:add", 1, 2) == 3
    assert jobs.ask("os:getpid") != worker_of(cluster).pid
    assert jobs.get(job.id).state == "running"
    jobs.cancel(job.id)
    jobs.wait(job.id, 20)


def test_a_question_passes_errors_and_its_limit_on(cluster):
    with pytest.raises(ConfigError, match="no task 'none'"):
        jobs.ask("core.task:get", "none")
    with pytest.raises(JobError, match="no answer within"):
        jobs.ask("time:sleep", 1, timeout=0.2)


def test_a_question_whose_worker_dies_is_one_clear_error(cluster):
    with pytest.raises(JobError, match="ended before it had answered"):
        jobs.ask("os:_exit", 1)
    assert jobs.ask("operator:add", 1, 2) == 3


def test_only_the_training_worker_is_niced(cluster):
    assert worker_of(cluster, "train").nice() == 10
    assert worker_of(cluster, "interact").nice() == 0


def test_unknown_jobs_and_data_without_a_source_are_clear_errors(cluster):
    for action in (jobs.get, jobs.cancel, jobs.resume, jobs.wait, jobs.curve):
        with pytest.raises(JobError, match="There is no job"):
            action("nothing")
    data = fake.dataset()
    object.__setattr__(data, "source", "")
    with pytest.raises(JobError, match="opened from a file"):
        jobs.submit("fake", data, fake.Config())


def test_waiting_has_a_limit(cluster):
    job = submit(cluster, epochs=100, pause=0.1)
    with pytest.raises(JobError, match="still"):
        jobs.wait(job.id, 0.1)
    jobs.cancel(job.id)
    jobs.wait(job.id, 20)
