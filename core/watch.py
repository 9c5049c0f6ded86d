"""The thread that hands queued jobs to Dask and writes down what becomes of them."""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING, Any

from core import cluster, queue, runs, worker
from core.errors import Cancelled, FusionscopeError, JobError
from core.queue import Job, State

if TYPE_CHECKING:
    from distributed import Client, Future

log = logging.getLogger(__name__)

TICK = 0.5  # seconds between two looks when nothing wakes the watch
KILLED = "The training process was ended from outside"
TEND = 5.0  # seconds between two looks at the worker processes


class Watch:
    """Hands queued jobs to Dask and writes down what becomes of them, in a thread of its own."""

    def __init__(self) -> None:
        self.client: Client | None = None
        self.trouble: FusionscopeError | None = None
        self.futures: dict[str, Future] = {}  # by ticket
        self.told: set[str] = set()  # tickets whose workers know that they are to stop
        self.news: dict[str, dict[str, Any]] = {}  # latest progress by ticket
        self.wake, self.over = threading.Event(), threading.Event()
        self.tended = time.monotonic()
        self.thread = threading.Thread(target=self.run, daemon=True, name="jobs")

    def ready(self) -> bool:
        """Whether there is a worker for trainings and one for questions."""
        if self.client is None:
            return False
        try:
            workers = self.client.scheduler_info(n_workers=-1)["workers"].values()
        except OSError as error:
            log.info("The scheduler is out of reach: %s", error)
            return False
        able = {name for one in workers for name in one["resources"]}
        # The workers of a cluster that declare no role take any (`cluster.resources`).
        return bool(workers) and (able >= set(cluster.ROLES) or not cluster.local())

    def resources(self, role: str) -> dict[str, float]:
        """Return the Dask resources of *role*; a local worker that is starting counts."""
        assert self.client is not None
        if cluster.local():
            return {role: 1}
        return cluster.resources(self.client, role)

    def run(self) -> None:
        """Look after the jobs until `close`; a failure is logged and tried again."""
        while not self.over.is_set():
            try:
                self._tick()
                self.trouble = None
            except FusionscopeError as error:
                self._complain(error)
            except Exception as error:  # noqa: BLE001 - the watch outlives a broken connection
                self._complain(JobError(f"The workers are out of reach: {error!r}."))
            self.wake.wait(TICK)
            self.wake.clear()

    def close(self) -> None:
        """Stop watching; end the workers when no other server uses them."""
        self.over.set()
        self.wake.set()
        self.thread.join(timeout=10)
        if self.client is not None:
            self.client.close(timeout=2)
        if cluster.leave():
            for job in queue.active():
                if job.state == "running":
                    queue.end(job, "lost", _again("The server was stopped.", job))

    def _complain(self, error: FusionscopeError) -> None:
        if str(error) != str(self.trouble):
            log.warning("%s", error)
        self.trouble = error

    def _tick(self) -> None:
        client = self._connected()
        jobs = queue.active()
        self._note_progress(jobs)
        unknown = [job for job in jobs if job.ticket not in self.futures]
        published = set(client.list_datasets()) if unknown else set()
        for job in unknown:
            self._find(client, job, job.ticket in published)
        for job in jobs:
            if job.stopping:
                self._tell(client, job)
            if job.ticket in self.futures and self.futures[job.ticket].done():
                self._settle(client, job)
        for ticket in self.futures.keys() - {job.ticket for job in jobs}:
            self._forget(client, ticket)

    def _connected(self) -> Client:
        """Return the client; connect, or start processes, where there are none."""
        if self.client is not None and self.client.status != "running":
            self.client.close(timeout=1)
            self.client = None
        if self.client is None:
            self.futures.clear()
            self.client = cluster.connect()
        elif time.monotonic() - self.tended > TEND:
            self.tended = time.monotonic()
            cluster.tend()
        return self.client

    def _find(self, client: Client, job: Job, published: bool) -> None:
        """Take over what another server left, hand a queued job to Dask, or call it lost."""
        if published:
            self._follow(client, job, client.get_dataset(job.ticket))
        elif job.state == "queued" and not job.stopping:
            self._hand_over(client, job)
        elif job.state == "queued":
            queue.end(job, "cancelled", "Stopped before it began.")
        else:
            self._close_book(job, "lost", "The training process is gone.")

    def _hand_over(self, client: Client, job: Job) -> None:
        names = ("id", "ticket", "task", "source", "roles", "cleaning", "config")
        future = client.submit(
            worker.train,
            {name: getattr(job, name) for name in names},
            key=job.ticket,
            resources=self.resources("train"),
        )
        # Published, the job goes on when this process ends, and another one finds it.
        client.publish_dataset(future, name=job.ticket, override=True)
        self._follow(client, job, future)

    def _follow(self, client: Client, job: Job, future: Future) -> None:
        def hear(event: tuple[float, dict[str, Any]]) -> None:
            self.news[job.ticket] = event[1]
            self.wake.set()

        topic = f"progress-{job.ticket}"
        self.futures[job.ticket] = future
        client.subscribe_topic(topic, hear)
        for event in client.get_events(topic)[-1:]:
            hear(event)
        future.add_done_callback(lambda _: self.wake.set())

    def _note_progress(self, jobs: list[Job]) -> None:
        for job in jobs:
            if message := self.news.pop(job.ticket, None):
                queue.progress(job, message)

    def _tell(self, client: Client, job: Job) -> None:
        """Pass the wish to stop on to the worker; a job that has not begun ends at once."""
        from distributed import Event

        if job.ticket not in self.told:
            Event(f"cancel-{job.ticket}", client=client).set()
            self.told.add(job.ticket)
        if job.state == "queued":
            queue.end(job, "cancelled", "Stopped before it began.")

    def _settle(self, client: Client, job: Job) -> None:
        """Write down how a job ended."""
        from distributed import KilledWorker

        self._note_progress([job])
        job, future = queue.get(job.id) or job, self.futures[job.ticket]
        if future.status == "finished":
            queue.end(job, "done", run=future.result())
        elif future.status == "error":
            error = future.exception()
            if isinstance(error, Cancelled):
                queue.end(job, "cancelled", _again("Stopped on request.", job))
            elif isinstance(error, KilledWorker):
                self._close_book(job, "failed", f"{KILLED} (killed or out of memory).")
            else:
                queue.end(job, "failed", str(error))
        else:
            self._close_book(job, "lost", "The training process is gone.")

    def _close_book(self, job: Job, state: State, text: str) -> None:
        """End a job whose process is gone; it may have stored its run before."""
        run = runs.find(job.id)
        if run is not None:
            queue.end(job, "done", run=run.id)
        else:
            queue.end(job, state, _again(text, job))

    def _forget(self, client: Client, ticket: str) -> None:
        """Let Dask drop what it knows of an attempt that has ended."""
        future = self.futures.pop(ticket)
        self.told.discard(ticket)
        self.news.pop(ticket, None)
        client.unsubscribe_topic(f"progress-{ticket}")
        client.unpublish_dataset(ticket)
        client.cancel([future], force=True)


def _again(text: str, job: Job) -> str:
    """Say after *text* where a resumed training goes on."""
    return f"{text} Resume takes it up at epoch {job.epoch + 1}." if job.epochs else text
