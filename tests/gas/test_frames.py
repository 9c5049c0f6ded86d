"""Frames and cameras: crop first, colour back to temperature, files with something wrong."""

from __future__ import annotations

import numpy as np
import pytest

from core.errors import ConfigError
from core.gas.camera import CAMERAS, PUBLISHED, STEPS, Camera, camera_for, colours, temperature
from core.gas.config import Config
from core.gas.frames import Arrays, Frames


@pytest.fixture
def noise():
    return np.random.default_rng(1).integers(0, 256, (4, 20, 15, 3)).astype(np.uint8)


@pytest.mark.parametrize("palette", ["spectra", "grey"])
def test_colour_is_turned_back_into_temperature(palette):
    field = np.random.default_rng(0).uniform(12.0, 31.0, (40, 30))
    places = (field - 12.0) / (31.0 - 12.0)
    picture = colours(palette)[np.rint(places * (STEPS - 1)).astype(int)]
    back = temperature(picture, palette, 12.0, 31.0)
    assert back.shape == field.shape
    assert np.abs(back - field).max() <= (31.0 - 12.0) / (STEPS - 1)


def test_a_colour_beside_the_palette_is_read_as_the_nearest():
    assert temperature(np.array([[255, 250, 255]], np.uint8)) == pytest.approx([1.0], abs=0.01)


def test_cameras_are_found_by_the_size_of_their_frames():
    assert camera_for((480, 640)) == PUBLISHED
    assert camera_for((33, 44)) == Camera("plain", (33, 44), (0, 0, 33, 44))
    assert camera_for((480, 640), "plain").crop == (0, 0, 480, 640)
    for camera in CAMERAS.values():
        assert camera_for(camera.size) == camera
    with pytest.raises(ConfigError, match=r"no camera 'x'.*auto, plain, multimodal-gas"):
        camera_for((480, 640), "x")


def test_a_camera_of_ones_own_is_a_crop_and_a_palette():
    own = camera_for((320, 240), "10, 20,310,200,grey")
    assert own == Camera("own", (320, 240), (10, 20, 310, 200), "grey")
    assert camera_for((320, 240), "10,20,310,200").palette == "spectra"
    with pytest.raises(ConfigError, match=r"\(0, 0, 321, 240\) does not lie in a frame of 320 x"):
        camera_for((320, 240), "0,0,321,240")
    for wrong in ("1,2,3", "1,2,3,4,pink", "-1,2,3,4", "1,2,3,x", ""):
        with pytest.raises(ConfigError, match=r"no camera.*such as 76,90,480,600,spectra"):
            camera_for((320, 240), wrong)
        with pytest.raises(
            ConfigError, match=r"Setting camera.*: should be auto, plain, .*or a crop such"
        ):
            Config.parse({"camera": wrong})
    assert Config(camera="1,2,3,4,grey").camera == "1,2,3,4,grey"


def test_a_crop_outside_the_frame_is_refused():
    assert PUBLISHED.cropped(0, 1, 2, 3).crop == (0, 1, 2, 3)
    with pytest.raises(ConfigError, match=r"480 x 640"):
        PUBLISHED.cropped(10, 0, 481, 640)
    with pytest.raises(ConfigError, match="no palette 'pink'"):
        Camera("own", (4, 4), (0, 0, 4, 4), "pink")


def test_nothing_outside_of_the_crop_is_seen(noise):
    camera = Camera("own", (15, 20), (4, 6, 15, 18))
    names = tuple("abcd")
    frames = Frames(names, Arrays(dict(zip(names, noise, strict=True))), camera)
    taken = frames.take(np.array([2, 0]), None)
    np.testing.assert_array_equal(taken, noise[[2, 0], 6:18, 4:15])
    written = noise.copy()
    written[:, :6], written[:, :, :4] = 255, 255
    other = Frames(names, Arrays(dict(zip(names, written, strict=True))), camera)
    np.testing.assert_array_equal(other.take(np.arange(4), 8), frames.take(np.arange(4), 8))
    assert frames.take(np.arange(4), 8).shape == (4, 8, 8, 3)
    assert other.digest != frames.digest
    np.testing.assert_array_equal(frames.whole(1), noise[1])


def test_a_missing_frame_is_zeros_and_says_so(noise):
    frames = Frames(("a", "", "gone"), Arrays({"a": noise[0]}))
    assert frames.present.tolist() == [True, False, False]
    taken = frames.take(np.array([1, 0, 2]), None)
    assert not taken[[0, 2]].any()
    np.testing.assert_array_equal(taken[1], noise[0])
