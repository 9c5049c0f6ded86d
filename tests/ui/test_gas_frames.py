"""The frames of a gas recording on the page Data."""

from __future__ import annotations

import io
import zipfile

import numpy as np
import pandas as pd
import pytest

from core import gas
from core.data import catalog
from core.gas.camera import Camera
from core.gas.frames import Arrays, Frames
from dashboard.gas_frames import preview
from tests.ui.app import errors, metrics, open_page, run


@pytest.fixture
def packed(home, tmp_path) -> bytes:
    """A zip in the published layout with a frame missing."""
    lab = gas.Lab(sessions=1, rows=20)
    folder = gas.write_folder(lab, tmp_path / "lab")
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as file:
        for path in sorted(folder.rglob("*.*")):
            if path.name != "3_Smoke.png":
                file.write(path, path.relative_to(folder).as_posix())
    return stream.getvalue()


def test_an_upload_with_frames_is_shown_with_its_classes(packed):
    name = catalog.add_upload(packed, "lab.zip").name
    app = open_page("data", data=name, data_tab="Frames")
    app.session_state["data.tab"] = "Frames"
    run(app)
    assert metrics(app)["Rows"] == "80"
    assert not errors(app)
    classes = next(table.value for table in app.table if "Frames" in table.value)
    assert classes["Class"].tolist() == ["NoGas", "Mixture", "Perfume", "Smoke"]
    assert classes["Frames"].tolist() == ["20", "20", "20", "19"]
    assert app.selectbox(key="gas-session").options == [
        f"{name}-1" for name in ("NoGas", "Mixture", "Perfume", "Smoke")
    ]
    said = next(table.value for table in app.table if "What" in table.value)["What"]
    assert said.str.contains("1 row without a frame").any()
    assert any("cropped before anything" in caption.value for caption in app.caption)
    app.button(key="gas-inspect").click()
    run(app)
    said = next(table.value for table in app.table if "What" in table.value)["What"]
    assert said.str.contains("nearly the same").any()


def test_a_table_of_gases_without_frames_is_shown(home, monkeypatch):
    frame = pd.DataFrame({"MQ2": np.arange(40), "MQ3": np.arange(40) % 7, "Gas": "Smoke"})
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as file:
        file.writestr("readings.csv", frame.to_csv(index=False))
    name = catalog.add_upload(stream.getvalue(), "bare.zip").name
    app = open_page("data", data=name)
    app.session_state["data.tab"] = "Frames"
    run(app)
    assert any("no frames" in info.value for info in app.info)
    assert not errors(app)


def test_what_the_crop_leaves_out_is_darkened():
    frame = np.full((20, 10, 3), 200, np.uint8)
    camera = Camera("own", (10, 20), (2, 5, 10, 15))
    seen = preview(frame, Frames(("a",), Arrays({"a": frame}), camera))
    assert (seen[5:15, 2:] == 200).all()
    assert seen.sum(dtype=int) == 200 * 10 * 8 * 3 + 60 * (200 - 80) * 3
