"""Studies and their trials in the database: what the pages see, whichever process wrote it.

One process at a time coordinates a study. It holds the study by its name in the column `owner`;
whatever it writes counts only while it does (`_held`), so that one which was away too long cannot
disturb the one that took over.
"""

from __future__ import annotations

import os
import socket
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

import psutil
from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Connection,
    DateTime,
    Float,
    Integer,
    Select,
    String,
    Table,
    func,
    insert,
    select,
    update,
)
from sqlalchemy import delete as sql_delete

from core.database import METADATA, transaction
from core.errors import ConfigError, JobError
from core.names import two_words
from core.sweeps.space import Span

Kind = Literal["windows", "ablation", "search"]
StudyState = Literal["running", "stopped", "done", "failed"]
TrialState = Literal["waiting", "running", "done", "pruned", "failed"]
OPEN = ("waiting", "running")
LEASE = 120.0  # seconds without a sign of life after which another machine may take over


class NotHeld(JobError):
    """Somebody else coordinates the study by now, or it was stopped."""


@dataclass(frozen=True)
class Study:
    """Trainings that answer one question together.

    Attributes:
        name: Two words, such as "quiet-otter".
        task: Name of the task.
        kind: windows, ablation or search.
        dataset: Name of the data set.
        source: How to open it.
        roles: Of its columns.
        cleaning: Its recipe.
        fingerprint: Of content, roles and cleaning.
        graph: Digest of its graph; None without one.
        config: The settings that it begins with.
        space: What a search varies.
        metric: What the trials are judged by, on validation rows.
        more: Whether more of it is better.
        planned: How many trials there are to be, those that failed included.
        at_once: How many of them at the same time.
        prune: Whether trials that fall behind are stopped early.
        seed: Of the search.
        since: Number of the first trial after it was begun or taken up again.
        state: running, stopped, done or failed.
        message: One line for the person: why it failed, or what it waits for.
        owner: Who coordinates it; empty when nobody does.
        beat: When that one last gave a sign of life, seconds since 1970.
        created: When it was begun, UTC.
        finished: When it ended, in whatever way; None before.
    """

    name: str
    task: str
    kind: Kind
    dataset: str
    source: str
    roles: dict[str, Any]
    cleaning: dict[str, Any]
    fingerprint: str
    graph: str | None
    config: dict[str, Any]
    space: list[dict[str, Any]]
    metric: str
    more: bool
    planned: int
    at_once: int
    prune: bool
    seed: int
    since: int
    state: StudyState
    message: str
    owner: str
    beat: float
    created: datetime
    finished: datetime | None

    @property
    def spans(self) -> list[Span]:
        """What a search varies."""
        return [Span.read(span) for span in self.space]


@dataclass(frozen=True)
class Trial:
    """One training of a study.

    Attributes:
        study: Name of its study.
        number: From 0.
        label: What is tried, such as "lookback 64"; empty in a search.
        params: Values of the fields that vary.
        config: All settings.
        key: Of its run and of its job.
        state: waiting, running, done, pruned or failed.
        value: The study's metric; None before it is done, or where there is none.
        run: Id of its run; None before it is done.
        message: Why it failed or was stopped.
        curve: Validation loss of each finished epoch.
        rungs: What the pruning remembers of it.
        retries: How often it was taken up again after its process had gone.
        seconds: How long its training took; None before it ended, 0 when its run was stored.
    """

    study: str
    number: int
    label: str
    params: dict[str, Any]
    config: dict[str, Any]
    key: str
    state: TrialState
    value: float | None
    run: str | None
    message: str
    curve: list[float]
    rungs: dict[str, float]
    retries: int
    seconds: float | None

    @property
    def who(self) -> str:
        """How it is called among those who wait for its job."""
        return f"study {self.study}, trial {self.number}"


_STUDIES = Table(
    "studies",
    METADATA,
    Column("name", String, primary_key=True),
    *(Column(name, String, nullable=False) for name in ("task", "kind", "dataset", "source")),
    *(Column(name, JSON, nullable=False) for name in ("roles", "cleaning", "config", "space")),
    Column("fingerprint", String, nullable=False),
    Column("graph", String),
    Column("metric", String, nullable=False),
    *(Column(name, Boolean, nullable=False) for name in ("more", "prune")),
    *(Column(name, Integer, nullable=False) for name in ("planned", "at_once", "seed", "since")),
    Column("state", String, nullable=False, index=True),
    *(Column(name, String, nullable=False) for name in ("message", "owner")),
    Column("beat", Float, nullable=False),
    Column("created", DateTime, nullable=False, index=True),
    Column("finished", DateTime),
)
_TRIALS = Table(
    "trials",
    METADATA,
    Column("study", String, primary_key=True),
    Column("number", Integer, primary_key=True),
    *(Column(name, String, nullable=False) for name in ("label", "key", "state", "message")),
    *(Column(name, JSON, nullable=False) for name in ("params", "config", "curve", "rungs")),
    Column("retries", Integer, nullable=False),
    *(Column(name, Float) for name in ("value", "seconds")),
    Column("run", String),
)
_NEW: dict[str, Any] = {
    "state": "waiting",
    "value": None,
    "run": None,
    "message": "",
    "curve": [],
    "rungs": {},
    "retries": 0,
    "seconds": None,
}


