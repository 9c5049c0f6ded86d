"""A home folder with stored runs, made once: the store of runs takes seconds to make."""

from __future__ import annotations

import gc
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st

from core import anomaly, runs
from core.data import catalog, open_dataset
from core.settings import settings
from dashboard import draw
from tests.examples import waves


@pytest.fixture(scope="session", autouse=True)
def _little_garbage() -> Iterator[None]:
    """Set aside what other tests left behind: Streamlit collects garbage after every run.

    Going through millions of objects of TensorFlow takes seconds each time.
    """
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture(scope="session", autouse=True)
def _charts_are_checked() -> Iterator[None]:
    """Hold every chart to the schema of Vega-Lite."""
    draw.spec.cache_clear()
    draw.CHECKED = True
    yield
    draw.CHECKED = False


@pytest.fixture(scope="session")
def _stored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("stored") / "home"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FUSIONSCOPE_HOME", str(folder))
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        settings.cache_clear()
        frame = waves(rows=300, entities=1).frame
        name = catalog.add_upload(frame.to_csv(index=False).encode(), "waves.csv").name
        for variant in ("max-z", "pca"):
            config = anomaly.Config(variant=variant, lookback=10, train_rows=200)
            runs.train_or_load("anomaly", open_dataset(name), config)
        settings.cache_clear()
    return folder


@pytest.fixture
def stored_home(home: Path, _stored: Path) -> Path:
    """The `home` of a test, with the recording "waves" and two runs on it."""
    shutil.copytree(_stored, home)
    st.cache_data.clear()
    st.cache_resource.clear()
    return home
