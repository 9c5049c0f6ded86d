"""The processes that train: a Dask scheduler and two workers on this machine, or a cluster.

The processes are detached: they outlive a server that is killed, and the next one finds them by
`cluster.json` in the home folder. Several servers with one home folder share them.
"""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

from core.artifacts import exclusive, storing, write_json
from core.errors import JobError
from core.settings import settings

if TYPE_CHECKING:
    from distributed import Client

log = logging.getLogger(__name__)

ROLES = ("train", "interact")
PATIENCE = 60.0  # seconds for the scheduler to come up on a busy machine
REMOTE_PATIENCE = 5.0  # seconds for a scheduler that should be there already


def connect() -> Client:
    """Return a client of the cluster; local processes are found again, or started.

    Raises:
        JobError: the scheduler cannot be reached.
    """
    address = settings().scheduler_address
    if address:
        return _client(address, timeout=REMOTE_PATIENCE)
    with exclusive("cluster"):
        state = _read()
        if not _alive(state.get("scheduler")):
            _end(state)
            state = {"scheduler": _start_scheduler()}
        _enlist(state)
        _tend(state)
        return _client(_address(), timeout=PATIENCE)


def local() -> bool:
    """Whether the workers are processes of this machine that Fusionscope starts."""
    return not settings().scheduler_address


def tend() -> None:
    """Start local workers anew that were ended together with their nanny."""
    if local():
        with exclusive("cluster"):
            state = _read()
            if _alive(state.get("scheduler")):
                _tend(state)


def leave() -> bool:
    """End the local processes unless another server uses them; return whether they were ended."""
    if not local():
        return False
    with exclusive("cluster"):
        state = _read()
        me = _record(os.getpid())
        state["servers"] = [
            record for record in state.get("servers", []) if _alive(record) and record != me
        ]
        if state["servers"]:
            write_json(_path(), state)
            return False
        _end(state)
        return True


def resources(client: Client, role: str) -> dict[str, float]:
    """Return the Dask resource of *role*; none where no worker of the cluster declares it."""
    workers = client.scheduler_info(n_workers=-1)["workers"].values()
    return {role: 1} if any(role in worker["resources"] for worker in workers) else {}


def logs() -> Path:
    """Return the folder of the logs, which is made when it is not there yet."""
    folder = settings().home / "logs"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _client(address: str, timeout: float) -> Client:
    from distributed import Client

    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # errors are raised as well
    try:
        return Client(address, timeout=timeout, set_as_default=False, name="fusionscope")
    except (OSError, TimeoutError, ValueError) as error:
        raise JobError(
            f"The Dask scheduler at {address} does not answer.",
            "Start it, or unset DASK_SCHEDULER_ADDRESS to train on this machine.",
        ) from error


def _start_scheduler() -> dict[str, Any]:
    _scheduler_file().unlink(missing_ok=True)
    options = ["--host", "127.0.0.1", "--port", "0", "--no-dashboard"]
    return _spawn("scheduler", "dask_scheduler", *options)


def _tend(state: dict[str, Any]) -> None:
    """Start the workers that are not running, and write down what runs."""
    for role in ROLES:
        if not _alive(state.get(role)):
            options = ["--name", role, "--resources", f"{role}=1", "--preload", "core.worker"]
            # Dask's own limits would spill and pause; one training fits or the system ends it.
            options += ["--nworkers", "1", "--nthreads", "1", "--memory-limit", "0"]
            options += ["--local-directory", str(settings().home / "workers")]
            options += ["--host", "127.0.0.1", "--no-dashboard", "--death-timeout", "120"]
            state[role] = _spawn(role, "dask_worker", *options)
            write_json(_path(), state)


def _spawn(role: str, module: str, *options: str) -> dict[str, Any]:
    """Start a detached process that writes its log to the home folder."""
    threads = str(settings().threads)
    environment = os.environ | {
        "FUSIONSCOPE_HOME": str(settings().home.absolute()),
        # A training that ended its process once is not tried again: it would do so again.
        "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "0",
        "DASK_DISTRIBUTED__LOGGING__DISTRIBUTED": "warning",
        "OMP_NUM_THREADS": threads,
        "OPENBLAS_NUM_THREADS": threads,
        "MKL_NUM_THREADS": threads,
    }
    command = [sys.executable, "-m", f"distributed.cli.{module}"]
    command += ["--scheduler-file", str(_scheduler_file()), *options]
    with storing("the log"), (logs() / f"{role}.log").open("wb") as output:
        process = subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    return _record(process.pid)


def _address() -> str:
    """Wait until the scheduler has written down where it listens."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        try:
            return str(json.loads(_scheduler_file().read_text("utf-8"))["address"])
        except (FileNotFoundError, ValueError):
            time.sleep(0.05)
    raise JobError(
        f"The training processes did not start within {PATIENCE:.0f} s.",
        f"Their log is {logs() / 'scheduler.log'}.",
    )


def _end(state: dict[str, Any]) -> None:
    """End the recorded processes with their children; a reused number is left alone."""
    records = [state[role] for role in ("scheduler", *ROLES) if _alive(state.get(role))]
    processes = []
    for record in records:
        try:
            parent = psutil.Process(record["pid"])
            processes += [parent, *parent.children(recursive=True)]
        except psutil.NoSuchProcess:
            continue
    for process in processes:
        _signal(process.terminate)
    for process in psutil.wait_procs(processes, timeout=1)[1]:
        _signal(process.kill)
    psutil.wait_procs(processes, timeout=5)
    _path().unlink(missing_ok=True)
    _scheduler_file().unlink(missing_ok=True)


def _signal(send: Any) -> None:
    try:
        send()
    except psutil.NoSuchProcess:
        log.debug("A process had ended before it was told to.")


def _enlist(state: dict[str, Any]) -> None:
    """Note that this process uses the cluster."""
    me = _record(os.getpid())
    others = [record for record in state.get("servers", []) if _alive(record) and record != me]
    state["servers"] = [*others, me]
    write_json(_path(), state)


def _record(pid: int) -> dict[str, Any]:
    return {"pid": pid, "created": psutil.Process(pid).create_time()}


def _alive(record: dict[str, Any] | None) -> bool:
    """Whether the recorded process runs; its start time tells it from one with the same number."""
    if record is None:
        return False
    try:
        process = psutil.Process(record["pid"])
        same = abs(process.create_time() - record["created"]) < 1
        return same and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _read() -> dict[str, Any]:
    try:
        state = json.loads(_path().read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError:
        log.warning("%s cannot be read; new training processes are started.", _path())
        return {}
    return state if isinstance(state, dict) else {}


def _path() -> Path:
    return settings().home / "cluster.json"


def _scheduler_file() -> Path:
    return settings().home / "scheduler.json"
