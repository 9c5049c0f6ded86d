"""Fixtures that every test may use."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings as hypothesis_settings

from core import cli

# A busy machine is slow, not wrong.
hypothesis_settings.register_profile("project", deadline=None)
hypothesis_settings.load_profile("project")

# Quiet, on the CPU, with a fixed number of threads: set before anything loads TensorFlow.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

from core.settings import settings  # noqa: E402  after the environment is set

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty home folder, so that a test neither sees nor leaves runs, jobs and uploads."""
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
