"""What runs in a worker process: the preload, a training, and quick answers."""

from __future__ import annotations

import importlib
import os
import threading
import time
import traceback
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from core.errors import FusionscopeError, JobError
from core.task import Progress

if TYPE_CHECKING:
    from distributed import Worker

EVERY = 0.25  # seconds between two messages inside an epoch


def dask_setup(worker: Worker) -> None:
    """Load what trainings need before the first one asks for it (Dask calls this once)."""
    from core import runs
    from core import task as tasks
    from core.backend import tensorflow

    if worker.name == "train" and hasattr(os, "nice"):
        os.nice(10)  # an interactive answer goes before a training
    tensorflow()
    for name in tasks.TASKS:
        tasks.get(name)
    runs.warm()


def train(request: dict[str, Any]) -> str:
    """Train or load the run that *request* describes, and return its id.

    Args:
        request: id, ticket, task, source, roles, cleaning and config, as plain values.

    Raises:
        FusionscopeError: the training was cancelled or failed; the error is one line.
    """
    with _Reporter(request["id"], request["ticket"]) as reporter:
        try:
            return _train(request, reporter)
        except FusionscopeError:
            raise
        except Exception as error:
            raise _unexpected(request["id"], error) from error


def call(function: str, arguments: tuple[Any, ...]) -> Any:
    """Return the value of the *function* "core.module:name" for *arguments*."""
    module, _, name = function.partition(":")
    return getattr(importlib.import_module(module), name)(*arguments)


def _train(request: dict[str, Any], reporter: _Reporter) -> str:
    from core import runs
    from core import task as tasks
    from core.data.dataset import Cleaning, Roles
    from core.training import checkpoint_of

    reporter.report(Progress(0, 0, 0.0, None, {}, "reading"))
    roles, cleaning = Roles(**request["roles"]), Cleaning(**request["cleaning"])
    dataset = tasks.reopened(request["task"], request["source"], roles, cleaning)
    config = tasks.get(request["task"]).Config.parse(request["config"])
    key = tasks.key_of(request["task"], config, dataset)
    if key != request["id"]:
        raise JobError(
            f"Data set {request['source']!r} has changed since the training was asked for.",
            "Open it again and train anew.",
        )
    return runs.train_or_load(request["task"], dataset, config, reporter, checkpoint_of(key))[0].id


def _unexpected(job: str, error: Exception) -> JobError:
    """Write the traceback down; return one line that says where it is."""
    from core.cluster import logs

    path = logs() / f"job-{job}.log"
    path.write_text("".join(traceback.format_exception(error)), "utf-8")
    lines = str(error).strip().splitlines() or [""]
    return JobError(
        f"Training stopped by an unexpected error: {type(error).__name__}: {lines[0][:200]}.",
        f"The log is {path}.",
    )


class _Reporter:
    """Sends progress to the scheduler's event log and listens for the wish to cancel."""

    def __init__(self, job: str, ticket: str) -> None:
        from distributed import Event, get_client, get_worker

        self.job, self.ticket = job, ticket
        self.worker = get_worker()
        self.wish = Event(f"cancel-{ticket}", client=get_client())
        self.stop, self.over = threading.Event(), threading.Event()
        self.epoch, self.epochs, self.stage, self.told = 0, 0, "", 0.0

    def __enter__(self) -> _Reporter:
        threading.Thread(target=self._listen, daemon=True, name="cancel").start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()

    def report(self, progress: Progress) -> None:
        """Send *progress*: every epoch, and inside an epoch a few times a second."""
        now = time.monotonic()
        ended = progress.epoch > self.epoch
        if progress.epochs:  # other stages than training have no epochs of their own
            self.epoch, self.epochs = progress.epoch, progress.epochs
        if not ended and progress.stage == self.stage and now - self.told < EVERY:
            return
        self.stage, self.told = progress.stage, now
        metrics = dict(progress.metrics)
        message = asdict(progress) | {"epoch": self.epoch, "epochs": self.epochs}
        self.worker.log_event(f"progress-{self.ticket}", message | {"metrics": metrics})
        if ended:
            self.worker.log_event(f"curve-{self.job}", metrics)

    def cancelled(self) -> bool:
        """Whether somebody asked to stop; a look at a flag."""
        return self.stop.is_set()

    def _listen(self) -> None:
        while not self.over.is_set():
            if self.wish.wait(timeout=1):
                self.stop.set()
                return
