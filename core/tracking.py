"""The connection to MLflow: quiet, local by default, with errors that a person understands."""

from __future__ import annotations

import logging
import os
import re
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from core import task as tasks
from core.artifacts import exclusive, storing
from core.errors import RunError, StorageError
from core.settings import settings

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run as Entity

log = logging.getLogger(__name__)

PREFIX = "fusionscope."
NEWEST = "attributes.start_time DESC"


def uri() -> str:
    """Return where the runs are stored: a server's address or an SQLite file."""
    return settings().tracking_uri or f"sqlite:///{settings().home / 'runs.db'}"


@contextmanager
def store() -> Iterator[MlflowClient]:
    """A client of the store of runs.

    Raises:
        StorageError: the disk is full or may not be written.
        RunError: the store is out of reach or cannot be read.
    """
    client = _client(uri())
    from mlflow.exceptions import MlflowException

    try:
        yield client
    except MlflowException as error:
        raise _explain(error) from error


def revision() -> int | None:
    """Return a number that changes with every change to the store, whoever makes it.

    None where nobody can tell: a server keeps the runs, or the file cannot be read.
    """
    if not uri().startswith("sqlite:///"):
        return None
    _client(uri())
    try:
        with _looking:
            return int(_onlooker(uri()).execute("PRAGMA data_version").fetchone()[0])
    except sqlite3.Error as error:
        log.info("The list of runs does not tell whether it changed: %s", error)
        return None


@cache
def _onlooker(address: str) -> sqlite3.Connection:
    """Return a connection that never writes; only one and the same is told of changes."""
    path = address.removeprefix("sqlite:///")
    return sqlite3.connect(path, timeout=20, check_same_thread=False)


_looking = threading.Lock()


@cache
def experiment(client: MlflowClient, task: str) -> str:
    """Return the id of *task*'s experiment, which is made when it is not there yet.

    It is asked for once a process and store: each search for runs would pay four questions for it.
    """
    from mlflow.exceptions import MlflowException

    name = f"fusionscope-{task}"
    found = client.get_experiment_by_name(name)
    if found is not None:
        return str(found.experiment_id)
    local = None if _remote() else (settings().home / "artifacts").absolute().as_uri()
    try:
        return str(client.create_experiment(name, artifact_location=local))
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
    return experiment(client, task)  # another process was faster


def search(
    client: MlflowClient,
    filters: list[str],
    *,
    task: str | None = None,
    order: str = NEWEST,
    limit: int = 50,
    offset: int = 0,
    count: bool = True,
) -> tuple[list[Entity], int]:
    """Return finished runs that meet all *filters*, and how many there are in all.

    Without *count*, how many there are at least: to count takes a dozen questions more.
    """
    from mlflow.utils.search_utils import SearchUtils

    experiments = [experiment(client, name) for name in ([task] if task else tasks.TASKS)]
    text = " and ".join(["attributes.status = 'FINISHED'", *filters])

    def page(size: int, start: int, order: str = NEWEST) -> Any:
        token = SearchUtils.create_page_token(start) if start else None
        return client.search_runs(
            experiments, text, max_results=size, order_by=[order], page_token=token
        )

    found = page(limit, offset, order)
    if not count or (not found.token and (found or not offset)):
        return list(found), offset + len(found)
    known = offset + len(found) if found else 0
    return list(found), _count(lambda position: bool(page(1, position)), known)


def _count(exists: Any, known: int) -> int:
    """Return the number of items when *known* exist: MLflow has no count, but it has offsets."""
    step = max(known, 50)
    low, high = known, known + step
    while exists(high):
        low, step = high + 1, step * 2
        high += step
    while low < high:
        middle = (low + high) // 2
        low, high = (middle + 1, high) if exists(middle) else (low, middle)
    return low


def equals(tag: str, value: str) -> str:
    """Return a filter for runs whose *tag* is *value*; see `pattern` for unusual characters."""
    safe = pattern(value)
    return f"tags.`{PREFIX}{tag}` {'=' if safe == value else 'LIKE'} '{safe}'"


def pattern(text: str) -> str:
    """Return *text* for a filter: what could end the quotes becomes `_`, any one character."""
    return re.sub(r"[^\w .,:;/()+@-]", "_", text)


def local_folder(entity: Entity) -> Path | None:
    """Return the folder of a run's artifacts on this machine; None when a server keeps them."""
    own = settings().home / "artifacts" / entity.info.run_id / "artifacts"
    parts = urlsplit(entity.info.artifact_uri)
    if own.is_dir() or parts.scheme not in ("", "file"):
        return own if own.is_dir() else None
    return Path(unquote(parts.path))


def _remote() -> bool:
    return uri().startswith(("http:", "https:", "databricks"))


@cache
def _client(address: str) -> MlflowClient:
    """Connect to *address*; the first time on a machine this makes the tables, in seconds."""
    # Usage statistics would leave the machine; seven retries would hold a page for minutes.
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = os.environ["DO_NOT_TRACK"] = "true"
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")
    if address.startswith("sqlite:///"):
        _prepare_file(Path(address.removeprefix("sqlite:///")))
    from mlflow import MlflowClient

    for name in ("mlflow", "alembic"):
        logging.getLogger(name).setLevel(logging.CRITICAL)  # the errors are raised as well
    with exclusive("runs"):  # MLflow's making of the tables is not safe from other processes
        return MlflowClient(tracking_uri=address)


def _prepare_file(path: Path) -> None:
    """Let several processes read while one writes; find out early whether it is a database."""
    with storing("the list of runs"):
        path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with closing(sqlite3.connect(path, timeout=20)) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
    except sqlite3.DatabaseError as error:
        raise RunError(
            f"The list of runs {path} cannot be opened: {error}.",
            "Put a copy of it back or move it away; then a new one is made.",
        ) from error


def _explain(error: Exception) -> RunError | StorageError:
    text = str(error)
    if "disk is full" in text or "readonly database" in text:
        return StorageError(
            f"The list of runs at {uri()} cannot be written: the disk is full or read-only.",
            "Free some space or make it writable; what was stored before is untouched.",
        )
    if "API request to" in text:
        return RunError(
            f"The MLflow server at {uri()} does not answer.",
            "Start it, or unset MLFLOW_TRACKING_URI to keep runs on this machine.",
        )
    line = text.strip().splitlines()[0][:300] if text.strip() else type(error).__name__
    return RunError(f"The list of runs at {uri()} cannot be used: {line}")
