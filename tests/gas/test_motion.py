"""What moves in frames: on one scale, in noises of the camera, whatever stands still."""

import dataclasses
from itertools import pairwise

import numpy as np
import pytest

from core.errors import DataError
from core.gas import motion
from core.gas.camera import colours
from core.gas.frames import Arrays, Frames
from core.gas.motion import (
    SIZE,
    WIDTH,
    Motion,
    maps_of,
    numbers_of,
    off_scale,
    on_one_scale,
    step,
)
from tests.gas.fused_examples import altered, recording, training

ROWS, NOISE = 40, 0.004


def scene(seed=0):
    """A scene of smooth things, places on the palette."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:SIZE, :SIZE] / SIZE
    waves = sum(np.sin(rng.uniform(2, 9) * x + rng.uniform(2, 9) * y + k) for k in range(4))
    return 0.5 + 0.06 * waves


def still(seed=0):
    """The scene over the rows, in a little noise."""
    return scene(seed) + np.random.default_rng(seed).normal(0, NOISE, (ROWS, SIZE, SIZE))


def scaled(fields, seed=1):
    """Every frame on a scale of its own."""
    rng = np.random.default_rng(seed)
    gains, offsets = rng.uniform(0.7, 1.3, ROWS), rng.uniform(-0.05, 0.05, ROWS)
    return 0.5 + gains[:, None, None] * (fields - 0.5) + offsets[:, None, None]


def seen(fields, missing=()):
    """Return samples whose first rows show *fields* (ROWS, h, w)."""
    of = recording(camera=False)
    pictures = colours("spectra")[np.rint(np.clip(fields, 0, 1) * 255).astype(int)]
    names = tuple("" if i in missing else f"{i}.png" for i in range(len(fields)))
    store = Arrays({f"{i}.png": one for i, one in enumerate(pictures)})
    frames = Frames(names + ("",) * (len(of) - len(fields)), store)
    of = dataclasses.replace(of, frames=frames)
    rows = np.arange(len(fields))
    return altered(training(of, 3)[0].train, recording=of, rows=rows, first=np.zeros_like(rows))


def moved(samples):
    return Motion().of(samples, samples.rows, samples.first)


def test_the_scale_of_a_frame_is_found_though_a_plume_came():
    before = scene() + np.random.default_rng(3).normal(0, NOISE, (SIZE, SIZE))
    after = 0.1 + 0.7 * scene() + np.random.default_rng(4).normal(0, 0.7 * NOISE, (SIZE, SIZE))
    after[10:30, 10:25] += 0.2
    gain, offset, noise = step(before, after)
    assert gain == pytest.approx(0.7, rel=0.02)
    assert offset == pytest.approx(0.1, abs=0.01)
    assert 0.3 * NOISE < noise < NOISE


def test_a_window_is_brought_to_the_scale_of_its_last_frame():
    fields = scaled(np.repeat(scene()[None], ROWS, axis=0))
    steps = np.array([step(*pair) for pair in pairwise(fields)])
    window, noise = on_one_scale(fields, steps)
    np.testing.assert_allclose(window, np.broadcast_to(fields[-1], window.shape), atol=1e-5)
    assert noise == motion.FINEST
    np.testing.assert_allclose(on_one_scale(fields[:1], steps[:0])[0], fields[:1])


def test_errors_from_frame_to_frame_do_not_add_up():
    fields = np.repeat(scene()[None], ROWS, axis=0)
    fields[25:, 5:20, 5:20] += 0.15
    steps = np.tile([1.0, 0.0, NOISE], (ROWS - 1, 1))
    steps[:, 0] += np.random.default_rng(5).normal(0, 0.01, ROWS - 1)
    window, _ = on_one_scale(fields, steps)
    still = np.ones((SIZE, SIZE), bool)
    still[5:20, 5:20] = False
    chained = np.cumprod(np.r_[1.0, steps[::-1, 0]])[::-1, None, None] * fields
    assert np.abs(chained - chained[-1])[:, still].max() > 0.03
    assert np.abs(window - window[-1])[:, still].max() < 0.003
    assert (window[-1] - window[0])[~still] == pytest.approx(0.15, abs=0.005)


def test_what_is_too_hot_for_the_scales_has_not_changed():
    fields = still()
    fields[:, 20:24, 20:24] = np.random.default_rng(6).uniform(1.0, 1.5, ROWS)[:, None, None]
    off = off_scale(np.clip(fields, 0, 1))
    assert off[19:25, 19:25].all()
    assert off.sum() == 36
    hot, plain = moved(seen(fields))[35], moved(seen(still()))[35]
    assert np.abs(hot - plain).max() < 1


def test_hidden_patches_change_what_moved_in_them_alone():
    fields = still()
    fields[25:, 10:30, 10:25] += 0.1
    samples, known = seen(fields), Motion()
    whole = known.of(samples, samples.rows, samples.first)
    patches = np.zeros((3, SIZE, SIZE), bool)
    patches[1, 8:32, 8:28] = patches[2, 36:, 36:] = True
    found = known.without(samples, samples.rows[26:29], samples.first[26:29], patches)
    np.testing.assert_allclose(found[0], whole[26:29], atol=1e-5)
    warm = len(motion.OVER) - 1
    assert (found[1][:, warm] < np.arcsinh(5)).all()
    assert (found[2][:, warm] > np.arcsinh(5)).all()


def test_the_scale_of_a_frame_does_not_show():
    fields = still()
    fields[25:, 10:30, 10:25] += 0.1
    plain, other = moved(seen(fields))[10:], moved(seen(scaled(fields)))[10:]
    assert plain.std(axis=0).max() > 1
    assert np.abs(plain - other).mean() < 0.1


@pytest.mark.parametrize("sign", [1, -1])
def test_warmer_and_colder_are_told_from_a_scene_that_stands_still(sign):
    fields = still()
    fields[25:, 10:30, 10:25] += sign * 0.1
    quiet, loud = moved(seen(still()))[30], moved(seen(fields))[26]
    warm, cold = len(motion.OVER) - 1, 0
    assert np.abs(quiet[[warm, cold]]).max() < 2.5
    assert sign * loud[warm if sign > 0 else cold] > np.arcsinh(5)
    assert np.abs(loud[cold if sign > 0 else warm]) < 0.75 * abs(loud[warm if sign > 0 else cold])


def test_numbers_equal_a_plain_computation():
    rng = np.random.default_rng(0)
    window, noise = rng.normal(size=(9, SIZE, SIZE)), 0.5
    maps = maps_of(window, noise)
    found = numbers_of(maps)
    assert found.shape == (WIDTH,)
    np.testing.assert_allclose(numbers_of(np.stack([maps, 2 * maps]))[0], found, atol=1e-6)
    middle = np.median(window, axis=0)
    change = (window[8] - middle) / noise
    above = (np.sort(window, axis=0)[7] - middle) / noise
    assert np.sinh(found[3]) == pytest.approx(np.quantile(change, 0.9), rel=1e-4)
    assert np.sinh(found[6]) == pytest.approx(np.quantile(above, 0.5), rel=1e-4)


def test_a_patch_is_told_by_its_shape_and_not_by_its_place():
    upright, aside = np.zeros((2, SIZE, SIZE))
    upright[5:35, 20:24] = aside[40:44, 10:40] = 3.0
    tall, wide = motion._gathered(upright), motion._gathered(aside)
    assert tall[1] == pytest.approx(30 / SIZE / np.sqrt(12), rel=0.05)  # of a uniform
    assert tall[0] == pytest.approx(wide[1])
    assert tall[3] == pytest.approx(np.log1p(3 * 120 / SIZE**2))
    assert (motion._gathered(np.zeros((SIZE, SIZE))) == 0).all()


def test_a_row_without_a_frame_reads_like_the_one_before_and_nothing_before_the_first():
    fields = still()
    fields[20:] += 0.1 * (np.arange(SIZE) > 30)
    got = moved(seen(fields, missing=(0, 1, 22)))
    assert (got[:2] == 0).all()
    np.testing.assert_array_equal(got[22], got[21])
    with pytest.raises(DataError, match="no frames"):
        blind = training(recording(camera=False), 3)[0].train
        Motion().of(blind, blind.rows, blind.first)


def test_rows_do_not_depend_on_what_is_asked_with_them(monkeypatch):
    samples = seen(scaled(still()), missing=(12,))
    samples = altered(samples, first=np.where(np.arange(ROWS) < 25, 0, 20))
    whole = moved(samples)
    alone = [
        Motion().of(samples, samples.rows[[i]], samples.first[[i]])[0] for i in (0, 24, 25, 39)
    ]
    np.testing.assert_allclose(alone, whole[[0, 24, 25, 39]], atol=1e-5)
    monkeypatch.setattr(motion, "PIECE", 7)
    np.testing.assert_allclose(moved(samples), whole, atol=1e-5)


def test_a_stream_decodes_a_frame_once(monkeypatch):
    samples, known, taken = seen(still()), Motion(), []
    take = Frames.take

    def counting(self, rows, size):
        taken.extend(rows)
        return take(self, rows, size)

    monkeypatch.setattr(Frames, "take", counting)
    for row in range(ROWS):
        known.of(samples, np.arange(max(0, row - 9), row + 1), np.zeros(min(row + 1, 10), int))
    assert taken == list(range(ROWS))
