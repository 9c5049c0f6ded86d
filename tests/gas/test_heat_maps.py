"""Heat maps of the readings that came with a recording."""

import dataclasses
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from core import gas
from core.errors import DataError
from core.gas.cnn import Cnn
from core.gas.config import Config
from core.gas.explain import CAMERA, SENSORS, _occluded, _reads_numbers, gradients
from core.gas.looks import View, seen
from core.gas.variants import VARIANTS
from tests.gas.fused_examples import altered, recording, training

CLASSES, ROWS = ("NoGas", "Smoke"), 12


@pytest.fixture
def folder(tmp_path):
    """A recording in the published layout; frames are grey, heat maps red in the last row."""
    rng = np.random.default_rng(0)
    names = [f"{row}_{name}" for name in CLASSES for row in range(ROWS)]
    pd.DataFrame(
        {
            "MQ2": rng.integers(300, 600, len(names)),
            "MQ3": rng.integers(300, 600, len(names)),
            "Gas": np.repeat(CLASSES, ROWS),
            "Corresponding Image Name": names,
        }
    ).to_csv(tmp_path / "readings.csv", index=False)
    for place, name in enumerate(names):
        for kind, colour in (("Thermal", (128, 128, 128)), ("Heat Maps", (place, 0, 0))):
            path = tmp_path / kind / name.split("_")[1] / f"{name}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.new("RGB", (480, 640) if kind == "Thermal" else (24, 16), colour).save(path)
    (tmp_path / "Heat Maps" / "Smoke" / "3_Smoke.png").unlink()
    return tmp_path


def test_heat_maps_are_told_from_frames_by_their_folder_and_paired_by_name(folder):
    found = gas.open_recording(folder)
    assert found.frames.present.all()
    assert found.frames.take(np.array([5]), 8)[0, 0, 0].tolist() == [128, 128, 128]
    assert found.maps.camera.crop == (0, 0, 24, 16)
    assert np.flatnonzero(~found.maps.present).tolist() == [ROWS + 3]
    assert found.maps.take(np.array([7, ROWS + 4]), 8)[:, 0, 0, 0].tolist() == [7, ROWS + 4]
    assert any("without a heat map" in one.what for one in found.findings)
    assert not any("frame" in one.what for one in found.findings)
    other = dataclasses.replace(found, maps=None)
    assert other.fingerprint != found.fingerprint


def test_a_network_looks_at_them_as_they_are(monkeypatch, home):
    """Those of the tiny recording are its frames: the CNN of the sensors sees what is given."""
    monkeypatch.setattr(Cnn, "tune", lambda self, *args: ([], self._build(None).get_weights()))
    of = recording()
    of = dataclasses.replace(of, maps=of.frames)
    data, test = training(of, 4)
    config = Config(
        variant="sensor-cnn", image="given", image_size=32, lookback=4, units=8, epochs=1
    )
    network = VARIANTS["sensor-cnn"].build(config)
    network.fit(data, None, None)
    view = View("sensors", "light")
    images = seen(view, config, test, test.rows[:3], test.first[:3])
    np.testing.assert_array_equal(images, of.frames.take(test.rows[:3], 32))
    whole = network.predict(test).gas
    blind = altered(test, recording=dataclasses.replace(of, frames=None))
    np.testing.assert_array_equal(network.predict(blind).gas, whole)
    one = altered(test, rows=test.rows[[17]], first=test.first[[17]])
    np.testing.assert_allclose(network.predict(one).gas[0], whole[17], atol=1e-5)
    assert gradients(network, one, 1) is None
    fitted = SimpleNamespace(classifier=network)
    assert not _reads_numbers(fitted)
    assert [name for name, _ in _occluded(one, False)] == [SENSORS, CAMERA]
    assert len(list(_occluded(one, True))) == 2 + len(one.scale.channels)
    network.config = config.model_copy(update={"image": "stripes"})
    assert _reads_numbers(fitted)


def test_without_them_there_is_one_clear_error(home):
    data, _ = training(recording(), 4)
    config = Config(variant="sensor-cnn", image="given", image_size=32, lookback=4)
    with pytest.raises(DataError, match="no heat maps"):
        VARIANTS["sensor-cnn"].build(config).fit(data, None, None)
