"""Fusionscope's own SQLite file."""

from __future__ import annotations

import sqlite3
import threading
import time
from contextlib import closing

from sqlalchemy import select
from sqlalchemy.dialects import sqlite
from sqlalchemy.schema import CreateTable

from core.database import transaction
from core.queue import _JOBS
from core.settings import settings


def test_processes_that_start_at_once_make_the_tables_once(home):
    path, found = settings().home / "fusionscope.db", []
    path.parent.mkdir(parents=True)

    def read() -> None:
        with transaction() as connection:
            found.extend(connection.execute(select(_JOBS)))
        found.append("read")

    reader = threading.Thread(target=read)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("PRAGMA journal_mode = WAL")
        other.execute("BEGIN IMMEDIATE")
        other.execute(str(CreateTable(_JOBS).compile(dialect=sqlite.dialect())))
        reader.start()
        time.sleep(0.3)
        assert not found  # it waits for the other one
        other.execute("COMMIT")
    reader.join(timeout=30)
    assert found == ["read"]
