"""Images of readings: what is drawn where, and with whose ends."""

import numpy as np
import pytest

from core.backend import tensorflow
from core.gas.images import KINDS, Renderer, angular_field, jet

SENSORS = 7


def _windows(count=3, steps=30):
    return np.random.default_rng(0).uniform(0, 1023, (count, steps, SENSORS)).astype(np.float32)


@pytest.fixture
def readings():
    return _windows(1, 400)[0]


def test_the_colours_run_from_blue_over_green_to_red():
    half, full = 127.5, 255
    wanted = [[0, 0, half], [0, half, full], [half, full, half], [full, half, 0], [half, 0, 0]]
    np.testing.assert_array_equal(jet(np.array([0.0, 0.25, 0.5, 0.75, 1.0])), wanted)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("steps", [1, 30])
def test_every_kind_draws_images_and_leaves_the_readings_alone(kind, steps, readings):
    windows = _windows(2, steps)
    before = windows.copy()
    images = Renderer.fit(kind, readings).draw(windows, 50)
    assert images.shape == (2, 50, 50, 3)
    assert images.min() >= 0
    assert 100 < images.max() <= 255
    np.testing.assert_array_equal(windows, before)
    assert not np.array_equal(*images)


def test_stripes_show_the_last_row_one_sensor_beside_the_other(readings):
    windows = _windows()
    images = Renderer.fit("stripes", readings).draw(windows, 70)
    shares = (windows[:, -1] - readings.min(axis=0)) / np.ptp(readings, axis=0)
    wanted = jet(np.clip(shares, 0, 1))
    for sensor in range(SENSORS):
        stripe = images[:, :, 10 * sensor : 10 * sensor + 10]
        np.testing.assert_allclose(
            stripe, np.broadcast_to(wanted[:, None, None, sensor], stripe.shape), atol=1e-3
        )


def test_the_ends_are_those_of_the_training_rows_and_what_is_beyond_them_is_cut(readings):
    renderer = Renderer.fit("stripes", readings)
    beyond = np.stack([readings.min(axis=0) - 50, readings.max(axis=0) + 50])[:, None]
    images = renderer.draw(beyond, 14)
    assert (images[0] == jet(np.array(0.0))).all()
    assert (images[1] == jet(np.array(1.0))).all()


def test_scaled_by_row_loses_the_level_and_keeps_the_pattern(readings):
    windows = _windows()
    louder = 2 * windows + 100
    by_sensor = Renderer.fit("stripes", readings)
    assert not np.array_equal(by_sensor.draw(windows, 28), by_sensor.draw(louder, 28))
    by_row = Renderer.fit("stripes-per-row", readings)
    np.testing.assert_allclose(by_row.draw(windows, 28), by_row.draw(louder, 28), atol=1e-3)


def test_time_runs_down_and_each_row_is_drawn_as_stripes(readings):
    windows = _windows(2, 4)
    images = Renderer.fit("time-by-sensor", readings).draw(windows, 28)
    stripes = Renderer.fit("stripes", readings)
    for row in range(4):
        alone = stripes.draw(windows[:, row : row + 1], 28)
        np.testing.assert_array_equal(images[:, 7 * row : 7 * row + 7], alone[:, :7])


def test_the_angular_field_is_the_cosine_of_sums_of_angles():
    series = np.random.default_rng(1).uniform(-1, 1, (2, 9, 3))
    angles = np.arccos(series)
    wanted = np.cos(angles[:, :, None] + angles[:, None])
    np.testing.assert_allclose(angular_field(series), wanted, atol=1e-7)


def test_an_angular_image_has_a_tile_a_sensor_and_spare_ones_are_black(readings):
    windows, renderer = _windows(1, 10), Renderer.fit("gaf", readings)
    changed = windows.copy()
    changed[..., 4] *= 0.5  # the fifth sensor: the tile in the middle of three by three
    images = renderer.draw(windows, 30)
    differs = (renderer.draw(changed, 30) != images).any(axis=-1)[0]
    assert differs[10:20, 10:20].any()
    differs[10:20, 10:20] = False
    assert not differs.any()
    assert (images[0, 20:, 10:] == 0).all()  # tiles eight and nine


def test_a_sensor_that_never_moved_is_drawn_all_the_same():
    still = np.full((5, SENSORS), 3.0)
    with np.errstate(all="raise"):
        images = Renderer.fit("stripes", still).draw(still[None], 14)
    assert (images == jet(np.array(0.0))).all()


@pytest.mark.parametrize("kind", KINDS)
def test_a_graph_draws_the_same_and_lets_gradients_through(kind, readings):
    tf = tensorflow()
    from keras import ops

    windows, renderer = _windows(2, 12), Renderer.fit(kind, readings)
    tensor = tf.constant(windows)
    with tf.GradientTape() as tape:
        tape.watch(tensor)
        images = renderer.draw(tensor, 40, ops)
        loss = tf.reduce_sum(images[..., 0] - images[..., 2])
    np.testing.assert_allclose(images, renderer.draw(windows, 40), atol=0.02)
    slopes = tape.gradient(loss, tensor).numpy()
    assert np.isfinite(slopes).all()
    assert slopes[:, -1].any()
