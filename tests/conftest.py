"""Fixtures that every test may use."""

from __future__ import annotations

import os
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings as hypothesis_settings

from core import cli, tracking

# A busy machine is slow, not wrong.
hypothesis_settings.register_profile("project", deadline=None)
hypothesis_settings.load_profile("project")

# Quiet, on the CPU, with a fixed number of threads: set before anything loads TensorFlow.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

from core.settings import settings  # noqa: E402  after the environment is set

ROOT = Path(__file__).resolve().parents[1]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Keep tests that share work in one process, when several processes run them.

    A module makes once what its tests share, the contracts once for each variant; tests with
    processes of their own would wait for one another and go one at a time. (Marks for groups do
    nothing under pytest 9.2: pytest-dev/pytest-xdist, issue 1386.)
    """
    from xdist.scheduler import LoadScopeScheduling

    class BySharedWork(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            module, _, test = nodeid.partition("::")
            if module.startswith(("tests/browser", "tests/jobs")):
                return "processes"
            return test.partition("[")[2] or module if "contracts" in module else module

    return BySharedWork(config, log)


def copy_store(source: Path, target: Path) -> None:
    """Copy an SQLite file together with what is still in its log."""
    with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(target)) as new:
        old.backup(new)


@pytest.fixture(scope="session")
def _tables(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Path]:
    """Return a list of runs without runs, made when it is first asked for, in seconds."""

    @cache
    def made() -> Path:
        path = tmp_path_factory.mktemp("tables") / "runs.db"
        tracking._client(f"sqlite:///{path}")
        return path

    return made


@pytest.fixture
def home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, _tables: Callable[[], Path]
) -> Iterator[Path]:
    """An empty home folder, so that a test neither sees nor leaves runs, jobs and uploads.

    A list of runs that a test makes there is a copy: MLflow takes seconds to make its tables.
    """
    prepare = tracking._prepare_file

    def with_tables(path: Path) -> None:
        new = not path.exists()
        prepare(path)
        if new:
            monkeypatch.setattr(tracking, "_prepare_file", prepare)  # the original is made so
            copy_store(_tables(), path)

    monkeypatch.setattr(tracking, "_prepare_file", with_tables)
    folder = tmp_path / "home"
    monkeypatch.setenv("FUSIONSCOPE_HOME", str(folder))
    for name in ("MLFLOW_TRACKING_URI", "DASK_SCHEDULER_ADDRESS"):
        monkeypatch.delenv(name, raising=False)
    settings.cache_clear()
    yield folder
    settings.cache_clear()


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Folder of the public data sets; tests that want them skip where there is none."""
    folder = Path(os.environ.get("FUSIONSCOPE_DATA_DIR") or ROOT.parent / "shared" / "data")
    if not folder.is_dir():
        pytest.skip(f"no public data sets in {folder}; FUSIONSCOPE_DATA_DIR names their folder")
    return folder


@pytest.fixture
def call(home, monkeypatch, capsys):
    """Call the command line; return exit code, standard output and standard error."""

    def run(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["fusionscope", *map(str, arguments)])
        with pytest.raises(SystemExit) as stop:
            cli.main()
        captured = capsys.readouterr()
        return int(stop.value.code or 0), captured.out, captured.err

    return run
