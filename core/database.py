"""Fusionscope's own SQLite file: one engine a process, readers and a writer side by side."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, MetaData, create_engine, event
from sqlalchemy.exc import DatabaseError

from core.artifacts import storing
from core.errors import StorageError
from core.settings import settings

METADATA = MetaData()


@contextmanager
def transaction() -> Iterator[Connection]:
    """A connection whose changes take effect together, or not at all.

    Raises:
        StorageError: the file may not be written, the disk is full, or it is no database.
    """
    path = settings().home / "fusionscope.db"
    try:
        engine = _engine(path)
        _make_tables(path, len(METADATA.tables))
        with engine.begin() as connection:
            yield connection
    except DatabaseError as error:
        raise StorageError(
            f"The file of jobs and labels {path} cannot be used: {error.orig}.",
            "Free some space, make it writable, or move it away; then a new one is made.",
        ) from error


@cache
def _engine(path: Path) -> Engine:
    with storing("jobs and labels"):
        path.parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(URL.create("sqlite", database=str(path)))
    event.listen(engine, "connect", _configure)
    return engine


@cache
def _make_tables(path: Path, known: int) -> None:
    """Make the tables; again when a module that brings one of its own was loaded since.

    Looking and making are one step: several processes may start at once.
    """
    with _engine(path).connect() as connection:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        METADATA.create_all(connection)
        connection.commit()


def _configure(connection: Any, _record: Any) -> None:
    """Let others read while one process writes, and let writers wait for one another."""
    connection.execute("PRAGMA busy_timeout = 20000")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
