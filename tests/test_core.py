"""Errors, settings, configs and the task registry."""

from __future__ import annotations

import pickle
import subprocess
import sys

import pytest

from core import errors, task
from core.anomaly import Config
from core.errors import ConfigError, FusionscopeError
from core.settings import settings

TREE = [value for value in vars(errors).values() if isinstance(value, type)]


@pytest.mark.parametrize("kind", TREE)
def test_an_error_is_one_line_and_survives_the_way_between_processes(kind):
    error = pickle.loads(pickle.dumps(kind("It is broken.", "Mend it.")))  # noqa: S301
    assert isinstance(error, FusionscopeError)
    assert type(error) is kind
    assert str(error) == "It is broken. Mend it."
    assert (error.problem, error.remedy) == ("It is broken.", "Mend it.")


def test_the_tree_of_errors_is_drawn_as_it_is():
    for kind in TREE:
        assert kind.__name__ in (errors.__doc__ or "")


def test_settings_come_from_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("FUSIONSCOPE_HOME", str(tmp_path))
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://localhost:5000")
    monkeypatch.setenv("DASK_SCHEDULER_ADDRESS", "tcp://localhost:8786")
    settings.cache_clear()
    try:
        read = settings()
        assert read.home == tmp_path
        assert read.tracking_uri == "http://localhost:5000"
        assert read.scheduler_address == "tcp://localhost:8786"
    finally:
        settings.cache_clear()


def test_a_config_is_read_from_texts():
    config = Config.from_settings(["lookback=12", "dropout = 0.5", "train_rows=99"])
    assert (config.lookback, config.dropout, config.train_rows) == (12, 0.5, 99)


def test_every_setting_explains_itself():
    for name, field in Config.model_fields.items():
        assert field.title, name
        assert field.description, name


def test_an_unknown_task_is_an_error_that_lists_them():
    with pytest.raises(ConfigError, match="Tasks are: anomaly"):
        task.get("weather")


@pytest.mark.parametrize(
    "module", ["core.anomaly", "core.runs", "core.jobs", "core.sweeps", "core.cli"]
)
def test_loading_a_module_loads_no_heavy_library(module):
    heavy = ("tensorflow", "keras", "sklearn", "mlflow", "scipy.stats", "optuna", "streamlit")
    code = f"import sys, {module}; print([n for n in {heavy!r} if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
