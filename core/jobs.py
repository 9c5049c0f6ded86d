"""The queue of trainings: asked for here, done by worker processes, found again after anything.

The database says what was asked for and how it stands. One thread a server, the watch, hands
queued jobs to Dask and notes what becomes of them; a server that starts later goes on with the
jobs that it finds there. An orderly stop ends the workers: running jobs become lost and can be
resumed at their last epoch; queued ones start with the next server.
"""

from __future__ import annotations

import logging
import threading
import time
from typing import Any

import pandas as pd

from core import queue, runs, worker
from core import task as tasks
from core.config import Config
from core.data.dataset import Dataset
from core.errors import JobError
from core.queue import Job, State, active, recent
from core.watch import Watch

__all__ = [
    "Job",
    "State",
    "active",
    "ask",
    "cancel",
    "curve",
    "get",
    "ready",
    "recent",
    "resume",
    "start",
    "stop",
    "submit",
    "wait",
]

log = logging.getLogger(__name__)


def start() -> None:
    """Bring the workers up in the background; returns at once, and a second call does nothing."""
    global _watch
    with _guard:
        if _watch is None:
            _watch = Watch()
            _watch.thread.start()


def stop() -> None:
    """End the watch and, unless another server uses them, the workers."""
    global _watch
    with _guard:
        watch, _watch = _watch, None
    if watch is not None:
        watch.close()


def ready() -> bool:
    """Whether a worker waits for trainings and another one for questions."""
    return _watch is not None and _watch.ready()


def submit(task: str, dataset: Dataset, config: Config, who: str = "") -> Job:
    """Ask for a training; returns at once.

    A job of the same key that is queued or running is joined. When the run exists already, the
    job is done.

    Args:
        task: Name of the task.
        dataset: The recording, opened from a catalog name or a path.
        config: The task's config.
        who: Who asks, such as a session's id.

    Raises:
        JobError: the data set cannot be opened again by a worker.
    """
    if not dataset.source:
        raise JobError(
            "A training in the background needs a data set that was opened from a file.",
            "Save it as CSV or Parquet and open that.",
        )
    key = tasks.key_of(task, config, dataset)
    run = runs.find(key)
    queue.enter(task, key, dataset, tasks.effective(task, config), run.id if run else None)
    queue.join(key, who)
    _wake()
    return get(key)


def get(identifier: str) -> Job:
    """Return the job with this id.

    Raises:
        JobError: there is none.
    """
    job = queue.get(identifier)
    if job is None:
        raise JobError(f"There is no job {identifier!r}.", "The list of jobs has all of them.")
    return job


def cancel(identifier: str, who: str = "", *, force: bool = False) -> Job:
    """Withdraw *who*; the job stops when nobody else waits for it, or by *force*.

    Returns:
        The job: `stopping` or cancelled, or still going with the others in `waiters`.
    """
    if get(identifier).active:
        queue.withdraw(identifier, who)
        if force or not get(identifier).waiters:
            queue.stop(identifier)
            _wake()
    return get(identifier)


def resume(identifier: str, who: str = "") -> Job:
    """Take a failed, cancelled or lost job up after its last finished epoch."""
    get(identifier)
    queue.requeue(identifier)
    queue.join(identifier, who)
    _wake()
    return get(identifier)


def curve(identifier: str) -> pd.DataFrame:
    """Return one row a finished epoch: epoch, loss and whatever else is measured; may be empty."""
    job = get(identifier)
    run = runs.find(identifier) if job.state == "done" else None
    if run is not None:
        return run.history()
    epochs: dict[int, dict[str, float]] = {}
    for _, metrics in _events(f"curve-{identifier}"):
        number = int(metrics["epoch"])
        # A training that was taken up again tells some epochs twice: the later word holds.
        epochs = {known: row for known, row in epochs.items() if known < number}
        epochs[number] = metrics
    columns = None if epochs else ["epoch", "loss", "val_loss"]
    return pd.DataFrame(list(epochs.values()), columns=columns)


def _events(topic: str) -> list[tuple[float, dict[str, float]]]:
    """Return what workers told the scheduler; nothing while it is out of reach."""
    client = _watch.client if _watch is not None else None
    try:
        return list(client.get_events(topic)) if client is not None else []
    except OSError as error:
        log.info("The scheduler is out of reach: %s", error)
        return []


def wait(identifier: str, timeout: float | None = None) -> Job:
    """Return the job when it has ended.

    Raises:
        JobError: it has not after *timeout* seconds.
    """
    end = None if timeout is None else time.monotonic() + timeout
    while (job := get(identifier)).active:
        if end is not None and time.monotonic() > end:
            raise JobError(f"The job is still {job.state} after {timeout:g} s.", "Wait longer.")
        time.sleep(0.05)
    return job


def ask(function: str, *arguments: Any, timeout: float = 60) -> Any:
    """Return the value of a quick *function* "core.module:name", run in the interact worker.

    Args:
        function: Where it is; it runs in another process.
        *arguments: What it is called with; small values and paths.
        timeout: Seconds to wait, for the workers to come up as well.

    Raises:
        JobError: there was no answer in time.
        FusionscopeError: what the function raised.
    """
    from distributed import CancelledError, KilledWorker

    start()
    end = time.monotonic() + timeout
    late = JobError(f"There was no answer within {timeout:g} s.", "Try again in a moment.")
    while (watch := _watch) is None or (client := watch.client) is None:
        if time.monotonic() > end:
            raise watch.trouble if watch and watch.trouble else late
        time.sleep(0.02)
    try:
        future = client.submit(
            worker.call, function, arguments, pure=False, resources=watch.resources("interact")
        )
        return future.result(timeout=max(0.01, end - time.monotonic()))
    except TimeoutError:
        future.cancel()
        raise late from None
    except (OSError, CancelledError, KilledWorker) as error:
        raise JobError("The worker ended before it had answered.", "Try again.") from error


_watch: Watch | None = None
_guard = threading.Lock()


def _wake() -> None:
    """Make the watch look at once; start it when there is none."""
    start()
    if (watch := _watch) is not None:
        watch.wake.set()
