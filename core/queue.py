"""The list of jobs in the database: what the pages see, whichever process wrote it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    DateTime,
    Float,
    Integer,
    Select,
    String,
    Table,
    select,
    update,
)
from sqlalchemy.dialects.sqlite import insert

from core.config import Config
from core.data.dataset import Dataset
from core.database import METADATA, transaction

State = Literal["queued", "running", "done", "failed", "cancelled", "lost"]
ACTIVE = ("queued", "running")


@dataclass(frozen=True)
class Job:
    """A training that was asked for.

    Attributes:
        id: Key of its run.
        attempt: 1, and one more each time that it is asked for or taken up again.
        task: Name of the task.
        dataset: Name of the data set.
        source: How to open the data set.
        roles: Roles of the data set's columns.
        cleaning: Recipe of the data set.
        config: The task's config.
        variant: Name of the variant.
        state: queued, running, done, failed, cancelled or lost.
        message: One line for the person: why it failed, or what to do next.
        stage: What is being done, such as "training".
        epoch: Finished epochs.
        epochs: Epochs at most.
        fraction: Share of the work that is done, 0 to 1.
        seconds_left: Estimate; None when unknown.
        stopping: Whether somebody asked to stop it.
        waiters: Who asked for it.
        run: Id of its run once it is done.
        created: When it was asked for, UTC.
        started: When a worker took it up; None before.
        finished: When it ended, in whatever way; None before.
    """

    id: str
    attempt: int
    task: str
    dataset: str
    source: str
    roles: dict[str, Any]
    cleaning: dict[str, Any]
    config: dict[str, Any]
    variant: str
    state: State
    message: str
    stage: str
    epoch: int
    epochs: int
    fraction: float
    seconds_left: float | None
    stopping: bool
    waiters: list[str]
    run: str | None
    created: datetime
    started: datetime | None
    finished: datetime | None

    @property
    def ticket(self) -> str:
        """Its key in Dask: what is left of an earlier attempt cannot be mistaken for this one."""
        return self.id if self.attempt == 1 else f"{self.id}-{self.attempt}"

    @property
    def active(self) -> bool:
        """Whether it is queued or running."""
        return self.state in ACTIVE

    @property
    def resumable(self) -> bool:
        """Whether `resume` may take it up."""
        return self.state in ("failed", "cancelled", "lost")


_JOBS = Table(
    "jobs",
    METADATA,
    Column("id", String, primary_key=True),
    *(Column(name, String, nullable=False) for name in ("task", "dataset", "source", "variant")),
    *(Column(name, JSON, nullable=False) for name in ("roles", "cleaning", "config", "waiters")),
    Column("state", String, nullable=False, index=True),
    *(Column(name, String, nullable=False) for name in ("message", "stage")),
    *(Column(name, Integer, nullable=False) for name in ("attempt", "epoch", "epochs")),
    Column("fraction", Float, nullable=False),
    Column("seconds_left", Float),
    Column("stopping", Boolean, nullable=False),
    Column("run", String),
    Column("created", DateTime, nullable=False, index=True),
    *(Column(name, DateTime) for name in ("started", "finished")),
)


def get(identifier: str) -> Job | None:
    """Return the job with this id, or None."""
    return next(iter(_select(select(_JOBS).where(_JOBS.c.id == identifier))), None)


def recent(limit: int = 20) -> list[Job]:
    """Return the newest jobs first."""
    return _select(select(_JOBS).order_by(_JOBS.c.created.desc()).limit(limit))


def active() -> list[Job]:
    """Return the jobs that are queued or running, oldest first."""
    return _select(select(_JOBS).where(_JOBS.c.state.in_(ACTIVE)).order_by(_JOBS.c.created))


def enter(task: str, key: str, dataset: Dataset, config: Config, run: str | None) -> None:
    """Enter a job as queued, or as done when its *run* exists; one that is active stays."""
    now = _now()
    _write(
        {
            "id": key,
            "task": task,
            "dataset": dataset.name,
            "source": dataset.source,
            "roles": dataset.roles.model_dump(mode="json"),
            "cleaning": dataset.cleaning.model_dump(mode="json"),
            "config": config.model_dump(mode="json"),
            "variant": config.variant,  # type: ignore[attr-defined]
            "state": "done" if run else "queued",
            "run": run,
            "waiters": [],
            "created": now,
            "finished": now if run else None,
            "attempt": 1,
            **_BLANK,
        }
    )


_BLANK: dict[str, Any] = {
    "message": "",
    "stage": "",
    "epoch": 0,
    "epochs": 0,
    "fraction": 0.0,
    "seconds_left": None,
    "stopping": False,
    "started": None,
}


def _write(values: dict[str, Any]) -> None:
    statement = insert(_JOBS).values(values)
    again = values | {"attempt": _JOBS.c.attempt + 1}
    idle = _JOBS.c.state.not_in(ACTIVE)
    with transaction() as connection:
        connection.execute(
            statement.on_conflict_do_update(index_elements=["id"], set_=again, where=idle)
        )


def requeue(identifier: str) -> None:
    """Put a job that ended without a run back into the queue; it keeps its epoch."""
    values: dict[str, Any] = {
        "state": "queued",
        "created": _now(),
        "started": None,
        "finished": None,
    }
    values |= {"waiters": [], "message": "", "stage": "", "stopping": False}
    values |= {"attempt": _JOBS.c.attempt + 1}
    ended = _JOBS.c.state.in_(("failed", "cancelled", "lost"))
    _update(identifier, ended, values)


def join(identifier: str, who: str) -> None:
    """Note that *who* waits for the job."""
    _waiters(identifier, lambda names: names if who in names else [*names, who])


def withdraw(identifier: str, who: str) -> None:
    """Note that *who* waits for the job no longer."""
    _waiters(identifier, lambda names: [name for name in names if name != who])


def _waiters(identifier: str, change: Any) -> None:
    where = _JOBS.c.id == identifier
    with transaction() as connection:
        # A write first: it takes the lock, so that no other process changes the list in between.
        connection.execute(update(_JOBS).where(where).values(id=identifier))
        names = connection.execute(select(_JOBS.c.waiters).where(where)).scalar_one()
        connection.execute(update(_JOBS).where(where).values(waiters=change(names)))


def stop(identifier: str) -> None:
    """Note that an active job is to be stopped."""
    _update(identifier, _JOBS.c.state.in_(ACTIVE), {"stopping": True})


def progress(job: Job, message: dict[str, Any]) -> None:
    """Note where this attempt of an active job stands; a queued one is thereby running."""
    now = _JOBS.c.attempt == job.attempt
    _update(job.id, now & (_JOBS.c.state == "queued"), {"state": "running", "started": _now()})
    values = {name: message[name] for name in ("stage", "fraction", "seconds_left")}
    if message["epochs"]:
        values |= {name: message[name] for name in ("epoch", "epochs")}
    _update(job.id, now & (_JOBS.c.state == "running"), values)


def end(job: Job, state: State, message: str = "", run: str | None = None) -> None:
    """Note how this attempt of an active job ended."""
    values: dict[str, Any] = {"state": state, "message": message, "finished": _now(), "run": run}
    values |= {"stopping": False, "seconds_left": None}
    values |= {"fraction": 1.0} if state == "done" else {}
    _update(job.id, _JOBS.c.state.in_(ACTIVE) & (_JOBS.c.attempt == job.attempt), values)


def _update(identifier: str, where: Any, values: dict[str, Any]) -> None:
    with transaction() as connection:
        connection.execute(update(_JOBS).where(_JOBS.c.id == identifier, where).values(values))


def _select(statement: Select[Any]) -> list[Job]:
    with transaction() as connection:
        rows = connection.execute(statement).mappings().all()
    return [_job(dict(row)) for row in rows]


def _job(row: dict[str, Any]) -> Job:
    for name in ("created", "started", "finished"):
        if row[name] is not None:
            row[name] = row[name].replace(tzinfo=UTC)
    return Job(**row)


def _now() -> datetime:
    """Return the time in UTC without a zone, as SQLite stores it."""
    return datetime.now(UTC).replace(tzinfo=None)
