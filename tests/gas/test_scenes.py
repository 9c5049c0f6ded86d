"""Frames as changes: the background goes, what moves stays, gain and offset do not matter."""

import dataclasses

import numpy as np
import pytest

from core.gas.camera import colours
from core.gas.frames import Arrays, Frames
from core.gas.scenes import BEHIND, Scenes, levels
from tests.gas.fused_examples import altered, recording, training

SIZE, ROWS = 16, 40


def _samples(fields, missing=()):
    """Return samples whose first rows show *fields* (R, 16, 16), places on the palette."""
    of = recording(camera=False)
    pictures = colours("spectra")[np.rint(fields * 255).astype(int)]
    names = tuple("" if i in missing else f"{i}.png" for i in range(len(fields)))
    spare = ("",) * (len(of) - len(fields))
    store = Arrays({f"{i}.png": one for i, one in enumerate(pictures)})
    of = dataclasses.replace(of, frames=Frames(names + spare, store))
    rows = np.arange(len(fields))
    return altered(training(of, 3)[0].train, recording=of, rows=rows, first=np.zeros_like(rows))


@pytest.fixture
def still():
    """A scene that stands still, in a little noise."""
    rng = np.random.default_rng(0)
    scene = rng.uniform(0.2, 0.8, (SIZE, SIZE))
    return scene + rng.normal(0, 0.004, (ROWS, SIZE, SIZE))


def _drawn(samples, size=SIZE):
    return Scenes().draw(samples, samples.rows, samples.first, size).astype(int)


def test_levels_do_not_know_gain_and_offset_of_the_scale(still):
    pictures = [
        colours("spectra")[np.rint(f * 255).astype(int)] for f in (still, 0.1 + 0.7 * still)
    ]
    plain, scaled = (levels(picture, "spectra") for picture in pictures)
    assert np.abs(plain - scaled).mean() < 0.05
    np.testing.assert_allclose(np.median(plain, axis=(1, 2)), 0, atol=0.02)
    quartiles = np.percentile(plain, [25, 75], axis=(1, 2))
    np.testing.assert_allclose(quartiles[1] - quartiles[0], 1, atol=1e-5)


def test_what_stands_still_is_grey_and_what_warms_up_is_not(still):
    still[30:, 4:8, 4:8] += 0.15
    images = _drawn(_samples(still))
    change, unrest = images[..., 1], images[..., 2]
    assert np.abs(change[29] - 128).max() < 20
    assert change[30, 4:8, 4:8].min() > 128 + 10
    outside = np.ones((SIZE, SIZE), bool)
    outside[4:8, 4:8] = False
    assert np.abs(change[30][outside] - 128).mean() < 6
    assert unrest[35, 4:8, 4:8].min() > 2 * unrest[35][outside].mean()


def test_images_equal_a_plain_computation_and_never_look_back_too_far_or_ahead(still):
    samples = _samples(still, missing=(5, 33))
    samples = altered(samples, first=np.where(np.arange(ROWS) < 35, 0, 34))
    frames = samples.recording.frames
    shown = levels(frames.take(np.arange(ROWS), SIZE), "spectra")
    images = _drawn(samples)
    for row in (0, 4, 32, 36, 39):
        window = [
            i
            for i in range(max(samples.first[row], row - BEHIND + 1), row + 1)
            if frames.present[i]
        ]
        mean, spread = shown[window].mean(axis=0), shown[window].std(axis=0)
        wanted = np.stack(
            [128 + 32 * shown[row], 128 + 64 * (shown[row] - mean), 128 * spread], axis=-1
        )
        assert np.abs(images[row] - np.clip(wanted, 0, 255)).max() <= 1
    assert (images[5][..., :2] == 128).all()  # a missing frame shows nothing


def test_a_stream_decodes_a_frame_once(still, monkeypatch):
    samples, scenes, taken = _samples(still), Scenes(), []
    whole, take = _drawn(samples), Frames.take

    def counting(self, rows, size):
        taken.extend(rows)
        return take(self, rows, size)

    monkeypatch.setattr(Frames, "take", counting)
    for row in range(ROWS):
        image = scenes.draw(samples, np.array([row]), np.array([0]), SIZE)
        np.testing.assert_array_equal(image[0], whole[row])
    assert taken == list(range(ROWS))