def enter(values: dict[str, Any], trials: list[dict[str, Any]], owner: str = "") -> Study:
    """Store a new study under a name of its own, with the trials that are known already.

    Args:
        values: All attributes of a `Study` that a user decides.
        trials: label, params, config and key of each.
        owner: Who coordinates it from the beginning.
    """
    now = datetime.now(UTC).replace(tzinfo=None)
    made = {"since": 0, "state": "running", "message": "", "owner": owner, "beat": time.time()}
    with transaction() as connection:
        # A write first: it takes the lock, so that no other process takes the same name.
        connection.execute(update(_STUDIES).where(_STUDIES.c.name == "").values(message=""))
        name = _free_name(connection)
        row = values | made | {"name": name, "created": now, "finished": None}
        connection.execute(insert(_STUDIES).values(row))
        for number, trial in enumerate(trials):
            connection.execute(
                insert(_TRIALS).values(_NEW | trial | {"study": name, "number": number})
            )
    return get(name)


def _free_name(connection: Connection) -> str:
    taken = set(connection.execute(select(_STUDIES.c.name)).scalars())
    for number in range(1, 10_000):
        base = two_words(uuid.uuid4().hex)
        name = base if number < 50 else f"{base}-{number}"
        if name not in taken:
            return name
    raise JobError("No name is free for another study.", "Delete some.")


def get(name: str) -> Study:
    """Return the study of this name.

    Raises:
        ConfigError: there is none.
    """
    found = _studies(select(_STUDIES).where(_STUDIES.c.name == name))
    if not found:
        raise ConfigError(
            f"There is no study {name!r}.", "The page Experiments lists those there are."
        )
    return found[0]


def recent(limit: int = 50) -> list[Study]:
    """Return the newest studies first."""
    return _studies(select(_STUDIES).order_by(_STUDIES.c.created.desc()).limit(limit))


def running() -> list[Study]:
    """Return the studies that are to be coordinated, oldest first."""
    wanted = select(_STUDIES).where(_STUDIES.c.state == "running")
    return _studies(wanted.order_by(_STUDIES.c.created))


def trials(name: str) -> list[Trial]:
    """Return the trials of a study, in order."""
    wanted = select(_TRIALS).where(_TRIALS.c.study == name).order_by(_TRIALS.c.number)
    with transaction() as connection:
        rows = connection.execute(wanted).mappings().all()
    return [Trial(**row) for row in rows]


def counts() -> dict[str, dict[str, int]]:
    """Return how many trials each study has in each state."""
    wanted = select(_TRIALS.c.study, _TRIALS.c.state, func.count()).group_by(
        _TRIALS.c.study, _TRIALS.c.state
    )
    found: dict[str, dict[str, int]] = {}
    with transaction() as connection:
        for study, state, count in connection.execute(wanted):
            found.setdefault(study, {})[state] = count
    return found


def stop(name: str) -> list[Trial]:
    """Stop a running study; return the trials that were on their way, which now wait again."""
    where = _TRIALS.c.study == name, _TRIALS.c.state == "running"
    values = {"state": "stopped", "owner": "", "message": "", "finished": _now()}
    known = _STUDIES.c.name == name, _STUDIES.c.state == "running"
    with transaction() as connection:
        if not connection.execute(update(_STUDIES).where(*known).values(values)).rowcount:
            return []
        rows = connection.execute(select(_TRIALS).where(*where)).mappings().all()
        connection.execute(update(_TRIALS).where(*where).values(state="waiting"))
    return [Trial(**row) for row in rows]


def delete(name: str) -> None:
    """Remove a study that does not run, with what is known of its trials; their runs stay.

    Raises:
        ConfigError: it runs, or there is none of that name.
    """
    idle = _STUDIES.c.name == name, _STUDIES.c.state != "running"
    with transaction() as connection:
        if connection.execute(sql_delete(_STUDIES).where(*idle)).rowcount:
            connection.execute(sql_delete(_TRIALS).where(_TRIALS.c.study == name))
            return
    get(name)  # knows what to say of a name that is not there
    raise ConfigError(f"Study {name} runs.", "Stop it before it is deleted.")


