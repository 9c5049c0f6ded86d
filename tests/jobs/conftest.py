"""Real worker processes for the tests of the queue, on the fake task."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import psutil
import pytest

from core import jobs, runs
from core.data import open_dataset
from core.data.dataset import Dataset
from core.settings import settings
from tests import fake
from tests.conftest import copy_store

ROOT = Path(__file__).resolve().parents[2]


def until(condition: Callable[[], object], seconds: float = 120) -> None:
    """Wait until *condition* holds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"not within {seconds} s"
        time.sleep(0.02)


def recording(folder: Path, seed: int = 0) -> Dataset:
    """A small file, opened."""
    path = folder / f"pump-{seed}.csv"
    values = np.random.default_rng(seed).normal(size=(60, 2))
    pd.DataFrame(values, columns=["a", "b"]).to_csv(path, index=False)
    return open_dataset(path)


def processes(home: Path) -> dict[str, psutil.Process]:
    """The scheduler and the nannies that are written down."""
    state = json.loads((home / "cluster.json").read_text())
    return {name: psutil.Process(state[name]["pid"]) for name in ("scheduler", "train", "interact")}


def worker_of(home: Path, role: str = "train") -> psutil.Process:
    """The process that trains, or answers."""
    children = processes(home)[role].children(recursive=True)
    return next(child for child in children if "spawn_main" in " ".join(child.cmdline()))


def server(home: Path, script: str) -> subprocess.Popen[str]:
    """Another server: a process that runs *script* with the jobs at hand."""
    preamble = f"""
import sys, time
from pathlib import Path
from core import jobs, runs
from tests import fake
from tests.conftest import copy_store
from tests.jobs.conftest import recording, until
home = Path({str(home)!r})
fake.install()
data = recording(home)
"""
    command = [sys.executable, "-c", preamble + script]
    return subprocess.Popen(command, cwd=ROOT, text=True, stdout=subprocess.PIPE)


def isolate(patch: pytest.MonkeyPatch, home: Path) -> None:
    """Give this process and all that it starts the folder *home* and the fake task."""
    fake.install()
    home.mkdir(exist_ok=True)
    patch.setenv("FUSIONSCOPE_HOME", str(home))
    patch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), str(ROOT / "tests/jobs/site")]))
    for name in ("MLFLOW_TRACKING_URI", "DASK_SCHEDULER_ADDRESS"):
        patch.delenv(name, raising=False)
    settings.cache_clear()


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One cluster for a module; its home folder."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        isolate(patch, home)
        jobs.start()
        until(jobs.ready)
        yield home
        jobs.stop()
    settings.cache_clear()


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A list of runs without runs, for copies: making its tables takes seconds."""
    home = tmp_path_factory.mktemp("empty")
    with pytest.MonkeyPatch.context() as patch:
        isolate(patch, home)
        runs.warm()
    settings.cache_clear()
    return home / "runs.db"


@pytest.fixture
def own(tmp_path: Path, empty_store: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A home folder of the test's own; whatever it starts is ended.

    Not for a module with a `cluster`: the watch of that would take the jobs of this home to itself.
    """
    assert jobs._watch is None
    home = tmp_path / "home"
    isolate(monkeypatch, home)
    copy_store(empty_store, home / "runs.db")
    yield home
    jobs.stop()
    settings.cache_clear()