def go_on(name: str, more: int, owner: str = "") -> None:
    """Take up a study that does not run, with *more* trials; of a list, those that failed again."""
    idle = _STUDIES.c.name == name, _STUDIES.c.state != "running"
    listed = _TRIALS.c.study == name, _TRIALS.c.label != "", _TRIALS.c.state == "failed"
    count = select(func.count()).where(_TRIALS.c.study == name).scalar_subquery()
    values: dict[str, Any] = {"state": "running", "message": "", "finished": None, "since": count}
    values |= {"planned": _STUDIES.c.planned + more, "owner": owner, "beat": time.time()}
    with transaction() as connection:
        if connection.execute(update(_STUDIES).where(*idle).values(values)).rowcount:
            again = {"state": "waiting", "message": "", "retries": 0}
            if connection.execute(update(_TRIALS).where(*listed).values(again)).rowcount:
                since = update(_STUDIES).where(_STUDIES.c.name == name).values(since=0)
                connection.execute(since)


def hold(study: Study, owner: str) -> bool:
    """Become, or stay, the one who coordinates *study*; return whether that worked."""
    expired = study.beat < time.time() - LEASE
    if not (study.owner in ("", owner) or expired or _gone(study.owner)):
        return False
    mine = (
        _STUDIES.c.name == study.name,
        _STUDIES.c.state == "running",
        _STUDIES.c.owner == study.owner,  # nobody was quicker
    )
    with transaction() as connection:
        values = {"owner": owner, "beat": time.time()}
        return connection.execute(update(_STUDIES).where(*mine).values(values)).rowcount == 1


def release(owner: str) -> None:
    """Let go of every study that *owner* holds, so that another one goes on at once."""
    with transaction() as connection:
        connection.execute(update(_STUDIES).where(_STUDIES.c.owner == owner).values(owner=""))


def add(study: Study, owner: str, trial: dict[str, Any]) -> None:
    """Add a trial as its holder; its number is free, since nobody else adds any."""
    with _held(study.name, owner) as connection:
        connection.execute(insert(_TRIALS).values(_NEW | trial | {"study": study.name}))


def note(trial: Trial, owner: str, **values: Any) -> None:
    """Write *values* of a trial that has not ended, as the holder of its study."""
    where = (
        _TRIALS.c.study == trial.study,
        _TRIALS.c.number == trial.number,
        _TRIALS.c.state.in_(OPEN),
    )
    with _held(trial.study, owner) as connection:
        connection.execute(update(_TRIALS).where(*where).values(values))


def tell(study: Study, owner: str, message: str) -> None:
    """Write what the study waits for, as its holder."""
    with _held(study.name, owner) as connection:
        connection.execute(
            update(_STUDIES).where(_STUDIES.c.name == study.name).values(message=message)
        )


def end(study: Study, owner: str, state: StudyState, message: str = "") -> None:
    """Note how the study ended, as its holder."""
    values = {"state": state, "message": message, "finished": _now(), "owner": ""}
    with _held(study.name, owner) as connection:
        connection.execute(update(_STUDIES).where(_STUDIES.c.name == study.name).values(values))


def me() -> str:
    """Return a name for one who coordinates: its machine, its process, and a number of its own."""
    pid = os.getpid()
    born = psutil.Process(pid).create_time()
    return f"{socket.gethostname()}|{pid}|{born}|{uuid.uuid4().hex}"


def _gone(owner: str) -> bool:
    """Whether the process of *owner* ran on this machine and has ended."""
    host, pid, born, _ = owner.split("|")
    if host != socket.gethostname():
        return False
    try:
        process = psutil.Process(int(pid))
        ended = process.status() == psutil.STATUS_ZOMBIE
        return ended or abs(process.create_time() - float(born)) >= 1
    except psutil.NoSuchProcess:
        return True


@contextmanager
def _held(name: str, owner: str) -> Iterator[Connection]:
    """A transaction that takes place only while *owner* holds the running study."""
    mine = (
        _STUDIES.c.name == name,
        _STUDIES.c.owner == owner,
        _STUDIES.c.state == "running",
    )
    with transaction() as connection:
        beat = update(_STUDIES).where(*mine).values(beat=time.time())
        if connection.execute(beat).rowcount != 1:
            raise NotHeld(f"Study {name} was stopped, or another process goes on with it.")
        yield connection


def _studies(statement: Select[Any]) -> list[Study]:
    with transaction() as connection:
        rows = [dict(row) for row in connection.execute(statement).mappings().all()]
    for row in rows:
        for name in ("created", "finished"):
            if row[name] is not None:
                row[name] = row[name].replace(tzinfo=UTC)
    return [Study(**row) for row in rows]


def _now() -> datetime:
    """Return the time in UTC without a zone, as SQLite stores it."""
    return datetime.now(UTC).replace(tzinfo=None)
